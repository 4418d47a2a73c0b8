"""Draw a stick figure's pose as strokes of an SVG, with the things it holds or leans on."""

import math
import re
from dataclasses import dataclass, replace
from typing import Final

N_FRAMES: Final = 6  # poses from one end of a movement to the other; between them strokes go straight
_NUMBER: Final = r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w.])"
GROUND = 180.0
THIGH, SHIN, TORSO, UPPER_ARM, FOREARM, NECK, HEAD = 42.0, 42.0, 50.0, 27.0, 26.0, 19.0, 11.5
FAR = 0.42  # opacity of the limbs that are further away
Point = tuple[float, float]


@dataclass(frozen=True)
class Leg:
    """ankle: where it is. bend: +1 the knee goes forward, -1 backward. toe_deg: 0 flat, 90 toes down."""

    ankle: Point
    bend: int = 1
    toe_deg: float = 0.0
    knee: Point | None = None
    is_foot_seen: bool = True
    is_turned: bool = False  # the foot points to the left


@dataclass(frozen=True)
class Arm:
    """hand: where it is. bend: -1 the elbow goes back and down, as elbows do."""

    hand: Point
    bend: int = -1
    elbow: Point | None = None


@dataclass(frozen=True)
class Pose:
    """torso_deg: direction from hip to shoulder, 90 is upright, 0 lies to the right. *_half: seen from the front."""

    hip: Point
    torso_deg: float
    near_leg: Leg
    far_leg: Leg
    near_arm: Arm
    far_arm: Arm | None = None
    head_deg: float | None = None
    hip_half: float = 0.0
    shoulder_half: float = 0.0
    behind: str = ""
    before: str = ""


def polar(start: Point, length: float, deg: float) -> Point:
    return start[0] + length * math.cos(math.radians(deg)), start[1] - length * math.sin(math.radians(deg))


def joint(a: Point, b: Point, first: float, second: float, bend: int) -> Point:
    """The knee or elbow between two ends; straight where they are too far apart."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    distance = max(1e-6, math.hypot(dx, dy))
    along = (first**2 - second**2 + distance**2) / (2 * distance)
    if distance >= first + second:
        return a[0] + dx * first / distance, a[1] + dy * first / distance
    off = math.sqrt(max(0.0, first**2 - along**2)) * bend
    return a[0] + dx / distance * along + dy / distance * off, a[1] + dy / distance * along - dx / distance * off


def line(points: list[Point], width: float, opacity: float = 1.0) -> str:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    seen = f' opacity="{opacity}"' if opacity < 1 else ""
    return f'<polyline points="{text}" stroke-width="{width:g}"{seen}/>'


def foot(leg: Leg) -> list[Point]:
    turn = math.radians(leg.toe_deg)
    if leg.is_turned:
        return [(2 * leg.ankle[0] - x, y) for x, y in foot(replace(leg, is_turned=False))]
    return [
        (leg.ankle[0] + x * math.cos(turn) - y * math.sin(turn), leg.ankle[1] + x * math.sin(turn) + y * math.cos(turn))
        for x, y in ((-4.0, 4.0), (15.0, 4.0))
    ]


def leg_lines(hip: Point, leg: Leg, opacity: float) -> str:
    knee = leg.knee or joint(hip, leg.ankle, THIGH, SHIN, leg.bend)
    # one group: overlapping strokes of a far limb shall not add up
    parts = line([hip, knee, leg.ankle], 11)
    if leg.is_foot_seen:
        parts += line(foot(leg), 8)
    return f'<g opacity="{opacity}">{parts}</g>' if opacity < 1 else parts


def arm_lines(shoulder: Point, arm: Arm, opacity: float) -> str:
    elbow = arm.elbow or joint(shoulder, arm.hand, UPPER_ARM, FOREARM, arm.bend)
    parts = line([shoulder, elbow, arm.hand], 8.5)
    return f'<g opacity="{opacity}">{parts}</g>' if opacity < 1 else parts


def figure(pose: Pose) -> str:
    shoulder = polar(pose.hip, TORSO, pose.torso_deg)
    head = polar(shoulder, NECK, pose.head_deg if pose.head_deg is not None else pose.torso_deg)
    hips = [(pose.hip[0] + side * pose.hip_half, pose.hip[1]) for side in (-1, 1)]
    shoulders = [(shoulder[0] + side * pose.shoulder_half, shoulder[1] + 3) for side in (-1, 1)]
    is_front = pose.hip_half > 0
    far = 1.0 if is_front else FAR
    parts = [pose.behind, leg_lines(hips[1], pose.far_leg, far)]
    if pose.far_arm is not None:
        parts.append(arm_lines(shoulders[1], pose.far_arm, far))
    neck = polar(shoulder, NECK - HEAD, pose.head_deg if pose.head_deg is not None else pose.torso_deg)
    parts.append(line([pose.hip, shoulder], 20 if is_front else 16))
    parts.append(line([shoulder, neck], 7))
    parts.append(f'<circle cx="{head[0]:.1f}" cy="{head[1]:.1f}" r="{HEAD}" fill="currentColor" stroke="none"/>')
    if is_front:
        parts += [line([hips[0], hips[1]], 14), line([shoulders[0], shoulders[1]], 10)]
    parts.append(leg_lines(hips[0], pose.near_leg, 1.0))
    if not is_front:
        # a thin gap of the page's own ground lets the near arm stand out from the trunk
        elbow = pose.near_arm.elbow or joint(shoulder, pose.near_arm.hand, UPPER_ARM, FOREARM, pose.near_arm.bend)
        gap = line([shoulders[0], elbow, pose.near_arm.hand], 12.5)
        parts.append(f'<g class="gap" stroke="#fff">{gap}</g>')
    parts += [arm_lines(shoulders[0], pose.near_arm, 1.0), pose.before]
    return "".join(parts)


def picture(pose: Pose) -> str:
    return framed(figure(pose))


def framed(strokes: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -18 200 206" fill="none" stroke="currentColor" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
        f'<line x1="6" y1="184" x2="194" y2="184" stroke-width="2" opacity="0.5"/>{strokes}</svg>\n'
    )


def moving_picture(start: Pose, end: Pose, rep_s: float, hold_s: float = 0.0) -> str:
    """From start to end and back in `rep_s`, again and again; at the end it stays for `hold_s`.

    The poses between keep the lengths of the limbs. Each stroke names its places (SMIL): a page needs no script.
    """
    there = [(1 - math.cos(math.pi * k / N_FRAMES)) / 2 for k in range(N_FRAMES + 1)]
    steps = [*there, *there[::-1]] if hold_s else [*there, *there[-2::-1]]
    half = [rep_s / 2 * k / N_FRAMES for k in range(N_FRAMES + 1)]
    moments = [*half, *(rep_s / 2 + hold_s + t for t in (half if hold_s else half[1:]))]
    total_s = rep_s + hold_s
    times = ";".join(f"{t / total_s:.4g}" for t in moments)
    frames = [re.findall(r"<[^>]+>", figure(between(start, end, share))) for share in steps]
    assert len({len(frame) for frame in frames}) == 1, "both poses need the same strokes"
    return framed("".join(_animated(tags, times, total_s) for tags in zip(*frames, strict=True)))


def _animated(tags: tuple[str, ...], times: str, total_s: float) -> str:
    """One stroke with the places that change in it. tags: the same stroke in each frame."""
    moves = ""
    for name in ("points", "cx", "cy"):
        values = [found[1] for tag in tags if (found := re.search(rf'\b{name}="([^"]+)"', tag))]
        if len(set(values)) > 1:
            moves += (
                f'<animate attributeName="{name}" values="{";".join(values)}" keyTimes="{times}" dur="{total_s:g}s" '
                'repeatCount="indefinite"/>'
            )
    first = tags[0]
    return f"{first[:-2]}>{moves}</{first[1:].split(' ')[0]}>" if moves else first


def between(start: Pose, end: Pose, share: float) -> Pose:
    """The pose at `share` of the movement, 0 to 1; joints that only one pose names are worked out."""

    def point(a: Point, b: Point) -> Point:
        return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])

    def knee(pose: Pose, leg: Leg, side: int) -> Point:
        hip = (pose.hip[0] + side * pose.hip_half, pose.hip[1])
        return leg.knee or joint(hip, leg.ankle, THIGH, SHIN, leg.bend)

    def leg(a: Leg, b: Leg, side: int) -> Leg:
        is_given = a.knee is not None or b.knee is not None
        bend = point(knee(start, a, side), knee(end, b, side)) if is_given else None
        toe_deg = a.toe_deg + share * (b.toe_deg - a.toe_deg)
        return replace(a, ankle=point(a.ankle, b.ankle), toe_deg=toe_deg, knee=bend)

    def arm(a: Arm | None, b: Arm | None) -> Arm | None:
        if a is None or b is None:
            return None
        is_given = a.elbow is not None and b.elbow is not None
        return replace(a, hand=point(a.hand, b.hand), elbow=point(a.elbow, b.elbow) if is_given else None)

    def prop_between(a: str, b: str) -> str:
        numbers = iter(re.findall(_NUMBER, b))

        def mixed(found: re.Match[str]) -> str:
            low, high = float(found[0]), float(next(numbers))
            return f"{low + share * (high - low):.4g}"

        return re.sub(_NUMBER, mixed, a)

    head = [p.torso_deg if p.head_deg is None else p.head_deg for p in (start, end)]
    near = arm(start.near_arm, end.near_arm)
    assert near is not None
    return replace(
        start,
        hip=point(start.hip, end.hip),
        torso_deg=start.torso_deg + share * (end.torso_deg - start.torso_deg),
        near_leg=leg(start.near_leg, end.near_leg, -1),
        far_leg=leg(start.far_leg, end.far_leg, 1),
        near_arm=near,
        far_arm=arm(start.far_arm, end.far_arm),
        head_deg=head[0] + share * (head[1] - head[0]),
        behind=prop_between(start.behind, end.behind),
        before=prop_between(start.before, end.before),
    )


def prop(points: list[Point], width: float = 4) -> str:
    return line(points, width, 0.55)


def box(x: float, top: float, right: float) -> str:
    return f'<rect x="{x}" y="{top}" width="{right - x}" height="{183 - top}" rx="2" stroke-width="3" opacity="0.55"/>'


def weight(at: Point) -> str:
    place = f'cx="{at[0]}" cy="{at[1]}"'
    return f'<circle {place} r="12" stroke-width="5"/><circle {place} r="2.5" fill="currentColor"/>'


def roller(at: Point) -> str:
    return f'<circle cx="{at[0]}" cy="{at[1]}" r="7" stroke-width="4" opacity="0.7"/>'

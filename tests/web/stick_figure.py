"""A stick figure: a pose in, the strokes of its SVG out; and the things it holds or leans on."""

import math
from dataclasses import dataclass, replace

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
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -18 200 206" fill="none" stroke="currentColor" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
        f'<line x1="6" y1="184" x2="194" y2="184" stroke-width="2" opacity="0.5"/>{figure(pose)}</svg>\n'
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

"""Draw the start, the end and the movement of every exercise as our own SVGs, from a table of poses.

Run `python -m tests.web.draw_exercises` after a change here; a test holds the files to this table. A pose names where
hips, feet and hands are; knees and elbows follow from the lengths of the limbs. Everything is drawn in `currentColor`.
"""

from dataclasses import replace
from pathlib import Path

from coach.strength.engine import REP_S
from coach.strength.loader import load_exercises
from tests.web.stick_figure import Arm, Leg, Point, Pose, box, moving_picture, picture, prop, roller, weight

FOLDER = Path(__file__).resolve().parents[2] / "web" / "static" / "drawings"

HELD_S = 4.0  # a hold is shown this long before it begins again

CHAIR = prop([(146, 92), (152, 183)]) + prop([(149, 136), (186, 136), (186, 183)])
POST = prop([(150, 60), (150, 183)])
LOW = box(104, 170, 172)
STEP = box(112, 156, 180)
GRIP = prop([(146, 84), (146, 183)]) + prop([(138, 84), (154, 84)], 6)
PRESS = prop([(34, 92), (64, 160), (98, 160)], 7) + prop([(78, 164), (78, 183)])
SEAT = prop([(58, 66), (64, 132), (112, 132)], 7) + prop([(86, 136), (86, 183)])


def stand(x: float = 100, hands: Point | None = None, **more: object) -> Pose:
    hand = hands or (x + 4, 95)
    return Pose((x, 92), 88, Leg((x + 2, 176)), Leg((x - 4, 176)), Arm(hand), Arm((hand[0] + 5, hand[1])), **more)


def hips_hand(hip: Point) -> Point:
    return hip[0] + 6, hip[1] - 8


def half(hand: Point, **more: object) -> Pose:
    far = Arm((hand[0] + 3, hand[1] + 2))
    return Pose((84, 116), 66, Leg((98, 176)), Leg((92, 176)), Arm(hand), far, **more)


def lunge(front: float, back: float, hip: Point, hand: Point, **more: object) -> Pose:
    far = Arm((hand[0] + 4, hand[1]))
    return Pose(hip, 88, Leg((front, 176)), Leg((back, 163), 1, 55), Arm(hand), far, **more)


def front_view(hip: Point, left: Leg, right: Leg, arms: tuple[Arm, Arm], **more: object) -> Pose:
    """Seen from the front; arms relative to the hip."""
    moved = [
        replace(
            arm, hand=(hip[0] + arm.hand[0], hip[1] + arm.hand[1]), elbow=(hip[0] + arm.elbow[0], hip[1] + arm.elbow[1])
        )
        for arm in arms
    ]
    return Pose(hip, 90, left, right, *moved, hip_half=9, shoulder_half=19, **more)


def prone(hip: Point, torso_deg: float, near: Leg, elbow: Point) -> Pose:
    return Pose(hip, torso_deg, near, near, Arm((elbow[0] + 26, elbow[1]), -1, elbow), None, head_deg=torso_deg - 4)


def on_side(hip: Point, torso_deg: float, legs: tuple[Leg, Leg], elbow: Point) -> Pose:
    """Lying on one side, propped on the elbow, the other hand on the hip."""
    top = Arm((hip[0] + 8, hip[1] - 8), -1, (hip[0] + 26, hip[1] - 36))
    prop_arm = Arm((elbow[0] + 24, elbow[1]), -1, elbow)
    return Pose(hip, torso_deg, *legs, prop_arm, top, head_deg=torso_deg + 6)


def seen(ankle: Point, knee: Point | None = None) -> Leg:
    """A leg whose foot points at us."""
    return Leg(ankle, 1, 0, knee, False)


AKIMBO = (Arm((-11, -6), -1, (-38, -24)), Arm((11, -6), -1, (38, -24)))
ON_BAR = (Arm((-40, -6), -1, (-37, -30)), Arm((40, -6), -1, (37, -30)))
BAR = prop([(44, 86), (156, 86)], 5)
CLAM = (Arm((86, 176), -1, (76, 160)), Arm((28, 177), -1, (42, 177)))

POSES: dict[str, tuple[Pose, Pose]] = {
    "half_squat_hold": (stand(), half((140, 88))),
    "squat": (
        stand(),
        Pose((70, 137), 54, Leg((98, 176)), Leg((92, 176)), Arm((149, 101)), Arm((152, 104))),
    ),
    "supported_reverse_lunge": (
        half((144, 92), behind=CHAIR),
        lunge(112, 30, (90, 133), (144, 92), behind=CHAIR),
    ),
    "reverse_lunge": (
        half(hips_hand((84, 116))),
        lunge(122, 28, (94, 133), hips_hand((94, 133))),
    ),
    "forward_lunge": (stand(84), lunge(140, 36, (100, 132), (104, 135))),
    "long_lunge": (stand(84), lunge(160, 12, (100, 142), (104, 145))),
    "side_angled_lunge": (
        front_view((100, 92), Leg((88, 176), is_turned=True), Leg((112, 176)), AKIMBO),
        front_view((78, 120), Leg((48, 176), 1, 0, (42, 142), is_turned=True), Leg((152, 176)), AKIMBO),
    ),
    "step_up": (
        Pose((92, 96), 80, Leg((128, 150)), Leg((84, 176)), Arm((84, 92)), Arm((116, 84)), behind=STEP),
        Pose((130, 67), 88, Leg((132, 150)), Leg((114, 144), 1, 25), Arm((136, 70)), Arm((128, 70)), behind=STEP),
    ),
    "romanian_deadlift": (
        stand(100, (112, 94), before=weight((114, 98))),
        Pose((78, 100), 20, Leg((100, 176)), Leg((95, 176)), Arm((122, 134)), Arm((126, 134)),
             before=weight((123, 140))),
    ),
    "clamshell": (
        Pose((106, 164), 176, seen((164, 170), (140, 156)), seen((164, 175), (140, 173)), *CLAM, head_deg=170),
        Pose((106, 164), 176, seen((164, 170), (134, 128)), seen((164, 175), (140, 173)), *CLAM, head_deg=170),
    ),
    "knee_plank": (
        prone((98, 169), 8, Leg((14, 167), 1, 90), (147, 177)),
        prone((103, 160), 17, Leg((26, 166), 1, 60, (64, 176)), (150, 177)),
    ),
    "plank": (
        prone((98, 169), 8, Leg((14, 167), 1, 90), (147, 177)),
        prone((100, 155), 8, Leg((15, 166), 1, 90), (149, 177)),
    ),
    "knee_side_plank": (
        on_side((104, 171), 24, (seen((34, 177), (66, 174)), seen((36, 178), (68, 177))), (150, 177)),
        on_side((104, 160), 15, (seen((34, 176), (66, 174)), seen((36, 178), (66, 177))), (152, 177)),
    ),
    "side_plank": (
        on_side((104, 171), 24, (seen((18, 174)), seen((20, 178))), (150, 177)),
        on_side((102, 159), 14, (seen((19, 172)), seen((20, 177))), (151, 177)),
    ),
    "leg_press": (
        Pose((74, 150), 118, Leg((122, 126), 1, -62), Leg((122, 126), 1, -62), Arm((80, 150)), None, behind=PRESS,
             before=prop([(126, 98), (142, 140)], 7) + prop([(134, 119), (188, 96)], 3)),
        Pose((74, 150), 118, Leg((148, 115), 1, -62), Leg((148, 115), 1, -62), Arm((80, 150)), None, behind=PRESS,
             before=prop([(152, 87), (168, 129)], 7) + prop([(160, 108), (194, 94)], 3)),
    ),
    "knee_extension": (
        Pose((78, 118), 96, Leg((118, 162), 1, 0, (119, 120)), Leg((114, 162), 1, 0, (117, 120)), Arm((86, 126)), None,
             behind=SEAT, before=roller((130, 152))),
        Pose((78, 118), 96, Leg((160, 110), 1, -75, (119, 119)), Leg((158, 112), 1, -75, (117, 120)), Arm((86, 126)),
             None, behind=SEAT, before=roller((154, 98))),
    ),
    "hip_abduction": (
        front_view((100, 92), Leg((91, 176), is_turned=True), Leg((109, 176)), ON_BAR, behind=BAR,
                   before=roller((121, 126))),
        front_view((98, 92), Leg((89, 176), is_turned=True), Leg((152, 163), 1, -20), ON_BAR, behind=BAR,
                   before=roller((138, 116))),
    ),
    "hip_extension": (
        Pose((92, 92), 84, Leg((104, 174)), Leg((88, 176)), Arm((140, 84)), Arm((142, 86)), behind=GRIP,
             before=roller((86, 122))),
        Pose((92, 92), 80, Leg((46, 162), 1, 30), Leg((90, 176)), Arm((140, 84)), Arm((142, 86)), behind=GRIP,
             before=roller((66, 116))),
    ),
    "calf_raise": (
        Pose((98, 86), 88, Leg((97, 170), 1, -18), Leg((93, 170), 1, -18), Arm((148, 74)), Arm((100, 88)),
             behind=LOW + POST),
        Pose((103, 71), 88, Leg((102, 155), 1, 42), Leg((98, 155), 1, 42), Arm((148, 66)), Arm((105, 73)),
             behind=LOW + POST),
    ),
    "calf_raise_bent": (
        Pose((86, 92), 80, Leg((97, 170), 1, -18), Leg((93, 170), 1, -18), Arm((148, 78)), Arm((94, 94)),
             behind=LOW + POST),
        Pose((92, 78), 80, Leg((102, 155), 1, 42), Leg((98, 155), 1, 42), Arm((148, 70)), Arm((100, 80)),
             behind=LOW + POST),
    ),
}  # fmt: skip


def pictures() -> dict[str, str]:
    """The text of every drawing by its file name."""
    found: dict[str, str] = {}
    for name, (start, end) in POSES.items():
        found[f"{name}-start.svg"] = picture(start)
        found[f"{name}-end.svg"] = picture(end)
        is_hold = load_exercises()[name].kind == "hold"
        found[f"{name}-move.svg"] = moving_picture(start, end, REP_S, HELD_S if is_hold else 0.0)
    return found


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pictures().items():
        (FOLDER / name).write_text(text, encoding="utf-8")

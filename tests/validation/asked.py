"""What the gait core is asked to reach on people it has not seen, row by row, beside what it reaches on those left out.

Feet, ankles and pelvises are judged by parameters fitted without their runner; rates, losses, straps and other motions
as shipped. A row that nothing here can prove says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from coach.gait.fusion.engines import engine_for
from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitState, Stride, TrunkStep
from coach.model.units import GRAVITY_MPS2
from tests.coach.gait.foot import other_motions
from tests.coach.gait.shank.test_shank_against_force_plates import pedalling
from tests.coach.gait.trunk.test_trunk_against_force_plates_and_cameras import rope_jumping
from tests.support import as_sent
from tests.validation import ankles_and_trunks, leave_one_out, runners, straps
from tests.validation.ankles_and_trunks import ANKLE, PELVIS, SPEEDS, TIMES, Judged
from tests.validation.runners import CLASSES, METRICS, WITHIN, FootTrial

CLIPPED_G: Final = 4.0  # a board set to it: nine in ten feet here reach it
TOO_SLOW_HZ: Final = 25.0
# Slopes are asked to be within these, in a foot narrower; recall of each trial.
FOOT_SLOPE: Final = (0.9, 1.1)
PELVIS_SLOPE: Final = (0.8, 1.2)


@dataclass(frozen=True, slots=True)
class Row:
    """what, asked, found: words. is_reached: None where nothing here can prove it."""

    what: str
    asked: str
    found: str
    is_reached: bool | None

    def markdown(self) -> str:
        verdict = {True: "reached", False: "**not reached**", None: "not proven here"}[self.is_reached]
        return f"| {self.what} | {self.asked} | {self.found} | {verdict} |"


def report(scored: Sequence[dict[str, Any]]) -> str:
    """Return the table as Markdown; empty without recordings. scored: the rows of `scoring.score`, for recall."""
    if not runners.feet():
        return ""
    rows = [*shoes(scored), *ankles(scored), *trunks(scored), *others(), *losses(), *coverages(), *uncertain()]
    return "\n".join(["| what | asked | found | |", "|---" * 4 + "|", *(row.markdown() for row in rows)])


def shoes(scored: Sequence[dict[str, Any]]) -> list[Row]:
    trials = leave_one_out.left_out()
    rows = []
    for words, low, high in CLASSES:
        chosen = [t for t in trials if low <= t.angle_deg < high]
        within, deviation = _within(chosen, "initial_contact_s", 0.008), _deviations(chosen, "initial_contact_s")
        found = f"{_pct(within)}; {np.median(deviation):.1f} ms, below 4 in {_pct(deviation <= 4.0)}"
        reached = bool(within.mean() >= 0.95 and np.median(deviation) <= 4.0)
        rows.append(Row(f"shoe, contact, strike angle {words}", "8 ms in 95 % of feet; SD in a foot 4", found, reached))
    for name in ("toe_off_s", "contact_time_s"):
        within = _within(trials, name, 0.012)
        what = f"shoe, {METRICS[name][0].removesuffix(', ms')}"
        rows.append(Row(what, "12 ms in 95 % of feet", _pct(within), bool(within.mean() >= 0.95)))
    slope, side_ms = runners.slope(trials), runners.side_error_ms(trials)
    reached = FOOT_SLOPE[0] <= slope <= FOOT_SLOPE[1] and side_ms <= 6.0
    rows.append(
        Row(
            "shoe, changes with speed; left-right",
            "slope .9 to 1.1; SD 6 ms",
            f"{slope:.2f}; {side_ms:.1f} ms",
            reached,
        )
    )
    near, far = (_within(trials, "foot_strike_angle_deg", limit) for limit in (3.0, 6.0))
    reached = bool(near.mean() >= 0.75 and far.mean() >= 0.95)
    rows.append(Row("shoe, strike angle", "3 deg in 75 %, 6 in 95 % of feet", f"{_pct(near)}, {_pct(far)}", reached))
    n, unsure, right = np.sum([t.strikes for t in trials], axis=0).tolist()
    share, decided = unsure / n, right / (n - unsure)
    words = f"{100 * decided:.1f} % right, {100 * share:.1f} % uncertain"
    rows.append(
        Row("strike class", "of decided strides 97 % right, 15 % uncertain", words, decided >= 0.97 and share <= 0.15)
    )
    feet = [row for row in scored if "_foot_" in row["recording"] and row.get("n_true") and "run" in row["recording"]]
    recall, cadence = min(r["recall_after_first"] for r in feet), [r["cadence_error_spm"] for r in feet]
    cadence_spm = float(np.sqrt(np.mean(np.square(cadence))))
    length = float(np.mean([r["stride_length_mape_pct"] for r in feet if r["stride_length_mape_pct"] is not None]))
    words = f"{recall:.3f} in the worst; {cadence_spm:.2f} spm (worst {max(map(abs, cadence)):.2f}); {length:.1f} %"
    reached = recall >= 1.0 and cadence_spm <= 0.12 and length <= 1.8
    rows.append(Row("shoe, recall; cadence; length", "1.000; .12 spm; 1.8 %", words, reached))
    return rows


def ankles(scored: Sequence[dict[str, Any]]) -> list[Row]:
    judged, bare = ankles_and_trunks.ankles()[0], ankles_and_trunks.bare_ankles()
    contact, time = (_bias(judged, name) for name in ("initial_contact_s", "contact_time_s"))
    in_contact, in_time = np.abs(contact) <= 0.012, np.abs(time) <= 0.018
    recall = _recall(scored, ANKLE)
    words = f"{_pct(in_contact)}, {_pct(in_time)}; {recall.mean():.3f} (least {recall.min():.2f})"
    reached = bool(in_contact.mean() >= 0.9 and in_time.mean() >= 0.9 and recall.mean() >= 0.99)
    rows = [Row("ankle, contact, contact time; recall", "12, 18 ms in 90 %; .99", words, reached)]
    within = np.abs(_bias(bare, "initial_contact_s")) <= 0.012
    n_other = sum("contact_time_s" in of for of in bare.values())
    recall = np.mean([of["recall"][1] for of in bare.values()])
    words = f"{_pct(within)}; contact time in {n_other} recordings; recall {recall:.3f}"
    reached = bool(within.mean() >= 0.9 and n_other == 0 and recall >= 0.99)
    rows.append(Row("ankle without gyroscope", 'contact 12 ms in 90 %, the rest "-"; recall .99', words, reached))
    return rows


def trunks(scored: Sequence[dict[str, Any]]) -> list[Row]:
    within = np.abs(_bias(ankles_and_trunks.pelvises()[0], "contact_time_s")) <= 0.030
    slope, recall = ankles_and_trunks.slope(PELVIS)[0], _recall(scored, PELVIS)
    reached = bool(within.mean() >= 0.9 and PELVIS_SLOPE[0] <= slope <= PELVIS_SLOPE[1] and recall.min() >= 0.97)
    words = f"{_pct(within)}; {slope:.2f}; {recall.min():.3f} in the worst"
    return [
        Row("pelvis, contact time; its changes; recall", "30 ms in 90 %; slope .8 to 1.2; .97 in each", words, reached),
        Row(
            "brisk walkers with a belt called running; slow jogs found",
            "1 and 5 % of people below and above 60; 99 and 93 %",
            "no such recordings here; of walks with a shoe or an ankle none, of the breaks of one real hip none",
            None,
        ),
    ]


def others() -> list[Row]:
    """Motions that are no running."""
    feet = [other_motions.chunk(name) for name in other_motions.MOTIONS]
    legs = [pedalling(rpm) for rpm in (60, 75, 80, 90, 100, 120)]
    ropes = [
        rope_jumping(site, *how, 0)
        for site in (WearSite.PELVIS, WearSite.CHEST)
        for how in ((120, 0.15), (138, 0.12), (156, 0.12), (168, 0.10))
    ]
    n = sum(_n_running(chunk) for chunk in (*feet, *legs, *ropes))
    what = "pedals, ropes, stairs, a shoe in a hand: strides of running"
    words = f"{n} in {len(feet) + len(legs) + len(ropes)} motions of a minute"
    return [Row(what, "0 to 2", words, n <= 2)]


def losses() -> list[Row]:
    rows = []
    for what, lossy, least in (
        ("5 % of packets of ten lost", runners.with_lost(0.05), 0.97),
        ("10 % of packets of ten lost", runners.with_lost(0.10), 0.95),
        ("one Movesense notification in a hundred lost", runners.with_lost(0.01, 8, 52.0), 0.97),
    ):
        near = np.abs(lossy.distance - 1.0) <= 0.015
        reached = bool(lossy.recall.mean() >= least and near.mean() >= 0.95 and lossy.distance_inside.mean() >= 0.95)
        words = f"{lossy.recall.mean():.3f}; {_pct(near)}, inside in {_pct(lossy.distance_inside)}"
        rows.append(Row(what, f"strides {least}; distance 1.5 % and in its interval, 95 %", words, reached))
    return rows


def coverages() -> list[Row]:
    """The lowest coverage of each site over numbers, classes and rates."""
    shoe: list[tuple[float, str]] = []
    groups = [(f"{rate:.0f} Hz", runners.at_rate(rate)) for rate in runners.RATES_HZ]
    groups += [("left out", leave_one_out.left_out())]
    groups += [(f"{100 * share:.0f} % lost", runners.with_lost(share).trials) for share in (0.02, 0.05, 0.10)]
    for where, trials in groups:
        for words, low, high in CLASSES:
            chosen = [t for t in trials if low <= t.angle_deg < high]
            shoe += [(_coverage(chosen, name), f"{METRICS[name][0]} {words}, {where}") for name in METRICS]
    rows = [_covered("shoe", shoe)]
    for part, site, every, judged in (
        (ANKLE, "ankle", 3, ankles_and_trunks.ankles()[0]),
        (PELVIS, "pelvis", 2, ankles_and_trunks.pelvises()[0]),
    ):
        found = [(c, f"{_plain(name)} at {speed} m/s") for name, speed, c in _by_speed(judged)]
        for rate in ankles_and_trunks.RATES_HZ:
            at = ankles_and_trunks.at_rate(part, every, rate)
            for name in TIMES:
                inside = [of[name][1] for of in at if name in of]
                found += [(float(np.mean(inside)), f"{_plain(name)} at {rate:.0f} Hz")] if inside else []
        rows.append(_covered(site, found))
    return rows


def uncertain() -> list[Row]:
    """Straps that are loose, sensors that are slow or reach their limit."""
    rows = []
    for rate in straps.RATES_HZ:
        n, of, called, firm = straps.noticed(rate)
        words = f"{100 * n / of:.0f} % of {of}; {called} of {firm}"
        rows.append(
            Row(
                f"loose strap at {rate:.0f} Hz; firm ones called loose",
                "90 %; none",
                words,
                n >= 0.9 * of and not called,
            )
        )
    slow = [runners.strides(as_sent.at_rate(r.chunk, TOO_SLOW_HZ)) for r in runners.feet()]
    silent = np.array([all(s.contact_time_s is None and s.foot_strike_angle_deg is None for s in of) for of in slow])
    rows.append(Row("shoe at 25 Hz", '"-" but for contacts, in 90 %', _pct(silent), bool(silent.mean() >= 0.9)))
    cut = [runners.strides(_clipped(r.chunk)) for r in runners.feet()]
    marked = [[s.impact_g is None and s.stride_length_m is None for s in of if s.is_clipped] for of in cut]
    honest = np.array([np.mean(of) >= 0.9 for of in marked if of])
    words = f"{_pct(honest)} of {len(honest)} feet with clipped landings"
    what = f"accelerometer clipped at {CLIPPED_G:.0f} g"
    rows.append(Row(what, 'impact and length "-", in 90 %', words, bool(honest.mean() >= 0.9)))
    return rows


def _within(trials: Iterable[FootTrial], name: str, limit: float) -> FloatArray:
    return np.array([abs(t.errors[name].mean()) <= limit for t in trials])


def _deviations(trials: Iterable[FootTrial], name: str) -> FloatArray:
    return 1000.0 * np.array([t.errors[name].std(ddof=1) for t in trials])


def _pct(values: FloatArray) -> str:
    return f"{100 * float(np.mean(values)):.0f} %"


def _bias(judged: dict[str, Judged], name: str) -> FloatArray:
    return np.array([of[name][0] for of in judged.values() if name in of])


def _recall(scored: Sequence[dict[str, Any]], part: str) -> FloatArray:
    return np.array([row["recall_after_first"] for row in scored if part in row["recording"]])


def _n_running(chunk: ImuChunk) -> int:
    engine = engine_for(chunk.wear_site)
    found = [*engine.feed(chunk), *engine.finish()]
    return sum(isinstance(e, Stride | TrunkStep) and e.state is GaitState.RUNNING for e in found)


def _coverage(trials: Iterable[FootTrial], name: str) -> float:
    of = [t for t in trials if len(t.errors[name])]
    return float(np.mean([np.mean(np.abs(t.errors[name]) <= WITHIN * t.stated[name]) for t in of]))


def _by_speed(judged: dict[str, Judged]) -> list[tuple[str, str, float]]:
    found = []
    for name in TIMES:
        for speed in SPEEDS:
            inside = [of[name][1] for key, of in judged.items() if f"_{speed}_" in key and name in of]
            found += [(name, speed.replace("p", "."), float(np.mean(inside)))] if inside else []
    return found


def _plain(name: str) -> str:
    return name.removesuffix("_s").replace("_", " ")


def _covered(site: str, found: list[tuple[float, str]]) -> Row:
    least, where = min(found)
    middle = np.median([c for c, _ in found])
    words = f"{100 * middle:.0f} % in the middle of {len(found)}; least {100 * least:.0f} %: {where}"
    return Row(
        f"{site}, stated 95 % intervals",
        "90 to 100 % in each number, class and rate, none below 85",
        words,
        least >= 0.9,
    )


def _clipped(chunk: ImuChunk) -> ImuChunk:
    limit = CLIPPED_G * GRAVITY_MPS2
    return replace(chunk, acc_mps2=np.clip(chunk.acc_mps2, -limit, limit), acc_range_mps2=limit)

"""`python -m tests.validation.ankles_and_trunks`: sensors on ankle and pelvis, judged on runners their lines never saw.

The lines of `ShankParams` and `TrunkParams` are fitted to the medians of each recording without one runner in turn, and
judged on that one by the very stages that a run uses. The unit is one sensor in one trial of 30 s, as for shoes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any, Final

import numpy as np

from coach.gait.bulk import analyse
from coach.gait.shank import landing
from coach.gait.shank.analyzer import ShankGait
from coach.gait.shank.params import ShankParams
from coach.gait.signal.window import SignalWindow, WindowView
from coach.gait.trunk import steps
from coach.gait.trunk.analyzer import TrunkGait
from coach.gait.trunk.orientation import attitude, without_knocks
from coach.gait.trunk.params import TrunkParams
from coach.model.samples import FloatArray
from coach.model.strides import Stride, TrunkStep
from tests.coach.gait.on_recordings import events, pairs
from tests.support.recordings import Recording, names, read
from tests.validation.runners import TRIALS, WITHIN

SPEEDS: Final = ("2p5", "3p5", "4p5")
TIMES: Final = ("initial_contact_s", "toe_off_s", "contact_time_s", "flight_time_s", "stride_time_s", "step_time_s")
TRUNK_WINDOW_S: Final = 0.12  # in which a step is paired with a true one
ANKLE, PELVIS = "_shank_", "_pelvis_"  # as the recordings are called
WINDOW_S: Final = {ANKLE: 0.08, PELVIS: TRUNK_WINDOW_S}
RATES_HZ: Final = (52.0, 104.0, 416.0)
WITHIN_RUNNER: Final = 1.0  # weight of errors within a runner on top of all errors, in the trunk's line

Judged = dict[str, tuple[float, float]]  # by number: mean error [s], share of strides inside the stated 95 %


def judge(recording: Recording, found: Sequence[Any], window_s: float) -> Judged:
    """Return the mean error and the coverage of each time of one recording."""
    matched, out = pairs(list(found), recording.strides, window_s), {}
    for name in TIMES:
        known = []
        for event, true in matched:
            value, sd, wanted = getattr(event, name, None), event.uncertainty.get(name), true.get(name)
            if name in ("stride_time_s", "step_time_s") and true.get("next_initial_contact_s") is not None:
                wanted = true["next_initial_contact_s"] - true["initial_contact_s"]
            if None not in (value, sd, wanted) and abs(value - wanted) < 0.25:
                known.append((value - wanted, sd))
        if known:
            error, sd = np.array(known).T
            out[name] = (float(error.mean()), float(np.mean(np.abs(error) <= WITHIN * sd)))
    return out


def ankle_cues(recording: Recording, params: ShankParams) -> FloatArray:
    """Return medians over the strides: mean time of jerk, rise, recovery, toe-off [s], from the true contact."""
    view = _whole(recording)
    fine = landing._fine(view, params)
    assert fine is not None
    assert fine.gyr_radps is not None
    rate = landing._swing_rate(fine, fine.gyr_radps, params)
    before, after = (round(s * fine.rate_hz) for s in (params.landing_before_s, params.landing_after_s))
    ends = landing._swing_ends(rate, fine.rate_hz, params)
    usual, rows = float(np.median(np.diff(ends))), []
    slope = np.gradient(rate, 1.0 / fine.rate_hz)
    bare = replace(params, recovery_lag_s=0.0, recovery_lag_share=0.0)
    for end in ends:
        centre = landing._mean_time(fine, end - before, end + after, params)
        recovery, _ = landing._toe_off(fine, rate, slope, end, usual, 0.0, bare)
        if centre is not None and recovery is not None:
            rows.append((centre, landing._rise(fine, end - before, end + after, params), recovery))
    found = []
    for true in recording.strides:
        row = min(rows, key=lambda r, t=true: abs(r[0] - t["initial_contact_s"]))
        if abs(row[0] - true["initial_contact_s"]) < 0.1:
            found.append([t - true["initial_contact_s"] for t in (*row, true["toe_off_s"])])
    medians: FloatArray = np.median(found, axis=0)
    return medians


def fitted_ankle(cues: dict[str, FloatArray], params: ShankParams) -> ShankParams:
    """Return the parameters with the lines fitted to these recordings."""
    centre, rise, recovery, toe_off = np.array(list(cues.values())).T
    one = np.ones(len(centre))
    lag, share = np.linalg.lstsq(np.column_stack([-one, rise - centre]), -centre, rcond=None)[0].tolist()
    contact = centre + share * (rise - centre) - lag
    off = np.linalg.lstsq(np.column_stack([one, recovery - contact]), recovery - toe_off, rcond=None)[0].tolist()
    return replace(
        params, contact_lag_s=lag, contact_rise_share=share, recovery_lag_s=off[0], recovery_lag_share=off[1]
    )


def trunk_cues(recording: Recording, params: TrunkParams) -> FloatArray:
    """Return medians over the steps: width at the lobe's foot and near its top, step time, true contact time [s],
    and by how much the contact comes late before it is corrected by the contact time."""
    found, params = [], replace(params, late_s=0.0, late_per_contact=0.0)
    for view in _windows(recording, 6.0, 3.0):
        motion = attitude(without_knocks(view, params))
        with _widths() as kept:
            landings = steps.find_landings(motion, params)
        if len(kept) != 3:
            continue
        step = steps.step_time([one.contact_s for one in landings])
        middle = 0.5 * float(view.t_s[0] + view.t_s[-1])
        for one, foot, top in zip(landings, kept[1], kept[2], strict=True):
            near = min(recording.strides, key=lambda t, o=one: abs(t["initial_contact_s"] - o.contact_s))
            is_near = abs(near["initial_contact_s"] - one.contact_s) < TRUNK_WINDOW_S
            about = slice(*np.searchsorted(motion.t_s, (one.contact_s - 0.1, one.contact_s + step + 0.1)))
            is_whole = not motion.is_lost[about].any()
            if is_near and is_whole and abs(one.contact_s - middle) < 1.5 and np.isfinite(foot + top):
                found.append((foot, top, step, near["contact_time_s"], one.contact_s - near["initial_contact_s"]))
    medians: FloatArray = np.median(found, axis=0)
    return medians


def fitted_trunk(cues: dict[str, FloatArray], params: TrunkParams) -> TrunkParams:
    """Return the parameters with the line fitted to these recordings, errors within a runner counted once more."""
    values = np.array(list(cues.values()))
    table = np.column_stack([np.ones(len(values)), values[:, :4]])
    within = table.copy()
    runners = np.array([name.split("_")[0] for name in cues])
    for runner in set(runners.tolist()):
        within[runners == runner] -= table[runners == runner].mean(axis=0)
    both = np.vstack([table, np.sqrt(WITHIN_RUNNER) * within])
    line = np.linalg.lstsq(both[:, :4], both[:, 4], rcond=None)[0].tolist()
    times_s = table[:, :4] @ line
    of_both = values[:, 4] + 0.5 * (times_s - values[:, 3])  # mean of contact's and toe-off's error
    late = np.linalg.lstsq(np.column_stack([np.ones(len(values)), times_s]), of_both, rcond=None)[0].tolist()
    return replace(
        params, contact_time_s=line[0], contact_per_foot=line[1], contact_per_top=line[2], contact_per_step=line[3],
        late_s=late[0], late_per_contact=late[1],
    )  # fmt: skip


def left_out(
    recordings: list[Recording],
    cues: Callable[[Recording], FloatArray],
    fit: Callable[[dict[str, FloatArray]], Any],
    found: Callable[[Recording, Any], Sequence[Any]],
    window_s: float,
) -> tuple[dict[str, Judged], list[Any]]:
    """Return each recording judged by parameters fitted without its runner, and those parameters."""
    seen = {r.name: cues(r) for r in recordings}
    by_runner = {
        who: fit({name: of for name, of in seen.items() if not name.startswith(who)})
        for who in sorted({name.split("_")[0] for name in seen})
    }
    judged = {r.name: judge(r, found(r, by_runner[r.name.split("_")[0]]), window_s) for r in recordings}
    return judged, list(by_runner.values())


def table(judged: dict[str, Judged]) -> str:
    """Return a Markdown table: a row for each number, coverage at each speed."""
    lines = ["| number | recordings | bias ± SD | root mean square | nine in ten within | worst | inside 95 % |"
             " at 2.5, 3.5, 4.5 m/s | recordings below 85 % |"]  # fmt: skip
    lines.append("|---" * 9 + "|")
    for name in TIMES:
        rows = {key: of[name] for key, of in judged.items() if name in of}
        if not rows:
            continue
        bias, inside = np.array(list(rows.values())).T
        ms = 1000.0 * bias
        speeds = [np.mean([of[1] for key, of in rows.items() if f"_{speed}_" in key]) for speed in SPEEDS]
        lines.append(
            f"| {name.removesuffix('_s').replace('_', ' ')}, ms | {len(ms)} | {ms.mean():+.1f} ± {ms.std():.1f} "
            f"| {np.sqrt(np.mean(ms**2)):.1f} | {np.percentile(np.abs(ms), 90):.1f} | {np.abs(ms).max():.1f} "
            f"| {100 * inside.mean():.0f} % | {', '.join(f'{100 * s:.0f}' for s in speeds)} "
            f"| {100 * np.mean(inside < 0.85):.0f} % |"
        )
    return "\n".join(lines)


def spread(params: list[Any], shipped: Any, fields: Sequence[str]) -> str:
    """Return a Markdown table: each fitted parameter as shipped, and its range over the fits."""
    lines = ["| parameter | shipped | fitted on twelve: least, most |", "|---" * 3 + "|"]
    for name in fields:
        values = [getattr(one, name) for one in params]
        lines.append(f"| {name} | {getattr(shipped, name):.4g} | {min(values):.4g}, {max(values):.4g} |")
    return "\n".join(lines)


@cache
def at_rate(part: str, every: int, rate_hz: float) -> tuple[Judged, ...]:
    """Return every so many of the recordings of a site, as shipped, as sensors of another rate would send them."""
    judged = []
    for recording in (r.at_rate(rate_hz) for r in _recordings(part)[::every]):
        found = [e for e in analyse([recording.chunk]) if isinstance(e, Stride | TrunkStep)]
        judged.append(judge(recording, found, WINDOW_S[part]))
    return tuple(judged)


def at_rates(part: str, every: int) -> str:
    """Return a line for each other rate: root mean square between recordings and share of events inside the 95 %."""
    lines = []
    for rate_hz in RATES_HZ:
        cells = []
        for name in TIMES:
            values = np.array([of[name] for of in at_rate(part, every, rate_hz) if name in of]).reshape(-1, 2)
            if len(values):
                rms, inside = 1000.0 * np.sqrt(np.mean(values[:, 0] ** 2)), 100.0 * values[:, 1].mean()
                cells.append(f"{name.removesuffix('_s').replace('_', ' ')}, ms {rms:.1f}, {inside:.0f} %")
        lines.append(f"- {rate_hz:.0f} Hz: {'; '.join(cells)}")
    return "\n".join(lines)


def _recordings(part: str) -> list[Recording]:
    return [read(n) for n in names(TRIALS) if part in n]


@cache
def ankles() -> tuple[dict[str, Judged], list[Any]]:
    """Return each ankle recording judged by parameters fitted without its runner, and those parameters."""

    def strides(recording: Recording, params: ShankParams) -> list[Stride]:
        return [e for e in events(ShankGait(recording.wear_site, params), recording) if isinstance(e, Stride)]

    def cues(recording: Recording) -> FloatArray:
        return ankle_cues(recording, ShankParams())

    return left_out(_recordings(ANKLE), cues, lambda c: fitted_ankle(c, ShankParams()), strides, WINDOW_S[ANKLE])


@cache
def pelvises() -> tuple[dict[str, Judged], list[Any]]:
    """Return each pelvis recording judged by parameters fitted without its runner, and those parameters."""

    def found(recording: Recording, params: TrunkParams) -> list[TrunkStep]:
        return [e for e in events(TrunkGait(recording.wear_site, params), recording) if isinstance(e, TrunkStep)]

    def cues(recording: Recording) -> FloatArray:
        return trunk_cues(recording, TrunkParams())

    return left_out(_recordings(PELVIS), cues, lambda c: fitted_trunk(c, TrunkParams()), found, WINDOW_S[PELVIS])


@cache
def bare_ankles() -> dict[str, Judged]:
    """Return each ankle recording judged without its gyroscope, as shipped."""
    judged = {}
    for recording in _recordings(ANKLE):
        chunk = replace(recording.chunk, gyr_radps=None)
        found = [e for e in analyse([chunk]) if isinstance(e, Stride)]
        judged[recording.name] = judge(recording, found, WINDOW_S[ANKLE])
        judged[recording.name]["recall"] = (0.0, len(pairs(found, recording.strides)) / len(recording.strides))
    return judged


def slope(part: str) -> tuple[float, float]:
    """Return slope and error [ms] of a runner's changes of contact time with speed."""
    judged = ankles()[0] if part == ANKLE else pelvises()[0]
    groups: dict[str, list[tuple[float, float]]] = {}
    for recording in _recordings(part):
        true = float(np.mean([row["contact_time_s"] for row in recording.strides]))
        who = recording.name.replace(recording.name.split("_")[2], "")
        groups.setdefault(who, []).append((true, judged[recording.name]["contact_time_s"][0]))
    true, error = np.concatenate([np.array(of) - np.mean(of, axis=0) for of in groups.values()]).T
    return 1.0 + float(true @ error / (true @ true)), 1000.0 * float(np.sqrt(np.mean(error**2)))


def report() -> str:
    """Return the tables as Markdown; empty without recordings."""
    if not _recordings(ANKLE) or not _recordings(PELVIS):
        return ""
    (ankle, ankle_params), (pelvis, trunk_params) = ankles(), pelvises()
    ankle_fields = ("contact_lag_s", "contact_rise_share", "recovery_lag_s", "recovery_lag_share")
    trunk_fields = ("contact_time_s", "contact_per_foot", "contact_per_top", "contact_per_step", "late_s",
                    "late_per_contact")  # fmt: skip
    words = "Contact time's changes with speed: slope {:.2f}, error {:.1f} ms."
    return "\n\n".join((
        "## Ankle sensors with gyroscope\n\nEach runner judged by parameters fitted to the other twelve:",
        table(ankle), words.format(*slope(ANKLE)),
        f"As shipped at other rates, every third recording:\n\n{at_rates(ANKLE, 3)}",
        spread(ankle_params, ShankParams(), ankle_fields),
        "## Ankle sensors without gyroscope\n\nAs shipped; toe-off and contact time are not given:",
        table(bare_ankles()),
        "## Pelvis sensors\n\nEach runner judged by parameters fitted to the other twelve:",
        table(pelvis), words.format(*slope(PELVIS)),
        f"As shipped at other rates, every second recording:\n\n{at_rates(PELVIS, 2)}",
        spread(trunk_params, TrunkParams(), trunk_fields),
    ))  # fmt: skip


def _whole(recording: Recording) -> WindowView:
    return max(_windows(recording, 60.0, 60.0), key=lambda view: len(view.t_s))


def _windows(recording: Recording, span_s: float, hop_s: float) -> list[WindowView]:
    window = SignalWindow(span_s, hop_s)
    return [*window.push(recording.chunk), *window.flush()]


@contextmanager
def _widths() -> Iterator[list[FloatArray]]:
    """Keep the widths of the lobes that are measured meanwhile: at the lowest level, at the foot, near the top."""
    kept: list[FloatArray] = []
    made = steps._widths

    def keep(*given: Any) -> FloatArray:
        kept.append(made(*given))
        return kept[-1]

    steps._widths = keep
    try:
        yield kept
    finally:
        steps._widths = made


if __name__ == "__main__":
    print(report() or "no reference recordings")

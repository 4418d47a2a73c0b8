"""Half an hour of bad luck for a run of eight sensors on real BlueZ, in a Linux kernel that runs as a program.

What happens is in `tests.kernel.guest_bad_day`; here it is judged: each notification that the air did not lose is in
the log once, and each reading that is missing was counted. Takes as long as the run.
"""

import json
from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any, Final

from tests.kernel.machine import boot, known_kernel, missing_programs
from tests.reliability.rows import Row

MINUTES: Final = 30.0
BACK_S: Final = 30.0  # twice the longest wait of a link (LinkSettings.max_wait_s: 15 s); by judgement
PHONE_BACK_S: Final = 10.0  # a connection that is being made tries again after 1, 3 and 7 s (RFC 6298, Linux)
UNHEARD_S: Final = 1.0  # of each connection, while it is made or ended; by judgement (a half hour had none)
_SETTLE_S: Final = 420.0  # booting, eight connections, and reading the log again on a busy machine
Seen = Mapping[str, Any]


def lacking() -> str:
    """What this machine needs for the day and does not have, in words; empty where nothing is lacking."""
    kernel = known_kernel()
    if kernel.exists() and not missing_programs():
        return ""
    return f"bluez, dbus and the kernel: tests/kernel/build.sh {kernel}"


def live(minutes: float = MINUTES) -> Seen:
    """The day, lived; raises AssertionError with what was printed where it has no result."""
    patience_s = 60.0 * minutes + _SETTLE_S
    line, said = boot(known_kernel(), "guest_bad_day.py", patience_s, "1G", COACH_MINUTES=f"{minutes:g}")
    if line is None:
        raise AssertionError(said[-6000:])
    found: Seen = json.loads(line.removeprefix("RESULT "))
    return found


def off_by(sensor: Seen) -> int:
    """Readings by which what is counted differs from what is missing.

    Two halves of different packets of a Movesense are eight readings that nobody can know to be wrong.
    """
    if sensor["n_true_missing"] is None:
        return 0
    return abs(int(sensor["n_missing"] + 8 * sensor["n_mixed"] - sensor["n_true_missing"]))


def allowed(sensor: Seen) -> int:
    """Readings that a device's clock may leave uncertain: none within a connection, one in ten thousand over an
    absence."""
    return sum(ceil(n / 10_000) for n in sensor["outages"])


def is_counted(sensor: Seen) -> bool:
    """Whether what is missing was counted as demanded."""
    return off_by(sensor) <= allowed(sensor)


def rows(seen: Seen, minutes: float) -> Iterator[Row]:
    """What befell the run, each with what was demanded of it."""
    sensors = seen["sensors"]
    n_sent, n_logged, n_air = (sum(s[name] for s in sensors) for name in ("n_sent", "n_logged", "n_lost_in_air"))
    n_lost, n_twice = (sum(s[name] for s in sensors) for name in ("n_lost", "n_twice"))
    off = sum(map(off_by, sensors))
    may_be_off = sum(allowed(s) for s in sensors if s["n_true_missing"] is not None)
    n_counted = sum(s["n_missing"] for s in sensors if s["n_true_missing"] is not None)
    is_heard = all(
        s["n_sent"] - s["n_logged"] <= UNHEARD_S * s["n_connections"] * s["n_sent"] / seen["run_s"] for s in sensors
    )
    is_whole = seen["state"] == "finished" and abs(seen["duration_s"] - seen["run_s"]) < 3.0
    yield Row(
        f"a run of {minutes:g} minutes",
        "whatever reached the computer is in the log, once; what is missing is counted; the run is whole",
        f"{n_logged:,} notifications logged, {n_lost} lost, {n_twice} twice ({n_air:,} were lost in the air, "
        f"{n_sent - n_logged} came while a connection was made or ended); {n_counted:,} readings counted as missing, "
        f"{off} too many or too few where absences allow {may_be_off}; {seen['state']} after "
        f"{seen['duration_s']:.0f} of {seen['run_s']:.0f} s",
        n_lost == n_twice == 0 and all(map(is_counted, sensors)) and is_heard and is_whole,
    )
    pod = next(s for s in sensors if s["name"] == "running_speed_cadence")
    alive = [s for s in sensors if s is not pod]
    end_s = seen["duration_s"]
    n_back = sum(end_s - s["last_s"] < 6.0 for s in alive)
    yield Row(
        "seven drops and absences, and a pod whose battery ends",
        "seven sensors stream to the end; the pod's silence is counted to the end",
        f"{n_back} of {len(alive)} stream at the end; the pod is silent for {pod['silent_s']:.0f} s of "
        f"{end_s - pod['last_s']:.0f}",
        n_back == len(alive) and abs(pod["silent_s"] - (end_s - pod["last_s"])) < 3.0,
    )
    yield Row(
        "the adapter is pulled out and plugged in again",
        f"eight sensors stream after {BACK_S:g} s",
        f"after {seen['adapter_back_s']} s",
        seen["adapter_back_s"] < BACK_S,
    )
    kept, tapped_s = seen["taps_kept_s"], seen["tap_at_s"] + seen["all_streaming_s"]
    full = seen["tap_full_disk"]
    yield Row(
        "the disk is full",
        "the page says so, and a tap is answered in 1 s and kept",
        f"{'said' if seen['is_full_said'] else 'not said'}; answered with {full['answers']} in {full['took_s']:.2f} s",
        seen["is_full_said"] and full["answers"] == [204] and full["took_s"] < 1.0 and len(kept) == seen["n_taps"],
    )
    off_s = min(abs(t - tapped_s) for t in kept) if kept else float("inf")
    yield Row(
        "the phone is out of the network, and sends its tap twice when it is back",
        f"live numbers after {PHONE_BACK_S:g} s; the tap is kept once, at its own moment",
        f"live numbers after {seen['phone_back_s']} s; {len(kept)} of {seen['n_taps']} taps of the run kept, "
        f"this one {off_s:.1f} s off",
        seen["phone_was_away"] and seen["phone_back_s"] < PHONE_BACK_S and len(kept) == seen["n_taps"] and off_s < 2.0,
    )


def count_lines(seen: Seen) -> Iterator[tuple[str, bool]]:
    """Each sensor's counts, in Markdown."""
    for s in seen["sensors"]:
        name = f"{s['name']}, {s['site'].replace('_', ' ')}" if s["site"] else s["name"]
        truly = "-" if s["n_true_missing"] is None else f"{s['n_true_missing'] - 8 * s['n_mixed']:,}"
        counted = "-" if s["n_true_missing"] is None else f"{s['n_missing']:,}"
        cells = [f"{s['n_sent'] + s['n_lost_in_air']:,}", f"{s['n_lost_in_air']:,}", f"{s['n_sent'] - s['n_logged']:,}"]
        cells += [f"{s['n_logged']:,}", str(s["n_lost"]), str(s["n_twice"]), f"{s['n_readings']:,}", truly, counted]
        is_held = s["n_lost"] == s["n_twice"] == 0 and is_counted(s)
        yield f"| {name} | {' | '.join(cells)} |", is_held


def lines(minutes: float = MINUTES) -> Iterator[tuple[str, str, bool]]:
    """(part of the document, line, whether it is as demanded)."""
    seen = live(minutes)
    yield from (("bluez", row.line(), row.is_held) for row in rows(seen, minutes))
    yield from (("bluez_counts", line, is_held) for line, is_held in count_lines(seen))

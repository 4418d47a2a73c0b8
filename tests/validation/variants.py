"""`python -m tests.validation.variants [name part ...]`: recordings with force plates as other sensors would send them.

Each recording again at other rates, with readings lost, clocks that jitter, clipped, worn otherwise or without a moment
of standing; found minus true as a Markdown table. What holds here was not tuned on: the constants come from the
recordings as they are.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from coach.gait.bulk import analyse
from coach.model.plain import to_plain
from coach.model.samples import ImuChunk
from coach.model.strides import Stride, TrunkStep
from coach.model.units import GRAVITY_MPS2
from tests.support.as_sent import at_rate, changed, kept, random_rotation
from tests.support.common import reference_folder
from tests.support.recordings import names, read
from tests.validation.scoring import scorer

CHOSEN: Final = ("demo_run_left_foot_device", "demo_run_right_foot_device", "biomac_p01_left_foot", "biomac_p01_right",
                 "demo_run_pelvis_device", "biomac_p01_pelvis", "sacrum_04", "shank_run_01")  # fmt: skip
SEED: Final = 5
WITHOUT_STANDING: Final = "without standing"


def lossy(share: float) -> Callable[[ImuChunk], ImuChunk]:
    return lambda chunk: kept(chunk, np.random.default_rng(SEED).random(len(chunk.t_s)) > share)


def jittered(chunk: ImuChunk) -> ImuChunk:
    """Times a fifth of the sampling interval off, one standard deviation."""
    off = np.random.default_rng(SEED).normal(0.0, 0.2 / chunk.rate_hz, len(chunk.t_s))
    return replace(chunk, t_s=np.sort(chunk.t_s + off))


def clipped(chunk: ImuChunk) -> ImuChunk:
    limit = 8.0 * GRAVITY_MPS2
    return replace(chunk, acc_mps2=np.clip(chunk.acc_mps2, -limit, limit), acc_range_mps2=limit)


def turned(chunk: ImuChunk) -> ImuChunk:
    """Mounted otherwise."""
    q = random_rotation(SEED)
    return changed(chunk, lambda v: np.nan_to_num(v) @ q.T if np.isnan(v).any() else v @ q.T)


VARIANTS: Final[dict[str, Callable[[ImuChunk], ImuChunk]]] = {
    "as recorded": lambda chunk: chunk,
    "52 Hz": lambda chunk: at_rate(chunk, 52.0),
    "104 Hz": lambda chunk: at_rate(chunk, 104.0),
    "416 Hz": lambda chunk: at_rate(chunk, 416.0),
    "1 % lost": lossy(0.01),
    "5 % lost": lossy(0.05),
    "times jitter": jittered,
    "clipped at 8 g": clipped,
    "mounted otherwise": turned,
    WITHOUT_STANDING: lambda chunk: kept(chunk, chunk.t_s > chunk.t_s[0] + 5.0),
}


def row(folder_score: Callable[[list[Any]], dict[str, Any]], chunk: ImuChunk) -> str:
    """One variant's cells; recall and precision leave out nothing, a recording cut short has fewer strides."""
    found = [to_plain(e) for e in analyse([chunk]) if isinstance(e, Stride | TrunkStep)]
    scored = folder_score(found)
    cells = [f"{scored['recall']:.2f}", f"{scored['precision']:.2f}"]
    for key in ("initial_contact_ms", "contact_time_ms", "foot_strike_angle_deg"):
        numbers = scored[key]
        cells.append("" if not numbers else f"{numbers['bias']:+.1f} ± {numbers['sd'] or 0.0:.1f}")
    length = scored["stride_length_m"]
    return " | ".join([*cells, "" if not length else f"{length['mape_percent']:.1f}"])


def main(parts: list[str]) -> int:
    reference = reference_folder()
    if not reference.exists():
        print(f"no reference recordings at {reference}: set COACH_REFERENCE to their folder", file=sys.stderr)
        return 2
    module = scorer(reference)
    print(
        "| recording | as | recall | precision | contact, ms | contact time, ms | strike angle, deg | length abs., % |"
    )
    print("|---" * 8 + "|")
    for name in names(*(parts or CHOSEN)):
        recording = read(name)
        is_standing = bool((recording.about.get("synthetic") or {}).get("standing_still_s"))
        for words, change in VARIANTS.items():
            if words == WITHOUT_STANDING and not is_standing:
                continue
            cells = row(lambda found, of=recording: module.score(of.folder, found), change(recording.chunk))
            print(f"| {name} | {words} | {cells} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""`python -m tests.validation [name part ...]`: the gait core against all reference recordings, as a Markdown table."""

import sys

from coach.gait.bulk import analyse
from coach.model.strides import Stride, TrunkStep
from tests.support.common import reference_folder
from tests.support.recordings import names, read
from tests.validation import ankles_and_trunks, asked, leave_one_out, runners, straps
from tests.validation.coverage import Coverage
from tests.validation.scoring import score, scorer
from tests.validation.table import markdown, misses

NOTE = (
    "Found minus true: mean ± standard deviation over strides. Recordings without known strides: cadence against the "
    "spectrum of their own signal, and against the one number stated for them; neither is an independent truth."
)


def main(parts: list[str]) -> int:
    reference = reference_folder()
    if not reference.exists():
        print(f"no reference recordings at {reference}: set COACH_REFERENCE to their folder", file=sys.stderr)
        return 2
    module, coverage, found = scorer(reference), Coverage(), []
    for name in names(*parts):
        recording = read(name)
        events = analyse([recording.chunk])
        found.append(score(recording, events, module))
        coverage.add(recording, [e for e in events if isinstance(e, Stride | TrunkStep)], module)
    if not parts:
        print(f"**What is asked, and what is found**\n\n{asked.report(found)}\n")
    print(markdown(found))
    steady = [r for r in found if r.get("n_true") and "walk" not in r["recording"] and "jog" not in r["recording"]]
    if steady:
        recall = sum(r["matched"] for r in steady) / sum(r["n_true"] for r in steady)
        precise = sum(r["matched"] for r in steady) / sum(r["matched"] / max(r["precision"], 1e-9) for r in steady)
        print(f"\nSteady running together: recall {recall:.3f}, precision {precise:.3f}.")
    print(NOTE)
    if lines := misses(found):
        print("\nMissed (bold) and why:\n\n" + "\n".join(lines))
    print(f"\nThe stated uncertainties (one standard deviation) against what was found:\n\n{coverage.markdown()}")
    if not parts:
        print(f"\n## Shoe sensors, by runner and strike class\n\n{runners.report()}\n\n{leave_one_out.report()}")
        print(f"\n{ankles_and_trunks.report()}")
        print(f"\n{straps.report()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

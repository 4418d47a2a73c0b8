"""What the coach says and claims, simulated: `python -m tests.advice [responses | invariants | weeks]`."""

import argparse

from tests.advice import invariants, responses, weeks


def main() -> None:
    """Print the tables asked for; without a name, all."""
    parser = argparse.ArgumentParser(prog="python -m tests.advice", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("responses", "invariants", "weeks"))
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--weeks", type=int, default=weeks.WEEKS)
    parser.add_argument("--blocks", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    if asked.what in (None, "invariants"):
        print(invariants.table(asked.runs))
    if asked.what in (None, "weeks"):
        for one in weeks.tables(asked.weeks):
            print(one, flush=True)
    if asked.what in ("invariants", "weeks"):
        return
    print(f"Responses to cues, {asked.blocks} blocks for each true effect")
    print(responses.table(asked.blocks, asked.processes))


if __name__ == "__main__":
    main()

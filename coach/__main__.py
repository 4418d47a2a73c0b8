"""Start the command line: `coach` or `python -m coach`."""

import logging
import os
from typing import Final

from coach.cli.root import coach

# Of numpy's BLAS. Its threads wait busily for what a run never has: a product of two arrays of millions of numbers.
BLAS_THREADS: Final = "OPENBLAS_NUM_THREADS"


def main() -> None:
    """Start the `coach` command. Warnings go to standard error, a line each."""
    os.environ.setdefault(BLAS_THREADS, "1")  # before a command loads numpy; what the user set counts
    logging.basicConfig(format="coach: %(message)s")
    logging.getLogger("bumble").setLevel(logging.ERROR)  # it warns of packets on their way when a link ends
    coach(prog_name="coach")


if __name__ == "__main__":
    main()

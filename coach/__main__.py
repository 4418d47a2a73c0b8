"""Start the command line: `coach` or `python -m coach`."""

import logging

from coach.cli.root import coach


def main() -> None:
    """Entry point of the `coach` command. Warnings go to standard error, a line each."""
    logging.basicConfig(format="coach: %(message)s")
    logging.getLogger("bumble").setLevel(logging.ERROR)  # it warns of packets on their way when a link ends
    coach(prog_name="coach")


if __name__ == "__main__":
    main()

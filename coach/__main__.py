"""Start the command line: `coach` or `python -m coach`."""

from coach.cli.root import coach


def main() -> None:
    """Entry point of the `coach` command."""
    coach()


if __name__ == "__main__":
    main()

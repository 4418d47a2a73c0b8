"""`python -m tests.benchmark.live_service RECORDING FOLDER`: the service's memory at the end of a live run [MB]."""

import os
import sys
from pathlib import Path

import click

from coach.__main__ import BLAS_THREADS
from coach.cli.root import coach as root
from coach.cli.showing import Coach, create_app
from coach.recording.reader import read_recording
from coach.settings import make_settings
from tests.benchmark.live_run import play
from web.server import serve


def main(recording: Path, folder: Path) -> None:
    """Print the resident memory; all is loaded and begun as by `coach serve`, and nobody looks at the page."""
    os.environ.setdefault(BLAS_THREADS, "1")
    root.get_command(click.Context(root), "serve")
    settings = make_settings(folder, "127.0.0.1", 0)
    settings.recordings.mkdir(parents=True, exist_ok=True)
    coach = Coach(settings)
    server = serve(create_app(coach), settings.host, settings.port)
    coach.start()
    coach.sensors.problem()
    whole = read_recording(recording)
    play(whole.notifications(), whole.header, coach.store, coach.feed, settings.recordings)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    print(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    server.stop()
    coach.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

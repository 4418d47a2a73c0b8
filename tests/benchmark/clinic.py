"""`python -m tests.benchmark clinic`: the Monday page of 1,000 runners, and what an arrival costs.

Goals: from the precomputed state under 50 ms for 1,000 runners in one clinician's care; one page, drawn, under
300 ms; a sealed run-hour taken under 1 CPU-second without computing its gait again (printed
is the sum of home and clinic, which share the process). Needs PostgreSQL from the system's
packages.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from coach.clinic.monday import rows_of
from coach.roster import index
from coach.seal.manifest import Scope
from coach.wall_clock import utc_now
from tests.support.clinic import Clinic, Home
from tests.support.postgres import cluster_of, database_of
from tests.web.clinic_ward import fill

HOUR_S = 3600


def main(n_runners: int = 1000, n_runs: int = 200) -> None:
    with cluster_of() as cluster, database_of(cluster) as database, tempfile.TemporaryDirectory() as folder:
        clinic = Clinic(Path(folder), database)
        began = time.perf_counter()
        fill(clinic.host, clinic.ada, n_runners, n_runs)
        cluster.sql("vacuum analyze", database.name)
        print(f"{n_runners} runners, {n_runners * n_runs} runs filled in {time.perf_counter() - began:.0f} s")
        ((size,),) = cluster.sql(f"select pg_size_pretty(pg_database_size('{database.name}'))")
        print(f"index: {size}")
        browser = clinic.session("Ada")
        _say("states by SQL, with row-level security", lambda: _states(clinic))
        _say("Monday's rows, sorted, with reasons and names", lambda: clinic.host.monday(clinic.ada))
        _say("sorting alone", _sorter(clinic))
        _say("Monday page, drawn", lambda: browser.get("/monday"))
        _arrival(clinic, Path(folder))
        clinic.close()


def _states(clinic: Clinic) -> None:
    with clinic.roster.transaction(clinic.ada.person_id) as connection:
        assert index.runners(connection)


def _sorter(clinic: Clinic) -> Callable[[], object]:
    with clinic.roster.transaction(clinic.ada.person_id) as connection:
        patients = clinic.host._patients(index.runners(connection))
    return lambda: rows_of(patients, utc_now())


def _arrival(clinic: Clinic, folder: Path) -> None:
    (folder / "home").mkdir()
    home = Home(folder / "home")
    home.run(1.0, seconds=HOUR_S, n_bytes=12_000)  # 43 MB, as an hour of two feet at 208 Hz has
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    status = home.clinic.push()
    assert (status.n_sent, status.failure) == (1, "")
    print(f"a sealed run-hour sealed, sent and taken: {time.process_time() - cpu_s:.2f} CPU s of both sides, "
          f"{time.perf_counter() - wall_s:.2f} s")  # fmt: skip
    home.close()


def _say(what: str, work: Callable[[], object], times: int = 15) -> None:
    work()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(1000 * (time.perf_counter() - began))
    print(f"{what}: median {statistics.median(found):.0f} ms, worst {max(found):.0f} ms")

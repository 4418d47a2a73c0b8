"""A clinic of many runners in each state that the Monday page knows, for its tests, pictures and benchmark."""

import random
import secrets
from datetime import UTC, datetime, timedelta

from coach.clinic.runner_state import RunnerState
from coach.coaching.loader import load_red_flags
from coach.model.pain import Lock
from coach.roster import index
from coach.roster.index import RunNumbers
from coach.roster.people import Person
from coach.seal.manifest import Scope
from coach.service.clinic_host.host import ClinicHost

NAMES = ("Anna B.", "Chart 1042", "Ben K.", "Carla M.", "Dmitri", "Chart 2200", "Eve", "Farid", "Greta", "Hana")


def fill(host: ClinicHost, person: Person, n_runners: int, n_runs: int, now: datetime | None = None) -> list[str]:
    """Put runners straight into the index; of ten, one in each state, the others well. Gives their ids."""
    at = now or datetime.now(UTC)
    ids = [secrets.token_hex(8) for _ in range(n_runners)]
    for k, runner_id in enumerate(ids):
        host.vault.make(runner_id)
        name = NAMES[k % len(NAMES)] if n_runners <= len(NAMES) else f"Chart {k}"
        with host.roster.transaction(runner_id=runner_id) as connection:
            index.add_runner(connection, runner_id, f"sub-{runner_id[:8]}", host.vault.hide(runner_id, name), runner_id)
            index.put_consent(connection, runner_id, [Scope.CARE], at - timedelta(days=200))
            index.put_runs(connection, runner_id, _runs(k, n_runs, at))
            index.put_state(connection, runner_id, _state(k % 10, at), at)
            if k % 10 == 5:
                connection.execute(
                    "update runner set heard_at = now() - interval '9 days' where runner_id = %s", (runner_id,)
                )
            connection.execute("insert into care values (%s, %s)", (person.person_id, runner_id))
    return ids


def _state(kind: int, at: datetime) -> RunnerState:
    flags = load_red_flags()
    emergency = [sign for sign, flag in flags.items() if flag.locks and flag.kind.value == "emergency"]
    urgent = [sign for sign, flag in flags.items() if flag.locks and flag.kind.value == "urgent"]
    well = {"lock": Lock.NONE, "signs": (), "locked_since": None, "pain_level": 1, "pain_rose_by": 0.2}
    rest = {"is_rising": False, "gait_change_m": 0.004, "gait_se_m": 0.008, "gait_speed_mps": 2.8}
    late = {"last_run_at": at - timedelta(days=2), "n_overdue": 0, "overdue_since": None}
    states: dict[int, dict[str, object]] = {
        0: {"lock": Lock.EMERGENCY, "signs": tuple(emergency[:2]), "locked_since": at - timedelta(hours=20)},
        1: {"lock": Lock.URGENT, "signs": tuple(urgent[:1]), "locked_since": at - timedelta(days=3)},
        2: {"pain_level": 6, "pain_rose_by": 2.6},
        3: {"gait_change_m": -0.052, "gait_se_m": 0.009},
        4: {"n_overdue": 2, "overdue_since": at - timedelta(days=5), "last_run_at": at - timedelta(days=12)},
    }
    return RunnerState(**{**well, **rest, **late, **states.get(kind, {})})  # type: ignore[arg-type]


def _runs(seed: int, n_runs: int, at: datetime) -> list[RunNumbers]:
    noise = random.Random(seed)
    found = []
    for k in range(n_runs):
        started_at = at - timedelta(days=2 + 1.7 * k)
        step = 1.0 + noise.gauss(0, 0.015)
        run_id = f"{started_at:%Y%m%d-%H%M%S}-{seed & 0xFFFF:04x}"
        found.append(
            RunNumbers(
                run_id, started_at, "ab" * 32, "71e9b6f85838bb13", 1800.0, 5000.0, 2.8, 168.0, 250.0, step, step, 0.004
            )
        )
    return found

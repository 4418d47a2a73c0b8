"""Check-ins and tests of the programme: which milestones are due, and what has changed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from coach.errors import UserError
from coach.model.frozen import dataclass
from coach.model.pain import PainEntry, PainMoment
from coach.model.strength import StrengthPlan
from coach.model.strength_tests import Change, Milestone, StrengthTest, TestResult
from coach.service.strength.plans import StrengthService
from coach.storage.store import Store
from coach.storage.strength import Strength
from coach.strength.assessments import check_result, closed_by_lock, closed_by_pain, judge, milestones, offered
from coach.strength.loader import load_tests
from coach.strength.rhythm import local_day

_LEFT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MilestoneView:
    """A milestone with its answers. state: "done", "due", "ahead" or "over"."""

    milestone: Milestone
    state: str
    results: tuple[TestResult, ...]


@dataclass(frozen=True, slots=True)
class TestOffer:
    """A test as it can be done now. closed: why it cannot, "" where it can. details: its sides or activities."""

    __test__ = False

    test: StrengthTest
    closed: str
    details: tuple[str, ...]


class StrengthTests:
    """Thread-safe as the store is."""

    def __init__(self, store: Store, strength: StrengthService) -> None:
        self._store = store
        self._kept = Strength(store.database)
        self._strength = strength

    def milestones(self, plan: StrengthPlan | None = None) -> list[MilestoneView]:
        """Return all five moments of measuring with what was answered. plan: the current one,
        asked for where not given."""
        plan = plan or self._strength.show()
        if plan is None:
            return []
        now = self._strength.now()
        results = self._kept.results(plan.plan_id)
        views: list[MilestoneView] = []
        for one in milestones(plan.wish, plan.pauses, local_day(now, plan.wish.tz)):
            mine = tuple(result for result in results if result.milestone == one.id)
            views.append(MilestoneView(one, _state(one, bool(mine), now), mine))
        return views

    def offers(self, pain_now: int | None = None) -> list[TestOffer]:
        """Return the tests of the track; the painful ones gated by the pain now, else by the pain state."""
        plan = self._strength.plan()
        level = pain_now if pain_now is not None else self._strength.pain().level
        found: list[TestOffer] = []
        for test in offered(load_tests(), plan.wish.track):
            details = plan.wish.activities if test.kind == "activities" else test.sides
            closed = closed_by_lock(test, self._strength.pain()) or closed_by_pain(test, level)
            found.append(TestOffer(test, closed, details))
        return found

    def answer(self, results: Sequence[TestResult]) -> int:
        """Keep answers; the same id replaces. The pain now also becomes part of the pain history.

        Raises:
            UserError: a value cannot be, a test or milestone does not exist, or pain closes the test.
        """
        plan = self._strength.plan()
        known = {one.milestone.id for one in self.milestones()}
        tests = load_tests()
        before = {one.result_id for one in self._kept.results(plan.plan_id)}
        pain_now = next((r.value for r in results if r.test_id == "pain_now" and r.value is not None), None)
        level = int(pain_now) if pain_now is not None else self._strength.pain().level
        for one in results:
            test = tests.get(one.test_id)
            if test is None or one.milestone not in known:
                raise UserError(f"no test {one.test_id!r} at {one.milestone!r}")
            check_result(test, one.value)
            closed = closed_by_lock(test, self._strength.pain()) or closed_by_pain(test, level)
            if closed and one.value is not None and one.result_id not in before:
                raise UserError(f"{test.name}: {closed}")
        self._kept.put_results(plan.plan_id, results)
        for one in results:
            if one.test_id == "pain_now" and one.value is not None and one.result_id not in before:
                self._store.pain.add(PainEntry(one.at, PainMoment.NOW, int(one.value)))
            if one.test_id == "pain_worst" and one.value is not None and one.result_id not in before:
                self._store.pain.add(PainEntry(one.at, PainMoment.WORST_24H, int(one.value)))
        self._strength.refresh()
        return len(results)

    def morning(self, back: int | None, calf: int | None, run_id: str | None, session_id: str | None) -> None:
        """Keep the answer of the morning after a run or session.

        Raises:
            UserError: nothing was answered.
        """
        if back is None and calf is None:
            raise UserError("give a number from 0 to 10 for the back")
        moment = PainMoment.NEXT_MORNING
        self._store.pain.add(PainEntry(self._strength.now(), moment, back, calf, run_id, session_id))
        self._strength.refresh()

    def results(self) -> list[TestResult]:
        """Return all answers of the present plan, oldest first."""
        plan = self._strength.show()
        return [] if plan is None else self._kept.results(plan.plan_id)

    def changes(self) -> list[Change]:
        """Return the newest answer of each test against its first, judged by the smallest change that matters."""
        results = self.results()
        return [change for test in load_tests().values() for change in judge(test, results)]


def _state(one: Milestone, is_answered: bool, now: datetime) -> str:
    if is_answered:
        return "done"
    if now < one.due_at - timedelta(days=1):
        return "ahead"
    return "due" if now <= one.due_at + _LEFT else "over"

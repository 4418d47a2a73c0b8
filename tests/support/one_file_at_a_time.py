"""How the workers of xdist share the tests: a file each; a worker that dies of a hang costs one test."""

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController


class OneFileAtATime(LoadScopeScheduling):
    """Give a worker one file at a time, in the order of collection.

    A file's tests share costly fixtures (a recording, a server, a page), and no worker may run a command's test after
    one in a browser.

    xdist 3.8 gives the test that killed its worker to the next worker, too, which then dies of it; and a worker that
    was given a file with one test left waits for the test after it. Both are mended here.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] + (" in a browser" if "[chromium" in nodeid else "")

    def _reschedule(self, node: "WorkerController") -> None:
        super()._reschedule(node)
        if not self.workqueue and not node.shutting_down:
            node.shutdown()  # a worker begins its last test only when it knows that none follows

    def remove_node(self, node: "WorkerController") -> str | None:
        """Give the unfinished tests of a dead worker to the others, but for the one it died of; return that."""
        units = self.assigned_work[node].items()
        left = {scope: [test for test, is_done in unit.items() if not is_done] for scope, unit in units}
        unfinished = {scope: tests for scope, tests in left.items() if tests}
        if not unfinished:
            return super().remove_node(node)
        died_of = next(iter(unfinished.values())).pop(0)
        self.assigned_work[node] = {scope: dict.fromkeys(tests, False) for scope, tests in unfinished.items() if tests}
        super().remove_node(node)
        return died_of

"""A coach in memory: the real live feed, and runs and sensors with the verbs that the pages use."""

from types import SimpleNamespace

from coach.live_feed import LiveFeed


class SmallCoach(SimpleNamespace):
    """What `create_app` is given in the tests of pages alone."""

    def __init__(self, **parts: object) -> None:
        super().__init__(feed=LiveFeed(), **parts)

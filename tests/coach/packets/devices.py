"""The other side of a conversation, for tests: a sensor that answers writes and holds values."""

from collections.abc import Callable

from coach.model.links import SensorUse
from coach.model.sites import WearSite
from coach.model.steps import Listen, Pause, Read, Write
from firmware_config.loader import load_profile

Answers = Callable[[bytes], list[bytes]]


class Device:
    """The other side of a conversation: answers writes, holds values to read."""

    def __init__(self, answers: Answers = lambda payload: [], values: dict[str, bytes] | None = None) -> None:
        self.answers = answers
        self.values = values or {}
        self.written: list[str] = []
        self.pauses = 0

    def hold(self, conversation):
        heard: list[bytes] = []
        answer = None
        try:
            while True:
                step = conversation.send(answer)
                if isinstance(step, Write):
                    self.written.append(step.payload.hex(" "))
                    heard = self.answers(step.payload)
                    answer = b""
                elif isinstance(step, Listen):
                    answer = heard.pop(0) if heard else None
                elif isinstance(step, Read):
                    answer = self.values.get(step.characteristic)
                elif isinstance(step, Pause):
                    self.pauses += 1
                    answer = b""
        except StopIteration as end:
            return end.value


def use(profile_id: str, site: WearSite | None = WearSite.LEFT_FOOT, **more) -> tuple:
    return load_profile(profile_id), SensorUse("s", "x", profile_id, site, **more)


def h(text: str) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))

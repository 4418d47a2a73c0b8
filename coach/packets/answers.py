"""Collect the notifications of a characteristic until the answer to a step of a conversation is complete.

A characteristic that notifies messages answers with one of them, whole. One that notifies a byte stream cuts it
anywhere: there an answer begins in the middle of one notification and may end in the next.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Final

from coach.packets.templates import encode
from firmware_config.schema import Answer, DeviceProfile, Step

FORMS: Final = {form: struct.Struct(code) for form, code in (("u8", "<B"), ("u16", "<H"), ("u32", "<I"), ("f32", "<f"))}


class AnswerFinder:
    """Looks for the answers of one step among what is heard after its write; the first that fits counts."""

    def __init__(self, profile: DeviceProfile, settings: Mapping[str, float | str], step: Step) -> None:
        heard_on = profile.characteristics().get(str(step.answers_on))
        self._is_stream = heard_on is not None and heard_on.is_stream
        self._answers: Sequence[tuple[bytes, Answer]] = [
            (encode(answer.begins, settings, profile.codes), answer) for answer in step.answers
        ]
        self._held = b""

    def feed(self, payload: bytes) -> tuple[Answer, bytes] | None:
        """Return the answer and its bytes, from the first that shows which it is; None while it has not come."""
        if not self._is_stream:
            return next(((answer, payload) for begins, answer in self._answers if payload.startswith(begins)), None)
        self._held += payload
        found = [(self._held.find(begins), answer) for begins, answer in self._answers]
        at, answer = min(((at, answer) for at, answer in found if at >= 0), key=lambda one: one[0], default=(-1, None))
        if answer is None:
            longest = max(len(begins) for begins, _ in self._answers)
            self._held = self._held[len(self._held) - min(len(self._held), longest - 1) :]
            return None
        self._held = self._held[at:]
        return (answer, self._held) if len(self._held) >= length(answer) else None


def length(answer: Answer) -> int:
    """Return the number of bytes up to the end of the last value that is taken out of an answer."""
    return max((take.at + FORMS[take.form].size for take in answer.take), default=0)

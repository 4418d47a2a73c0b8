"""Codes that are typed where nothing can be scanned: each lets in for ten minutes, in this process only.

Guessing is hopeless by the number of codes alone: at a thousand guesses a second, more than this server answers, ten
minutes find a certain code of 31^8 with a chance below one in a million. So nothing that strangers send voids the code
of an honest person; an address that guesses is only heard no more for a while, so that its guesses cost nothing. Who
shares that address, behind a proxy, waits as long, or comes in by the link, of which no guesses are counted.
"""

import secrets
import threading
import time
from collections.abc import Callable
from typing import Final

from coach.errors import UserError

LIVES_S: Final = 600.0
LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another
LENGTH: Final = 8
MOST_WRONG: Final = 20  # of one address in `LIVES_S`; who reads a code off a screen needs three. Chosen by judgement
_MOST_ADDRESSES: Final = 1000  # that are remembered; who has more of them is stopped by the number of codes


class TypedCodes:
    """Thread-safe. clock_s: monotonic [s]."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._until_s: dict[str, float] = {}  # by code
        self._wrong: dict[str, tuple[int, float]] = {}  # by address: wrong codes, and until when they count

    def make(self) -> str:
        """Make a code, as ABCD-EFGH."""
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        with self._lock:
            now_s = self._clock_s()
            self._until_s = {kept: until_s for kept, until_s in self._until_s.items() if until_s > now_s}
            self._until_s[code] = now_s + LIVES_S
        return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"

    def check(self, code: str, address: str) -> None:
        """See whether a code, without its dash, lets in.

        Raises:
            UserError: it does not, or its address sent too many that do not.
        """
        with self._lock:
            now_s = self._clock_s()
            n_wrong, until_s = self._wrong.get(address, (0, now_s + LIVES_S))
            if until_s <= now_s:
                n_wrong, until_s = 0, now_s + LIVES_S
            if n_wrong >= MOST_WRONG:
                raise UserError("Too many wrong codes came from this device. Wait ten minutes, or scan the code.")
            known = [kept for kept in self._until_s if secrets.compare_digest(kept.encode(), code.encode())]
            if not any(self._until_s[kept] > now_s for kept in known):
                self._wrong.pop(address, None)
                self._wrong[address] = (n_wrong + 1, until_s)  # the last one heard of comes last
                if len(self._wrong) > _MOST_ADDRESSES:
                    del self._wrong[next(iter(self._wrong))]
                raise UserError("This code is wrong or too old. Look at the Phones page for a fresh one.")

    def forget(self) -> None:
        """Void all codes."""
        with self._lock:
            self._until_s.clear()

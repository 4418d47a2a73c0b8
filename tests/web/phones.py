"""Phones that only listen: `python -m tests.web.phones URL N SECONDS` reads N live streams at once.

Printed as JSON: how many streams were refused, how many metrics events came, and how old each was on arrival [ms].
A process of its own, so that what it costs is not the service's.
"""

import http.client
import json
import sys
import threading
import time
from urllib.parse import urlsplit


class Phone(threading.Thread):
    """One stream until `until_s` (monotonic). ages_ms: of the newest notification when its event arrived."""

    def __init__(self, url: str, until_s: float) -> None:
        super().__init__(daemon=True)
        self._address = urlsplit(url)
        self._until_s = until_s
        self.ages_ms: list[float] = []
        self.is_refused = False

    def run(self) -> None:
        link = http.client.HTTPConnection(self._address.hostname or "", self._address.port or 80, timeout=10)
        link.request("GET", "/api/v1/live", headers={"Accept": "text/event-stream"})
        answer = link.getresponse()
        self.is_refused = answer.status != 200
        event = ""
        while not self.is_refused and time.monotonic() < self._until_s and (line := answer.readline()):
            if line.startswith(b"event: "):
                event = line[7:].strip().decode()
            elif line.startswith(b"data: ") and event == "metrics":
                self.ages_ms.append(1000 * (time.time() - json.loads(line[6:])["arrived_wall_s"]))
        link.close()


def main() -> None:
    """Listen, then print."""
    url, n, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    phones = [Phone(url, time.monotonic() + seconds) for _ in range(n)]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join(seconds + 15)
    ages = sorted(age for phone in phones for age in phone.ages_ms)
    print(json.dumps({"n_refused": sum(phone.is_refused for phone in phones), "ages_ms": ages}))


if __name__ == "__main__":
    main()

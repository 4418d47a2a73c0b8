"""Ports for servers that count from one port to the next."""

import random
import socket


def free_run_of_ports(n: int = 5, step: int = 10) -> int:
    """A base below the range that the system hands out itself, with `n` free ports from it, `step` apart."""
    for _ in range(100):
        base = random.randrange(10_000, 30_000)
        try:
            for i in range(n):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", base + step * i))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")

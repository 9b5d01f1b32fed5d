"""Ports of this machine for servers that a test starts as processes."""

from __future__ import annotations

import random
import socket

LOWEST, HIGHEST = 10_000, 32_000
"""Below the ports the system gives to connections: one that it gave and took back may be another's a moment later."""


def free_ports(count: int) -> range:
    """Neighbouring ports that nobody uses.

    Another process asks at the same moment, so each begins to look somewhere else.

    :raises LookupError: when there are none.
    """
    chance = random.SystemRandom()
    for _ in range(1000):
        first = chance.randrange(LOWEST, HIGHEST - count)
        if all(_free(first + place) for place in range(count)):
            return range(first, first + count)
    raise LookupError("no free ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

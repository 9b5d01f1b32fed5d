"""Waiting for what must happen: the machine may be at a fifth of its speed, and who waits for a condition is not held up by a long end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 90.0
"""Seconds for anything that is sure to happen."""

Seen = TypeVar("Seen")


def eventually(look: Callable[[], Seen], pause: float = 0.05, patience: float = PATIENCE) -> Seen:
    """Look until there is something to see, or until patience is at its end.

    :param look: says what it sees; nothing, zero or False is not yet. :param pause: between two looks, in seconds.
    :param patience: in seconds. :returns: what was seen last, for the one who asked to judge.
    """
    end = time.monotonic() + patience
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(pause)
    return seen

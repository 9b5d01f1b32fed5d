"""A circuit breaker for one peer and lane: when the peer is down, one try now and then instead of every message in turn."""

from __future__ import annotations

import random
import threading
from datetime import datetime, timedelta

from storage.clock import Clock
from workflows.linkage.wire import retry

OPEN_AFTER = 3


class Circuit:
    """Closed while calls succeed; after `OPEN_AFTER` failures in a row it opens and lets one try through after a growing pause."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self._failures = 0
        self._next: datetime | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the peer counts as down."""
        return self._failures >= OPEN_AFTER

    def may_try(self) -> bool:
        """Say whether a call may be made now. While open, one caller gets through each pause."""
        with self._lock:
            now = self._clock.now()
            if not self.is_open or self._next is None:
                return True
            if now < self._next:
                return False
            self._next = now + timedelta(seconds=retry.backoff(self._failures, self._chance))
            return True

    def failed(self) -> None:
        """Note a call that the peer did not answer."""
        with self._lock:
            self._failures += 1
            if self.is_open:
                pause = retry.backoff(self._failures - OPEN_AFTER + 1, self._chance)
                self._next = self._clock.now() + timedelta(seconds=pause)

    def succeeded(self) -> None:
        """Note a call that was answered."""
        with self._lock:
            self._failures = 0
            self._next = None

"""Faults by command: what a peer may do wrong, switched on for a while and over by itself.

``slow`` waits before working, ``down`` answers nothing useful, ``lose-answer`` works but its answer is lost,
``duplicate`` and ``reorder`` disturb the inbox, ``lie`` spoils an answer (bad-signature, swapped, wrong-digest),
``failover`` moves the intermediate server to its other site.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("slow", "down", "lose-answer", "duplicate", "reorder", "lie", "failover")
LIES = ("bad-signature", "swapped", "wrong-digest")
LONGEST = 3600.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One running fault: until when (monotonic seconds) and with what."""

    kind: str
    until: float
    options: Mapping[str, Any]


class Faults:
    """The faults of one process."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._running: dict[str, Fault] = {}

    def start(self, kind: str, seconds: float, options: Mapping[str, Any] | None = None) -> Fault:
        """Switch a fault on.

        :param seconds: how long, at most an hour; it ends by itself.
        :param options: ``delay`` (s) for slow, ``how`` for lie, ``path`` to hit only paths that start with it.
        :raises ValueError: unknown kind, lie, or a duration outside 0–3600 s.
        """
        options = dict(options or {})
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(KINDS)}")
        if not 0 < seconds <= LONGEST:
            raise ValueError("a fault lasts between 0 and 3600 seconds")
        if kind == "lie" and options.setdefault("how", "bad-signature") not in LIES:
            raise ValueError(f"unknown lie; known: {', '.join(LIES)}")
        fault = Fault(kind, self._monotonic() + seconds, options)
        with self._lock:
            self._running[kind] = fault
        return fault

    def stop(self) -> None:
        """End all faults now."""
        with self._lock:
            self._running.clear()

    def now(self, kind: str, path: str = "/") -> Fault | None:
        """The running fault of a kind for a path, or None."""
        fault = self._running.get(kind)
        if fault is None:
            return None
        if fault.until <= self._monotonic():
            with self._lock:
                self._running.pop(kind, None)
            return None
        return fault if path.startswith(str(fault.options.get("path", "/"))) else None

    def listing(self) -> list[dict[str, Any]]:
        """Running faults with the seconds they have left."""
        now = self._monotonic()
        return [
            {"kind": f.kind, "left": round(f.until - now, 1), **f.options}
            for f in list(self._running.values())
            if f.until > now
        ]

"""The clock every part is given: time is an input, so a test can stand on any day of the law."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")


class Clock(Protocol):
    """What the house asks of a clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def today(self) -> date:
        """The present day in Japan, the day the law counts by."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The present day in Japan."""
        return self.now().astimezone(JAPAN).date()


class FixedClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The moment it stands at."""
        return self._at

    def today(self) -> date:
        """The day in Japan of that moment."""
        return self._at.astimezone(JAPAN).date()

    def advance(self, **by: float) -> None:
        """Move on by timedelta keywords, e.g. ``advance(minutes=15, seconds=1)``."""
        self._at += timedelta(**by)

    def set(self, at: datetime) -> None:
        """Stand at another moment."""
        self._at = at.astimezone(UTC)

"""The clock every part is given: time is an input, so a test can stand on any day of the law."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")
_TO_THE_SECOND = "%Y-%m-%dT%H:%M:%SZ"


def second_text(at: datetime) -> str:
    """A moment as what is signed or published writes it: RFC 3339 in UTC, whole seconds, e.g. 2026-11-22T01:00:00Z.

    Args: at: aware; parts of a second are cut off. Errors: ValueError when it has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment without its time zone cannot be written; give an aware time")
    return at.astimezone(UTC).strftime(_TO_THE_SECOND)


def from_second_text(text: str) -> datetime:
    """The moment, aware and in UTC, that `second_text` wrote so. Errors: ValueError for any other writing of a time."""
    at = datetime.strptime(text, _TO_THE_SECOND).replace(tzinfo=UTC)
    # strptime also takes 1:5:9 for 01:05:09; of one moment there is one writing.
    if second_text(at) != text:
        raise ValueError("a time is not written as YYYY-MM-DDThh:mm:ssZ; take it as it was given out")
    return at


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

"""How much is taken from one network: dated data with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Limits:
    """The limits of a day: opinions and wrong keys from one network within ``window``."""

    window: timedelta
    write: int
    key: int

    def most(self, what: str) -> int:
        """How many of one kind are borne."""
        return self.write if what == "write" else self.key


@cache
def limits(day: date) -> Limits:
    """The limits of a day.

    :raises LookupError: no row has begun on that day.
    """
    rows = yaml.safe_load((Path(__file__).parent / "limits.yaml").read_text("utf-8"))
    begun = [row for row in rows if row["valid_from"] <= day]
    if not begun:
        raise LookupError(f"no limits on {day.isoformat()}")
    newest = max(begun, key=lambda row: row["valid_from"])
    return Limits(timedelta(seconds=newest["window_seconds"]), newest["write"], newest["key"])

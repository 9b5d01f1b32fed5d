"""How long a session or a challenge lives and how many failures are borne: dated data with its source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Limits:
    """The limits in force on one day. Fields are those of ``limits.yaml``."""

    challenge_life: timedelta
    finish_life: timedelta
    idle_resident: timedelta
    idle_counter: timedelta
    idle_staff: timedelta
    absolute: timedelta
    step_up_window: timedelta
    enrolment_life: timedelta
    touch_every: timedelta
    throttle_window: timedelta
    card_failures: int
    passkey_failures: int
    enrolment_failures: int
    challenge_starts: int

    def idle(self, kind: str) -> timedelta:
        """How long a session of this kind may stand unused."""
        return self.idle_resident if kind == "resident" else self.idle_staff


@cache
def limits(day: date) -> Limits:
    """The limits of a day.

    :raises TypeError: when a limit has no row yet on that day.
    """
    newest: dict[str, dict[str, object]] = {}
    for row in yaml.safe_load((Path(__file__).parent / "limits.yaml").read_text()):
        known = newest.get(row["name"])
        if row["valid_from"] <= day and (known is None or known["valid_from"] < row["valid_from"]):
            newest[row["name"]] = row
    return Limits(**{name: _value(row) for name, row in newest.items()})  # type: ignore[arg-type]


def counter_limits(day: date) -> Limits:
    """The limits of a day at a terminal of the counter (窓口端末), which one resident leaves to the next.

    In 2023 persons at shared terminals were given the records of whoever had stood there before and had not signed out. So a session
    there ends after minutes, its end takes the page away, and nothing of it is found by going back.
    """
    found = limits(day)
    return replace(found, idle_resident=found.idle_counter)


def _value(row: dict[str, object]) -> timedelta | int:
    if "count" in row:
        return int(str(row["count"]))
    return timedelta(seconds=int(str(row["seconds"])))

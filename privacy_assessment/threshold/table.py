"""The dated decision table of しきい値判断, read from ``decision.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

KINDS = ("none", "basic", "focused", "full")


class NoTable(LookupError):
    """No decision table is in force on the day asked for."""


@dataclass(frozen=True, slots=True)
class PersonClass:
    """One class of persons: counts below ``below`` (None: no upper bound)."""

    code: str
    label: str
    article: str
    below: int | None


@dataclass(frozen=True)
class Serious:
    """What counts as 重大事故."""

    losses: frozenset[str]
    persons_over: int
    intentional: bool
    own_staff_counts: bool
    delivery_without_fault_counts: bool


@dataclass(frozen=True)
class DecisionTable:
    """One version of the table."""

    id: str
    valid_from: date
    source: str
    classes: tuple[PersonClass, ...]
    many_handlers: int
    accident_years: int
    owed: Mapping[str, Mapping[str, str]]
    serious: Serious
    near_percent: int

    def person_class(self, persons: int) -> PersonClass:
        """The class a count falls into."""
        return next(one for one in self.classes if one.below is None or persons < one.below)

    def borders(self) -> tuple[int, ...]:
        """The counts at which the class changes."""
        return tuple(one.below for one in self.classes if one.below is not None)


def table_on(day: date) -> DecisionTable:
    """The table in force on a day.

    :raises NoTable: before the first.
    """
    found = [one for one in tables() if one.valid_from <= day]
    if not found:
        raise NoTable(f"no threshold table was in force on {day.isoformat()}")
    return found[-1]


@lru_cache(maxsize=1)
def tables() -> tuple[DecisionTable, ...]:
    """Every version, oldest first."""
    data = yaml.safe_load((files("privacy_assessment.threshold") / "decision.yaml").read_text("utf-8"))
    return tuple(_table(row, data["near_border_percent"]) for row in data["tables"])


def _table(row: Mapping[str, Any], near: int) -> DecisionTable:
    serious = row["serious"]
    return DecisionTable(
        row["id"],
        row["valid_from"],
        row["source"],
        tuple(PersonClass(c["code"], c["label"], c["article"], c.get("below")) for c in row["classes"]),
        row["many_handlers"],
        row["accident_years"],
        row["owed"],
        Serious(
            frozenset(serious["losses"]),
            serious["persons_over"],
            serious["intentional"],
            serious["own_staff_counts"],
            serious["delivery_without_fault_counts"],
        ),
        near,
    )

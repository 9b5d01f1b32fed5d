"""The standpoints of the review (指針第10の1), as dated data: which are asked of a submission, and in what words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

Words = Mapping[str, str]


@dataclass(frozen=True)
class Standpoint:
    """One standpoint.

    :param kinds: the kinds of assessment it is asked of. :param sections: for each form the keys of the sections to look at.
    """

    code: str
    group: str
    number: str
    label: Words
    look: Words
    kinds: frozenset[str]
    sections: Mapping[str, tuple[str, ...]]
    certainty: str


@dataclass(frozen=True)
class Group:
    """適合性 or 妥当性, with the standpoints asked under it."""

    code: str
    label: Words
    says: Words
    standpoints: tuple[Standpoint, ...]


@dataclass(frozen=True)
class StandpointSet:
    """The set in force from a day on."""

    id: str
    valid_from: date
    source: str
    groups: tuple[Group, ...]

    def asked(self, kind: str) -> tuple[Standpoint, ...]:
        """Those asked of a kind of assessment, in order."""
        return tuple(one for group in self.groups for one in group.standpoints if kind in one.kinds)


ALL_KINDS = frozenset({"basic", "focused", "full"})


@cache
def all_sets() -> tuple[StandpointSet, ...]:
    """Every set, oldest first."""
    text = (files("privacy_assessment.commission") / "standpoints.yaml").read_text("utf-8")
    found = [_set(row) for row in yaml.safe_load(text)["sets"]]
    return tuple(sorted(found, key=lambda one: one.valid_from))


def standpoints_on(day: date) -> StandpointSet:
    """The set in force on a day.

    :raises LookupError: before there was any.
    """
    known = [one for one in all_sets() if one.valid_from <= day]
    if not known:
        raise LookupError(f"no standpoints of review were in force on {day.isoformat()}")
    return known[-1]


def _set(row: Mapping[str, Any]) -> StandpointSet:
    standpoints = [_standpoint(one) for one in row["standpoints"]]
    groups = tuple(
        Group(code, one["label"], one["says"], tuple(each for each in standpoints if each.group == code))
        for code, one in row["groups"].items()
    )
    return StandpointSet(row["id"], row["valid_from"], row["source"], groups)


def _standpoint(row: Mapping[str, Any]) -> Standpoint:
    kinds = frozenset((row.get("for") or {}).get("kinds", ALL_KINDS))
    return Standpoint(
        row["code"],
        row["group"],
        row["number"],
        row["label"],
        row.get("look") or {"ja": "", "en": ""},
        kinds,
        {form: tuple(keys) for form, keys in (row.get("sections") or {}).items()},
        row["certainty"],
    )

"""Guards every definition may name; they need no facts but the case and the actor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workflows.engine.values import Reason


def other_person_than_last(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """Four eyes: not the one who took the last step."""
    return Reason("same_person") if facts["case"].last_by == facts["actor"].id else None


def other_person_than_opener(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """Four eyes: not the one who opened the case."""
    return Reason("same_person") if facts["case"].opened_by == facts["actor"].id else None


def own_office(facts: Mapping[str, Any], given: Mapping[str, Any]) -> Reason | None:
    """Only the office that has the case."""
    office = facts["case"].office
    return Reason("other_office") if office and facts["actor"].office != office else None


BUILT_IN: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Reason | None]] = {
    "other_person_than_last": other_person_than_last,
    "other_person_than_opener": other_person_than_opener,
    "own_office": own_office,
}

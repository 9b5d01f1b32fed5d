"""A step's input: only what the definition declares, only references and codes.

The journal is kept for years and shown to auditors, so no 個人番号 may ever reach it: a run of twelve digits that stands alone is
refused wherever it appears (番号法20条). Days and moments have one writing each, so that a term is never counted from a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from storage import numbers
from workflows.engine.definition import Trigger
from workflows.engine.values import Reason

MAX_TEXT = 2000
MAX_LIST = 1000
_CODE = re.compile(r"[A-Za-z0-9_.:/@+=-]{1,200}")
_DIGITS = numbers.Digits(numbers.SPACES_AND_HYPHENS, 1)
# Twelve digits with one of these beside them belong to a longer code.
_OF_A_CODE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")


def holds_a_number(text: str) -> bool:
    """Whether ``text`` has something in it that looks like a 個人番号."""
    return numbers.enough(text) and any(
        _OF_A_CODE.isdisjoint(text[max(starts - 1, 0) : starts] + text[ends : ends + 1])
        for starts, ends in _DIGITS.twelve(text)
    )


def check_input(trigger: Trigger, given: Mapping[str, Any]) -> list[Reason]:
    """Everything that is wrong with ``given`` as the input of ``trigger``."""
    reasons = [Reason("input_missing", field=name) for name in trigger.required if given.get(name) is None]
    fields = trigger.fields
    for name, value in given.items():
        field = fields.get(name)
        if field is None:
            reasons.append(Reason("input_unknown", field=str(name)))
        elif value is not None:
            problem = _problem(field.type, value)
            if problem:
                reasons.append(Reason(problem, field=name))
    return reasons


def plain_input(given: Mapping[str, Any]) -> dict[str, Any]:
    """The input as JSON values: identifiers, days and moments as text, nothing where nothing was given."""
    return {name: _plain(value) for name, value in given.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID | date | datetime):
        return str(value) if isinstance(value, UUID) else value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return value


def _problem(kind: str, value: Any) -> str | None:
    match kind:
        case "code":
            return _code_problem(value)
        case "codes" | "uuids":
            if not isinstance(value, list | tuple) or len(value) > MAX_LIST:
                return "input_wrong"
            return next(filter(None, (_problem(kind[:-1], one) for one in value)), None)
        case "text":
            if not is_text(value, MAX_TEXT):
                return "input_wrong"
            return "input_holds_number" if holds_a_number(value) else None
        case "integer":
            # PostgreSQL and JSON readers keep 53 bits whole.
            return None if type(value) is int and abs(value) < 2**53 else "input_wrong"
        case "boolean":
            return None if type(value) is bool else "input_wrong"
        case "date":
            return _date_problem(value)
        case "moment":
            return _moment_problem(value)
        case "uuid":
            return _uuid_problem(value)
    return "input_wrong"


def _code_problem(value: Any) -> str | None:
    if not isinstance(value, str) or _CODE.fullmatch(value) is None:
        return "input_wrong"
    return "input_holds_number" if holds_a_number(value) else None


def _date_problem(value: Any) -> str | None:
    """A day is written YYYY-MM-DD and in no other way ISO 8601 knows; a moment is no day."""
    if isinstance(value, date):
        return "input_wrong" if isinstance(value, datetime) else None
    try:
        return None if date.fromisoformat(value).isoformat() == value else "input_wrong"
    except (TypeError, ValueError):
        return "input_wrong"


def _moment_problem(value: Any) -> str | None:
    """A moment says how far from UTC it is, and lies in the years 1 to 9999 of UTC too."""
    try:
        parsed = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            return "input_wrong"
        parsed.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return "input_wrong"
    return None


def _uuid_problem(value: Any) -> str | None:
    try:
        return None if isinstance(value, UUID) or str(UUID(value)) == value else "input_wrong"
    except (TypeError, ValueError, AttributeError):
        return "input_wrong"


def is_text(value: object, longest: int) -> bool:
    """Whether this is a text the database can keep unchanged: no NUL, no half of a surrogate pair.

    :param longest: how many characters it may have; it has at least one.
    """
    if not isinstance(value, str) or not 0 < len(value) <= longest or "\x00" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True

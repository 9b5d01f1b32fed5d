"""The shapes values of a definition may have; what has another is refused with its place and what to write instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from workflows.engine.definition import DefinitionError


def table(value: Any, place: str, known: Collection[str] | None = None) -> Mapping[str, Any]:
    """A table of names.

    :param known: the names it may have; any when None.
    :raises DefinitionError: for anything else.
    """
    if not isinstance(value, Mapping) or not all(isinstance(name, str) and name for name in value):
        raise DefinitionError(f"{place}: a table is needed, with a name for each value")
    unknown = sorted(name for name in value if known is not None and name not in known)
    if unknown:
        raise DefinitionError(
            f"{place}: unknown keys {', '.join(unknown)} (known: {', '.join(sorted(known or ()))})"
        )
    return value


def tables(value: Any, place: str) -> Mapping[str, Mapping[str, Any]]:
    """A table whose every value is a table.

    :raises DefinitionError: for anything else.
    """
    return {name: table(one, f"{place}.{name}") for name, one in table(value, place).items()}


def text(value: Any, place: str) -> str:
    """A text that says something.

    :raises DefinitionError: for anything else.
    """
    if not isinstance(value, str) or not value:
        raise DefinitionError(f"{place}: a text is needed")
    return value


def maybe_text(value: Any, place: str) -> str | None:
    """A text, or nothing.

    :raises DefinitionError: for anything else.
    """
    return None if value is None else text(value, place)


def names(value: Any, place: str) -> tuple[str, ...]:
    """Names: nothing, one, or a list of them.

    :raises DefinitionError: for anything else.
    """
    rows = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(rows, list) or not all(isinstance(one, str) and one for one in rows):
        raise DefinitionError(f"{place}: write a name, or a list of names")
    return tuple(rows)


def words(value: Any, place: str) -> Mapping[str, str]:
    """A text for each language.

    :raises DefinitionError: for anything else.
    """
    if not isinstance(value, Mapping) or not all(isinstance(one, str) for one in (*value, *value.values())):
        raise DefinitionError(f"{place}: give a text for each language, e.g. {{ja: …, en: …}}")
    return dict(value)


def yes_or_no(value: Any, place: str) -> bool:
    """True or false.

    :raises DefinitionError: for anything else.
    """
    if not isinstance(value, bool):
        raise DefinitionError(f"{place}: write true or false")
    return value


def whole(value: Any, place: str) -> int:
    """A whole number from 1 that the database can keep.

    :raises DefinitionError: for anything else.
    """
    if type(value) is not int or not 1 <= value < 1 << 31:
        raise DefinitionError(f"{place}: a whole number from 1 is needed")
    return value

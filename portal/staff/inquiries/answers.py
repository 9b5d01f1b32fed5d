"""The content of an answer as a clerk reads it: a table for each item, years beside each other, amounts with their thousands set off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The tax layout keeps one block for each year under this name.
YEARS = "years"


@dataclass(frozen=True)
class Sheet:
    """One item of an answer.

    :param columns: heads of the value columns: the years, newest first; empty when the item has no years.
    :param rows: name of a field with a value for each column, or with the one value there is.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def sheets(name: str, content: Any) -> list[Sheet]:
    """The tables of an item: what is told by year, then what is not.

    :param name: of the item, in words. :param content: as the link carries it: nested, keys in Japanese.
    """
    if not isinstance(content, Mapping) or not isinstance(content.get(YEARS), Mapping):
        return [_plain(name, content)]
    years = sorted(content[YEARS], reverse=True)
    told = {year: dict(flat(content[YEARS][year])) for year in years}
    fields = dict.fromkeys(field for year in years for field in told[year])
    by_year = Sheet(
        name,
        tuple(years),
        tuple((field, tuple(told[year].get(field, "") for year in years)) for field in fields),
    )
    rest = {key: value for key, value in content.items() if key != YEARS}
    return [by_year, _plain(name, rest)] if rest else [by_year]


def _plain(name: str, content: Any) -> Sheet:
    return Sheet(name, (), tuple((field, (value,)) for field, value in flat(content)))


def flat(content: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Nested content as lines; names of inner fields follow those of outer ones."""
    if isinstance(content, Mapping):
        return [line for key, value in content.items() for line in flat(value, f"{prefix} {key}".strip())]
    if isinstance(content, list):
        return [
            line
            for number, value in enumerate(content, 1)
            for line in flat(value, f"{prefix} {number}".strip())
        ]
    return [(prefix, _words(content))]


def _words(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)

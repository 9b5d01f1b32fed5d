"""The public statements one after the other: for the feed and for open data. Read in portions, so that no list is too long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from privacy_assessment.publication.folding import Query
from privacy_assessment.publication.read import Version, read_columns, version_of
from privacy_assessment.publication.search import Filters, Key, after_conditions, token_conditions
from storage.database import NOWHERE, Database, Statement

PORTION = 200
FEED = 50


def changed_statement(query: Query, filters: Filters, today: date, limit: int = FEED) -> Statement:
    """The statement for what changed last, newest first; rows for ``version_of``."""
    where, values = _conditions(query, filters, today)
    values["limit"] = limit
    return (
        f"{read_columns('p.')} FROM madoguchi.public_statement AS p WHERE {where} ORDER BY p.changed_at DESC LIMIT %(limit)s",
        values,
    )


def every(
    database: Database, query: Query, filters: Filters, today: date, content: bool = False
) -> Iterator[tuple[Version, tuple[bool | None, bool | None, bool | None], Any]]:
    """Every statement of a search, newest publication first: version, what the filters know of it, and its content when wanted."""
    after: Key | None = None
    while True:
        where, values = _conditions(query, filters, today)
        values |= {"limit": PORTION if not content else 10}
        more = " AND ".join(after_conditions(after, values)) or "true"
        sql = (
            f"{read_columns('p.')}, p.network, p.entrusted, p.incident, {'p.content' if content else 'NULL'}"
            f" FROM madoguchi.public_statement AS p WHERE {where} AND {more}"
            " ORDER BY p.shown_on DESC, p.tenant, p.body, p.number, p.stage LIMIT %(limit)s"
        )
        (rows,) = database.read(NOWHERE, (sql, values))
        for row in rows:
            yield version_of(row[:-4]), (row[-4], row[-3], row[-2]), row[-1]
        if len(rows) < values["limit"]:
            return
        last = version_of(rows[-1][:-4])
        after = (last.shown_on.isoformat(), last.tenant, last.body, last.number, last.stage)


def _conditions(query: Query, filters: Filters, today: date) -> tuple[str, dict[str, Any]]:
    where, values = filters.conditions(query)
    values["today"] = today
    where += token_conditions(query, values)
    for number, word in enumerate(one for one in query.words if len(one) > 2):
        values[f"word{number}"] = word
        where.append(f"position(%(word{number})s IN p.folded) > 0")
    return " AND ".join(where), values

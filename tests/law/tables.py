"""The shipped law table as plain data, to be changed and built again by the tests; read once."""

from __future__ import annotations

import copy
from datetime import date
from functools import lru_cache
from typing import Any

from workflows.law.loader import dump, shipped
from workflows.law.table import LawRow, LawTable

A, B = "992011-01", "992020-01"
TODAY = date(2026, 11, 22)


@lru_cache(maxsize=1)
def _dumped() -> dict[str, Any]:
    return dump(shipped())


def raw() -> dict[str, Any]:
    return copy.deepcopy(_dumped())


def allowed(table: LawTable, asker: str, holder: str, affair: str, item: str, on_date: date) -> LawRow | None:
    """The first row by which this exchange may be, if any."""
    rows = (one for one in table.rows if table.allows(one.id, asker, holder, affair, (item,), on_date))
    return next(rows, None)

"""The two pictures of the list: the flow between bodies, and the year. Each has the same numbers in a table below."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from pyramid.request import Request

from portal.resident.provision_records import ribbons, year
from portal.resident.provision_records.filters import PERIODS, read_filters
from portal.resident.provision_records.summaries import (
    Counted,
    Flow,
    counted,
    day_statements,
    flow_statements,
)
from portal.web.transaction import scope_of
from workflows.provision_records.queries import COUNT_LIMIT

FIRST_YEAR = 2015
"""The first year in which a provision record could exist (番号法 in force from October 2015)."""


def flow(request: Request) -> dict[str, Any]:
    """Who gave to whom in a period; a year back when no period was chosen."""
    today = request.clock.today()
    query = {name: request.GET[name] for name in ("period", "was", "from", "to") if name in request.GET}
    form = read_filters(query or {"period": "year"}, today, request.registry["law"])
    given = Counted([])
    if not form.errors:
        from_day = form.filters.from_day or date(FIRST_YEAR, 10, 1)
        _, rows = request.read(*flow_statements(scope_of(request), from_day, form.filters.to_day or today))
        given = counted(rows)
    flows = [Flow(*row) for row in given.rows]
    return {
        "form": form,
        "periods": [{"value": value, "text": text} for value, text in PERIODS.items()],
        "flows": flows,
        "cut": given.cut,
        "limit": COUNT_LIMIT,
        "largest": max((flow.count for flow in flows), default=1),
        "picture": ribbons.draw(flows, request.texts.plain("そのほか")),
    }


def calendar(request: Request) -> dict[str, Any]:
    """One year, day by day."""
    this_year = request.clock.today().year
    chosen = request.GET.get("year", "")
    is_year = chosen.isdecimal() and len(chosen) == 4
    shown = int(chosen) if is_year and FIRST_YEAR <= int(chosen) <= this_year else this_year
    first = date(shown, 1, 1)
    _, rows = request.read(
        *day_statements(scope_of(request), first, date(shown + 1, 1, 1) - timedelta(days=1))
    )
    found = counted(rows)
    counts = {day: int(count) for day, count in found.rows}
    rows_of_months = year.months(shown, counts)
    return {
        "year": shown,
        "months": rows_of_months,
        "cut": found.cut,
        "limit": COUNT_LIMIT,
        "busiest": max(month.count for month in rows_of_months) or 1,
        "total": sum(counts.values()),
        "earlier": shown - 1 if shown > FIRST_YEAR else None,
        "later": shown + 1 if shown < this_year else None,
        "square": year.SQUARE,
    }

"""The resident's first page."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from portal.resident.home import year
from portal.resident.provision_records.summaries import counted, month_statements
from portal.web.transaction import scope_of
from workflows.provision_records.queries import COUNT_LIMIT, NO_FILTERS, page_statements, parse_page

NEWEST = 3


def home(request: Request) -> dict[str, Any]:
    """What there is to do, the last twelve months as a picture, and the three newest exchanges; one trip to the database."""
    scope, today = scope_of(request), request.clock.today()
    rows, total, _, given = request.read(
        *page_statements(scope, NO_FILTERS, None, NEWEST),
        *month_statements(scope, year.first_month(today), today),
    )
    page = parse_page((rows, total), NEWEST)
    months = counted(given)
    wording = request.registry["record wording"](*request.display)
    return {
        "rows": wording.rows(page.rows),
        "total": page.total,
        "capped": page.capped,
        "ways": year.ways(months.rows, today),
        "cut": months.cut,
        "limit": COUNT_LIMIT,
        "months": year.months(today),
    }

"""The resident's first page."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from portal.web.transaction import scope_of
from workflows.provision_records.queries import NO_FILTERS, page_statements, parse_page

NEWEST = 3


def home(request: Request) -> dict[str, Any]:
    """What there is to do, and the three newest exchanges."""
    page = parse_page(request.read(*page_statements(scope_of(request), NO_FILTERS, None, NEWEST)), NEWEST)
    wording = request.registry["record wording"](*request.display)
    return {"rows": wording.rows(page.rows), "total": page.total, "capped": page.capped}

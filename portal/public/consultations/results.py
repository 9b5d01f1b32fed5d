"""What became of the opinions: 意見の概要, 考え方, 修正の有無; as a page, Excel, CSV and JSON."""

from __future__ import annotations

from typing import Any

import orjson
from pyramid.request import Request
from pyramid.response import Response

from portal.public.consultations.window import announced
from portal.web.errors import not_found
from privacy_assessment.consultation import announcement, export
from privacy_assessment.consultation.announcement import Announced
from privacy_assessment.consultation.publishing import PublishedResults, read_results
from storage.database import NOWHERE

SHEET = "results"
WIDTHS = (8, 24, 60, 8, 60, 12, 40)


def page(request: Request) -> dict[str, Any]:
    """The newest publication, and what was corrected since the first."""
    found, every = _published(request)
    if not every:
        return {"one": found, "results": None, "earlier": [], "office": request.office_name(found.tenant)}
    return {
        "one": found,
        "results": every[0],
        "earlier": every[1:],
        "office": request.office_name(found.tenant),
    }


def as_csv(request: Request) -> Response:
    """The table as CSV."""
    response = Response(app_iter=export.as_csv(export.lines_of(_newest(request))))
    return _named(response, export.CSV_TYPE, "results.csv")


def as_workbook(request: Request) -> Response:
    """The table as Excel, in the form offices publish."""
    body = export.as_workbook(export.lines_of(_newest(request)), SHEET, WIDTHS)
    return _named(Response(body=body), export.XLSX_TYPE, "results.xlsx")


def as_json(request: Request) -> Response:
    """The table for machines, with what it is about."""
    found, every = _published(request)
    if not every:
        not_found()
    data = {
        "tenant": found.tenant,
        "consultation": str(found.id),
        "body": found.body_name,
        "statement": found.number,
        "title": found.title,
        "opens": found.opens.isoformat(),
        "closes": found.closes.isoformat(),
        "days": found.days,
        **export.as_data(every[0]),
    }
    return Response(orjson.dumps(data, option=orjson.OPT_INDENT_2), content_type="application/json")


def _published(request: Request) -> tuple[Announced, list[PublishedResults]]:
    found = announced(request)
    (rows,) = request.registry["database"].read(NOWHERE, announcement.results_of(found.tenant, found.id))
    return found, [read_results(row) for row in rows]


def _newest(request: Request) -> PublishedResults:
    _, every = _published(request)
    if not every:
        not_found()
    return every[0]


def _named(response: Response, media_type: str, name: str) -> Response:
    response.headers["Content-Type"] = media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

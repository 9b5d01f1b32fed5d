"""The resident's view of the records: load, hand to the words, render."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pyramid.request import Request

from portal.resident.provision_records.entries import Wording
from portal.resident.provision_records.filters import (
    FAMILIES,
    ORIGINS,
    OUTCOMES,
    PERIODS,
    FilterForm,
    read_filters,
)
from portal.web.errors import not_found
from portal.web.transaction import scope_of
from workflows.linkage.wire.codes import result_class
from workflows.provision_records.queries import PAGE, page_statements, parse_page
from workflows.provision_records.service import BadCursor, ResidentRecords, SourceState

LIST = "/my/records"
SOURCES = {
    "own": "市区町村の記録",
    "back_office": "市区町村の記録",
    "hub": "中間サーバーの記録",
    "core": "情報提供ネットワークシステムの記録",
}


def records(request: Request) -> dict[str, Any]:
    """The list: one page, the count, the filter, and what the list does not contain."""
    form = _form(request)
    scope = scope_of(request)
    after = request.GET.get("after")
    if form.errors:
        return {**_frame(request, form), "entries": [], "page": None, "sources": [], "oldest": None}
    try:
        statements = page_statements(scope, form.filters, after, PAGE)
    except BadCursor:
        raise request.problem(
            400,
            happened="一覧の続きを示す印が、正しくありません。",
            todo="一覧の最初のページから開いてください。",
        ) from None
    page = parse_page(request.read(*statements))
    service = ResidentRecords(request.registry["database"])
    wording = _wording(request)
    return {
        **_frame(request, form),
        "page": page,
        "entries": [wording.entry(row) for row in page.rows],
        "next": form.link(LIST, after=page.after) if page.after else None,
        "first": form.link(LIST) if after else None,
        "sources": _sources(request, service.coverage(scope)),
        "oldest": None if page.rows else service.oldest(scope),
    }


def detail(request: Request) -> dict[str, Any]:
    """One exchange. Another person's, a hidden and a missing one give the same page."""
    service = ResidentRecords(request.registry["database"])
    scope = scope_of(request)
    try:
        record_id = UUID(request.matchdict["record_id"])
    except ValueError:
        not_found()
    row = service.detail(scope, record_id)
    if row is None:
        not_found()
    wording = _wording(request)
    law = request.registry["law"]
    language = request.language
    affair = law.affairs.get(row.affair_code)
    items = [law.items.get(item["code"]) for item in row.items]
    return {
        "entry": wording.entry(row),
        "row": row,
        "result": result_class(row.outcome),
        "affair_name": affair.name[language] if affair and language != "ja" else row.affair_name,
        "why": affair.why[language] if affair else None,
        "items": [
            (
                wording.item(given["code"], given["name"]),
                given["name"],
                known.contains[language] if known else None,
            )
            for given, known in zip(row.items, items, strict=True)
        ],
        "corrections": service.corrections(scope, record_id) if row.corrected else [],
    }


def _sources(request: Request, sources: Sequence[SourceState]) -> list[dict[str, Any]]:
    """What the list covers, with the names of offices in words."""
    return [
        source._asdict()
        | {"office": request.office_name(source.tenant), "label": SOURCES.get(source.source, source.source)}
        for source in sources
    ]


def _form(request: Request) -> FilterForm:
    return read_filters(request.GET, request.clock.today(), request.registry["law"])


def _wording(request: Request) -> Wording:
    return request.registry["record wording"](*request.display)


def _frame(request: Request, form: FilterForm) -> dict[str, Any]:
    """What the list and its pictures have in common."""
    families = request.registry["law"].families()
    return {
        "form": form,
        "periods": _choices(PERIODS),
        "outcomes": _choices(OUTCOMES),
        "origins": _choices(ORIGINS),
        "subjects": _choices({"": "すべて"} | {code: FAMILIES.get(code, code) for code in families}),
    }


def _choices(texts: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "text": text} for value, text in texts.items()]

"""The resident's view of the records: load, hand to the words, render."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from markupsafe import Markup
from pyramid.request import Request

from portal.resident.provision_records import ahead, whom
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
from portal.web.templates import render
from portal.web.transaction import scope_of
from storage.database import NOWHERE, Scope, Statement
from workflows.linkage.wire.codes import result_class
from workflows.provision_records.queries import PAGE, page_statements, parse_page
from workflows.provision_records.service import BadCursor, ResidentRecords, SourceState

LIST = "/my/records"
_FORM = "madoguchi.records.form"
SOURCES = {
    "own": "市区町村の記録",
    "back_office": "市区町村の記録",
    "hub": "中間サーバーの記録",
    "core": "情報提供ネットワークシステムの記録",
}


def records(request: Request) -> dict[str, Any]:
    """The list: one page, the count, the filter, and what the list does not contain."""
    form = _form(request)
    frame = {"form": form, "filter_form": _filter_form(request, form)}
    if form.errors:
        return {**frame, "rows": "", "page": None, "sources": [], "oldest": None}
    scope = scope_of(request)
    after = request.GET.get("after")
    try:
        rows, total = ahead.results(request, list_statements(scope, form, after))
    except BadCursor:
        raise request.problem(
            400,
            happened="一覧の続きを示す印が、正しくありません。",
            todo="一覧の最初のページから開いてください。",
        ) from None
    page = parse_page((rows, total))
    wording = _wording(request)
    return {
        **frame,
        "page": page,
        "rows": wording.rows(page.rows),
        "next": form.link(LIST, after=page.after) if page.after else None,
        "first": form.link(LIST) if after else None,
        "sources": _sources(request, request.registry["coverage"].of(request, scope)),
        "oldest": None if page.rows else ResidentRecords(request.registry["database"]).oldest(scope),
    }


def list_statements(scope: Scope, form: FilterForm, after: str | None) -> list[Statement]:
    """Everything the list asks the database, for one trip.

    :raises BadCursor: when the mark of the page is none of ours.
    """
    return page_statements(scope, form.filters, after, PAGE)


def statements_ahead(request: Request, scope: Scope) -> list[Statement]:
    """The same before anybody is known; nothing when the address is not in order."""
    form = _form(request)
    try:
        return [] if form.errors else list_statements(scope, form, request.GET.get("after"))
    except BadCursor:
        return []


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
    (published,) = request.registry["database"].read(NOWHERE, whom.statement_of(row, request.clock.today()))
    return {
        "entry": wording.entry(row),
        "row": row,
        "result": result_class(row.outcome),
        "affair_name": affair.name[language] if affair and language != "ja" else row.affair_name,
        "why": affair.why[language] if affair else None,
        "published": whom.published_of(published),
        "given": wording.items(row),
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
    """The form in the address, read once a request: what is asked ahead and what is shown are the same."""
    found: FilterForm | None = request.environ.get(_FORM)
    if found is None:
        found = read_filters(request.GET, request.clock.today(), request.registry["law"])
        request.environ[_FORM] = found
    return found


def _wording(request: Request) -> Wording:
    return request.registry["record wording"](*request.display)


def _filter_form(request: Request, form: FilterForm) -> Markup:
    """The form above the list; while nothing is filtered it is the same for everybody, so it is made once."""
    kept: dict[Any, Markup] = request.registry["empty filter forms"]
    empty = not form.narrowed and not form.errors
    if empty and request.display in kept:
        return kept[request.display]
    families = request.registry["law"].families()
    html = Markup(  # noqa: S704 - the output of an escaping template
        render(
            "resident/records_filter.jinja2",
            request,
            form=form,
            periods=_choices(PERIODS),
            outcomes=_choices(OUTCOMES),
            origins=_choices(ORIGINS),
            subjects=_choices({"": "すべて"} | {code: FAMILIES.get(code, code) for code in families}),
        )
    )
    if empty:
        kept[request.display] = html
    return html


def _choices(texts: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "text": text} for value, text in texts.items()]

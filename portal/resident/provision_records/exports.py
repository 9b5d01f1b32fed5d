"""What the resident takes away: CSV at once, the printed list and the proof as soon as the worker has made them.

Taking a copy is itself written into the history of the account, so asking for one is a form, not a link.
"""

from __future__ import annotations

from itertools import islice
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.identity.sessions import record
from portal.resident import downloads
from portal.resident.provision_records import proof_job
from portal.resident.provision_records.filters import FilterForm, read_filters
from portal.web.errors import not_found
from portal.web.templates import render
from portal.web.transaction import scope_of
from workflows.linkage.wire.codes import words
from workflows.provision_records.export import CSV_TYPE, all_rows, csv_file
from workflows.provision_records.reader import ResidentRecords

PRINTED_ROWS = 1000
PATH = "/my/records/export"


def choose(request: Request) -> dict[str, Any]:
    """What can be taken, and the files that were asked for."""
    (rows,) = request.read(downloads.recent_statement(request.clock.now()))
    return {
        "form": _form(request),
        "files": [downloads.Download(*row) for row in rows],
        "asked": request.GET.get("asked") == "1",
        "printable": PRINTED_ROWS,
        "known": bool(request.identity.addressees),
    }


def as_csv(request: Request) -> Response:
    """The list as CSV, with the filters of the page; a partial list says so in the file."""
    form = _form(request)
    scope = scope_of(request)
    database = request.registry["database"]
    _remember(request, "records-csv")
    language = "en" if request.language == "en" else "ja"
    note = "\u3000".join(_notes(request, form))
    plain = request.registry["record wording"](language, False).items
    rows = all_rows(database, scope, form.filters)
    pieces = csv_file(rows, lambda code: words(code, language), note, plain)
    return _file(request, app_iter=pieces, media_type=CSV_TYPE, name="records.csv")


def as_proof(request: Request) -> Response:
    """Ask for the proof that the list is whole and unchanged: the worker makes it, because only the worker can sign it."""
    identity = request.identity
    if not identity.addressees:
        not_found()
    proof_job.ask_for(request.tx, identity.account_id, identity.addressees[0][0], request.clock.now())
    _remember(request, "records-proof")
    return HTTPSeeOther(location=f"{PATH}?asked=1")


def as_print(request: Request) -> Response:
    """Ask for the printed list: its content is gathered now, its shape is given by the worker."""
    form = _form(request)
    identity = request.identity
    if not identity.addressees:
        not_found()
    wording = request.registry["record wording"](request.language, False)
    rows = list(
        islice(all_rows(request.registry["database"], scope_of(request), form.filters), PRINTED_ROWS + 1)
    )
    page = render(
        "print/records.jinja2",
        request,
        name=identity.display_name,
        now=request.clock.now(),
        entries=[wording.entry(row) for row in rows[:PRINTED_ROWS]],
        cut=len(rows) > PRINTED_ROWS,
        narrowed=form.narrowed,
        missing=_missing(request),
    )
    downloads.ask_for(
        request.tx,
        request.registry["database"],
        request.keys,
        identity.account_id,
        identity.addressees[0][0],
        "records.pdf",
        page,
        request.clock.now(),
    )
    _remember(request, "records-pdf")
    return HTTPSeeOther(location=f"{PATH}?asked=1")


def fetch(request: Request) -> Response:
    """A file that is ready; somebody else's and a missing one are the same."""
    try:
        download_id = UUID(request.matchdict["download_id"])
    except ValueError:
        not_found()
    found = downloads.content(
        request.registry["database"],
        request.keys,
        request.identity.account_id,
        download_id,
        request.clock.now(),
    )
    if found is None:
        not_found()
    name, body = found
    media_type = "application/json" if name.endswith(".json") else "application/pdf"
    return _file(request, body=body, media_type=media_type, name=name)


def _form(request: Request) -> FilterForm:
    return read_filters(request.params, request.clock.today(), request.registry["law"])


def _missing(request: Request) -> list[str]:
    """Offices whose records may not all be there."""
    sources = ResidentRecords(request.registry["database"]).coverage(scope_of(request))
    return sorted({request.office_name(source.tenant) for source in sources if source.state != "current"})


def _notes(request: Request, form: FilterForm) -> list[str]:
    notes = [
        request.texts.plain("{office}の記録は、この一覧に入っていないものがあります。", office=office)
        for office in _missing(request)
    ]
    if form.narrowed:
        notes.append(request.texts.plain("これは、しぼりこんだ一覧です。すべての記録ではありません。"))
    return notes


def _remember(request: Request, event: str) -> None:
    identity = request.identity
    record(request.tx, identity.account_id, event, "", "", request.clock.now(), identity.session_id)


def _file(request: Request, *, media_type: str, name: str, **content: Any) -> Response:
    response = Response(**content)
    response.headers["Content-Type"] = media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

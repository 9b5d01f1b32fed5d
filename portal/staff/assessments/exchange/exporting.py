"""A statement as files: the working copy or any version, to be edited elsewhere and sent in again, or kept."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.gate import statement_at
from portal.web.errors import not_found
from privacy_assessment.exchange import to_json, write_workbook
from privacy_assessment.forms import Document, load_form
from privacy_assessment.pictures import flow, risk_matrix, who_gets_what
from privacy_assessment.statements.models import FORM_NAMES, Statement
from privacy_assessment.statements.store import read_drafts, read_versions

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PURPOSES = {
    "consultation": "意見聴取の版",
    "third_party": "第三者点検の版",
    "submission": "提出した版",
    "publication": "公表した版",
}


def page(request: Request) -> dict[str, Any]:
    """What can be had, and the statement in pictures."""
    statement = statement_at(request).statement
    drafts = read_drafts(request.tx, statement.id)
    chosen = next(
        (form for form in reversed(statement.forms) if form in drafts),
        None,
    )
    pictures = []
    if chosen is not None:
        document, form = drafts[chosen].document, drafts[chosen].form
        pictures = [draw(document, form, request.language) for draw in (risk_matrix, who_gets_what, flow)]
    return {
        "statement": statement,
        "forms": [
            {"id": form, "name": FORM_NAMES[form], "draft": drafts[form]}
            for form in statement.forms
            if form in drafts
        ],
        "versions": [
            {"version": one, "name": FORM_NAMES[one.form_id], "purpose": PURPOSES[one.purpose]}
            for one in reversed(read_versions(request.tx, statement.id))
        ],
        "drawn": FORM_NAMES.get(chosen or "", ""),
        "pictures": [one for one in pictures if one.drawn],
    }


def workbook(request: Request) -> Response:
    """One form as Excel: ``?form=form4``, of a version with ``&version=3``."""
    statement = statement_at(request).statement
    wanted = request.GET.get("form", statement.forms[-1])
    documents = _documents(request, statement)
    if wanted not in documents:
        not_found()
    document = documents[wanted]
    data = write_workbook(document, load_form(document.form_id, document.edition))
    return _file(data, XLSX, f"{_name(statement)}-{wanted}{_suffix(request)}.xlsx")


def json(request: Request) -> Response:
    """All forms as one JSON file."""
    statement = statement_at(request).statement
    documents = _documents(request, statement)
    head = {
        "body": statement.body,
        "number": statement.number,
        "title": statement.title,
        "kind": statement.kind,
        "affairs": list(statement.affairs),
    }
    data = to_json([documents[form] for form in statement.forms if form in documents], head)
    return _file(data, "application/json", f"{_name(statement)}{_suffix(request)}.json")


def _documents(request: Request, statement: Statement) -> dict[str, Document]:
    """Drafts by form, with the version of one form in its place when the address asks for it."""
    documents = {form: draft.document for form, draft in read_drafts(request.tx, statement.id).items()}
    number, form = request.GET.get("version", ""), request.GET.get("form", "")
    if not number:
        return documents
    versions = read_versions(request.tx, statement.id, form or None)
    found = next((one for one in versions if str(one.number) == number and one.form_id == form), None)
    if found is None:
        not_found()
    return {form: found.document}


def _name(statement: Statement) -> str:
    """A file name of letters every system knows."""
    safe = "".join(
        char
        for char in f"{statement.body}-{statement.number}"
        if char.isascii() and (char.isalnum() or char in "-_")
    )
    return f"statement-{safe}"


def _suffix(request: Request) -> str:
    number = request.GET.get("version", "")
    return f"-v{number}" if number.isdecimal() else ""


def _file(data: bytes, kind: str, name: str) -> Response:
    return Response(
        body=data, content_type=kind, content_disposition=f'attachment; filename="{name}"', charset=None
    )

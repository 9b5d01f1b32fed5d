"""Attachments of an item: taken in, listed, handed out with headers that let a browser do nothing but keep them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.editing import addresses, common
from portal.staff.assessments.gate import AtDesk, statement_at
from portal.staff.people import staff_names
from portal.web.errors import not_found
from privacy_assessment.editing.attachments import MOST, attach, open_attachment
from privacy_assessment.forms import BadPlace, Place, check_place
from privacy_assessment.statements.models import NoSuchStatement, StatementRefused
from privacy_assessment.statements.store import read_drafts
from storage.encryption import SealBroken

PICTURES = ("image/png", "image/jpeg")
ADDED = 7
"""The number under which an item's page says that a file was attached."""


def take(request: Request) -> Response:
    """Attach a file to an item."""
    request.add_finished_callback(_close)
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    place = request.POST.get("place", "")
    sent = request.POST.get("file")
    try:
        check_place(draft.document, draft.form, Place.parse(place if isinstance(place, str) else ""))
    except BadPlace:
        not_found()
    try:
        request.assessments.statements.may_edit(request.tx, opened.id, opened.actor)
        if not getattr(sent, "filename", ""):
            raise StatementRefused(
                "NO_FILE", "ファイルが選ばれていません。保存していません。ファイルを選んでください。"
            )
        name = sent.filename.replace("\\", "/").rpartition("/")[2]
        if "\x00" in name:
            raise StatementRefused(
                "BAD_NAME", "ファイルの名前が読めません。保存していません。名前を変えてください。"
            )
        attach(
            request.tx,
            request.keys,
            request.assessments.notes,
            opened.id,
            draft.form_id,
            place,
            name,
            sent.file.read(MOST + 1),
            opened.actor.id,
        )
    except StatementRefused as refused:
        raise request.problem(
            409,
            title="添付できませんでした",
            happened=str(refused),
            kept="評価書の記載と、ほかの添付は、そのまま残っています。",
            todo="前の画面に戻り、別のファイルを選んでください。",
        ) from refused
    path = addresses.item_path(opened.id, draft.form_id, place)
    return HTTPSeeOther(location=f"{path}&done={ADDED}#done")


def _close(request: Request) -> None:
    """Close what the upload was read from; nobody else does."""
    sent = request.POST.get("file")
    if hasattr(sent, "file"):
        sent.file.close()
    request.body_file_raw.close()


def detach(request: Request, opened: AtDesk) -> str:
    """Take an attachment off an item; that it was there, and its bytes, stay.

    :raises StatementRefused: nobody may write now.
    """
    request.assessments.statements.may_edit(request.tx, opened.id, opened.actor)
    try:
        attachment = UUID(request.POST.get("attachment", ""))
    except ValueError:
        not_found()
    known = {row[0] for row in request.assessments.notes.attachments(request.tx, opened.id)}
    if attachment not in known:
        not_found()
    request.assessments.notes.detach(request.tx, attachment, opened.actor.id)
    return "添付を外しました。"


def hand_out(request: Request) -> Response:
    """The bytes of an attachment, to be kept by the browser; pictures also to be shown on our own pages."""
    opened = statement_at(request)
    try:
        found, data = open_attachment(
            request.tx, request.keys, opened.id, UUID(request.matchdict["attachment"])
        )
    except (NoSuchStatement, SealBroken, ValueError):
        not_found()
    inline = "show" in request.GET and found.media_type in PICTURES
    response = Response(data, content_type=found.media_type)
    way = "inline" if inline else "attachment"
    response.headers["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(found.name, safe='')}"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def listed(
    request: Request, opened: AtDesk, form: str | None = None, place: str | None = None
) -> list[dict[str, Any]]:
    """Attachments of a statement, or of one item."""
    rows = request.tx.raw.execute(
        "SELECT id, form, place, name, media_type, size, added_by, added_at FROM madoguchi.assessment_attachment"
        " WHERE tenant = %s AND assessment_id = %s AND removed_at IS NULL AND (%s::text IS NULL OR (form = %s AND place = %s))"
        " ORDER BY form, place, id",
        (request.tx.tenant, opened.id, place, form, place),
    ).fetchall()
    names = staff_names(request.tx, (row[6] for row in rows))
    drafts = read_drafts(request.tx, opened.id) if rows and place is None else {}
    return [
        {
            "id": row[0],
            "where": " ".join(common.where(drafts[row[1]].document, drafts[row[1]].form, row[2]))
            if row[1] in drafts
            else "",
            "item": addresses.item_path(opened.id, row[1], row[2]),
            "path": f"{opened.path}/attachments/{row[0]}",
            "name": row[3],
            "picture": row[4] in PICTURES,
            "size": _size(row[5]),
            "by": names.get(row[6], ""),
            "at": row[7],
        }
        for row in rows
    ]


def all_of(request: Request) -> dict[str, Any]:
    """Every attachment of a statement."""
    opened = statement_at(request)
    return common.frame(request, opened, attachments=listed(request, opened))


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.1f} MB" if count >= 1024 * 1024 else f"{max(1, round(count / 1024))} KB"

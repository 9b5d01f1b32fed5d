"""Sending files in, and what was understood of each. Nothing is taken here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.actors import actor_of
from portal.web.errors import not_found
from privacy_assessment.exchange.groups import grouped
from privacy_assessment.exchange.imports import MAX_FILES, ImportService, Incoming
from privacy_assessment.exchange.package import MAX_FILE, BadFile
from privacy_assessment.forms.loader import edition

MEGABYTE = 1024 * 1024


def service(request: Request) -> ImportService:
    """The service that reads and takes files."""
    return ImportService(request.assessments.clock, request.assessments.drafts)


def form(request: Request) -> dict[str, Any]:
    """Where files are chosen, with what was sent lately."""
    return _form(request, {})


def receive(request: Request) -> dict[str, Any] | Response:
    """Read the files and show what was understood."""
    files: list[tuple[str, bytes]] = []
    for field in request.POST.getall("files"):
        if not hasattr(field, "file"):
            continue
        data = field.file.read(MAX_FILE + 1)
        if field.filename or data:
            files.append((str(field.filename), data))
    text = request.POST.get("text", "")
    if isinstance(text, str) and text.strip():
        files.append(("貼り付けた文章", text.encode("utf-8", "replace")))
    if not files:
        return _form(request, {"files": "ファイルを選ぶか、文章を貼り付けてください"})
    try:
        batch = service(request).receive(request.tx, files, actor_of(request).id)
    except BadFile as refused:
        return _form(request, {"files": str(refused)})
    return HTTPSeeOther(location=f"/staff/assessments/import/{batch}")


def batch(request: Request) -> dict[str, Any]:
    """Every file of a sending: what it is, how much was understood, and where to take it from here."""
    items = batch_of(request)
    groups = grouped(items)
    return {
        "batch": items[0].batch,
        "at": items[0].at,
        "groups": [
            {
                "group": group,
                "path": f"/staff/assessments/import/{items[0].batch}/{group.position}",
                "files": [_summary(one) for one in group.items],
            }
            for group in groups
        ],
        "others": [_summary(one) for one in items if not any(one in group.items for group in groups)],
        "waiting": any(one.taken_at is None for one in items),
    }


def forget(request: Request) -> Response:
    """Throw away what was not taken; where there was nothing, nothing is said to have gone."""
    gone = service(request).forget(request.tx, UUID(request.matchdict["batch"]), actor_of(request).id)
    return HTTPSeeOther(location=f"/staff/assessments/import{'?done=forgotten' if gone else ''}")


def batch_of(request: Request) -> list[Incoming]:
    """The sending of the address; somebody else's is not there."""
    items = service(request).batch(request.tx, UUID(request.matchdict["batch"]), actor_of(request).id)
    if not items:
        not_found()
    return items


def _summary(one: Incoming) -> dict[str, Any]:
    known = one.form
    return {
        "one": one,
        "form": known,
        "edition": edition(one.edition).printed if one.edition else "",
        "values": len(one.document.values) if one.document is not None else 0,
        "plan": one.form_id == "form1",
    }


def _form(request: Request, errors: Mapping[str, str]) -> dict[str, Any]:
    return {
        "errors": errors,
        "lately": service(request).lately(request.tx, actor_of(request).id),
        "most": MAX_FILES,
        "megabytes": MAX_FILE // MEGABYTE,
        "forgotten": request.GET.get("done") == "forgotten",
    }

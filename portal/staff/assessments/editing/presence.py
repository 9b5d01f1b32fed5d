"""Says who else is in a part, asked by the script every half minute; and takes note when somebody leaves."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.editing import common
from portal.staff.assessments.editing.replies import as_json, people
from portal.staff.assessments.gate import statement_at
from privacy_assessment.editing import presence


def here(request: Request) -> Response:
    """Somebody is still in a part (or has left it): who else is, and the version now."""
    opened = statement_at(request)
    draft = common.open_draft(request, opened)
    part = common.part_named(draft, request.POST.get("part", ""))
    now = request.clock.now()
    if request.POST.get("leaving"):
        presence.leave(request.tx, opened.id, draft.form_id, opened.actor.id, now)
    elif opened.editable:
        presence.touch(request.tx, opened.id, draft.form_id, part.key, opened.actor.id, now)
    return as_json({"version": draft.version, "others": people(request, opened, draft.form_id, part.key)})

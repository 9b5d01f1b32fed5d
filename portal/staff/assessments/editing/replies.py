"""What the script of the editor is told: the version now, what was kept and what not, who else is here."""

from __future__ import annotations

from typing import Any

import orjson
from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.editing import addresses
from portal.staff.assessments.gate import AtDesk
from portal.web.dates import TOKYO
from privacy_assessment.editing import presence
from privacy_assessment.editing.model import Part
from privacy_assessment.editing.saving import Outcome


def wants_json(request: Request) -> bool:
    """Whether the script asks, not a form."""
    return request.headers.get("Accept", "") == "application/json"


def json_reply(request: Request, opened: AtDesk, outcome: Outcome, part: Part) -> Response:
    """The answer to an autosave."""
    path = addresses.form_path(opened.id, outcome.draft.form_id)
    return as_json(
        {
            "version": outcome.draft.version,
            "changed": outcome.changed,
            "at": f"{request.clock.now().astimezone(TOKYO):%H:%M}",
            "aside": list(outcome.aside),
            "conflicts": f"{path}conflicts" if outcome.aside else None,
            "refused": [{"place": one.place, "text": one.text} for one in outcome.refused],
            "others": people(request, opened, outcome.draft.form_id, part.key),
        }
    )


def people(request: Request, opened: AtDesk, form: str, part: str) -> str:
    """Who else has this part open, in one sentence; empty when nobody."""
    now = request.clock.now()
    found = presence.others(request.tx, opened.id, form, opened.actor.id, now)
    names = [one.name for one in found if one.part == part]
    if not names:
        return ""
    text: str = request.texts.plain("{names}さんもこの節を開いています。", names="、".join(names))
    return text


def as_json(body: Any) -> Response:
    """A body as JSON."""
    return Response(orjson.dumps(body), content_type="application/json", charset="UTF-8")

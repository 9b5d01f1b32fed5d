"""When a save cannot be taken now, the text is not lost: it comes back on a page that can be sent again.

Two causes: the state of the statement lets nobody write any more, and the sign-in ended while somebody wrote. For the second there
is nobody to ask the database for, so the page is made of what was sent and of nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from portal.staff.assessments.editing import common
from portal.staff.assessments.gate import AtDesk
from portal.web.errors import forbidden_view, old_form_view
from portal.web.templates import render
from privacy_assessment.forms import Place, plain
from privacy_assessment.statements.models import Draft

RESEND = "staff/assessments/editing/resend.jinja2"
KEPT = "staff/assessments/editing/kept.jinja2"


def kept_page(
    request: Request, opened: AtDesk, draft: Draft, reason: str, values: Mapping[str, Any]
) -> Response:
    """Nothing was saved: why, and every text that differs from what stands there."""
    texts = []
    for place, value in values.items():
        if value and value != draft.document.get(place):
            where, label = common.where(draft.document, draft.form, place)
            item = draft.form.by_key.get(Place.parse(place).key)
            texts.append((where, label, plain(item, value) if item is not None else str(value)))
    return Response(
        render(KEPT, request, **common.frame(request, opened, draft, reason=reason, texts=texts)), status=409
    )


def signed_out(error: Any, request: Request) -> Response:
    """The sign-in ended, or the form's token is old: the same fields again, to be sent once the person is signed in."""
    fields = [(name, text) for name, text in request.POST.items() if isinstance(text, str)]
    held = [text for name, text in fields if name.startswith(("v:", "t:"))]
    known = [(name, text) for name, text in fields if name != "csrf_token"]
    identity = request.identity
    if not _token(error) and (not held or (identity is not None and identity.kind != "anonymous")):
        return forbidden_view(error, request)
    if not held:
        return old_form_view(error, request)
    if request.headers.get("Accept", "") == "application/json":
        return _status(forbidden_view(error, request) if not _token(error) else old_form_view(error, request))
    html = render(
        RESEND, request, fields=known, texts=[text for text in held if len(text) > 1], signed_in=_token(error)
    )
    return Response(html, status=403 if not _token(error) else 400)


def _token(error: Any) -> bool:
    return type(error).__name__ in ("BadCSRFToken", "SentFromElsewhere")


def _status(response: Response) -> Response:
    """A script cannot use a page: a status says enough."""
    if response.status_code < 400:
        response = Response(status=401)
    return response

"""What the card client talks to: it fetches a challenge and posts the card's answer. No cookie, no form, one code.

Not protected by the form's token, because nothing is done in the name of whoever sends it: only the card's signature counts.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson
from pyramid.request import Request
from pyramid.response import Response

from portal.identity import gateway
from portal.identity.card.reasons import CardReason, CardRefused
from portal.identity.secrets import read_code
from portal.identity.views import STATUS
from portal.web.templates import render

MAX_ANSWER = 16 * 1024


def show(request: Request) -> Response:
    """The challenge for the program; a page of explanation for a browser that followed the link or the square code."""
    code = read_code(request.matchdict["code"][:32])
    if "text/html" in request.headers.get("Accept", ""):
        link = f"{request.portal.origin}/login/card/c/{code or ''}"
        return Response(render("identity/code.jinja2", request, link=link, known=code is not None))
    try:
        if code is None:
            raise CardRefused(CardReason.CHALLENGE_UNKNOWN)
        fetched = request.desks.card.fetch(code, gateway.network(request))
    except CardRefused as refused:
        return refusal(request, refused)
    return _json(
        {**fetched.message.to_json(), "opened_by": fetched.device, "same_network": fetched.same_network}
    )


def answer(request: Request) -> Response:
    """Signature and certificate, both in base64."""
    code = read_code(request.matchdict["code"][:32])
    try:
        if code is None:
            raise CardRefused(CardReason.CHALLENGE_UNKNOWN)
        certificate, signature = _read(request)
        request.desks.card.answer(code, certificate, signature, gateway.network(request))
    except CardRefused as refused:
        return refusal(request, refused)
    return _json({"result": "accepted"})


def _read(request: Request) -> tuple[bytes, bytes]:
    try:
        if (request.content_length or 0) > MAX_ANSWER:
            raise ValueError("too large")
        body = orjson.loads(request.body)
        return _bytes(body["certificate"]), _bytes(body["signature"])
    except (ValueError, KeyError, TypeError):
        raise CardRefused(CardReason.UNREADABLE) from None


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError("not a text")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as problem:
        raise ValueError("not base64") from problem


def refusal(request: Request, refused: CardRefused) -> Response:
    """RFC 9457, with the reason as a code for the program and in words for the person."""
    status = STATUS.get(refused.reason, 403)
    say = request.texts.plain
    body = {
        "type": f"urn:madoguchi:card:{refused.reason.value}",
        "title": say("カードでログインできませんでした"),
        "status": status,
        "detail": say(refused.what_happened),
        "kept": say(refused.what_was_kept),
        "next": say(refused.what_next),
        "reason": refused.reason.value,
    }
    response = Response(orjson.dumps(body), status=status, content_type="application/problem+json")
    if refused.reason is CardReason.TOO_MANY:
        response.headers["Retry-After"] = "900"
    return response


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), content_type="application/json", charset="utf-8")

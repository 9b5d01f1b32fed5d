"""What is refused before any view runs: a body too large or of unknown length, a form sent from another site, unreadable text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPLengthRequired, HTTPRequestEntityTooLarge
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from portal.web.csrf import SentFromElsewhere

MAX_BODY_BYTES = 1024 * 1024
"""Largest request body. Forms here hold text; uploads get a limit of their own when they come."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = frozenset({"", "application/x-www-form-urlencoded"})
FILES = "multipart/form-data"
"""No form here sends files yet; a field sent as a file would reach a view as something other than text."""


def limits_tween_factory(
    handler: Callable[[Request], Response], _registry: Any
) -> Callable[[Request], Response]:
    """Refuse early, with the ordinary error pages."""

    def tween(request: Request) -> Response:
        if "HTTP_COOKIE" in request.environ:
            _cookies_must_be_text(request)
        if request.query_string:
            _must_be_text(request, "GET")
        if request.method in SAFE_METHODS:
            return handler(request)
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise SentFromElsewhere
        length = request.content_length
        if length is None and "Transfer-Encoding" in request.headers:
            raise HTTPLengthRequired
        if length is not None and length > MAX_BODY_BYTES:
            raise HTTPRequestEntityTooLarge
        if request.content_type == FILES:
            raise HTTPBadRequest
        if request.content_type in FORMS:
            _must_be_text(request, "POST")
        return handler(request)

    return tween


def _cookies_must_be_text(request: Request) -> None:
    """Refuse cookies that are no text; they are put aside, because the error page reads the language from them.

    :raises HTTPBadRequest: naming nothing of what was sent.
    """
    try:
        request.cookies.get("")
    except ValueError:
        request.environ["HTTP_COOKIE"] = ""
        raise HTTPBadRequest from None


def _must_be_text(request: Request, part: str) -> None:
    """Refuse what is no text in UTF-8, or holds a NUL, which the database cannot keep.

    :raises HTTPBadRequest: naming nothing of what was sent.
    """
    try:
        holds_nul = any("\x00" in text for pair in getattr(request, part).items() for text in pair)
    except (ValueError, LookupError, DeprecationWarning):
        # The last is what WebOb raises for a form that says it is in another encoding.
        raise HTTPBadRequest from None
    if holds_nul:
        raise HTTPBadRequest


def includeme(config: Configurator) -> None:
    """Just inside the error pages."""
    config.add_tween("portal.web.limits.limits_tween_factory", under=EXCVIEW)

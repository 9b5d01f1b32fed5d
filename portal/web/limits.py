"""What is refused before any view runs: a body that is too large or of unknown length, a form sent from another site."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPLengthRequired, HTTPRequestEntityTooLarge
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from portal.web.csrf import SentFromElsewhere

MAX_BODY_BYTES = 1024 * 1024
"""Largest request body. Forms here hold text; uploads get a limit of their own when they come."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def limits_tween_factory(
    handler: Callable[[Request], Response], _registry: Any
) -> Callable[[Request], Response]:
    """Refuse early, with the ordinary error pages."""

    def tween(request: Request) -> Response:
        if request.method in SAFE_METHODS:
            return handler(request)
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise SentFromElsewhere
        length = request.content_length
        if length is None and "Transfer-Encoding" in request.headers:
            raise HTTPLengthRequired
        if length is not None and length > MAX_BODY_BYTES:
            raise HTTPRequestEntityTooLarge
        return handler(request)

    return tween


def includeme(config: Configurator) -> None:
    """Just inside the error pages."""
    config.add_tween("portal.web.limits.limits_tween_factory", under=EXCVIEW)

"""Bodies are taken from the front server only, where there is one: it passes a request on when all of it is here.

The application server reads a body in one go in one of its few threads, and gives the reading no end (tried: a reading that is
given up in another thread takes the whole process with it). So whoever reaches the port itself and holds half a body back would
stop the portal. A body that nginx has not brought is refused unread. Without a shared secret there is no front server: then only
this machine reaches the port (:mod:`portal.running.web`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from portal.identity import gateway
from portal.web.errors import PAGES, Problem

LIMITS = "portal.web.limits.limits_tween_factory"


def announces_body(environ: dict[str, Any]) -> bool:
    """Whether a request says that a body follows (RFC 9112, 6.3)."""
    return environ.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def front_tween_factory(
    handler: Callable[[Request], Response], registry: Any
) -> Callable[[Request], Response]:
    """Look before anything is read; without a front server there is nothing to look for."""
    if not registry["portal"].gateway_secret:
        return handler

    def tween(request: Request) -> Response:
        if announces_body(request.environ) and not gateway.from_gateway(request):
            raise Problem(421, words=PAGES[421])
        return handler(request)

    return tween


def includeme(config: Configurator) -> None:
    """Inside the error pages, before the forms are looked at."""
    config.add_tween("portal.identity.front.front_tween_factory", over=LIMITS, under=EXCVIEW)

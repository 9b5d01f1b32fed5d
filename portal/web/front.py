"""Where there is a front server, nobody else is answered: it takes requests in whole before it passes them on, and answers too.

The application server reads a body in one go in one of its few threads, writes a long answer in the same thread, and gives neither an
end (tried: a reading that is given up in another thread takes the whole process with it). So whoever reaches the port itself and holds
half a body back, or does not fetch his answer, would stop the portal. A request that nginx has not brought is refused, its body unread;
only ``/health`` is said to anybody. Without a shared secret there is no front server: then only this machine reaches the port
(:mod:`portal.running.web`).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from portal.web.errors import PAGES, Problem
from portal.web.limits import HEALTH
from portal.web.limits import TWEEN as LIMITS


def from_front(request: Request) -> bool:
    """Whether the front server has brought the request: it shows the shared secret."""
    secret = request.portal.gateway_secret
    shown = request.headers.get("X-Madoguchi-Gateway", "")
    return bool(secret) and hmac.compare_digest(shown.encode(), secret.encode())


def front_tween_factory(
    handler: Callable[[Request], Response], registry: Any
) -> Callable[[Request], Response]:
    """Look before anything is read; without a front server there is nothing to look for."""
    if not registry["portal"].gateway_secret:
        return handler

    def tween(request: Request) -> Response:
        if from_front(request) or _asks_for_health(request.environ):
            return handler(request)
        raise Problem(421, words=PAGES[421])

    return tween


def _asks_for_health(environ: dict[str, Any]) -> bool:
    """Whether it is the one question that anybody may ask, with nothing to follow (RFC 9112, 6.3)."""
    return (
        environ["PATH_INFO"] == HEALTH
        and environ.get("CONTENT_LENGTH", "") in ("", "0")
        and "HTTP_TRANSFER_ENCODING" not in environ
    )


def includeme(config: Configurator) -> None:
    """Inside the error pages, before anything of the request is looked at."""
    config.add_tween("portal.web.front.front_tween_factory", over=LIMITS, under=EXCVIEW)

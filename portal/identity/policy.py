"""Who is at the counter, for Pyramid: the session cookie, one row, and the permission table.

A page may name its own reading statements (``config.add_prefetch``): they go to the database in the same trip as the session
and stand in its scope, so that the whole page costs one trip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from portal.identity.models import ANONYMOUS, Identity
from portal.identity.sessions import ends_at, identity_from_row, session_statement, touch_statement
from portal.web.permissions import identity_permits
from storage.database import NOWHERE, Statement

Prefetch = Callable[[Request], Sequence[Statement]]
# A token is 43 characters; anything much longer is not worth a hash.
_MAX_TOKEN = 128
_CACHE = "madoguchi.identity"
_PREFETCHED = "madoguchi.prefetched"


def cookie_name(secure: bool, what: str = "") -> str:
    """Name of the session cookie, or of a companion of it."""
    plain = f"madoguchi-{what}" if what else "madoguchi-session"
    return f"__Host-{plain}" if secure else plain


def set_secret(response: Any, request: Request, what: str, value: str) -> None:
    """Give the browser a secret: for this host, for https, not for scripts, gone with the browser."""
    response.set_cookie(
        cookie_name(request.portal.secure, what),
        value,
        path="/",
        secure=request.portal.secure,
        httponly=True,
        samesite="Lax",
        overwrite=True,
    )


def drop_secret(response: Any, request: Request, what: str) -> None:
    """Take a secret from the browser."""
    response.set_cookie(
        cookie_name(request.portal.secure, what),
        None,
        path="/",
        secure=request.portal.secure,
        httponly=True,
        samesite="Lax",
        overwrite=True,
    )


class CounterPolicy:
    """The security policy of the portal."""

    def identity(self, request: Request) -> Identity:
        """The person at the counter, read once a request."""
        found = request.environ.get(_CACHE)
        if found is None:
            # Nobody until the database has spoken: should it be away, the error page must not ask it again.
            request.environ[_CACHE] = ANONYMOUS
            found = request.environ[_CACHE] = self._read(request)
        return found

    def authenticated_userid(self, request: Request) -> str | None:
        """The number of the account, or None."""
        account = self.identity(request).account_id
        return str(account) if account else None

    def permits(self, request: Request, context: Any, permission: str) -> bool:
        """Ask the one table."""
        return identity_permits(self.identity(request), context, permission)

    def remember(self, request: Request, userid: str, **kw: Any) -> list[tuple[str, str]]:
        """Sessions are opened by the desks, which set their cookie themselves."""
        return []

    def forget(self, request: Request, **kw: Any) -> list[tuple[str, str]]:
        """See :meth:`remember`."""
        return []

    def _read(self, request: Request) -> Identity:
        token = request.cookies.get(cookie_name(request.portal.secure))
        if not token or len(token) > _MAX_TOKEN:
            return ANONYMOUS
        now = request.clock.now()
        builder = request.registry.get(_PREFETCHED, {}).get(_route(request))
        wanted = tuple(builder(request)) if builder else ()
        rows, *results = request.registry["database"].read(NOWHERE, session_statement(token, now), *wanted)
        if not rows:
            return ANONYMOUS
        request.environ[_PREFETCHED] = results
        identity = replace(identity_from_row(rows[0]), opener=request.registry["desks"].open_name)
        touch = touch_statement(identity, now)
        if touch is not None:
            request.registry["database"].read(NOWHERE, touch)
        return identity


def prefetched(request: Request) -> list[list[tuple[Any, ...]]] | None:
    """What the page's own statements found (``request.prefetched``), or None when nobody is signed in or none were named."""
    return request.environ.get(_PREFETCHED) or None


def session_ends(request: Request) -> datetime | None:
    """When the session ends unless something is done (``request.session_ends``); None for a visitor."""
    return ends_at(request.identity, request.clock.now())


def add_prefetch(config: Configurator, route: str, builder: Prefetch) -> None:
    """Send a page's reading statements along with the session's (``config.add_prefetch(route, builder)``).

    :param builder: from the request to statements; it runs before anyone is known and must not ask ``request.identity``.
        Row-level security is what keeps its rows to the person at the counter.
    """
    config.registry.setdefault(_PREFETCHED, {})[route] = builder


def _route(request: Request) -> str | None:
    route = getattr(request, "matched_route", None)
    return route.name if route is not None else None


def includeme(config: Configurator) -> None:
    """Set the policy and add ``request.prefetched``, ``request.session_ends`` and ``config.add_prefetch``."""
    config.set_security_policy(CounterPolicy())
    config.add_directive("add_prefetch", add_prefetch)
    config.add_request_method(prefetched, "prefetched", property=True)
    config.add_request_method(session_ends, "session_ends", property=True)

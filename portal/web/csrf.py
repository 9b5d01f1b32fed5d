"""A form is accepted only from our own pages: a token in a cookie of this host, repeated in the form."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy
from pyramid.httpexceptions import HTTPBadRequest


class SentFromElsewhere(HTTPBadRequest):
    """The browser says that another site sent this form."""


def includeme(config: Configurator) -> None:
    """Every unsafe method needs the token unless its view says ``require_csrf=False`` (machines without a browser)."""
    secure = config.registry["portal"].secure
    config.set_csrf_storage_policy(
        CookieCSRFStoragePolicy(
            cookie_name="__Host-madoguchi-form" if secure else "madoguchi-form",
            secure=secure,
            httponly=True,
            path="/",
            samesite="Lax",
        )
    )
    config.set_default_csrf_options(require_csrf=True, check_origin=True)

"""The public pages. They hold no data of anyone."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileResponse, Response

from portal.identity.views import left
from portal.identity.views_staff import home as desk_of
from portal.public import log_keys
from portal.web.assets import FOLDER, manifest
from portal.web.permissions import Permission
from storage.database import NOWHERE

HELP_PAGES = ("card", "odd-record", "glossary", "names", "proof", "language")
"""Pages under /help/, each a template of the same name."""


def home(request: Request) -> dict[str, Any] | Response:
    """The front page; somebody who is signed in is taken to her own."""
    identity = request.identity
    if identity is not None and identity.kind == "resident":
        return HTTPSeeOther(location="/my/")
    if identity is not None and identity.kind in ("staff", "reviewer"):
        return HTTPSeeOther(location=desk_of(identity.kind, identity.roles))
    if request.portal.counter and request.GET.get("out") == "time":
        # Nobody pressed the button: what that clears is cleared now.
        return left(request, "/?out=1")
    return {}


def page(_request: Request) -> dict[str, Any]:
    """A page that is only its template."""
    return {}


def favicon(request: Request) -> Response:
    """Browsers ask for this address by themselves."""
    return FileResponse(str(FOLDER / manifest()["favicon.ico"]), request=request, cache_max_age=86400)


def health(request: Request) -> Response:
    """Whether the portal and its database answer; says nothing else."""
    request.registry["database"].read(NOWHERE, ("SELECT 1", ()))
    return Response("ok\n", content_type="text/plain")


def includeme(config: Configurator) -> None:
    """Routes and views."""
    public = {"permission": Permission.PUBLIC, "request_method": "GET"}
    config.add_route("home", "/")
    config.add_view(home, route_name="home", renderer="public/home.jinja2", **public)
    config.add_route("favicon", "/favicon.ico")
    config.add_view(favicon, route_name="favicon", **public)
    config.add_route("health", "/health")
    config.add_view(health, route_name="health", **public)
    config.add_route("help", "/help/")
    config.add_view(page, route_name="help", renderer="public/help.jinja2", **public)
    for name in HELP_PAGES:
        config.add_route(f"help.{name}", f"/help/{name}")
        config.add_view(
            page, route_name=f"help.{name}", renderer=f"public/help_{name.replace('-', '_')}.jinja2", **public
        )
    config.add_route("accessibility", "/accessibility")
    config.add_view(page, route_name="accessibility", renderer="public/accessibility.jinja2", **public)
    config.add_route("log_keys", "/log-keys")
    config.add_view(log_keys.page, route_name="log_keys", renderer="public/log_keys.jinja2", **public)
    config.add_route("log_keys.file", "/log-keys.json")
    config.add_view(log_keys.trust_file, route_name="log_keys.file", **public)

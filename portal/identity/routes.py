"""Addresses of signing in and out."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from pyramid.config import Configurator

from portal.identity import card_client_api, policy, views, views_keys, views_staff
from portal.identity.desks import Desks
from portal.web.permissions import Permission

FILES = Path(__file__).parent / "files"


@cache
def files_address() -> str:
    """Where our scripts lie: the address changes with their content, so that browsers may keep them."""
    content = b"".join(path.read_bytes() for path in sorted(FILES.glob("*.js")))
    return f"sign-in-files/{hashlib.sha256(content).hexdigest()[:12]}"


def includeme(config: Configurator) -> None:
    """Policy, desks, routes, views."""
    config.include(policy)
    registry = config.registry
    registry["desks"] = Desks(registry["portal"], registry["database"], registry["clock"])
    config.add_request_method(lambda request: request.registry["desks"], "desks", property=True)
    config.add_request_method(lambda request, name: f"/{files_address()}/{name}", "sign_in_file")
    config.add_static_view(files_address(), str(FILES), cache_max_age=365 * 24 * 3600)

    enter = {"permission": Permission.SIGN_IN}
    look, send = {**enter, "request_method": "GET"}, {**enter, "request_method": "POST"}
    _add(config, "login", "/login", (views.login, {**look, "renderer": "identity/login.jinja2"}))
    _add(config, "login.card", "/login/card", (views.start_card, send))
    _add(config, "login.wait", "/login/card/wait", (views.wait, {**look, "renderer": "identity/wait.jinja2"}))
    _add(config, "login.state", "/login/card/state", (views.state, {**look, "renderer": "json"}))
    _add(config, "login.finish", "/login/card/finish", (views.finish, look))
    _add(config, "login.tls", "/login/card/tls", (views.start_tls, send))
    _add(config, "login.back", "/login/card/back", (views.back_from_card_host, look))
    _add(config, "card.enter", "/card/enter", (views.enter_card_host, look))
    machine = {**send, "require_csrf": False}
    _add(
        config,
        "login.code",
        "/login/card/c/{code}",
        (card_client_api.show, look),
        (card_client_api.answer, machine),
    )
    _add(
        config,
        "logout",
        "/logout",
        (views.logout, {"permission": Permission.SIGN_OUT, "request_method": "POST"}),
    )

    own = {"permission": Permission.SESSIONS_REVOKE}
    _add(
        config,
        "session.alive",
        "/session/alive",
        (views.alive, {**own, "request_method": "GET", "renderer": "json"}),
    )
    _add(
        config,
        "step_up",
        "/step-up",
        (views.step_up, {**own, "request_method": "GET", "renderer": "identity/step_up.jinja2"}),
    )
    _add(config, "step_up.card", "/step-up/card", (views.start_step_up, {**own, "request_method": "POST"}))

    _add(
        config,
        "staff.login",
        "/staff/login",
        (views_staff.page, {**look, "renderer": "identity/staff_login.jinja2"}),
        (views_staff.sign_in, send),
    )
    _add(
        config,
        "staff.login.options",
        "/staff/login/options",
        (views_staff.options, {**send, "renderer": "json"}),
    )
    _add(
        config,
        "staff.enrol",
        "/staff/enrol",
        (views_staff.enrol_page, {**look, "renderer": "identity/staff_enrol.jinja2"}),
        (views_staff.enrol, send),
    )
    _add(
        config,
        "staff.enrol.options",
        "/staff/enrol/options",
        (views_staff.enrol_options, {**send, "renderer": "json"}),
    )

    _add(
        config,
        "keys",
        "/staff/keys",
        (views_keys.page, {**own, "request_method": "GET", "renderer": "identity/keys.jinja2"}),
        (views_keys.add, {**own, "request_method": "POST"}),
    )
    _add(
        config,
        "keys.options",
        "/staff/keys/options",
        (views_keys.options, {**own, "request_method": "POST", "renderer": "json"}),
    )
    _add(
        config,
        "keys.end",
        "/staff/keys/{key:[0-9a-f]{1,32}}/end",
        (views_keys.end, {**own, "request_method": "POST"}),
    )
    _add(
        config,
        "keys.step_up.options",
        "/staff/step-up/options",
        (views_keys.step_up_options, {**own, "request_method": "POST", "renderer": "json"}),
    )
    _add(config, "keys.step_up", "/staff/step-up", (views_keys.step_up, {**own, "request_method": "POST"}))


def _add(config: Configurator, name: str, path: str, *found: tuple) -> None:
    config.add_route(name, path)
    for view, options in found:
        config.add_view(view, route_name=name, **options)

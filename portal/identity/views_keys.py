"""A member of staff's own security keys: seeing them, adding one, stopping one, and proving herself again with one."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.identity import gateway
from portal.identity.forms import CredentialForm, EnrolForm
from portal.identity.limits import limits
from portal.identity.passkey_reasons import PasskeyReason, PasskeyRefused
from portal.identity.policy import drop_secret, set_secret
from portal.identity.views_staff import entry_secret, hand_out, problem, refuse_json
from portal.web.language import safe_path

PATH = "/staff/keys"


def page(request: Request) -> dict[str, Any]:
    """The list."""
    identity = _staff(request)
    window = limits(request.clock.today()).step_up_window
    return {
        "keys": request.desks.passkey.keys(identity),
        "fresh": identity.fresh(request.clock.now(), window),
        "enrolled": request.GET.get("enrolled") == "1",
        "ended": request.GET.get("ended") == "1",
    }


def options(request: Request) -> dict[str, Any]:
    """A challenge for making a further key."""
    identity = _staff(request)
    try:
        asked = request.desks.passkey.ask_another_key(
            identity, gateway.network(request), gateway.device(request)
        )
    except PasskeyRefused as refused:
        return refuse_json(request, refused)
    return hand_out(request, asked)


def add(request: Request) -> Response:
    """The further key."""
    identity = _staff(request)
    form = EnrolForm(request.POST)
    try:
        if not form.validate():
            raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED)
        request.desks.passkey.add_key(
            entry_secret(request),
            form.credential.data,
            form.label.data or "",
            identity,
            gateway.network(request),
            gateway.device(request),
        )
    except PasskeyRefused as refused:
        raise problem(request, refused) from None
    response = HTTPSeeOther(location=f"{PATH}?enrolled=1")
    drop_secret(response, request, "entry")
    return response


def end(request: Request) -> Response:
    """Stop a key."""
    identity = _staff(request)
    try:
        done = request.desks.passkey.end_key(identity, request.matchdict["key"], gateway.device(request))
    except PasskeyRefused as refused:
        raise problem(request, refused) from None
    if not done:
        raise request.problem(
            409,
            happened="最後の1本は止められません。止めると、サインインできなくなります。",
            todo="先に別のキーを足してから、止めてください。",
        )
    return HTTPSeeOther(location=f"{PATH}?ended=1")


def step_up_options(request: Request) -> dict[str, Any]:
    """A challenge for one of her own keys."""
    identity = _staff(request)
    asked = request.desks.passkey.ask(gateway.network(request), gateway.device(request), identity)
    return hand_out(request, asked)


def step_up(request: Request) -> Response:
    """The key's answer: the session's secret is renewed."""
    identity = _staff(request)
    form = CredentialForm(request.POST)
    try:
        if not form.validate():
            raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED)
        token = request.desks.passkey.step_up(
            entry_secret(request),
            form.credential.data,
            identity,
            gateway.network(request),
            gateway.device(request),
        )
    except PasskeyRefused as refused:
        raise problem(request, refused) from None
    following = safe_path(request.POST.get("next"))
    response = HTTPSeeOther(location=following if following != "/" else PATH)
    set_secret(response, request, "", token)
    drop_secret(response, request, "entry")
    return response


def _staff(request: Request) -> Any:
    if request.identity.kind not in ("staff", "reviewer"):
        raise HTTPNotFound
    return request.identity

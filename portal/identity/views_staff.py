"""Signing in for staff: a security key, or the one-time code with which the first key is enrolled."""

from __future__ import annotations

import json
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.identity import gateway
from portal.identity.forms import CredentialForm, EnrolForm
from portal.identity.models import Asked
from portal.identity.passkey_reasons import PasskeyReason, PasskeyRefused
from portal.identity.policy import cookie_name, drop_secret, set_secret
from portal.identity.secrets import ENROLMENT_LENGTH, read_code
from portal.identity.views import end_present
from portal.web.language import safe_path

OUTSIDE = frozenset({"outside_reviewer"})
STATUS = {PasskeyReason.TOO_MANY: 429, PasskeyReason.CHALLENGE: 409, PasskeyReason.ALREADY: 409}


def home(kind: str, roles: frozenset[str]) -> str:
    """The desk a person is shown first: the commission's, the room of outside reviewers, or her office's."""
    if kind == "reviewer":
        return "/commission/"
    return "/review/" if roles == OUTSIDE else "/staff/"


def page(request: Request) -> dict[str, Any] | Response:
    """The page with the one button."""
    following = safe_path(request.GET.get("next"))
    person = request.identity
    if person.kind in ("staff", "reviewer"):
        return HTTPSeeOther(location=following if following != "/" else home(person.kind, person.roles))
    return {"following": following}


def options(request: Request) -> dict[str, Any]:
    """A fresh challenge for the browser's own dialogue."""
    return hand_out(request, request.desks.passkey.ask(gateway.network(request), gateway.device(request)))


def sign_in(request: Request) -> Response:
    """The key's answer."""
    form = CredentialForm(request.POST)
    try:
        if not form.validate():
            raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED)
        opened = request.desks.passkey.sign_in(
            entry_secret(request), form.credential.data, gateway.network(request), gateway.device(request)
        )
    except PasskeyRefused as refused:
        raise problem(request, refused) from None
    end_present(request)
    following = safe_path(request.POST.get("next"))
    response = HTTPSeeOther(location=following if following != "/" else home(opened.kind, opened.roles))
    set_secret(response, request, "", opened.token)
    drop_secret(response, request, "entry")
    return response


def enrol_page(_request: Request) -> dict[str, Any]:
    """The page where a new member of staff types her code."""
    return {}


def enrol_options(request: Request) -> dict[str, Any]:
    """A challenge for making a key, for the holder of a code."""
    try:
        code = read_code(str(_body(request).get("code", ""))[:64], ENROLMENT_LENGTH)
        if code is None:
            raise PasskeyRefused(PasskeyReason.CODE)
        asked = request.desks.passkey.ask_enrolment(code, gateway.network(request), gateway.device(request))
    except PasskeyRefused as refused:
        return refuse_json(request, refused)
    return hand_out(request, asked)


def enrol(request: Request) -> Response:
    """The new key: code, key and label together; the person is signed in with it."""
    form = EnrolForm(request.POST)
    try:
        code = read_code((form.code.data or "")[:64], ENROLMENT_LENGTH)
        if code is None:
            raise PasskeyRefused(PasskeyReason.CODE)
        if not form.validate():
            raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED)
        opened = request.desks.passkey.enrol(
            entry_secret(request),
            code,
            form.credential.data,
            form.label.data or "",
            gateway.network(request),
            gateway.device(request),
        )
    except PasskeyRefused as refused:
        raise problem(request, refused) from None
    end_present(request)
    response = HTTPSeeOther(location="/staff/keys?enrolled=1")
    set_secret(response, request, "", opened.token)
    drop_secret(response, request, "entry")
    return response


def hand_out(request: Request, asked: Asked) -> dict[str, Any]:
    """Options for the script, the secret for the cookie."""
    set_secret(request.response, request, "entry", asked.entry)
    return json.loads(asked.options)


def refuse_json(request: Request, refused: PasskeyRefused) -> dict[str, Any]:
    """What the script shows."""
    request.response.status_code = STATUS.get(refused.reason, 403)
    say = request.texts.plain
    return {
        "reason": refused.reason.value,
        "detail": say(refused.what_happened),
        "kept": say(refused.what_was_kept),
        "next": say(refused.what_next),
    }


def entry_secret(request: Request) -> str:
    """The browser's secret for the dialogue under way."""
    return request.cookies.get(cookie_name(request.portal.secure, "entry"), "")[:128]


def problem(request: Request, refused: PasskeyRefused) -> Exception:
    """The error page of a refusal."""
    return request.problem(
        STATUS.get(refused.reason, 403),
        title="サインインできませんでした",
        happened=refused.what_happened,
        kept=refused.what_was_kept,
        todo=refused.what_next,
        retry_after=900 if refused.reason is PasskeyReason.TOO_MANY else None,
    )


def _body(request: Request) -> dict[str, Any]:
    try:
        found = request.json_body
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

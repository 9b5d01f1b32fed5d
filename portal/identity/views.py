"""The pages of a card login: choosing the way, waiting for the card, coming back, stepping up, leaving."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import segno
from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from portal.identity import gateway
from portal.identity.card.reasons import WORDS, CardReason, CardRefused
from portal.identity.policy import cookie_name, drop_secret, set_secret
from portal.identity.secrets import grouped
from portal.identity.service import Waiting
from portal.identity.sessions import end
from portal.identity.throttle import TooMany
from portal.web.front import from_front
from portal.web.language import COOKIE, safe_path

STATUS = {
    CardReason.CHALLENGE_UNKNOWN: 404,
    CardReason.CHALLENGE_USED: 409,
    CardReason.CHALLENGE_LATE: 409,
    CardReason.TOO_MANY: 429,
    CardReason.STATUS_UNAVAILABLE: 503,
    CardReason.STATUS_STALE: 503,
    CardReason.STATUS_UNTRUSTED: 503,
    CardReason.STATUS_MISMATCH: 503,
    CardReason.STATUS_UNKNOWN: 503,
    CardReason.UNREADABLE: 400,
}


def login(request: Request) -> dict[str, Any] | Response:
    """What is needed, and the two ways."""
    following = safe_path(request.GET.get("next"))
    if request.identity.kind != "anonymous":
        return HTTPSeeOther(location=_home(request.identity.kind, following))
    return {"following": following, "with_card_host": bool(request.portal.card_origin)}


def start_card(request: Request) -> Response:
    """Make a challenge for the card client and go to the waiting page."""
    return _start(request, "card", "/login/card/wait")


def start_tls(request: Request) -> Response:
    """Make a challenge and send the browser to the host that asks for the certificate."""
    if not request.portal.card_origin:
        raise HTTPNotFound
    return _start(request, "tls", f"{request.portal.card_origin}/card/enter")


def start_step_up(request: Request) -> Response:
    """Make a challenge that only the present person's card can answer."""
    identity = request.identity
    if identity.kind != "resident":
        raise HTTPNotFound
    way = "tls" if request.POST.get("way") == "tls" and request.portal.card_origin else "card"
    where = "/login/card/wait" if way == "card" else f"{request.portal.card_origin}/card/enter"
    return _start(request, way, where, account=identity.account_id, session=identity.session_id)


def _start(request: Request, method: str, where: str, **step_up: Any) -> Response:
    following = safe_path(request.POST.get("next"))
    try:
        started = request.desks.card.start(
            method=method,
            network=gateway.network(request),
            device=gateway.device(request),
            next_path=following,
            **step_up,
        )
    except TooMany:
        raise _problem(request, CardReason.TOO_MANY) from None
    address = where if method == "card" else f"{where}?{urlencode({'code': started.code})}"
    response = HTTPSeeOther(location=address)
    set_secret(response, request, "entry", f"{started.entry}.{started.code}")
    return response


def wait(request: Request) -> dict[str, Any] | Response:
    """Show code and matching code, and how it stands; refreshes by itself without a script."""
    entry, code = _entry(request)
    waiting = request.desks.card.waiting(entry) if entry else None
    if waiting is None:
        return HTTPSeeOther(location="/login")
    now_state = _state(request, waiting)
    if now_state == "accepted":
        return HTTPSeeOther(location="/login/card/finish")
    reason = CardReason(waiting.outcome) if now_state == "refused" and waiting.outcome else None
    link = f"{request.portal.origin}/login/card/c/{code}"
    return {
        "state": now_state,
        "code": grouped(code),
        "link": link,
        "matching": waiting.message.matching_code(),
        "square": square_code(link),
        "expires_at": waiting.message.expires_at,
        "seconds": max(0, int((waiting.message.expires_at - request.clock.now()).total_seconds())),
        "following": waiting.next_path,
        "purpose": waiting.message.purpose,
        "words": WORDS[reason] if reason else None,
        "origin": request.portal.origin,
    }


def state(request: Request) -> dict[str, str]:
    """How the browser's challenge stands, for the script of the waiting page."""
    entry, _ = _entry(request)
    waiting = request.desks.card.waiting(entry) if entry else None
    return {"state": "gone" if waiting is None else _state(request, waiting)}


def finish(request: Request) -> Response:
    """The card has answered: open the session for this browser."""
    return _finish(request, "")


def back_from_card_host(request: Request) -> Response:
    """The way back from the card host, with its one-time token."""
    return _finish(request, request.GET.get("token", "")[:128])


def _finish(request: Request, token: str) -> Response:
    entry, _ = _entry(request)
    finished = request.desks.card.finish(entry, token) if entry else None
    if finished is None:
        raise _problem(request, CardReason.CHALLENGE_USED)
    response = HTTPSeeOther(location=_home("resident", finished.next_path))
    if finished.purpose == "login":
        end_present(request)
    set_secret(response, request, "", finished.token)
    drop_secret(response, request, "entry")
    return response


def end_present(request: Request) -> None:
    """A browser in which somebody signs in anew has left the session it had: nobody could end that one from here any more."""
    before = request.identity
    if before.kind != "anonymous":
        end(request.tx, before.account_id, before.session_id, "logout", request.clock.now())


def enter_card_host(request: Request) -> Response:
    """The card host: nginx has seen the card's key, this page judges its certificate and sends the browser back."""
    if not from_front(request):
        raise HTTPNotFound
    try:
        certificate = gateway.client_certificate(request)
        token = request.desks.card.answer_tls(
            request.GET.get("code", "")[:32], certificate, gateway.network(request)
        )
    except CardRefused as refused:
        raise _problem(request, refused.reason) from None
    back = f"{request.portal.origin}/login/card/back?{urlencode({'token': token})}"
    # A connection that has shown a card is not used again: the next login shows it again.
    return HTTPSeeOther(location=back, headers=[("Connection", "close")])


def logout(request: Request) -> Response:
    """End the session, here and in the database."""
    identity = request.identity
    end(request.tx, identity.account_id, identity.session_id, "logout", request.clock.now())
    return left(request, "/?out=1" if identity.kind == "resident" else "/staff/login?out=1")


def left(request: Request, path: str) -> Response:
    """The way on to ``path`` for a browser in which nothing of a session must stay."""
    response = HTTPSeeOther(location=path)
    drop_secret(response, request, "")
    if request.portal.counter:
        # The next person begins in her own language.
        response.delete_cookie(COOKIE)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def alive(request: Request) -> dict[str, Any]:
    """She is still there; asking has moved the end of her session on (WCAG 2.2, 2.2.1)."""
    ends = request.session_ends
    return {"ends_at": ends.isoformat(), "left": int((ends - request.clock.now()).total_seconds())}


def step_up(request: Request) -> dict[str, Any]:
    """Prove yourself once more before something weighty."""
    return {
        "following": safe_path(request.GET.get("next")),
        "with_card_host": bool(request.portal.card_origin),
    }


def square_code(link: str) -> Markup:
    """The link as a square code (QR) in SVG, without styles, sized by its box."""
    made = segno.make_qr(link, error="m")
    svg = made.svg_inline(scale=5, border=4, svgclass=None, lineclass=None, light="#fff")
    return Markup(svg)  # noqa: S704 - made by the library from our own link


def _state(request: Request, waiting: Waiting) -> str:
    if waiting.outcome == "accepted":
        return "accepted"
    if waiting.outcome:
        return "refused"
    if waiting.message.expires_at <= request.clock.now():
        return "late"
    if waiting.consumed:
        return "checking"
    return "fetched" if waiting.fetched else "waiting"


def _entry(request: Request) -> tuple[str, str]:
    """The browser's entry secret and code, from its cookie."""
    value = request.cookies.get(cookie_name(request.portal.secure, "entry"), "")
    entry, _, code = value[:128].partition(".")
    return entry, code


def _home(kind: str, following: str) -> str:
    if following != "/":
        return following
    return "/my/" if kind == "resident" else "/staff/"


def _problem(request: Request, reason: CardReason) -> Exception:
    refused = CardRefused(reason)
    return request.problem(
        STATUS.get(reason, 403),
        title="カードでログインできませんでした",
        happened=refused.what_happened,
        kept=refused.what_was_kept,
        todo=refused.what_next,
        retry_after=900 if reason is CardReason.TOO_MANY else None,
    )

"""What is refused before any view runs: another host, a desk at a terminal of the counter, a body too large or of unknown length, a form
sent from another site, unreadable text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPLengthRequired, HTTPNotFound, HTTPRequestEntityTooLarge
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from portal.settings import Settings
from portal.web.csrf import SentFromElsewhere
from portal.web.errors import PAGES, Problem

MAX_BODY_BYTES = 1024 * 1024
"""Largest request body. Forms here hold text; uploads get a limit of their own when they come."""

MAX_FIELDS = 10_000
"""Most fields of a form: a megabyte of empty ones would take a second to read."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
HEALTH = "/health"
"""Asked by whoever watches the process, at the address it listens on."""
TWEEN = "portal.web.limits.limits_tween_factory"
"""The name by which what comes before or after it says so."""

_ESCAPES = re.compile(rb"(?:%[89A-Fa-f][0-9A-Fa-f])+")
"""Bytes that are no ASCII: whether the others are escaped says nothing about whether it is text."""
_PORT = re.compile(r"(:[0-9]{1,5})?")
FORMS = frozenset({"", "application/x-www-form-urlencoded"})
DESKS = re.compile(r"/(staff|review|commission)(/.*)?", re.DOTALL)
"""Nobody signs in to these at a terminal that residents leave to each other: what is behind them is not for the next one to find."""
FILES = "multipart/form-data"
"""A field sent as a file reaches a view as something other than text: only addresses that asked for files take this."""
ALLOWED = "madoguchi.limits"
"""Where ``config.allow_body`` keeps what it was told."""


@dataclass(frozen=True)
class Allowed:
    """Addresses with a limit of their own.

    :param pattern: matches the whole path. :param most: bytes. :param files: whether multipart forms are taken; a view
        of such an address must look whether a field is text.
    """

    pattern: re.Pattern[str]
    most: int
    files: bool


def allow_body(config: Configurator, pattern: str, most: int, files: bool = False) -> None:
    """Give addresses a limit of their own (``config.allow_body``).

    :param pattern: regular expression of the whole path. :param most: bytes of the largest body. :param files: take uploads.
    """
    config.registry.setdefault(ALLOWED, []).append(Allowed(re.compile(pattern), most, files))


def allowed(registry: Any, path: str) -> Allowed | None:
    """The limit of an address, when it has one of its own."""
    return next((one for one in registry.get(ALLOWED, ()) if one.pattern.fullmatch(path)), None)


def limits_tween_factory(
    handler: Callable[[Request], Response], registry: Any
) -> Callable[[Request], Response]:
    """Refuse early, with the ordinary error pages."""
    settings = registry["portal"]
    hosts = Hosts(settings)

    def tween(request: Request) -> Response:
        hosts.pin(request)
        path = request.environ.get("PATH_INFO", "")
        if "\0" in path or (settings.counter and DESKS.fullmatch(path)):
            raise HTTPNotFound
        if "HTTP_COOKIE" in request.environ:
            _cookies_must_be_text(request)
        if request.query_string:
            _must_be_text(request, "GET")
        if request.method in SAFE_METHODS:
            return handler(request)
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise SentFromElsewhere
        length = request.content_length
        if length is None and "Transfer-Encoding" in request.headers:
            raise HTTPLengthRequired
        own = allowed(registry, path)
        if length is not None and length > (own.most if own else MAX_BODY_BYTES):
            raise HTTPRequestEntityTooLarge
        if request.content_type == FILES and not (own and own.files):
            raise HTTPBadRequest
        if request.content_type in FORMS:
            _form_must_be_text(request)
        return handler(request)

    return tween


class Hosts:
    """The names under which the portal is opened. Whatever a visitor writes there, answers lead to these and nowhere else.

    :param settings: ``origin`` and ``card_origin`` name the hosts; what the front server passes on is not believed.
    """

    def __init__(self, settings: Settings) -> None:
        self._main = urlsplit(settings.origin)
        named = (self._main, urlsplit(settings.card_origin)) if settings.card_origin else (self._main,)
        self._known = {_name_of(one.netloc): (one.scheme, one.netloc) for one in named}
        # Behind a front server, even in a demonstration, addresses are its own.
        self._open_here = not settings.production and not settings.secure

    def pin(self, request: Request) -> None:
        """Put the scheme and host of the settings in the place of the visitor's.

        A demonstration may also be opened by the names of this machine, through whatever port leads to it.

        :raises Problem: 421, the visitor asked for a host that is not ours.
        """
        environ = request.environ
        host = environ.get("HTTP_HOST", "")
        name = _name_of(host)
        if name in LOOPBACK and self._open_here and _PORT.fullmatch(host[len(name) :]):
            return
        found = self._known.get(name)
        environ["wsgi.url_scheme"], environ["HTTP_HOST"] = found or (self._main.scheme, self._main.netloc)
        if found is None and not (name in LOOPBACK and environ["PATH_INFO"] == HEALTH):
            raise Problem(421, words=PAGES[421])


def _name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() else host).lower()


def _cookies_must_be_text(request: Request) -> None:
    """Refuse cookies that are no text; they are put aside, because the error page reads the language from them.

    :raises HTTPBadRequest: naming nothing of what was sent.
    """
    try:
        request.cookies.get("")
    except ValueError:
        request.environ["HTTP_COOKIE"] = ""
        raise HTTPBadRequest from None


def _must_be_text(request: Request, part: str) -> None:
    """Refuse what is no text in UTF-8, or holds a NUL, which the database cannot keep.

    :raises HTTPBadRequest: naming nothing of what was sent.
    """
    try:
        holds_nul = any("\x00" in text for pair in getattr(request, part).items() for text in pair)
    except (ValueError, LookupError, DeprecationWarning):
        # The last is what WebOb raises for a form that says it is in another encoding.
        raise HTTPBadRequest from None
    if holds_nul:
        raise HTTPBadRequest


def _form_must_be_text(request: Request) -> None:
    """Refuse a form of more fields than any page has, and one that is no text: WebOb would put a sign of its own in the place of what
    it cannot read, and that would be stored.

    :raises HTTPBadRequest, HTTPRequestEntityTooLarge: naming nothing of what was sent.
    """
    body = request.body
    if body.count(b"&") >= MAX_FIELDS:
        raise HTTPRequestEntityTooLarge
    marks = body.count(b"%")
    if 3 * marks > len(body):
        # More of them than could each begin an escape of three: nobody's form, and reading it would take half a second.
        raise HTTPBadRequest
    if marks or not body.isascii():
        try:
            # A run at once: a form in Japanese is a few long ones.
            _ESCAPES.sub(lambda run: bytes.fromhex(run[0].replace(b"%", b"").decode()), body).decode()
        except UnicodeDecodeError:
            raise HTTPBadRequest from None
    _must_be_text(request, "POST")


def includeme(config: Configurator) -> None:
    """Just inside the error pages; ``config.allow_body`` for the parts included after this one."""
    config.add_directive("allow_body", allow_body)
    config.add_tween(TWEEN, under=EXCVIEW)

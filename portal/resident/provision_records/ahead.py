"""The list in one trip: its statements go to the database together with the one that finds the session.

Whose list it is stands in the session, which is not read yet. So a process remembers, for a session it has served before, the
addressees it found, and asks for their rows at once. The memory decides nothing: row-level security gives rows to the session's
own person only, and the answer is used only when the session turns out to name exactly those addressees.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from pyramid.request import Request

from portal.identity.policy import cookie_name
from storage.database import Scope, Statement

REMEMBERED = 20_000
_SENT = "madoguchi.ahead"
People = tuple[tuple[str, str], ...]


class Memory:
    """The addressees of sessions seen by this process, the latest ones; keyed by a hash of the session's secret."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._known: OrderedDict[bytes, People] = OrderedDict()
        self._most = most

    def get(self, request: Request) -> People | None:
        """What this session was found to name, if this process served it before."""
        key = _key(request)
        return self._known.get(key) if key else None

    def put(self, request: Request, people: People) -> None:
        """Remember what this session names."""
        key = _key(request)
        if key:
            self._known[key] = people
            self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)


def builder(
    statements: Callable[[Request, Scope], Sequence[Statement]],
) -> Callable[[Request], Sequence[Statement]]:
    """What ``config.add_prefetch`` takes: the statements for the remembered addressees, or none."""

    def build(request: Request) -> Sequence[Statement]:
        people = request.registry["ahead"].get(request)
        if not people:
            return ()
        request.environ[_SENT] = people
        return statements(request, Scope(addressees=people))

    return build


def results(request: Request, statements: Sequence[Statement]) -> list[list[tuple[Any, ...]]]:
    """The rows of the statements: those that came with the session, or read now."""
    people = tuple(request.identity.addressees)
    came = getattr(request, "prefetched", None)
    if came and request.environ.get(_SENT) == people and len(came) == len(statements):
        return list(came)
    request.registry["ahead"].put(request, people)
    return request.read(*statements)


def _key(request: Request) -> bytes:
    token = request.cookies.get(cookie_name(request.portal.secure))
    return hashlib.sha256(token.encode()).digest() if token else b""

"""How often one person or one network may do what costs much. More gets 429, the time to wait, and nothing else happens.

A person is counted by her account, so that nobody can be slowed down by others behind the same address; a visitor without a name by
the hash of a network (never the address). Cheap pages are not counted: counting would cost more than they do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from portal.identity import gateway
from portal.identity.throttle import SPEND, bucket
from portal.web.errors import PAGES, Problem
from portal.web.limits import TWEEN as LIMITS
from portal.web.transaction import TWEEN as TRANSACTION
from storage.database import NOWHERE


@dataclass(frozen=True)
class Rate:
    """One limit. Fields are those of ``rates.yaml``."""

    name: str
    path: re.Pattern[str]
    method: str
    by: str
    count: int
    window: timedelta
    query: bool

    def meets(self, request: Request) -> bool:
        """Whether a request is one of those that are counted."""
        environ = request.environ
        return (
            self.method in ("ANY", environ["REQUEST_METHOD"])
            and (not self.query or bool(environ.get("QUERY_STRING")))
            and self.path.fullmatch(environ.get("PATH_INFO", "")) is not None
        )


@cache
def rates(day: date) -> tuple[Rate, ...]:
    """The limits in force on a day, in the order of the file."""
    newest: dict[str, dict[str, Any]] = {}
    for row in yaml.safe_load((Path(__file__).parent / "rates.yaml").read_text("utf-8")):
        known = newest.get(row["name"])
        if row["valid_from"] <= day and (known is None or known["valid_from"] < row["valid_from"]):
            newest[row["name"]] = row
    return tuple(
        Rate(
            row["name"],
            re.compile(row["path"]),
            row["method"],
            row["by"],
            int(row["count"]),
            timedelta(seconds=int(row["seconds"])),
            bool(row.get("query", False)),
        )
        for row in newest.values()
    )


def spend(request: Request, rate: Rate) -> None:
    """Count one request.

    :raises Problem: 429 with the time to wait, when there were too many.
    """
    account = request.identity.account_id if rate.by == "person" else None
    whose = account.bytes if account else gateway.network(request)
    values = {
        "bucket": bucket(f"rate:{rate.name}:{'person' if account else 'network'}", whose),
        "now": request.clock.now(),
        "window": rate.window,
    }
    ((row,),) = request.registry["database"].read(NOWHERE, (SPEND, values))
    if row[0] > rate.count:
        raise Problem(429, words=PAGES[429], retry_after=int(rate.window.total_seconds()))


def rates_tween_factory(
    handler: Callable[[Request], Response], _registry: Any
) -> Callable[[Request], Response]:
    """Count before any view runs; the answer to too many is the ordinary error page."""

    def tween(request: Request) -> Response:
        for rate in rates(request.clock.today()):
            if rate.meets(request):
                spend(request, rate)
                break
        return handler(request)

    return tween


def includeme(config: Configurator) -> None:
    """After the request was found readable, before its transaction."""
    config.add_tween("portal.identity.rates.rates_tween_factory", under=LIMITS, over=TRANSACTION)

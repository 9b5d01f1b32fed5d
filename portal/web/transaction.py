"""The transaction of a request: opened when first touched, committed when the view answers below 400, else undone.

``request.read(*statements)`` reads in one trip without opening a transaction by hand. Both run in the scope of the
person at the counter, so that row-level security sees the same person as the permission table.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from portal.web.limits import TWEEN as LIMITS
from storage.database import NOWHERE, Scope, Statement, Transaction

TWEEN = "portal.web.transaction.transaction_tween"
"""The name by which what comes before it says so."""


class _Undo(Exception):
    """Carries a response out of the transaction so that it is rolled back."""

    def __init__(self, response: Response) -> None:
        self.response = response


def scope_of(request: Request) -> Scope:
    """The rows this request may see.

    A resident never carries a tenant: she sees what is addressed to her, not what her office holds.
    """
    identity = request.identity
    if identity is None or identity.kind == "anonymous":
        return NOWHERE
    if identity.kind == "resident":
        return Scope(addressees=tuple(identity.addressees), account=identity.account_id)
    return Scope(tenant=identity.tenant, account=identity.account_id)


def open_transaction(request: Request) -> Transaction:
    """Open the transaction of this request (``request.tx``)."""
    database = request.registry["database"]
    return request.environ["madoguchi.transactions"].enter_context(database.transaction(scope_of(request)))


def read(request: Request, *statements: Statement) -> list[list[tuple[Any, ...]]]:
    """Run reading statements in one trip to the database, in the scope of the person at the counter."""
    return request.registry["database"].read(scope_of(request), *statements)


def transaction_tween(
    handler: Callable[[Request], Response], _registry: Any
) -> Callable[[Request], Response]:
    """Commit or undo what the view wrote, before the response leaves."""

    def tween(request: Request) -> Response:
        try:
            with ExitStack() as transactions:
                request.environ["madoguchi.transactions"] = transactions
                response = handler(request)
                if response.status_code >= 400:
                    raise _Undo(response)
                return response
        except _Undo as undone:
            return undone.response

    return tween


def includeme(config: Configurator) -> None:
    """Add ``request.tx``, ``request.read``, ``request.clock``, ``request.portal`` and the tween, inside what refuses a request."""
    config.add_request_method(open_transaction, "tx", reify=True)
    config.add_request_method(read, "read")
    config.add_request_method(lambda request: request.registry["clock"], "clock", property=True)
    config.add_request_method(lambda request: request.registry["portal"], "portal", property=True)
    config.add_tween(TWEEN, under=LIMITS)

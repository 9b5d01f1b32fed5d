"""Who is at the counter: cards, passkeys, accounts, sessions.

Importing this package loads no web framework: the card client on a resident's own machine imports parts of it too.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the routes of signing in and out (for ``config.include("portal.identity")``)."""
    from portal.identity import rates, routes

    routes.includeme(config)
    rates.includeme(config)

"""The pure questions that permissions are made of: each looks at the identity and the context and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Predicate = Callable[[Any, Any], bool]
"""(identity or None, context) -> bool. No database, no clock, no request."""

CASEWORKER = "caseworker"
APPROVER = "approver"
OPERATOR = "linkage_operator"


def anyone(_identity: Any, _context: Any) -> bool:
    """Everybody, signed in or not."""
    return True


def signed_in(identity: Any, _context: Any) -> bool:
    """Somebody is signed in."""
    return identity is not None and identity.kind in ("resident", "staff", "reviewer")


def is_resident(identity: Any, _context: Any) -> bool:
    """A resident is signed in with her card or passkey."""
    return identity is not None and identity.kind == "resident"


def is_staff(identity: Any, _context: Any) -> bool:
    """A member of a municipal office is signed in, and the office is known."""
    return identity is not None and identity.kind == "staff" and bool(identity.tenant)


def is_caseworker(identity: Any, _context: Any) -> bool:
    """May work on cases."""
    return CASEWORKER in identity.roles or APPROVER in identity.roles


def is_approver(identity: Any, _context: Any) -> bool:
    """May decide what needs a second pair of eyes."""
    return APPROVER in identity.roles


def is_operator(identity: Any, _context: Any) -> bool:
    """Looks after the link to the intermediate server."""
    return OPERATOR in identity.roles

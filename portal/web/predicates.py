"""The pure questions that permissions are made of: each looks at the identity and the context and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Predicate = Callable[[Any, Any], bool]
"""(identity or None, context) -> bool. No database, no clock, no request."""

CASEWORKER = "caseworker"
APPROVER = "approver"
OPERATOR = "linkage_operator"
COORDINATOR = "assessment_coordinator"
OUTSIDE_REVIEWER = "outside_reviewer"
COMMISSION_REVIEWER = "commission_reviewer"
COMMISSION_MEMBER = "commission_member"
COMMISSION = "000000"
"""The code under which the commission keeps its own rows; the same as ``portal.identity.models.COMMISSION``."""


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


def is_coordinator(identity: Any, _context: Any) -> bool:
    """Brings the office's assessments together (取りまとめ課)."""
    return COORDINATOR in identity.roles


def is_outside_reviewer(identity: Any, _context: Any) -> bool:
    """Named by an office to review a statement from outside (第三者点検); which one and until when is checked with the room."""
    return OUTSIDE_REVIEWER in identity.roles


def is_commission(identity: Any, _context: Any) -> bool:
    """Works for the privacy commission."""
    return identity is not None and identity.kind == "reviewer" and identity.tenant == COMMISSION


def is_commission_reviewer(identity: Any, _context: Any) -> bool:
    """Reviews statements at the commission."""
    return COMMISSION_REVIEWER in identity.roles or COMMISSION_MEMBER in identity.roles


def is_commission_member(identity: Any, _context: Any) -> bool:
    """May sign a decision of the commission."""
    return COMMISSION_MEMBER in identity.roles

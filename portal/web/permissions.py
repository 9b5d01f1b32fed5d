"""Who may do what, on one page: each permission is a list of ways, each way a list of questions that must all be yes.

A view without a ``permission`` cannot be registered, so nothing is open by being forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.interfaces import IViewDeriverInfo

from portal.web.predicates import (
    Predicate,
    anyone,
    is_approver,
    is_caseworker,
    is_commission,
    is_commission_member,
    is_commission_reviewer,
    is_coordinator,
    is_operator,
    is_outside_reviewer,
    is_resident,
    is_staff,
    signed_in,
)


class Permission(StrEnum):
    """``scope:resource:action``. The value is what a view names and what the log of refusals shows."""

    PUBLIC = "public:page:read"
    SIGN_IN = "identity:session:open"
    SIGN_OUT = "identity:session:close"
    HOME = "resident:home:read"
    RECORDS_READ = "resident:records:read"
    RECORDS_EXPORT = "resident:records:export"
    SESSIONS_READ = "account:sessions:read"
    SESSIONS_REVOKE = "account:sessions:revoke"
    CASES_READ = "staff:cases:read"
    CASES_OPEN = "staff:cases:open"
    CASES_ACT = "staff:cases:act"
    INQUIRY_OPEN = "staff:inquiries:open"
    INQUIRY_READ = "staff:inquiries:read"
    DEAD_LETTERS_READ = "staff:dead-letters:read"
    DEAD_LETTERS_ACT = "staff:dead-letters:act"
    ASSESSMENTS_READ = "staff:assessments:read"
    ASSESSMENTS_EDIT = "staff:assessments:edit"
    ASSESSMENTS_ACT = "staff:assessments:act"
    ASSESSMENTS_COORDINATE = "staff:assessments:coordinate"
    OPINIONS_READ = "staff:opinions:read"
    OPINIONS_ACT = "staff:opinions:act"
    REVIEW_ROOM = "review:room:read"
    REVIEW_ROOM_ACT = "review:room:act"
    COMMISSION_READ = "commission:assessments:read"
    COMMISSION_ACT = "commission:assessments:act"
    COMMISSION_DECIDE = "commission:assessments:decide"


PERMISSIONS: dict[Permission, list[list[Predicate]]] = {
    Permission.PUBLIC: [[anyone]],
    Permission.SIGN_IN: [[anyone]],
    Permission.SIGN_OUT: [[signed_in]],
    Permission.HOME: [[is_resident]],
    Permission.RECORDS_READ: [[is_resident]],
    Permission.RECORDS_EXPORT: [[is_resident]],
    Permission.SESSIONS_READ: [[signed_in]],
    Permission.SESSIONS_REVOKE: [[signed_in]],
    Permission.CASES_READ: [[is_staff, is_caseworker], [is_staff, is_operator], [is_staff, is_coordinator]],
    Permission.CASES_OPEN: [[is_staff, is_caseworker]],
    Permission.CASES_ACT: [[is_staff, is_caseworker], [is_staff, is_operator]],
    Permission.INQUIRY_OPEN: [[is_staff, is_caseworker]],
    Permission.INQUIRY_READ: [[is_staff, is_caseworker], [is_staff, is_operator]],
    Permission.DEAD_LETTERS_READ: [[is_staff, is_operator], [is_staff, is_approver]],
    Permission.DEAD_LETTERS_ACT: [[is_staff, is_operator], [is_staff, is_approver]],
    Permission.ASSESSMENTS_READ: [[is_staff, is_caseworker], [is_staff, is_coordinator]],
    Permission.ASSESSMENTS_EDIT: [[is_staff, is_caseworker], [is_staff, is_coordinator]],
    Permission.ASSESSMENTS_ACT: [[is_staff, is_caseworker], [is_staff, is_coordinator]],
    Permission.ASSESSMENTS_COORDINATE: [[is_staff, is_coordinator]],
    Permission.OPINIONS_READ: [[is_staff, is_caseworker], [is_staff, is_coordinator]],
    Permission.OPINIONS_ACT: [[is_staff, is_caseworker], [is_staff, is_coordinator]],
    Permission.REVIEW_ROOM: [[is_staff, is_outside_reviewer]],
    Permission.REVIEW_ROOM_ACT: [[is_staff, is_outside_reviewer]],
    Permission.COMMISSION_READ: [[is_commission, is_commission_reviewer]],
    Permission.COMMISSION_ACT: [[is_commission, is_commission_reviewer]],
    Permission.COMMISSION_DECIDE: [[is_commission, is_commission_member]],
}


def identity_permits(identity: Any, context: Any, permission: str) -> bool:
    """Whether this identity has the permission in this context; an unknown permission is a no."""
    try:
        ways = PERMISSIONS[Permission(permission)]
    except (KeyError, ValueError):
        return False
    return any(all(question(identity, context) for question in way) for way in ways)


def named_permission(view: Callable[..., Any], info: IViewDeriverInfo) -> Callable[..., Any]:
    """View deriver: refuse, at start, a view that names no permission or one that the table does not know."""
    if info.exception_only:
        return view
    permission = info.options.get("permission")
    if permission is None:
        raise ConfigurationError(f"the view {info.original_view!r} names no permission")
    if permission not in PERMISSIONS and not _is_static(info):
        raise ConfigurationError(
            f"the view {info.original_view!r} names the unknown permission {permission!r}"
        )
    return view


named_permission.options = ("permission",)  # type: ignore[attr-defined]


def _is_static(info: IViewDeriverInfo) -> bool:
    return type(info.original_view).__module__ == "pyramid.static"


def includeme(config: Configurator) -> None:
    """Register the deriver that denies by default."""
    config.add_view_deriver(named_permission)

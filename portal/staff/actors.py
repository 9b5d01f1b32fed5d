"""Who acts, as the engine sees it: the person at the desk with the roles her office gave her.

The office's roles (portal.identity) and the workflows' roles have different names, because an office's role is a post and a
workflow's role is a part played in one procedure. This is the only place that pairs them.
"""

from __future__ import annotations

from pyramid.request import Request

from workflows.engine import Actor

PARTS = {
    "caseworker": frozenset({"clerk"}),
    "approver": frozenset({"clerk", "supervisor"}),
    "linkage_operator": frozenset({"operator"}),
    "assessment_coordinator": frozenset({"coordinator"}),
    "commission_reviewer": frozenset({"reviewer"}),
    "commission_member": frozenset({"reviewer", "commissioner"}),
}


def actor_of(request: Request) -> Actor:
    """The member of staff at the desk."""
    identity = request.identity
    parts = frozenset(part for role in identity.roles for part in PARTS.get(role, ()))
    return Actor(kind="staff", id=str(identity.account_id), roles=parts, office=identity.office)

"""Who acts in the demonstration's statements: the accounts of the staff, with the parts the workflows know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.staff.actors import PARTS
from workflows.engine import Actor


@dataclass(frozen=True)
class People:
    """The people of one body.

    :param outsider: account of the outside reviewer, where there is one.
    """

    clerk: Actor
    supervisor: Actor
    coordinator: Actor
    outsider: str | None = None


def people(staff: Mapping[str, Mapping[str, Any]], tenant: str) -> People:
    """The people of a tenant from what was written down when they were invited."""

    def first(role: str) -> Mapping[str, Any]:
        return next(one for one in staff.values() if one["tenant"] == tenant and role in one["roles"])

    outsider = next(
        (one for one in staff.values() if one["tenant"] == tenant and "outside_reviewer" in one["roles"]),
        None,
    )
    return People(
        actor(first("caseworker")),
        actor(first("approver")),
        actor(first("assessment_coordinator")),
        str(outsider["account"]) if outsider else None,
    )


def actor(one: Mapping[str, Any]) -> Actor:
    """Somebody as the engine sees her."""
    parts = frozenset(part for role in one["roles"] for part in PARTS.get(role, ()))
    kind = "reviewer" if "reviewer" in parts else "staff"
    return Actor(kind, str(one["account"]), parts, one.get("office"))

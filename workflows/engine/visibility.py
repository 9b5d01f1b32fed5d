"""The state decides who may read and edit: one set of predicates for pages, API and engine alike."""

from __future__ import annotations

from workflows.engine.definition import NATURAL_ROLES, Definition
from workflows.engine.values import Actor, CaseView

_NOBODY: frozenset[str] = frozenset()


def roles_on(definition: Definition, case: CaseView, actor: Actor) -> frozenset[str]:
    """The roles that count for this actor on this case.

    Given roles count in the municipality, or only in the case's own office when the definition says ``scope: office``. Natural
    roles cannot be given: ``clock`` and ``system`` are what the actor is, ``resident`` and ``proxy`` need the case to be theirs.
    """
    kind = actor.kind
    if kind in ("clock", "system"):
        return frozenset((kind,))
    if kind in ("resident", "proxy"):
        theirs = case.subject is not None and f"{case.tenant}:{case.subject}" in actor.addressees
        return frozenset((kind,)) if theirs else _NOBODY
    if definition.scope == "office" and case.office and actor.office != case.office:
        return _NOBODY
    return actor.roles - NATURAL_ROLES


def may_read(definition: Definition, case: CaseView, actor: Actor) -> bool:
    """Whether the actor may see the case as it stands."""
    return not definition.states[case.state].readers.isdisjoint(roles_on(definition, case, actor))


def editable_parts(definition: Definition, case: CaseView, actor: Actor) -> frozenset[str]:
    """The parts of the case the actor may edit as it stands; ``all`` stands for every part."""
    editors = definition.states[case.state].editors
    mine = [editors[role] for role in roles_on(definition, case, actor) if role in editors]
    return frozenset().union(*mine)


def may_edit(definition: Definition, case: CaseView, actor: Actor, part: str = "all") -> bool:
    """Whether the actor may edit one part of the case as it stands."""
    parts = editable_parts(definition, case, actor)
    return "all" in parts or part in parts

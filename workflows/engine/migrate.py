"""Moving open cases to a new definition version: a recorded step like any other, by the mapping the new version gives.

A case may have missed versions, where an office passed over releases: it goes to the newest in one step, by one mapping after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.database import Transaction
from workflows.engine.apply import Parts
from workflows.engine.bulk import write_steps
from workflows.engine.definition import MIGRATE, Definition, DefinitionError, Field, Move, Trigger
from workflows.engine.planning import Planned, plan_step
from workflows.engine.store import CASE_COLUMNS
from workflows.engine.values import Actor, CaseView, Command

_TAKE = f"""
    SELECT {CASE_COLUMNS} FROM madoguchi.case_file
    WHERE tenant = %s AND kind = %s AND definition_version = ANY (%s) AND closed_at IS NULL
    ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608
_LEFT = """
    SELECT count(*) FROM madoguchi.case_file
    WHERE tenant = %s AND kind = %s AND definition_version = ANY (%s) AND closed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What one call moved.

    :param moved: the cases.
    :param left: open cases still under an old version (those somebody else held included).
    """

    moved: tuple[CaseView, ...]
    left: int


def migrate(
    parts: Parts, tx: Transaction, kind_name: str, actor: Actor, purpose: str, limit: int
) -> Migrated:
    """Move open cases from the versions the newest one replaces, be it by way of others.

    Deadlines that wait go on waiting with the moment they were counted to: a change of form must not change anyone's term.

    :raises DefinitionError: when the newest version replaces none.
    """
    newest = parts.registry.kind(kind_name).newest
    following = _following(parts, kind_name)
    if not following:
        raise DefinitionError(f"{kind_name} version {newest.version} replaces no other version")
    old = (tx.tenant, kind_name, list(following))
    rows = tx.raw.execute(_TAKE, (*old, limit)).fetchall()
    cases = [CaseView(*row) for row in rows]
    at = parts.now()
    planned = [_plan(newest, case, _place(following, case), actor, purpose, parts, at) for case in cases]
    written = write_steps(tx, planned, at)
    left = tx.raw.execute(_LEFT, old).fetchone()
    return Migrated(tuple(case for case in cases if case.id in written), 0 if left is None else left[0])


def _following(parts: Parts, kind_name: str) -> dict[int, Definition]:
    """Each older version that leads to the newest one, with the version that replaces it."""
    kind = parts.registry.kind(kind_name)
    found: dict[int, Definition] = {}
    definition: Definition | None = kind.newest
    while definition is not None and definition.replaces is not None and definition.replaces not in found:
        found[definition.replaces] = definition
        definition = kind.versions.get(definition.replaces)
    return found


def _place(following: Mapping[int, Definition], case: CaseView) -> str:
    """The state a case goes to.

    :raises DefinitionError: when a mapping on the way has no place for it.
    """
    version, state = case.definition_version, case.state
    while version in following:
        definition = following[version]
        after = definition.mapping.get(state, state)
        if after not in definition.states:
            raise DefinitionError(
                f"{definition.kind} version {definition.version}: the mapping has no place for state {state!r}"
            )
        version, state = definition.version, after
    return state


def _plan(
    newest: Definition, case: CaseView, after: str, actor: Actor, purpose: str, parts: Parts, at: datetime
) -> Planned:
    command = Command(
        case_id=case.id,
        trigger=MIGRATE,
        actor=actor,
        purpose=purpose,
        request_key=f"migrate:{case.id}:{newest.version}",
        input={"from_version": case.definition_version, "to_version": newest.version},
    )
    return plan_step(newest, case, _trigger(case.state, after), after, command, at, parts.calendar)


def _trigger(before: str, after: str) -> Trigger:
    fields: Sequence[Field] = (Field("from_version", "integer", True), Field("to_version", "integer", True))
    label = {"ja": "定義の版の変更", "en": "Moved to a new version"}
    return Trigger(MIGRATE, label, (Move(before, after),), frozenset({"system"}), input=tuple(fields))

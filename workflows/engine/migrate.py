"""Moving open cases to a new definition version: a recorded step like any other, by the mapping the new version gives."""

from __future__ import annotations

from collections.abc import Sequence
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
    WHERE tenant = %s AND kind = %s AND definition_version = %s AND closed_at IS NULL
    ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Migrated:
    """What one call moved.

    :param moved: the cases.
    :param left: open cases still under the old version (those somebody else held included).
    """

    moved: tuple[CaseView, ...]
    left: int


def migrate(
    parts: Parts, tx: Transaction, kind_name: str, actor: Actor, purpose: str, limit: int
) -> Migrated:
    """Move open cases from the version the newest one replaces.

    Deadlines that wait go on waiting with the moment they were counted to: a change of form must not change anyone's term.

    :raises DefinitionError: when the newest version replaces none.
    """
    kind = parts.registry.kind(kind_name)
    newest = kind.newest
    if newest.replaces is None:
        raise DefinitionError(f"{kind_name} version {newest.version} replaces no other version")
    rows = tx.raw.execute(_TAKE, (tx.tenant, kind_name, newest.replaces, limit)).fetchall()
    cases = [CaseView(*row) for row in rows]
    at = parts.now()
    planned = [_plan(newest, case, actor, purpose, parts, at) for case in cases]
    written = write_steps(tx, planned, at)
    left = tx.raw.execute(
        "SELECT count(*) FROM madoguchi.case_file"
        " WHERE tenant = %s AND kind = %s AND definition_version = %s AND closed_at IS NULL",
        (tx.tenant, kind_name, newest.replaces),
    ).fetchone()
    return Migrated(tuple(case for case in cases if case.id in written), 0 if left is None else left[0])


def _plan(
    newest: Definition, case: CaseView, actor: Actor, purpose: str, parts: Parts, at: datetime
) -> Planned:
    after = newest.mapping.get(case.state, case.state)
    if after not in newest.states:
        raise DefinitionError(
            f"{newest.kind} version {newest.version}: the mapping has no place for state {case.state!r}"
        )
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

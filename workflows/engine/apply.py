"""The only way a case changes: one step, one transaction, wholly there or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from storage.clock import Clock
from storage.database import Transaction
from workflows.engine.canonical import GENESIS
from workflows.engine.decide import Decision, Refusal
from workflows.engine.effects import run_effects
from workflows.engine.planning import Planned, check_command, digest_of, is_key, plan_step
from workflows.engine.registry import Kind, Registry
from workflows.engine.store import (
    DISARM,
    FIND_REQUEST,
    INSERT_DEADLINE,
    INSERT_STEP,
    LOCK_CASE,
    REQUEST_KEY,
    SET_CASE,
    SET_CASE_AND_ARM,
    SET_CASE_AND_COUNT,
    WRITE_OPENING,
    WRITE_STEP,
    WRITE_STEP_AND_ARM,
    WRITE_STEP_AND_CHANGE,
    WRITE_STEP_AND_DISARM,
    arm_columns,
    read_case,
    reply_of,
)
from workflows.engine.values import NEVER, Applied, CaseNotFound, CaseView, Command, Reason, Refused
from workflows.law.calendar import LawCalendar


@dataclass(frozen=True)
class Parts:
    """What the engine works with; all of it is given, so a test can stand anywhere in time."""

    registry: Registry
    clock: Clock
    calendar: LawCalendar
    new_id: Callable[[], UUID]

    def now(self) -> datetime:
        """The moment, as exact as the database keeps it."""
        return self.clock.now().astimezone(UTC)


def apply(parts: Parts, tx: Transaction, command: Command) -> Applied:
    """Take one step.

    :raises CaseNotFound: when the tenant has no such case.
    :raises Refused: with every reason; nothing was changed.
    """
    problems = check_command(command)
    key = command.request_key if is_key(command.request_key) else None
    (rows,) = tx.ask((LOCK_CASE, {"tenant": tx.tenant, "case_id": command.case_id, "key": key}))
    if not rows:
        raise CaseNotFound(command.case_id, command.trigger)
    *columns, seen, used = rows[0]
    case = CaseView(*columns)
    kind = parts.registry.kind(case.kind)
    if used or seen != case.steps:
        answer = replayed(tx, command, case.kind, case)
        if answer is not None:
            return answer
    decider = kind.decider(case.definition_version)
    at = parts.now()
    facts = facts_for(kind, tx, [case], [command], at)[0]
    decision = decider.decide(case, command.trigger, command.actor, facts, command.input)
    if problems or isinstance(decision, Refusal):
        raise Refused((*refusals(decision), *problems), case.id, command.trigger)
    planned = plan_step(
        decider.definition, case, decision.trigger, decision.after, command, at, parts.calendar
    )
    if tx.direct:
        announce(tx, planned)
    elif not write(tx, planned):
        return replay_or_refuse(tx, command, case.kind, case, ())
    run_effects(parts.registry, tx, (planned,))
    return planned.applied


def open_case(
    parts: Parts,
    tx: Transaction,
    kind_name: str,
    command: Command,
    subject: str | None,
    parent: UUID | None,
    office: str | None = None,
) -> Applied:
    """Open a case under the newest version of its kind; its first step is the opening.

    :param command: with trigger ``open`` and the identifier the case is to have.
    :raises Refused: with every reason; nothing was stored.
    """
    kind = parts.registry.kind(kind_name)
    definition = kind.newest
    at = parts.now()
    desk = (command.actor.office or "") if office is None else office
    case = CaseView(
        tenant=tx.tenant,
        id=command.case_id,
        kind=kind_name,
        definition_version=definition.version,
        state="",
        subject=subject,
        parent=parent,
        office=desk,
        assignee=None,
        opened_at=at,
        opened_by=command.actor.id,
        updated_at=at,
        last_by=command.actor.id,
        due_at=NEVER,
        steps=0,
        head_hash=GENESIS,
    )
    facts = facts_for(kind, tx, [case], [command], at)[0]
    decision = kind.decider(definition.version).decide_opening(case, command.actor, facts, command.input)
    reasons = (*refusals(decision), *check_command(command))
    if reasons or isinstance(decision, Refusal):
        return _opened_before(tx, command, kind_name, subject, parent, reasons)
    planned = plan_step(definition, case, decision.trigger, decision.after, command, at, parts.calendar)
    row = {**planned.row, **arm_columns(planned), "subject": subject, "parent": parent, "office": desk}
    if not tx.ask((WRITE_OPENING, row))[0]:
        return _opened_before(tx, command, kind_name, subject, parent, ())
    run_effects(parts.registry, tx, (planned,))
    return planned.applied


def _opened_before(
    tx: Transaction,
    command: Command,
    kind: str,
    subject: str | None,
    parent: UUID | None,
    reasons: tuple[Reason, ...],
) -> Applied:
    """The answer to an opening that came before; about somebody else it is another request.

    :raises Refused: with ``reasons``, or because the key came with another request.
    """
    answer = replay_or_refuse(tx, command, kind, None, reasons)
    if (answer.subject, answer.parent) != (subject, parent):
        raise Refused((Reason("request_key_reused"),), None, command.trigger)
    return answer


def announce(tx: Transaction, planned: Planned) -> None:
    """Write a step with all that belongs to it in the trip that comes next, at the latest in that of the commit.

    The key was not there when the case was locked. A request about another case may take it in this very moment: then the trip fails
    as a refusal, and the transaction with it.
    """
    row, seq = planned.row, planned.applied.seq
    tenant, case_id, trigger = row["tenant"], row["case_id"], row["trigger"]

    def taken(error: psycopg.Error) -> Refused | None:
        if error.diag.constraint_name != REQUEST_KEY:
            return None
        return Refused((Reason("request_key_reused"),), case_id, trigger)

    tx.later((INSERT_STEP, row), taken)
    if planned.waiting:
        tx.later((DISARM, row))
    for one in planned.armed:
        values = (tenant, case_id, one.name, seq, one.trigger, one.due_at, one.rule)
        tx.later((INSERT_DEADLINE, values))
    if planned.waiting:
        tx.later((SET_CASE_AND_COUNT, row))
    else:
        tx.later((SET_CASE_AND_ARM if planned.armed else SET_CASE, row))


def write(tx: Transaction, planned: Planned) -> bool:
    """Write a step with all that belongs to it in one statement, in a transaction that others use as well.

    :returns: False when the request key has been used; nothing was written then.
    """
    sql, row = WRITE_STEP, planned.row
    if planned.armed:
        sql, row = WRITE_STEP_AND_CHANGE, {**row, **arm_columns(planned)}
        if not planned.waiting:
            sql = WRITE_STEP_AND_ARM
    elif planned.waiting:
        sql = WRITE_STEP_AND_DISARM
    return tx.raw.execute(sql, row, prepare=True).rowcount == 1


def facts_for(
    kind: Kind, tx: Transaction, cases: list[CaseView], commands: list[Command], at: datetime
) -> list[Mapping[str, Any]]:
    """What the guards look at: what the kind reads for them, the case, the actor and the moment."""
    read: list[Mapping[str, Any]] = (
        [{}] * len(cases) if kind.read_facts is None else kind.read_facts(tx, cases, commands)
    )
    return [
        {**found, "case": case, "actor": command.actor, "at": at}
        for found, case, command in zip(read, cases, commands, strict=True)
    ]


def replay(
    tx: Transaction, reply: tuple[Any, ...], command: Command, kind: str, case: CaseView | None
) -> Applied:
    """The same answer to the same request, or a refusal when the key came with another request before.

    :param case: the case, when it is at hand.
    """
    try:
        same = bytes(reply[1]) == digest_of(command, kind)
    except TypeError:
        same = False
    if not same:
        raise Refused((Reason("request_key_reused"),), command.case_id, command.trigger)
    if case is None or case.id != reply[2]:
        case = read_case(tx, reply[2])
        assert case is not None, "a step without its case"
    return reply_of(reply, tx.tenant, case.subject, case.parent)


def refusals(decision: Decision | Refusal) -> tuple[Reason, ...]:
    """The reasons of a decision; none when it lets the step pass."""
    return decision.reasons if isinstance(decision, Refusal) else ()


def replayed(tx: Transaction, command: Command, kind: str, case: CaseView | None) -> Applied | None:
    """The answer this request got when it came before, if it did; seen in a statement that sees what others committed.

    :raises Refused: when the key came with another request before.
    """
    if not is_key(command.request_key):
        return None
    (rows,) = tx.ask((FIND_REQUEST, (tx.tenant, command.request_key)))
    return replay(tx, rows[0], command, kind, case) if rows else None


def replay_or_refuse(
    tx: Transaction, command: Command, kind: str, case: CaseView | None, reasons: tuple[Reason, ...]
) -> Applied:
    """A step that cannot be taken (any more): either it was taken before, or it is refused.

    :raises Refused: with ``reasons``, or because the key came with another request.
    """
    answer = replayed(tx, command, kind, case)
    if answer is not None:
        return answer
    assert reasons, "a request key that is taken but not there"
    raise Refused(reasons, None if case is None else case.id, command.trigger)

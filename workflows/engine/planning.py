"""From a decision to the rows it makes: pure, and the same for one step, for many, for an opening and for a migration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from workflows.engine.canonical import moment, plain_json, request_digest, step_hash
from workflows.engine.deadlines import Armed, arm_deadlines
from workflows.engine.definition import OPEN, Definition, Trigger
from workflows.engine.inputs import MAX_TEXT, holds_a_number, is_text, plain_input
from workflows.engine.values import NEVER, Applied, CaseView, Command, Reason
from workflows.law.calendar import LawCalendar

MAX_KEY = 200
MAX_REFERENCE = 200


@dataclass(slots=True)
class Planned:
    """A step about to be written.

    :param row: parameters of the writing statement.
    :param waiting: whether deadlines that wait already have to be looked at.
    """

    row: dict[str, Any]
    armed: tuple[Armed, ...]
    waiting: bool
    trigger: Trigger
    applied: Applied


def check_command(command: Command) -> list[Reason]:
    """What is wrong with a command whatever the case."""
    reasons = []
    purpose = command.purpose
    if not is_text(purpose, MAX_TEXT) or not purpose.strip():
        reasons.append(Reason("purpose_missing"))
    elif holds_a_number(purpose):
        reasons.append(Reason("purpose_holds_number"))
    if not is_key(command.request_key):
        reasons.append(Reason("input_wrong", field="request_key"))
    if command.on_behalf_of is not None and not is_text(command.on_behalf_of, MAX_REFERENCE):
        reasons.append(Reason("input_wrong", field="on_behalf_of"))
    return reasons


def is_key(key: object) -> bool:
    """Whether the database can look for this as a request key."""
    return is_text(key, MAX_KEY)


def digest_of(command: Command, kind: str) -> bytes:
    """What the command asks for, as the journal keeps it to know the same request again.

    :raises TypeError: when the input is not plain data (it then cannot be a request that was taken).
    """
    case_id = None if command.trigger == OPEN else command.case_id
    return request_digest(
        case_id, kind, command.trigger, command.actor.id, plain_json(plain_input(command.input))
    )


def plan_step(
    definition: Definition,
    case: CaseView,
    trigger: Trigger,
    after: str,
    command: Command,
    at: datetime,
    calendar: LawCalendar,
) -> Planned:
    """The rows of one step.

    :param case: as it stands before the step; for an opening with no state and no steps.
    :param at: the moment of the step.
    :raises Refused: when a term cannot be counted from a day or moment of the input.
    """
    given = plain_input(command.input)
    armed = arm_deadlines(definition, trigger, case, given, at, calendar)
    row = _journal_row(definition, case, trigger, after, command, at, plain_json(given))
    state = definition.states[after]
    row |= {
        "assignee": assignee_after(trigger, case, command, given),
        "closed_at": at if state.final else None,
        "subject_may_read": "resident" in state.readers,
        "disarm_all": state.final or "all" in trigger.disarm,
        "disarm_names": [*trigger.disarm, *trigger.arm],
        # the same as one text, which the driver writes faster than a list
        "disarmed": ",".join((*trigger.disarm, *trigger.arm)),
        "arm_first": min((one.due_at for one in armed), default=NEVER),
    }
    applied = Applied(
        tenant=case.tenant,
        case_id=case.id,
        kind=case.kind,
        seq=row["seq"],
        trigger=command.trigger,
        before=case.state,
        after=after,
        at=at,
        step_hash=row["hash"],
        input=given,
        subject=case.subject,
        parent=case.parent,
        actor=command.actor,
        purpose=command.purpose,
    )
    touched = bool(trigger.arm or trigger.disarm) or state.final or command.actor.kind == "clock"
    return Planned(row, armed, touched and case.due_at != NEVER, trigger, applied)


def _journal_row(
    definition: Definition,
    case: CaseView,
    trigger: Trigger,
    after: str,
    command: Command,
    at: datetime,
    body: bytes,
) -> dict[str, Any]:
    """What the journal keeps of a step, with its hash.

    :param body: the input as JSON.
    """
    actor, seq = command.actor, case.steps + 1
    digest = step_hash(
        case.tenant,
        case.id,
        seq,
        case.kind,
        definition.version,
        command.trigger,
        case.state,
        after,
        moment(at),
        (actor.kind, actor.id, actor.office),
        command.on_behalf_of,
        command.purpose,
        trigger.article,
        body,
        command.request_key,
        case.head_hash,
    )
    return {
        "tenant": case.tenant,
        "case_id": case.id,
        "seq": seq,
        "kind": case.kind,
        "version": definition.version,
        "trigger": command.trigger,
        "before": case.state,
        "after": after,
        "at": at,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_office": actor.office,
        "on_behalf_of": command.on_behalf_of,
        "purpose": command.purpose,
        "article": trigger.article,
        "input": body.decode(),
        "request_key": command.request_key,
        "request_digest": request_digest(
            None if command.trigger == OPEN else case.id, case.kind, command.trigger, actor.id, body
        ),
        "prev_hash": case.head_hash,
        "hash": digest,
    }


def assignee_after(
    trigger: Trigger, case: CaseView, command: Command, given: Mapping[str, Any]
) -> str | None:
    """Who has the case on the desk after the step."""
    match trigger.assign:
        case None:
            return case.assignee
        case "self":
            return command.actor.id
        case "nobody":
            return None
        case field:
            return given.get(field)


def moved(case: CaseView, planned: Planned) -> CaseView:
    """The case as it stands after a planned step.

    A deadline the step ended may still be in ``due_at``: then the next step looks at deadlines once too often, never too seldom.
    """
    row = planned.row
    return replace(
        case,
        state=row["after"],
        definition_version=row["version"],
        assignee=row["assignee"],
        updated_at=row["at"],
        last_by=row["actor_id"],
        due_at=min(case.due_at, row["arm_first"]),
        steps=row["seq"],
        head_hash=row["hash"],
    )

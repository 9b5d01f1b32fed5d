"""Many steps in a few statements: the same decision, the same rows and the same promises as one step at a time.

Commands for the same case, or with the same request key, go into successive rounds, so that each sees what the one before it did.
Every case of the batch is locked first, in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from storage.database import Transaction
from workflows.engine.apply import Parts, facts_for, refusals, replay
from workflows.engine.decide import Refusal
from workflows.engine.effects import run_effects
from workflows.engine.planning import Planned, check_command, is_key, moved, plan_step
from workflows.engine.store import FIND_REQUESTS, LOCK_CASES, STEP_COLUMNS
from workflows.engine.values import Applied, CaseNotFound, CaseView, Command, Reason, Refused

Answer = Applied | Refused

# One JSON document for a batch: the driver writes it in one go, where arrays cost it a conversion for every value.
_ROWS = """
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
        case_id uuid, seq int, kind text, version int, trigger text, before text, after text, actor_kind text,
        actor_id text, actor_office text, on_behalf_of text, purpose text, article text, input jsonb, request_key text,
        request_digest text, prev_hash text, hash text, assignee text, closed boolean, subject_may_read boolean,
        waiting boolean, arms boolean, arm_first timestamptz, disarm_all boolean, disarm_names text[])
"""
_STEPS = f"""
    INSERT INTO madoguchi.step ({STEP_COLUMNS})
    SELECT %(tenant)s, case_id, seq, kind, version, trigger, before, after, %(at)s, actor_kind, actor_id, actor_office,
        on_behalf_of, purpose, article, input, request_key, decode(request_digest, 'hex'), decode(prev_hash, 'hex'),
        decode(hash, 'hex')
    FROM r ON CONFLICT (tenant, request_key) DO NOTHING RETURNING case_id
"""  # noqa: S608
_DISARM = """
    UPDATE madoguchi.deadline AS d SET status = 'disarmed', settled_at = %(at)s, settled_by = r.seq
    FROM r JOIN s USING (case_id) WHERE r.waiting AND d.tenant = %(tenant)s AND d.case_id = r.case_id AND d.settled_at IS NULL
        AND (r.disarm_all OR d.name = ANY (r.disarm_names))
"""
_ARM = """
    INSERT INTO madoguchi.deadline (tenant, case_id, name, armed_by, trigger, due_at, rule)
    SELECT %(tenant)s, d.case_id, d.name, d.armed_by, d.trigger, d.due_at, d.rule FROM jsonb_to_recordset(%(armed)s::jsonb)
        AS d (case_id uuid, name text, armed_by int, trigger text, due_at timestamptz, rule text) JOIN s USING (case_id)
"""
_CASES = """
    UPDATE madoguchi.case_file AS c
    SET state = r.after, definition_version = r.version, assignee = r.assignee, updated_at = %(at)s, last_by = r.actor_id,
        closed_at = CASE WHEN r.closed THEN %(at)s::timestamptz END, steps = r.seq, head_hash = decode(r.hash, 'hex'),
        subject_may_read = r.subject_may_read
"""
# The deadlines are seen as they were before the statement, so those it disarms are named once more.
_NEXT_DUE = """
    due_at = CASE WHEN r.waiting THEN LEAST(r.arm_first, (
            SELECT min(d.due_at) FROM madoguchi.deadline AS d
            WHERE d.tenant = c.tenant AND d.case_id = c.id AND d.settled_at IS NULL
                AND NOT (r.disarm_all OR d.name = ANY (r.disarm_names))))
        WHEN r.arms THEN r.arm_first ELSE c.due_at END
"""
_THESE = "FROM r JOIN s USING (case_id) WHERE c.tenant = %(tenant)s AND c.id = r.case_id RETURNING c.id"
WRITE_STEPS = f"WITH r AS MATERIALIZED ({_ROWS}), s AS ({_STEPS}) {_CASES} {_THESE}"
WRITE_STEPS_AND_DEADLINES = f"""
    WITH r AS MATERIALIZED ({_ROWS}), s AS ({_STEPS}), o AS ({_DISARM}), a AS ({_ARM}) {_CASES}, {_NEXT_DUE} {_THESE}
"""


def apply_many(parts: Parts, tx: Transaction, commands: Sequence[Command]) -> list[Answer]:
    """Take many steps, each on its own merits: what one command is refused for does not touch the others.

    :returns: for each command, in their order, the step or the refusal.
    """
    answers: dict[int, Answer] = {}
    cases = _lock(tx, {command.case_id for command in commands})
    rounds = _rounds(commands)
    for place, numbers in enumerate(rounds, 1):
        _round(parts, tx, commands, numbers, cases, answers, last=place == len(rounds))
    return [answers[number] for number in range(len(commands))]


def _lock(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, CaseView]:
    (rows,) = tx.ask((LOCK_CASES, (tx.tenant, sorted(ids))))
    return {row[1]: CaseView(*row) for row in rows}


def _rounds(commands: Sequence[Command]) -> list[list[int]]:
    """The numbers of the commands, so that no round has one case or one request key twice and order is kept."""
    rounds: list[list[int]] = []
    latest: dict[UUID | str, int] = {}
    for number, command in enumerate(commands):
        # What cannot be a key stands for nothing and is refused in its turn.
        key = command.request_key if is_key(command.request_key) else command.case_id
        place = max(latest.get(command.case_id, -1), latest.get(key, -1)) + 1
        latest[command.case_id] = latest[key] = place
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(number)
    return rounds


def _round(
    parts: Parts,
    tx: Transaction,
    commands: Sequence[Command],
    numbers: Sequence[int],
    cases: dict[UUID, CaseView],
    answers: dict[int, Answer],
    last: bool,
) -> None:
    at = parts.now()
    fresh: dict[str, list[int]] = {}
    refused: dict[int, tuple[Reason, ...]] = {}
    for number in numbers:
        case = cases.get(commands[number].case_id)
        if case is None:
            answers[number] = CaseNotFound(commands[number].case_id, commands[number].trigger)
        else:
            fresh.setdefault(case.kind, []).append(number)
    planned: dict[int, Planned] = {}
    for name, wanted in fresh.items():
        chosen = [(number, commands[number], cases[commands[number].case_id]) for number in wanted]
        _decide(parts, tx, name, chosen, at, planned, refused)
    written = write_steps(tx, list(planned.values()), at)
    for number, one in planned.items():
        case_id = one.applied.case_id
        if case_id not in written:
            refused[number] = ()
            continue
        answers[number] = one.applied
        if not last:
            cases[case_id] = moved(cases[case_id], one)
    _replay_or_refuse(tx, commands, cases, refused, answers)
    run_effects(parts.registry, tx, [one for one in planned.values() if one.applied.case_id in written])


def _replay_or_refuse(
    tx: Transaction,
    commands: Sequence[Command],
    cases: dict[UUID, CaseView],
    refused: dict[int, tuple[Reason, ...]],
    answers: dict[int, Answer],
) -> None:
    """Answer what could not be taken: as it was answered before, or with the reasons."""
    if not refused:
        return
    keys = {
        number: commands[number].request_key for number in refused if is_key(commands[number].request_key)
    }
    (rows,) = tx.ask((FIND_REQUESTS, (tx.tenant, list(keys.values()))))
    known = {row[0]: row for row in rows}
    for number, reasons in refused.items():
        command, case = commands[number], cases[commands[number].case_id]
        reply = known.get(keys.get(number))
        try:
            if reply is None:
                raise Refused(reasons, case.id, command.trigger)
            answers[number] = replay(tx, reply, command, case.kind, case)
        except Refused as refusal:
            answers[number] = refusal


def _decide(
    parts: Parts,
    tx: Transaction,
    name: str,
    wanted: Sequence[tuple[int, Command, CaseView]],
    at: datetime,
    planned: dict[int, Planned],
    refused: dict[int, tuple[Reason, ...]],
) -> None:
    kind = parts.registry.kind(name)
    facts = facts_for(kind, tx, [case for *_, case in wanted], [command for _, command, _ in wanted], at)
    for (number, command, case), found in zip(wanted, facts, strict=True):
        decider = kind.decider(case.definition_version)
        decision = decider.decide(case, command.trigger, command.actor, found, command.input)
        reasons = (*refusals(decision), *check_command(command))
        if reasons or isinstance(decision, Refusal):
            refused[number] = reasons
            continue
        try:
            planned[number] = plan_step(
                decider.definition, case, decision.trigger, decision.after, command, at, parts.calendar
            )
        except Refused as refusal:
            refused[number] = refusal.reasons


def write_steps(tx: Transaction, planned: list[Planned], at: datetime) -> set[UUID]:
    """Write a round; returns the cases whose step was taken."""
    if not planned:
        return set()
    values: dict[str, Any] = {"tenant": tx.tenant, "at": at, "rows": _json([_row(one) for one in planned])}
    sql = WRITE_STEPS
    if any(one.armed or one.waiting for one in planned):
        sql = WRITE_STEPS_AND_DEADLINES
        values["armed"] = _json([row for one in planned for row in _armed(one)])
    (written,) = tx.ask((sql, values))
    return {row[0] for row in written}


_ROW_FIELDS = (
    "case_id", "seq", "kind", "version", "trigger", "before", "after", "actor_kind", "actor_id", "actor_office",
    "on_behalf_of", "purpose", "article", "request_key", "assignee", "subject_may_read", "arm_first", "disarm_all",
    "disarm_names", "request_digest", "prev_hash", "hash",
)  # fmt: skip


def _row(planned: Planned) -> dict[str, Any]:
    row = planned.row
    found = {name: row[name] for name in _ROW_FIELDS}
    found["input"] = orjson.Fragment(row["input"])
    found["closed"] = row["closed_at"] is not None
    found["waiting"], found["arms"] = planned.waiting, bool(planned.armed)
    return found


def _armed(planned: Planned) -> Iterator[dict[str, Any]]:
    step = planned.applied
    for due in planned.armed:
        yield {
            "case_id": step.case_id,
            "armed_by": step.seq,
            "name": due.name,
            "trigger": due.trigger,
            "due_at": due.due_at,
            "rule": due.rule,
        }


def _json(rows: list[dict[str, Any]]) -> str:
    """Rows as the statements read them; hashes in hexadecimal."""
    return orjson.dumps(rows, default=bytes.hex).decode()

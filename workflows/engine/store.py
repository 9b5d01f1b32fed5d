"""The engine's statements, and the rows they read. Nothing else in the house writes these tables.

A step costs two trips: one that begins, locks the case and looks for the request key, and one that writes everything and
commits. In a transaction that others use as well, what is written goes in one statement of its own, so that a key that is
taken meanwhile does not fail their work. Row-level security checks the tenant of every row once more.
"""

from __future__ import annotations

from typing import Any

import orjson

from storage.database import Transaction
from workflows.engine.planning import Planned
from workflows.engine.values import Actor, Applied, CaseView

CASE_COLUMNS = (
    "tenant, id, kind, definition_version, state, subject, parent, office, assignee, opened_at, opened_by,"
    " updated_at, last_by, due_at, steps, head_hash"
)
# The last two columns are as they were when the statement began, the others as they are once the lock is there: when the steps
# differ, somebody else held the lock, and the key has to be looked up again.
LOCK_CASE = f"""
    SELECT {CASE_COLUMNS},
        (SELECT o.steps FROM madoguchi.case_file AS o WHERE o.tenant = %(tenant)s AND o.id = %(case_id)s),
        EXISTS (SELECT 1 FROM madoguchi.step AS s WHERE s.tenant = %(tenant)s AND s.request_key = %(key)s)
    FROM madoguchi.case_file AS c WHERE tenant = %(tenant)s AND id = %(case_id)s FOR NO KEY UPDATE OF c
"""  # noqa: S608
READ_CASE = f"SELECT {CASE_COLUMNS} FROM madoguchi.case_file WHERE tenant = %s AND id = %s"  # noqa: S608
# In the order of their ids, so that two batches never wait for each other in a circle.
LOCK_CASES = f"""
    SELECT {CASE_COLUMNS} FROM madoguchi.case_file WHERE tenant = %s AND id = ANY (%s) ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608

_REPLY_COLUMNS = (
    "request_key, request_digest, case_id, kind, seq, trigger, before, after, at, hash, input,"
    " actor_kind, actor_id, actor_office, purpose"
)
FIND_REQUEST = f"SELECT {_REPLY_COLUMNS} FROM madoguchi.step WHERE tenant = %s AND request_key = %s"  # noqa: S608
FIND_REQUESTS = f"SELECT {_REPLY_COLUMNS} FROM madoguchi.step WHERE tenant = %s AND request_key = ANY (%s)"  # noqa: S608

STEP_COLUMNS = (
    "tenant, case_id, seq, kind, definition_version, trigger, before, after, at, actor_kind, actor_id, actor_office,"
    " on_behalf_of, purpose, article, input, request_key, request_digest, prev_hash, hash"
)
REQUEST_KEY = "uq_step_request_key"
INSERT_STEP = f"""
    INSERT INTO madoguchi.step ({STEP_COLUMNS})
    VALUES (%(tenant)s, %(case_id)s, %(seq)s, %(kind)s, %(version)s, %(trigger)s, %(before)s, %(after)s, %(at)s,
            %(actor_kind)s, %(actor_id)s, %(actor_office)s, %(on_behalf_of)s, %(purpose)s, %(article)s, %(input)s,
            %(request_key)s, %(request_digest)s, %(prev_hash)s, %(hash)s)
"""  # noqa: S608
_INSERT_STEP = f"{INSERT_STEP} ON CONFLICT (tenant, request_key) DO NOTHING RETURNING seq"
_SET_CASE = """
    UPDATE madoguchi.case_file AS c
    SET state = %(after)s, definition_version = %(version)s, assignee = %(assignee)s, updated_at = %(at)s,
        last_by = %(actor_id)s, closed_at = %(closed_at)s, steps = %(seq)s, head_hash = %(hash)s,
        subject_may_read = %(subject_may_read)s
"""
_THIS_CASE = "FROM s WHERE c.tenant = %(tenant)s AND c.id = %(case_id)s"
_ARM = """
    INSERT INTO madoguchi.deadline (tenant, case_id, name, armed_by, trigger, due_at, rule)
    SELECT %(tenant)s, %(case_id)s, d.name, s.seq, d.trigger, d.due_at, d.rule
    FROM s, jsonb_to_recordset(%(armed)s::jsonb) AS d (name text, trigger text, due_at timestamptz, rule text)
"""
# "settled_at IS NULL" means the same as "status = 'pending'" (the policy for writing says so), but only the latter opens the index by
# moment: with this wording no plan, however old, can walk through everybody's deadlines to find those of one case.
_DISARM = """
    UPDATE madoguchi.deadline AS d SET status = 'disarmed', settled_at = %(at)s, settled_by = s.seq
    FROM s WHERE d.tenant = %(tenant)s AND d.case_id = %(case_id)s AND d.settled_at IS NULL
        AND (%(disarm_all)s OR d.name = ANY (string_to_array(%(disarmed)s, ',')))
"""
# What waits after this step: the deadlines it leaves alone (seen as they were before it) and those it arms.
_NEXT_DUE = """
    due_at = LEAST(%(arm_first)s, (
        SELECT min(d.due_at) FROM madoguchi.deadline AS d
        WHERE d.tenant = %(tenant)s AND d.case_id = %(case_id)s AND d.settled_at IS NULL
            AND NOT (%(disarm_all)s OR d.name = ANY (string_to_array(%(disarmed)s, ',')))))
"""

WRITE_STEP = f"WITH s AS ({_INSERT_STEP}) {_SET_CASE} {_THIS_CASE}"
# The case waits for nothing yet: only arm.
WRITE_STEP_AND_ARM = (
    f"WITH s AS ({_INSERT_STEP}), a AS ({_ARM}) {_SET_CASE}, due_at = %(arm_first)s {_THIS_CASE}"
)
WRITE_STEP_AND_DISARM = f"WITH s AS ({_INSERT_STEP}), o AS ({_DISARM}) {_SET_CASE}, {_NEXT_DUE} {_THIS_CASE}"
WRITE_STEP_AND_CHANGE = (
    f"WITH s AS ({_INSERT_STEP}), a AS ({_ARM}), o AS ({_DISARM}) {_SET_CASE}, {_NEXT_DUE} {_THIS_CASE}"
)
# The same, one by one, for a step whose statements go in one trip with the commit. Deadlines come before the case, which looks at them.
INSERT_DEADLINE = """
    INSERT INTO madoguchi.deadline (tenant, case_id, name, armed_by, trigger, due_at, rule) VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
DISARM = """
    UPDATE madoguchi.deadline SET status = 'disarmed', settled_at = %(at)s, settled_by = %(seq)s
    WHERE tenant = %(tenant)s AND case_id = %(case_id)s AND settled_at IS NULL
        AND (%(disarm_all)s OR name = ANY (string_to_array(%(disarmed)s, ',')))
"""
_ONE_CASE = "WHERE tenant = %(tenant)s AND id = %(case_id)s"
SET_CASE = f"{_SET_CASE} {_ONE_CASE}"
SET_CASE_AND_ARM = f"{_SET_CASE}, due_at = %(arm_first)s {_ONE_CASE}"
SET_CASE_AND_COUNT = f"""
    {_SET_CASE}, due_at = COALESCE((
        SELECT min(d.due_at) FROM madoguchi.deadline AS d
        WHERE d.tenant = %(tenant)s AND d.case_id = %(case_id)s AND d.settled_at IS NULL), '9999-01-01T00:00:00Z') {_ONE_CASE}
"""  # noqa: S608
_INSERT_CASE = """
    INSERT INTO madoguchi.case_file (tenant, id, kind, definition_version, state, subject, parent, office, assignee,
        opened_at, opened_by, updated_at, last_by, closed_at, due_at, steps, head_hash, subject_may_read)
    SELECT %(tenant)s, %(case_id)s, %(kind)s, %(version)s, %(after)s, %(subject)s, %(parent)s, %(office)s, %(assignee)s,
        %(at)s, %(actor_id)s, %(at)s, %(actor_id)s, %(closed_at)s, %(arm_first)s, s.seq, %(hash)s, %(subject_may_read)s
    FROM s
"""
WRITE_OPENING = f"WITH s AS ({_INSERT_STEP}), a AS ({_ARM}) {_INSERT_CASE} RETURNING id"


def arm_columns(planned: Planned) -> dict[str, Any]:
    """The deadlines a step arms, as one JSON parameter."""
    rows = [
        {"name": one.name, "trigger": one.trigger, "due_at": one.due_at, "rule": one.rule}
        for one in planned.armed
    ]
    return {"armed": orjson.dumps(rows).decode()}


def read_case(tx: Transaction, case_id: object) -> CaseView | None:
    """One case as it stands, without locking it."""
    (rows,) = tx.ask((READ_CASE, (tx.tenant, case_id)))
    return CaseView(*rows[0]) if rows else None


def reply_of(row: tuple[Any, ...], tenant: str, subject: str | None, parent: Any) -> Applied:
    """The answer that was given when this request came first."""
    (
        _,
        _,
        case_id,
        kind,
        seq,
        trigger,
        before,
        after,
        at,
        step_hash,
        given,
        actor_kind,
        actor_id,
        office,
        purpose,
    ) = row
    return Applied(
        tenant=tenant,
        case_id=case_id,
        kind=kind,
        seq=seq,
        trigger=trigger,
        before=before,
        after=after,
        at=at,
        step_hash=bytes(step_hash),
        input=given,
        subject=subject,
        parent=parent,
        actor=Actor(actor_kind, actor_id, office=office),
        purpose=purpose,
        replayed=True,
    )

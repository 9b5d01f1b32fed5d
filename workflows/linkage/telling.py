"""What stands here and the intermediate server must know: freezes, records not to be disclosed, addressees merged, split or closed.

Not events but states are compared: what stands here now, and what the server was last told. So nothing is lost when a process dies
between the two, nothing depends on the order of events, and after a restored backup the server is told again what stands. What was
told is written down only after the server took it; telling twice changes nothing there.

The server is told as little as it needs: that a record is not to be disclosed (番号法23条2項), not on which ground.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from storage.database import Database, Scope, Transaction
from workflows.engine import Actor, Command
from workflows.linkage.gateway import LinkageGateway
from workflows.linkage.parts import LinkParts
from workflows.linkage.runtime import LinkRuntime
from workflows.linkage.wire import envelope
from workflows.linkage.wire.problems import Problem

log = structlog.get_logger(__name__)

AT_ONCE = 100
SYSTEM = Actor(kind="system", id="link")
PURPOSE = "中間サーバーへの通知"
FREEZE, MARK, SUBJECT = "freeze", "mark", "subject"
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_REASON = re.compile(r"[A-Z][A-Z_]{1,31}")

# kind, key, the state that stands here ('' when what was told stands no longer), and something to say with it. A freeze of an office
# stays here: the server knows no offices of ours, and the inquiries of a frozen office never leave. A split is found while its case may
# still be taken back, and stands as long as the addressee that came of it; one whose case was settled before that is opened at the server
# with its own link code.
_DIFFERENT = """
    WITH told AS (
        SELECT kind, key, state FROM madoguchi.linkage_told WHERE tenant = %(tenant)s AND kind = ANY(%(kinds)s)
    ), linked AS NOT MATERIALIZED (
        SELECT addressee FROM madoguchi.linkage_link_code WHERE tenant = %(tenant)s AND acquisition_id IS NOT NULL
    ), split AS (
        SELECT carried.input->>'result' AS number, c.subject AS source
          FROM madoguchi.case_file AS c
          JOIN madoguchi.step AS asked ON asked.tenant = c.tenant AND asked.case_id = c.id AND asked.seq = 1
          JOIN madoguchi.step AS carried ON carried.tenant = c.tenant AND carried.case_id = c.id AND carried.trigger = 'apply'
          JOIN linked AS l ON l.addressee = c.subject
         WHERE c.tenant = %(tenant)s AND c.kind = 'addressee_change' AND c.state = 'applied' AND c.closed_at IS NULL
           AND asked.input->>'action' = 'split'
        UNION
        SELECT key, substr(state, 7) FROM told WHERE kind = 'subject' AND state LIKE 'split:%%'
    ), standing AS (
        SELECT 'freeze' AS kind, f.scope || ':' || f.value AS key, 'on' AS state, f.reason AS about
          FROM madoguchi.linkage_freeze AS f
         WHERE f.tenant = %(tenant)s AND f.released_at IS NULL AND f.scope <> 'office'
        UNION ALL
        SELECT 'mark', r.body->>'record_id', 'on', ''
          FROM madoguchi.provision_record AS p
          JOIN madoguchi.linkage_record AS r
            ON r.tenant = p.tenant AND r.exchange_id = p.exchange_id AND r.side = p.side
         WHERE p.tenant = %(tenant)s AND p.disclosure = 'withheld' AND p.corrects IS NULL
        UNION ALL
        SELECT 'subject', a.number, CASE a.state WHEN 'merged' THEN 'merge:' || a.merged_into ELSE 'close' END, ''
          FROM madoguchi.addressee AS a
         WHERE a.tenant = %(tenant)s AND a.state IN ('closed', 'merged')
           AND (EXISTS (SELECT 1 FROM linked AS l WHERE l.addressee = a.number)
                OR EXISTS (SELECT 1 FROM told AS t WHERE t.kind = 'subject' AND t.key = a.number))
        UNION ALL
        SELECT 'subject', s.number, 'split:' || s.source, ''
          FROM split AS s JOIN madoguchi.addressee AS a ON a.tenant = %(tenant)s AND a.number = s.number AND a.state = 'active'
    )
    SELECT coalesce(s.kind, t.kind), coalesce(s.key, t.key), coalesce(s.state, ''), coalesce(s.about, '')
      FROM (SELECT * FROM standing WHERE kind = ANY(%(kinds)s)) AS s FULL JOIN told AS t ON t.kind = s.kind AND t.key = s.key
     WHERE s.state IS DISTINCT FROM t.state
     ORDER BY 1, 2 LIMIT %(limit)s OFFSET %(passed)s
"""


@dataclass(frozen=True)
class Difference:
    """One thing that stands otherwise than the server was told. ``state`` is empty when it stands no longer."""

    kind: str
    key: str
    state: str
    about: str


def tell_hub(
    database: Database,
    runtime: LinkRuntime,
    tenant: str,
    kinds: Sequence[str] = (FREEZE, MARK, SUBJECT),
    limit: int = AT_ONCE,
) -> int:
    """Tell the server of a tenant what has changed since it was last told. What it refuses for good holds up nothing else.

    :param kinds: what to look at; freezes are few and pressing, the others many and not.
    :param limit: how many to read at a time.
    :returns: how many things it was told.
    :raises Problem, LinkUnreachable, LinkUntrusted: it cannot be told now, or not of one thing; what it took is written down.
    """
    gateway = runtime.parts.offices.gateway(tenant)
    if gateway is None:
        return 0
    told = 0
    refused: list[Problem] = []
    while True:
        wish = {"tenant": tenant, "limit": limit, "passed": len(refused), "kinds": list(kinds)}
        with database.transaction(Scope(tenant=tenant)) as tx:
            rows = tx.raw.execute(_DIFFERENT, wish).fetchall()
        for one in (Difference(*row) for row in rows):
            try:
                for message in _messages(runtime.parts, tenant, one):
                    _say(gateway, message)
            except Problem as problem:
                if problem.retryable or problem.status >= 500:
                    raise
                log.error("link.not_told", tenant=tenant, kind=one.kind, cause=problem.code)
                refused.append(problem)
                continue
            with database.transaction(Scope(tenant=tenant)) as tx:
                _note(tx, runtime, one)
            told += 1
        if len(rows) < limit or not refused:
            break
    if refused:
        raise refused[0]
    return told


def _messages(parts: LinkParts, tenant: str, one: Difference) -> Iterator[dict[str, Any]]:
    common: dict[str, Any] = {
        "tenant": tenant,
        "org": parts.offices.ours(tenant).org,
        "created": parts.clock.now(),
    }
    payload: dict[str, Any]
    if one.kind == FREEZE:
        scope, _, value = one.key.partition(":")
        if scope != "tenant" and not _CODE.fullmatch(value):
            return  # nothing the server could know by this name
        payload = {
            "scope": scope,
            "action": "freeze" if one.state else "release",
            "reason": one.about if _REASON.fullmatch(one.about) else "OTHER",
        }
        yield envelope.build(
            "freeze", **common, payload=payload | ({} if scope == "tenant" else {"value": value})
        )
    elif one.kind == MARK:
        payload = {
            "record_id": one.key,
            "mark": bool(one.state),
            "ground": "WITHHELD" if one.state else "SHOWN",
        }
        actor = {"role": "system", "staff_hash": parts.staff_hash(tenant, SYSTEM.id)}
        yield envelope.build("record.nondisclosure", **common, actor=actor, payload=payload)
    else:
        action, _, other = one.state.partition(":")
        # A split is said of the one who was parted; the other is the one who came of it.
        danban, other = (other, one.key) if action == "split" else (one.key, other)
        payload = {"action": action or "open"} | ({"other": other} if other else {})
        yield envelope.build("subject.change", **common, danban=danban, payload=payload)


def _say(gateway: LinkageGateway, message: dict[str, Any]) -> None:
    try:
        gateway.tell(message)
    except Problem as problem:
        # What the server does not know needs no ending there.
        if problem.code != "NOT_FOUND":
            raise


def _note(tx: Transaction, runtime: LinkRuntime, one: Difference) -> None:
    if one.state:
        tx.raw.execute(
            "INSERT INTO madoguchi.linkage_told (tenant, kind, key, state, told_at) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (tenant, kind, key) DO UPDATE SET state = excluded.state, told_at = excluded.told_at",
            (tx.tenant, one.kind, one.key, one.state, runtime.parts.clock.now()),
        )
    else:
        tx.raw.execute(
            "DELETE FROM madoguchi.linkage_told WHERE tenant = %s AND kind = %s AND key = %s",
            (tx.tenant, one.kind, one.key),
        )
    if one.kind == SUBJECT and one.state.startswith(("close", "merge")):
        _retire(tx, runtime, one)


def _retire(tx: Transaction, runtime: LinkRuntime, one: Difference) -> None:
    """The server has let the link code go; should the addressee be opened again, a new one is asked for."""
    rows = tx.raw.execute(
        "SELECT case_id FROM madoguchi.linkage_link_code WHERE tenant = %s AND addressee = %s AND live",
        (tx.tenant, one.key),
    ).fetchall()
    reason = {"reason": "MERGED" if one.state.startswith("merge") else "CLOSED"}
    commands = [
        Command(case_id, "retire", SYSTEM, PURPOSE, f"retire:{case_id}:{one.state}", reason)
        for (case_id,) in rows
    ]
    runtime.engine.apply_many(tx, commands)

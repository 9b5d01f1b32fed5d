"""Pulling the hub's record list, gap-free and unaltered, and laying it beside our own (番号法23条).

Three things are looked for: a number that was left out (gap), a record or root that is not what it was (tampering), and an exchange that the hub and we
tell differently. Our own records never change because of it; differences become incidents for people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog

from storage.database import Database, Scope, Transaction
from storage.ids import new_id
from workflows.engine import Actor, Command, Engine
from workflows.linkage.gateway import LinkageGateway
from workflows.linkage.inbox import Done, Received, Verdict, note_incident
from workflows.linkage.parts import LinkParts
from workflows.linkage.record_sync import discrepancies, frontier, reading
from workflows.linkage.record_sync.discrepancies import Found
from workflows.linkage.record_sync.machine import KIND
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted

log = structlog.get_logger(__name__)

PAGE = 1000
# Our own record may be written a moment after the hub's.
PATIENCE = timedelta(minutes=10)
SYNC = Actor(kind="system", id="record_sync")
PURPOSE = "情報提供等記録の突き合わせ"
SOURCE = "hub"

_COMPARE = """
SELECT r.seq, r.received_at, r.exchange_id, r.side, r.digest, r.body, p.outcome, p.asker_code, p.holder_code, p.affair_code, p.items, p.law_row
FROM madoguchi.linkage_record AS r
LEFT JOIN madoguchi.provision_record AS p
    ON p.tenant = r.tenant AND p.exchange_id = r.exchange_id AND p.side = r.side AND p.corrects IS NULL
WHERE r.tenant = %s AND r.matched IS NULL ORDER BY r.seq LIMIT %s
"""
# What ended at the hub before the core decided has another number there than here; person and moment of asking say which it is.
_BY_MOMENT = """
SELECT p.outcome, p.asker_code, p.holder_code, p.affair_code, p.items, p.law_row FROM madoguchi.provision_record AS p
WHERE p.tenant = %s AND p.addressee = %s AND p.side = 'asker' AND p.requested_at = %s::timestamptz AND p.corrects IS NULL
LIMIT 1
"""


class RecordSync:
    """Machine E for each tenant."""

    def __init__(self, parts: LinkParts, engine: Engine) -> None:
        self.parts = parts
        self.engine = engine

    def handlers(self) -> dict[str, Any]:
        """By type of message."""
        return {"record.available": self.available}

    def available(self, tx: Transaction, messages: Sequence[Received]) -> Mapping[str, Verdict]:
        """The hub says up to which number there are records."""
        upto = max(int(one.payload["upto"]) for one in messages)
        self._case(tx)
        tx.raw.execute(
            "UPDATE madoguchi.linkage_record_sync SET available = greatest(available, %s) WHERE tenant = %s",
            (upto, tx.tenant),
        )
        return {one.id: Done() for one in messages}

    def sync(self, database: Database, tenant: str, gateway: LinkageGateway, *, force: bool = False) -> int:
        """Pull one page and match it.

        :param force: ask even when the hub has not said that there is something.
        :returns: how many records came.
        """
        scope = Scope(tenant=tenant)
        with database.transaction(scope) as tx:
            case_id, state, last, available = self._case(tx)
            self._match(tx)
        if state == "tampered" or not (
            force or available > last or state in ("delayed", "gap", "fetching", "applying")
        ):
            return 0
        try:
            page = gateway.records(last, PAGE)
            mark = gateway.checkpoint() if len(page) < PAGE else None
        except (LinkUnreachable, LinkUntrusted, Problem) as failure:
            log.warning("link.records_delayed", tenant=tenant, cause=type(failure).__name__)
            with database.transaction(scope) as tx:
                self._delay(tx, case_id)
            return 0
        with database.transaction(scope) as tx:
            return self._take(tx, case_id, last, page, mark)

    def catch_up(self, database: Database, tenant: str, gateway: LinkageGateway) -> None:
        """Pull all that the hub has now.

        :raises LinkUnreachable: it cannot be had now. A list that is not to be believed ends the pulling too; that was said already.
        """
        while self.sync(database, tenant, gateway, force=True) == PAGE:
            pass
        with database.transaction(Scope(tenant=tenant)) as tx:
            if self._case(tx)[1] == "delayed":
                raise LinkUnreachable("the record list")

    # --- parts -----------------------------------------------------------------------------------------------

    def _case(self, tx: Transaction) -> tuple[UUID, str, int, int]:
        """The tenant's case, opened when there is none; its row is locked."""
        row = self._row(tx)
        if row is None:
            case_id = new_id()
            tx.raw.execute(
                "INSERT INTO madoguchi.linkage_record_sync (tenant, case_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (tx.tenant, case_id),
            )
            row = self._row(tx)
            assert row is not None
            if row[0] == case_id:
                key = f"record_sync:{tx.tenant}"
                self.engine.open(tx, KIND, actor=SYNC, purpose=PURPOSE, request_key=key, case_id=case_id)
        return row[0], self.engine.case(tx, row[0]).state, row[1], row[2]

    def _row(self, tx: Transaction) -> tuple[UUID, int, int] | None:
        return tx.raw.execute(
            "SELECT case_id, last_seq, available FROM madoguchi.linkage_record_sync WHERE tenant = %s FOR UPDATE",
            (tx.tenant,),
        ).fetchone()

    def _take(
        self,
        tx: Transaction,
        case_id: UUID,
        last: int,
        page: Sequence[Mapping[str, Any]],
        mark: Mapping[str, Any] | None,
    ) -> int:
        row = self._row(tx)
        if row is None or row[1] != last:
            return 0  # another worker was faster
        state = self.engine.case(tx, case_id).state
        bad = reading.unreadable(page, last)
        if bad is None:
            found = next((one["seq"] for due, one in enumerate(page, last + 1) if one["seq"] != due), None)
            if found is not None:
                if state != "gap":  # said once; the hub is asked again until the numbers follow each other
                    self._fetching(tx, case_id, state)
                    self._step(tx, case_id, "gap", expected=last + 1, found=found)
                    note_incident(
                        tx, "RECORDS_GAP", {"expected": last + 1, "found": found}, self.parts.clock.now()
                    )
                return 0
            edge, size = self._grow(tx, last, page)
            bad = reading.altered(page, edge, size, mark)
        if bad is None and not page and state == "synced":
            self._checked(tx)
            return 0
        self._fetching(tx, case_id, state)
        if bad is not None:
            self._step(tx, case_id, "tamper", at=bad)
            self._source(tx, "stopped")
            return 0
        self._step(tx, case_id, "page", first=last + 1 if page else last, last=size)
        self._keep(tx, page, edge, size)
        differing = self._match(tx)
        self._step(tx, case_id, "apply", last=size, differing=differing)
        self._checked(tx)
        return len(page)

    def _grow(self, tx: Transaction, last: int, page: Sequence[Mapping[str, Any]]) -> tuple[list[bytes], int]:
        row = tx.raw.execute(
            "SELECT edge FROM madoguchi.linkage_record_sync WHERE tenant = %s", (tx.tenant,)
        ).fetchone()
        before = [bytes(one) for one in row[0]] if row else []
        return frontier.append(before, last, [reading.record_leaf(record) for record in page])

    def _fetching(self, tx: Transaction, case_id: UUID, state: str) -> None:
        """Note that the list is being taken; a tampering that was looked into leaves the case in that state already."""
        if state != "fetching":
            self._step(tx, case_id, "poll")

    def _keep(self, tx: Transaction, page: Sequence[Mapping[str, Any]], edge: list[bytes], size: int) -> None:
        now = self.parts.clock.now()
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO madoguchi.linkage_record (tenant, seq, exchange_id, side, outcome, digest, body, received_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s)",
                [
                    (
                        tx.tenant,
                        one["seq"],
                        one["exchange_id"],
                        one["side"],
                        one["outcome"],
                        one["digest"],
                        orjson.dumps(one).decode(),
                        now,
                    )
                    for one in page
                ],
            )
        tx.raw.execute(
            "UPDATE madoguchi.linkage_record_sync SET last_seq = %s, edge = %s, available = greatest(available, %s) WHERE tenant = %s",
            (size, edge, size, tx.tenant),
        )

    def look_again(self, database: Database, tenant: str) -> None:
        """Lay the server's records that did not agree beside ours once more: ours may have been written meanwhile."""
        with database.transaction(Scope(tenant=tenant)) as tx:
            self._case(tx)
            exchanges = [one.exchange_id for one in discrepancies.standing(tx)]
            tx.raw.execute(
                "UPDATE madoguchi.linkage_record SET matched = NULL WHERE tenant = %s AND exchange_id = ANY(%s) AND matched <> 'same'",
                (tenant, exchanges),
            )
            self._match(tx)

    def _match(self, tx: Transaction) -> int:
        """Lay the hub's records beside our own; returns how many tell another story."""
        now = self.parts.clock.now()
        looked: list[tuple[str, str, int]] = []
        agreeing: list[str] = []
        found: list[Found] = []
        for seq, received, exchange, side, digest, body, outcome, *rest in tx.raw.execute(
            _COMPARE, (tx.tenant, PAGE)
        ).fetchall():
            about = discrepancies.about_server(exchange, side)
            if outcome is None and body["law_row"] == reading.NO_LAW and side == "asker":
                outcome, *rest = self._by_moment(tx, body) or (None, *rest)
            if outcome is None and not reading.never_reached_us(body):
                if now - received > PATIENCE:
                    looked.append(("missing", tx.tenant, seq))
                    found.append(Found(about, discrepancies.MISSING, digest))
                continue
            if outcome is None or reading.same_story(body, outcome, *rest):
                looked.append(("same", tx.tenant, seq))
                agreeing.append(about)
            else:
                looked.append(("differs", tx.tenant, seq))
                found.append(Found(about, discrepancies.DIFFERS, digest))
        with tx.raw.cursor() as cursor:
            cursor.executemany(
                "UPDATE madoguchi.linkage_record SET matched = %s WHERE tenant = %s AND seq = %s", looked
            )
        discrepancies.say(tx, found, now)
        discrepancies.settle(tx, agreeing, now)
        return len(found)

    def _by_moment(self, tx: Transaction, body: Mapping[str, Any]) -> tuple[Any, ...] | None:
        values = (tx.tenant, body.get("danban"), body["requested_at"])
        return tx.raw.execute(_BY_MOMENT, values).fetchone()

    def _delay(self, tx: Transaction, case_id: UUID) -> None:
        if self.engine.case(tx, case_id).state != "delayed":
            self._step(tx, case_id, "delay")
        self._source(tx, "delayed")

    def _checked(self, tx: Transaction) -> None:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_record_sync SET checked_at = %s WHERE tenant = %s",
            (self.parts.clock.now(), tx.tenant),
        )
        self._source(tx, "current")

    def _source(self, tx: Transaction, state: str) -> None:
        """What the resident's page says about how fresh this source is; the last good moment stays when it is not."""
        now = self.parts.clock.now()
        tx.raw.execute(
            "INSERT INTO madoguchi.provision_source AS s (tenant, source, shown_from, as_of, state) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (tenant, source) DO UPDATE SET state = excluded.state,"
            " as_of = CASE WHEN excluded.state = 'current' THEN excluded.as_of ELSE s.as_of END",
            (tx.tenant, SOURCE, self.parts.clock.today(), now, state),
        )

    def _step(self, tx: Transaction, case_id: UUID, trigger: str, **given: int) -> None:
        command = Command(case_id, trigger, SYNC, PURPOSE, f"{trigger}:{new_id()}", given)
        self.engine.apply(tx, command)

"""Sending copies in bulk: OPEN → SEALED → UPLOADING → COMMITTED → COMPLETE or PARTIAL, with a result for every row.

Each data set has batches of its own, far below the size at which a hub has been known to choke, so a stuck data set holds up no other (§2.4). Every step may be
repeated after a crash: the hub takes a manifest or a part again as the same one, and a batch that was committed says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from storage.database import Database, Scope, Transaction
from workflows.linkage.copies.staging import hold
from workflows.linkage.gateway import LinkageGateway
from workflows.linkage.inbox import note_incident
from workflows.linkage.parts import LinkParts
from workflows.linkage.wire import envelope, merkle
from workflows.linkage.wire.problems import Problem

ROWS_PER_BATCH = 10_000
ROWS_PER_PART = 5_000
PAGE = 20_000
TAKEN, NO_RESULT = "CURRENT", "NO_RESULT"
UNSETTLED = ("open", "sealed", "uploading", "committed")

# By place (ctid), because a join here is at the mercy of statistics that a bulk load has not made yet.
_TAKE = """
UPDATE madoguchi.linkage_copy SET state = 'sent', batch_id = %(batch)s, updated_at = %(now)s
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM madoguchi.linkage_copy WHERE tenant = %(tenant)s AND item = %(item)s AND state = 'valid'
    ORDER BY addressee LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING addressee, version, acknowledged, as_of, sealed
"""
_SETTLE_GOOD = """
UPDATE madoguchi.linkage_copy SET state = 'current', acknowledged = version, cause = NULL, updated_at = %(now)s
WHERE tenant = %(tenant)s AND batch_id = %(batch)s AND state = 'sent' AND addressee = ANY (%(addressees)s)
"""
# Changed while it was on its way: what the hub took is the version before; the new one goes with the next batch.
_SETTLE_CHANGED = """
UPDATE madoguchi.linkage_copy SET acknowledged = CASE WHEN %(taken)s THEN version - 1 ELSE acknowledged END, batch_id = NULL
WHERE tenant = %(tenant)s AND item = %(item)s AND batch_id = %(batch)s AND state = 'valid' AND addressee = ANY (%(addressees)s)
"""
_SETTLE_BAD = """
UPDATE madoguchi.linkage_copy SET state = %(state)s, cause = %(code)s, updated_at = %(now)s
WHERE tenant = %(tenant)s AND batch_id = %(batch)s AND state = 'sent' AND addressee = ANY (%(addressees)s)
"""


@dataclass(frozen=True)
class CopyBatch:
    """One batch as it stands."""

    id: str
    item: str
    layout: str
    state: str
    rows: int
    accepted: int
    rejected: int
    cause: str | None


class CopySender:
    """Sends what is staged."""

    def __init__(self, parts: LinkParts) -> None:
        self.parts = parts

    def send_next(
        self, database: Database, tenant: str, gateway: LinkageGateway, item: str
    ) -> CopyBatch | None:
        """Finish the unsettled batch of a data set, or make and send a new one.

        :returns: the batch as it stands now; None when there is nothing to send.
        :raises LinkUnreachable, LinkUntrusted, Problem: the hub did not take a step; call again later, nothing is lost.
        """
        scope = Scope(tenant=tenant)
        with database.transaction(scope) as tx:
            batch = self._unsettled(tx, item) or self._seal(tx, item)
        if batch is None:
            return None
        if batch.state == "sealed" and not self._upload(database, scope, gateway, batch):
            return self._abandon(database, scope, batch)
        return self._results(database, scope, gateway, batch)

    def batches(self, tx: Transaction, limit: int = 50) -> list[CopyBatch]:
        """Return the newest batches."""
        return self._read(tx, "ORDER BY id DESC LIMIT %s", (limit,))

    def _read(self, tx: Transaction, where: str, values: Sequence[Any]) -> list[CopyBatch]:
        rows = tx.raw.execute(
            "SELECT id, item, layout, state, rows, accepted, rejected, cause FROM madoguchi.linkage_copy_batch"  # noqa: S608
            f" WHERE tenant = %s {where}",
            (tx.tenant, *values),
        ).fetchall()
        return [CopyBatch(*row) for row in rows]

    def _unsettled(self, tx: Transaction, item: str) -> CopyBatch | None:
        found = self._read(
            tx, "AND item = %s AND state = ANY(%s) ORDER BY id LIMIT 1", (item, list(UNSETTLED))
        )
        return found[0] if found else None

    def _seal(self, tx: Transaction, item: str) -> CopyBatch | None:
        """Bind rows into a batch; from here on its content is fixed."""
        hold(tx, item)
        now = self.parts.clock.now()
        batch = envelope.new_id(now)
        layout = tx.raw.execute(
            "SELECT layout FROM madoguchi.linkage_copy WHERE tenant = %s AND item = %s AND state = 'valid' LIMIT 1",
            (tx.tenant, item),
        ).fetchone()
        if layout is None:
            return None
        values = {"tenant": tx.tenant, "item": item, "batch": batch, "now": now, "limit": ROWS_PER_BATCH}
        rows = tx.raw.execute(_TAKE, values).fetchall()
        parts = -(-len(rows) // ROWS_PER_PART)
        tx.raw.execute(
            "INSERT INTO madoguchi.linkage_copy_batch (tenant, id, item, layout, state, rows, parts, merkle_root, opened_at, updated_at)"
            " VALUES (%s, %s, %s, %s, 'sealed', %s, %s, %s, %s, %s)",
            (tx.tenant, batch, item, layout[0], len(rows), parts, root_of(item, wire_rows(rows)), now, now),
        )
        return CopyBatch(batch, item, layout[0], "sealed", len(rows), 0, 0, None)

    def _upload(self, database: Database, scope: Scope, gateway: LinkageGateway, batch: CopyBatch) -> bool:
        """Send and commit a batch; False when its content changed on the way and the hub has not taken it."""
        with database.transaction(scope) as tx:
            rows = wire_rows(
                tx.raw.execute(
                    "SELECT addressee, version, acknowledged, as_of, sealed FROM madoguchi.linkage_copy"
                    " WHERE tenant = %s AND item = %s AND batch_id = %s AND state = 'sent'",
                    (tx.tenant, batch.item, batch.id),
                ).fetchall()
            )
            announced = tx.raw.execute(
                "SELECT merkle_root FROM madoguchi.linkage_copy_batch WHERE tenant = %s AND id = %s",
                (tx.tenant, batch.id),
            ).fetchone()
        if announced == (root_of(batch.item, rows),):
            self._send(gateway, scope, batch, rows)
        elif not self._taken(gateway, batch):
            return False
        with database.transaction(scope) as tx:
            self._set_state(tx, batch.id, "committed")
        return True

    def _send(
        self, gateway: LinkageGateway, scope: Scope, batch: CopyBatch, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        parts = [rows[start : start + ROWS_PER_PART] for start in range(0, len(rows), ROWS_PER_PART)]
        manifest = {
            "batch_id": batch.id,
            "item": batch.item,
            "layout": batch.layout,
            "rows": len(rows),
            "parts": len(parts),
            "merkle_root": root_of(batch.item, rows),
        }
        try:
            self._put(gateway, scope, "open", "copy.batch", manifest)
            for place, part in enumerate(parts, start=1):
                self._put(
                    gateway, scope, "part", "copy.part", {"batch_id": batch.id, "part": place, "rows": part}
                )
            self._put(gateway, scope, "commit", "copy.commit", {"batch_id": batch.id})
        except Problem as problem:
            if problem.code != "EXCHANGE_CLOSED":
                raise
            # It was committed before we could note it: its results say what became of it.

    def _taken(self, gateway: LinkageGateway, batch: CopyBatch) -> bool:
        """Whether the hub has committed a batch; one that it does not know was never opened."""
        try:
            return gateway.copy_results(batch.id, 0, 1)["status"] != "OPEN"
        except Problem as problem:
            if problem.code != "NOT_FOUND":
                raise
            return False

    def _abandon(self, database: Database, scope: Scope, batch: CopyBatch) -> CopyBatch:
        """Give a batch up that can no longer be sent as it was announced; all of it goes with the next one."""
        with database.transaction(scope) as tx:
            hold(tx, batch.item)
            tx.raw.execute(
                "UPDATE madoguchi.linkage_copy SET state = 'valid', batch_id = NULL WHERE tenant = %s AND item = %s"
                " AND batch_id = %s AND state IN ('sent', 'valid')",
                (tx.tenant, batch.item, batch.id),
            )
            self._set_state(tx, batch.id, "aborted", "CHANGED_ON_THE_WAY")
        return replace(batch, state="aborted", cause="CHANGED_ON_THE_WAY")

    def _put(
        self, gateway: LinkageGateway, scope: Scope, step: str, type_: str, payload: Mapping[str, Any]
    ) -> None:
        assert scope.tenant is not None
        message = envelope.build(
            type_,
            tenant=scope.tenant,
            org=self.parts.offices.ours(scope.tenant).org,
            created=self.parts.clock.now(),
            payload=payload,
        )
        outcome = gateway.put_copies(step, message)
        if outcome.failure is not None:
            raise outcome.failure

    def _results(
        self, database: Database, scope: Scope, gateway: LinkageGateway, batch: CopyBatch
    ) -> CopyBatch:
        """Take the result of every row; one that was refused is named and stays for the desk."""
        after, refused = 0, 0
        while True:
            page = gateway.copy_results(batch.id, after, PAGE)
            with database.transaction(scope) as tx:
                hold(tx, batch.item)
                refused += self._settle(tx, batch, page["results"])
                if page["next"] is None or len(page["results"]) < PAGE:
                    return self._finish(tx, batch, refused)
            after = int(page["next"])

    def _settle(self, tx: Transaction, batch: CopyBatch, results: Sequence[Mapping[str, Any]]) -> int:
        """Note what became of rows; returns how many the hub did not take."""
        values = {
            "tenant": tx.tenant,
            "item": batch.item,
            "batch": batch.id,
            "now": self.parts.clock.now(),
        }
        by_code: dict[str, list[str]] = {}
        for row in results:
            by_code.setdefault(str(row.get("code") or NO_RESULT), []).append(row["danban"])
        for code, addressees in by_code.items():
            these = {**values, "addressees": addressees, "code": code, "taken": code == TAKEN}
            if code == TAKEN:
                tx.raw.execute(_SETTLE_GOOD, these)
            else:
                state = "conflict" if code == "STALE_VERSION" else "mismatch"
                tx.raw.execute(_SETTLE_BAD, {**these, "state": state})
            tx.raw.execute(_SETTLE_CHANGED, these)
        return sum(len(addressees) for code, addressees in by_code.items() if code != TAKEN)

    def _finish(self, tx: Transaction, batch: CopyBatch, refused: int) -> CopyBatch:
        # A row of which the hub says nothing was not taken as far as anybody knows.
        rejected = (
            refused
            + tx.raw.execute(
                "UPDATE madoguchi.linkage_copy SET state = 'mismatch', cause = %s, updated_at = %s"
                " WHERE tenant = %s AND item = %s AND batch_id = %s AND state = 'sent'",
                (NO_RESULT, self.parts.clock.now(), tx.tenant, batch.item, batch.id),
            ).rowcount
        )
        if rejected:
            detail = {"batch": batch.id, "item": batch.item, "rows": rejected}
            note_incident(tx, "COPIES_REFUSED", detail, self.parts.clock.now())
        state = "partial" if rejected else "complete"
        tx.raw.execute(
            "UPDATE madoguchi.linkage_copy_batch SET accepted = %s, rejected = %s WHERE tenant = %s AND id = %s",
            (batch.rows - rejected, rejected, tx.tenant, batch.id),
        )
        self._set_state(tx, batch.id, state)
        return replace(batch, state=state, accepted=batch.rows - rejected, rejected=rejected)

    def _set_state(self, tx: Transaction, batch: str, state: str, cause: str | None = None) -> None:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_copy_batch SET state = %s, cause = %s, updated_at = %s WHERE tenant = %s AND id = %s",
            (state, cause, self.parts.clock.now(), tx.tenant, batch),
        )


def wire_rows(rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Rows as the wire wants them, in the order of the manifest."""
    return [
        {
            "danban": who,
            "version": version,
            "base_version": base,
            "as_of": as_of.isoformat(),
            "sealed": sealed,
        }
        for who, version, base, as_of, sealed in sorted(rows)
    ]


def root_of(item: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """The Merkle root of a manifest: one leaf a row, in order."""
    return merkle.root(
        [
            # A list of plain ASCII texts and whole numbers: its compact JSON is its canonical form (RFC 8785).
            merkle.leaf(orjson.dumps([r["danban"], item, r["version"], r["as_of"], r["sealed"]]))
            for r in rows
        ]
    )

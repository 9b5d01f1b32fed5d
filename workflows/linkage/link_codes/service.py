"""Asking for link codes: one person or a whole register, never twice for the same person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from storage.clock import Clock, SystemClock
from storage.database import Transaction
from storage.ids import new_id
from workflows.engine import Actor, Command, Engine
from workflows.linkage.link_codes.machine import KIND

AGAIN_AFTER = timedelta(days=1)
PURPOSE = "情報連携に使う符号を取得するため"


class LinkCodeService:
    """What can be asked of link codes."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self.engine = engine
        self.clock = clock or SystemClock()

    def missing(self, tx: Transaction, limit: int) -> list[str]:
        """Return live addressees with neither a link code nor an acquisition under way, nor one that ended within a day.

        One that ended without a code (the person has another addressee here, nobody answered, an operator stopped it) would
        end the same way at once; people look at it meanwhile.
        """
        rows = tx.raw.execute(
            "SELECT a.number FROM madoguchi.addressee AS a WHERE a.tenant = %s AND a.state = 'active' AND a.kind <> 'corporation'"
            " AND NOT EXISTS (SELECT 1 FROM madoguchi.linkage_link_code AS l"
            " JOIN madoguchi.case_file AS c ON c.tenant = l.tenant AND c.id = l.case_id"
            " WHERE l.tenant = a.tenant AND l.addressee = a.number"
            " AND (l.live OR c.state IN ('duplicate', 'abandoned', 'cancelled') AND c.updated_at > %s))"
            " ORDER BY a.number LIMIT %s",
            (tx.tenant, self.clock.now() - AGAIN_AFTER, limit),
        )
        return [row[0] for row in rows.fetchall()]

    def acquire(self, tx: Transaction, addressees: Sequence[str], actor: Actor) -> list[UUID]:
        """Open and submit an acquisition for each addressee that has none; the others are passed over.

        :returns: the cases opened.
        """
        cases = []
        for addressee in addressees:
            case_id = new_id()
            taken = tx.raw.execute(
                "INSERT INTO madoguchi.linkage_link_code (tenant, case_id, addressee) VALUES (%s, %s, %s)"
                " ON CONFLICT (tenant, addressee) WHERE live DO NOTHING",
                (tx.tenant, case_id, addressee),
            ).rowcount
            if not taken:
                continue
            self.engine.open(
                tx,
                KIND,
                actor=actor,
                purpose=PURPOSE,
                request_key=f"link_code:{case_id}",
                subject=addressee,
                case_id=case_id,
            )
            cases.append(case_id)
        self.engine.apply_many(
            tx, [Command(case_id, "submit", actor, PURPOSE, f"submit:{case_id}") for case_id in cases]
        )
        return cases

    def linked(self, tx: Transaction) -> int:
        """Return how many live addressees have their link code."""
        row = tx.raw.execute(
            "SELECT count(*) FROM madoguchi.case_file WHERE tenant = %s AND kind = %s AND state = 'linked'",
            (tx.tenant, KIND),
        ).fetchone()
        return int(row[0]) if row else 0

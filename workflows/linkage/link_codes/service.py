"""Asking for link codes: one person or a whole register, never twice for the same person."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from storage.database import Transaction
from storage.ids import new_id
from workflows.engine import Actor, Command, Engine
from workflows.linkage.link_codes.machine import KIND

PURPOSE = "情報連携に使う符号を取得するため"


class LinkCodeService:
    """What can be asked of link codes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def missing(self, tx: Transaction, limit: int) -> list[str]:
        """Return live addressees with neither a link code nor an acquisition under way."""
        rows = tx.raw.execute(
            "SELECT a.number FROM madoguchi.addressee AS a WHERE a.tenant = %s AND a.state = 'active' AND a.kind <> 'corporation'"
            " AND NOT EXISTS (SELECT 1 FROM madoguchi.linkage_link_code AS l WHERE l.tenant = a.tenant"
            " AND l.addressee = a.number AND l.live) ORDER BY a.number LIMIT %s",
            (tx.tenant, limit),
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

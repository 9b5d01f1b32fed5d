"""When one office withholds an exchange, the other side's record of it here must not show it either (番号法23条2項).

Asker and holder each keep a record of the same exchange, and a resident's list unites them: a mark on one side alone would
leave the other side's line standing. So a withheld record, whether written so or marked later, makes the other offices of this
installation follow, by a job in the same transaction. Lifting the mark is followed too, but only where the other office had merely
followed: its own decision stays its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import procrastinate

from storage.database import Database, Scope, Transaction

from .following import FOLLOWS, TASK
from .marks import RecordMarks
from .models import GROUNDS

# The other side may write its record a little later than ours: asked again after 1, 2, 4 … seconds, about a quarter of an hour.
RETRY = procrastinate.RetryStrategy(max_attempts=10, exponential_wait=2)


class NotWrittenYet(Exception):
    """The other side has no record of the exchange yet; the job comes again."""


@dataclass(frozen=True)
class Follower:
    """Carries a decision over. Args: db: the worker role; marks: sets the marks."""

    db: Database
    marks: RecordMarks

    def follow(self, tenant: str, exchanges: Sequence[str]) -> int:
        """Make the other offices follow; returns how many records changed.

        Errors: NotWrittenYet when a withheld exchange has no record yet at an office of this installation that takes part.
        """
        with self.db.transaction(Scope(tenant=tenant)) as tx:
            said = {
                exchange: (withheld, {asker, holder} - {tenant})
                for exchange, withheld, asker, holder in tx.raw.execute(
                    "SELECT exchange_id, bool_or(disclosure = 'withheld'), max(left(asker_code, 6)), max(left(holder_code, 6))"
                    " FROM madoguchi.provision_record WHERE tenant = %s AND exchange_id = ANY(%s) GROUP BY exchange_id",
                    (tenant, list(exchanges)),
                )
            }
            here = {code for (code,) in tx.raw.execute("SELECT code FROM madoguchi.tenant")}
        changed, missing = 0, False
        for other in sorted(here - {tenant}):
            mine = {exchange: withheld for exchange, (withheld, others) in said.items() if other in others}
            if mine:
                with self.db.transaction(Scope(tenant=other)) as tx:
                    found, moved = self._follow_in(tx, tenant, mine)
                changed += moved
                missing |= any(withheld and exchange not in found for exchange, withheld in mine.items())
        if missing:
            raise NotWrittenYet
        return changed

    def _follow_in(self, tx: Transaction, origin: str, said: dict[str, bool]) -> tuple[set[str], int]:
        """Set or lift marks in one office; the exchanges it knows, and how many records changed."""
        rows = tx.raw.execute(
            "SELECT r.record_id, r.exchange_id, r.disclosure, (SELECT m.proposed_by FROM madoguchi.provision_mark AS m"
            " WHERE m.tenant = r.tenant AND m.record_id = r.record_id ORDER BY m.marked_at DESC, m.id DESC LIMIT 1)"
            " FROM madoguchi.provision_record AS r WHERE r.tenant = %s AND r.exchange_id = ANY(%s)",
            (tx.tenant, list(said)),
        ).fetchall()
        moved = 0
        for record_id, exchange, disclosure, marked_by in rows:
            if said[exchange] and disclosure == "visible":
                wanted = "withheld"
            elif not said[exchange] and disclosure == "withheld" and marked_by == FOLLOWS + origin:
                wanted = "visible"
            else:
                continue
            moved += self.marks.mark(
                tx,
                record_id,
                wanted,  # type: ignore[arg-type]
                ground=GROUNDS[0],
                proposed_by=FOLLOWS + origin,
                approved_by=f"decided:{origin}",
            )
        return {exchange for _, exchange, _, _ in rows}, moved


def register(app: procrastinate.App, db: Database, marks: RecordMarks) -> None:
    """Make the job known to a worker."""
    follower = Follower(db, marks)

    @app.task(name=TASK, queue="audit", retry=RETRY)
    def follow(tenant: str, exchanges: list[str]) -> int:
        return follower.follow(tenant, exchanges)

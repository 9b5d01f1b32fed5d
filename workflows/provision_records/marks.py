"""Marking a record as 不開示 (番号法23条2項), lifting the mark, correcting a record, and destroying what the law lets go.

A mark needs two persons and is itself written down. It changes what the resident sees, her kept count and her own tree in
the next checkpoint; the record in the log stays what it was. A correction is a new record that points to the old one. After
the retention period content and salt are destroyed and the seal stays, so the log still proves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from storage.clock import Clock
from storage.database import Transaction
from storage.jobs import defer

from .following import FOLLOWS, tell_others
from .models import GROUNDS, LOG, SALT_BYTES, Disclosure, ProvisionRecord, mark_content, seal
from .writer import RecordWriter


class MarkError(ValueError):
    """The mark cannot be set. Nothing was changed."""


@dataclass(frozen=True)
class RecordMarks:
    """Marks and corrections. Args: writer: writes the correcting record; clock; new_id: identifies a mark."""

    writer: RecordWriter
    clock: Clock
    new_id: Callable[[], UUID]

    def mark(
        self,
        tx: Transaction,
        record_id: UUID,
        disclosure: Disclosure,
        *,
        ground: str,
        proposed_by: str,
        approved_by: str,
    ) -> bool:
        """Hide or show a record; returns False when it already was so.

        Args: ground: one of GROUNDS; proposed_by, approved_by: two different staff accounts.
        Errors: MarkError for one person alone, an unknown ground or an unknown record.
        """
        if not proposed_by or not approved_by or proposed_by == approved_by:
            raise MarkError(
                "不開示の印は二人で付け外しします。記録は変わっていません。別の職員の承認を受けてください。"
            )
        if ground not in GROUNDS:
            raise MarkError(
                "不開示の根拠が番号法23条2項の号ではありません。記録は変わっていません。号を選び直してください。"
            )
        row = tx.raw.execute(
            "SELECT addressee, disclosure, exchange_id FROM madoguchi.provision_record WHERE tenant = %s AND record_id = %s FOR UPDATE",
            (tx.tenant, record_id),
        ).fetchone()
        if row is None:
            raise MarkError("その記録はこの団体にありません。記録番号を確かめてください。")
        addressee, now_is, exchange = row
        if now_is == disclosure:
            return False
        tx.raw.execute(
            "UPDATE madoguchi.provision_record SET disclosure = %s WHERE tenant = %s AND record_id = %s",
            (disclosure, tx.tenant, record_id),
        )
        tx.raw.execute(
            "UPDATE madoguchi.provision_person SET visible_count = visible_count + %s WHERE tenant = %s AND addressee = %s",
            (1 if disclosure == "visible" else -1, tx.tenant, addressee),
        )
        self._write(tx, record_id, (disclosure, ground, proposed_by, approved_by))
        _dirty(tx, [addressee])
        # Her proof is wrong until her tree is made anew: not in a minute, now.
        defer(tx, "audit.advance", queue="audit", tenant=tx.tenant)
        if not proposed_by.startswith(FOLLOWS):
            tell_others(tx, [exchange])
        return True

    def _write(self, tx: Transaction, record_id: UUID, said: tuple[str, str, str, str]) -> None:
        """The mark as a record of its own, sealed into the same log."""
        mark_id, salt, now = self.new_id(), self.writer.random_bytes(SALT_BYTES), self.clock.now()
        leaf = seal(salt, mark_content(mark_id, record_id, said, now))
        tx.raw.execute(
            "WITH sealed AS (INSERT INTO madoguchi.provision_leaf (tenant, record_id, leaf) VALUES (%s, %s, %s))"
            " INSERT INTO madoguchi.provision_mark (tenant, id, record_id, disclosure, ground, proposed_by,"
            " approved_by, marked_at, salt) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (tx.tenant, mark_id, leaf, tx.tenant, mark_id, record_id, *said, now, salt),
        )

    def correct(self, tx: Transaction, old: ProvisionRecord, **changes: object) -> ProvisionRecord:
        """Write a record that corrects `old` (訂正, 31条): same exchange, a new id, pointing back. Returns it.

        The correction is as visible or hidden as what it corrects.
        """
        corrected = replace(old, record_id=self.new_id(), corrects=old.record_id, **changes)  # type: ignore[arg-type]
        self.writer.write_many(tx, [corrected])
        return corrected


def purge(tx: Transaction, today: date, limit: int = 1000) -> int:
    """Destroy content and salt of records whose retention (番号法23条1項, 施行令30条) ended before `today`.

    Returns how many; call again until 0. The seals stay, so the log still verifies; the list, the count and the person's
    own tree follow at once or with the next checkpoint.
    """
    rows = tx.raw.execute(
        # An array, because a joined subquery may be run again for every row and then knows no limit.
        "DELETE FROM madoguchi.provision_record WHERE tenant = %s AND record_id = ANY (ARRAY("
        " SELECT record_id FROM madoguchi.provision_record WHERE tenant = %s AND keep_until < %s"
        " ORDER BY keep_until LIMIT %s FOR UPDATE)) RETURNING addressee, disclosure",
        (tx.tenant, tx.tenant, today, limit),
    ).fetchall()
    shown: dict[str, int] = {addressee: 0 for addressee, _ in rows}
    for addressee, disclosure in rows:
        shown[addressee] += disclosure == "visible"
    people = sorted(shown)
    tx.raw.execute(
        "UPDATE madoguchi.provision_person p SET visible_count = p.visible_count - f.gone"
        " FROM unnest(%s::text[], %s::bigint[]) AS f(addressee, gone) WHERE p.tenant = %s AND p.addressee = f.addressee",
        (people, [shown[person] for person in people], tx.tenant),
    )
    _dirty(tx, people)
    return len(rows)


def _dirty(tx: Transaction, people: list[str]) -> None:
    tx.raw.execute(
        "INSERT INTO madoguchi.audit_map_dirty (tenant, log, person) SELECT %s, %s, person FROM unnest(%s::text[])"
        " AS f(person) ON CONFLICT DO NOTHING",
        (tx.tenant, LOG, people),
    )

"""From a business system's file to copies ready to send: one statement for many people, nothing for what did not change.

A copy is sealed to ourselves before it is written anywhere (dir + A256GCM, bound to person, item, version and day), so neither this table nor
the hub can be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import orjson

from storage.database import Transaction
from workflows.addressees.imports import JUKI
from workflows.linkage.copies.sealing import OwnSealer
from workflows.linkage.copies.tax_csv import ITEM, LAYOUT, TaxFault, TaxFile, read_tax
from workflows.linkage.parts import LinkParts


@dataclass(frozen=True)
class StageReport:
    """What an extraction did.

    :param unknown: business numbers that no addressee has.
    """

    changed: int
    unchanged: int
    unknown: tuple[str, ...]
    faults: tuple[TaxFault, ...] = ()


_KNOWN = """
SELECT r.number, coalesce(c.version, 0), c.digest, coalesce(c.state = 'valid' AND c.batch_id IS NOT NULL, false)
FROM unnest(%(numbers)s::text[]) AS r (number)
LEFT JOIN madoguchi.linkage_copy AS c ON c.tenant = %(tenant)s AND c.item = %(item)s AND c.addressee = r.number
"""
_STAGE = """
CREATE TEMP TABLE staged_copy (addressee text, version bigint, as_of date, digest bytea, sealed text) ON COMMIT DROP
"""
# A copy that is on its way keeps the name of its batch: the version before this one is what was sent, and the hub's result acknowledges that.
_UPSERT = """
INSERT INTO madoguchi.linkage_copy AS c (tenant, item, addressee, version, as_of, layout, state, digest, sealed, updated_at)
SELECT %(tenant)s, %(item)s, addressee, version, as_of, %(layout)s, 'valid', digest, sealed, %(now)s FROM pg_temp.staged_copy
ON CONFLICT (tenant, item, addressee) DO UPDATE SET version = excluded.version, as_of = excluded.as_of,
    layout = excluded.layout, state = 'valid', digest = excluded.digest, sealed = excluded.sealed,
    batch_id = CASE WHEN c.state IN ('sent', 'valid') THEN c.batch_id END, cause = NULL, updated_at = excluded.updated_at
"""


def hold(tx: Transaction, item: str) -> None:
    """One at a time changes where the copies of a data set stand: an extraction, or a step of sending."""
    tx.raw.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", (f"copies:{tx.tenant}:{item}",))


class CopyStager:
    """Turns content into copies ready to send."""

    def __init__(self, parts: LinkParts) -> None:
        self.parts = parts

    def stage_tax(self, tx: Transaction, content: bytes) -> StageReport:
        """Take the tax system's file in.

        :raises TaxFileRefused: it is not a file of this kind; nothing was taken.
        """
        file = read_tax(content)
        known = dict(
            tx.raw.execute(
                "SELECT number, addressee FROM madoguchi.business_number WHERE tenant = %s AND system = %s AND number = ANY(%s)",
                (tx.tenant, JUKI, list(file.people)),
            ).fetchall()
        )
        rows, faults = _of_addressees(file, known)
        changed, unchanged = self.stage(tx, ITEM, LAYOUT, rows)
        unknown = tuple(number for number in file.people if number not in known)
        return StageReport(changed, unchanged, unknown, (*file.faults, *faults))

    def stage(
        self, tx: Transaction, item: str, layout: str, rows: Mapping[str, tuple[date, Mapping[str, Any]]]
    ) -> tuple[int, int]:
        """Make copies of what changed.

        :param rows: addressee number to (as of, content).
        :returns: how many copies changed, how many did not.
        """
        if not rows:
            return 0, 0
        hold(tx, item)
        known = {
            number: (version - waits, digest)
            for number, version, digest, waits in tx.raw.execute(
                _KNOWN, {"tenant": tx.tenant, "item": item, "numbers": sorted(rows)}
            )
        }
        changed = _changed(OwnSealer(*self.parts.copy_key(tx)), item, rows, known)
        count = self._write(tx, item, layout, changed)
        return count, len(rows) - count

    def _write(self, tx: Transaction, item: str, layout: str, changed: Iterator[tuple[Any, ...]]) -> int:
        """Send rows on while the next ones are sealed; returns how many were taken."""
        first = next(changed, None)
        if first is None:
            return 0
        tx.raw.execute("DROP TABLE IF EXISTS pg_temp.staged_copy")
        tx.raw.execute(_STAGE)
        with (
            tx.raw.cursor() as cursor,
            cursor.copy(
                "COPY pg_temp.staged_copy (addressee, version, as_of, digest, sealed) FROM STDIN"
            ) as copy,
        ):
            for row in chain((first,), changed):
                copy.write_row(row)
        values = {"tenant": tx.tenant, "item": item, "layout": layout, "now": self.parts.clock.now()}
        return tx.raw.execute(_UPSERT, values).rowcount


def _of_addressees(
    file: TaxFile, known: Mapping[str, str]
) -> tuple[dict[str, tuple[date, Mapping[str, Any]]], list[TaxFault]]:
    """The content of each addressee; whoever has two business numbers (名寄せ) has the years of both.

    :returns: the content by addressee, and a fault for each whose numbers tell of the same year: nobody here can say which is right.
    """
    rows: dict[str, tuple[date, Mapping[str, Any]]] = {}
    faults = {}
    for number, (as_of, content) in file.people.items():
        addressee = known.get(number)
        if addressee is None:
            continue
        if addressee not in rows:
            rows[addressee] = (as_of, content)
            continue
        day, before = rows[addressee]
        if before["years"].keys() & content["years"].keys():
            text = "名寄せされた二つの業務番号に、同じ年度の行があります。この人の分は取り込んでいません。税システムで一つにしてください。"
            faults[addressee] = TaxFault(0, "TWO_NUMBERS", text)
        rows[addressee] = (max(day, as_of), {"years": {**before["years"], **content["years"]}})
    for who in faults:
        del rows[who]
    return rows, list(faults.values())


def _changed(
    sealer: OwnSealer,
    item: str,
    rows: Mapping[str, tuple[date, Mapping[str, Any]]],
    known: Mapping[str, tuple[int, bytes | None]],
) -> Iterator[tuple[Any, ...]]:
    """The rows that are not what they were, sealed.

    :param known: addressee number to (the last version that was sent or staged to be, its digest); a version that waits for the one before it
        to arrive was never sent and is made anew.
    """
    for number in sorted(rows):
        as_of, content = rows[number]
        day = as_of.isoformat()
        plain = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        version, before = known[number]
        digest = sealer.digest(number, item, day, plain)
        if before != digest:
            yield number, version + 1, as_of, digest, sealer.seal(number, item, version + 1, day, plain)

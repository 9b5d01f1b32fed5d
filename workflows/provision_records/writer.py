"""Writing records: asker, holder and core each must (番号法23条1項, 3項), for refusals and failures too.

One call writes any number of records of one tenant in one statement: content, seal, and the person's kept count. A record
that is already there (same record_id) is left as it is, so a repeated message does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import orjson

from storage.clock import Clock
from storage.database import Transaction
from workflows.law.table import LawTable

from .following import tell_others
from .models import SALT_BYTES, ProvisionRecord, content, seal

COLUMNS = {
    "record_id": "uuid",
    "exchange_id": "text",
    "addressee": "text",
    "side": "text",
    "asker_code": "text",
    "asker_name": "text",
    "asker_office": "text",
    "holder_code": "text",
    "holder_name": "text",
    "holder_office": "text",
    "requested_at": "timestamptz",
    "provided_at": "timestamptz",
    "affair_code": "text",
    "affair_name": "text",
    "items": "jsonb",
    "law_row": "text",
    "law_clause": "text",
    "law_table_version": "text",
    "outcome": "text",
    "purpose": "text",
    "application_receipt": "text",
    "corrects": "uuid",
    "disclosure": "text",
    "salt": "bytea",
    "recorded_at": "timestamptz",
    "keep_until": "date",
}
_NAMES = ", ".join(COLUMNS)
_ARRAYS = ", ".join(f"%s::{kind}[]" for kind in COLUMNS.values())

# Persons are locked in one order whoever writes, so that two batches about the same persons cannot wait for each other.
# Only constant text is joined; every value is a parameter.
_INSERT = f"""
WITH fresh AS (
    SELECT * FROM unnest({_ARRAYS}, %s::bytea[], %s::bytea[], %s::bytea[])
        AS f({_NAMES}, leaf, new_salt, new_hidden)
), written AS (
    INSERT INTO madoguchi.provision_record (tenant, {_NAMES})
    SELECT %s, {_NAMES} FROM fresh
    ON CONFLICT DO NOTHING
    RETURNING record_id
), sealed AS (
    INSERT INTO madoguchi.provision_leaf (tenant, record_id, leaf)
    SELECT %s, record_id, leaf FROM fresh WHERE record_id IN (SELECT record_id FROM written)
), counted AS (
    INSERT INTO madoguchi.provision_person AS p (tenant, addressee, visible_salt, hidden_key, visible_count)
    SELECT %s, addressee, (array_agg(new_salt))[1], (array_agg(new_hidden))[1],
           count(*) FILTER (WHERE disclosure = 'visible')
    FROM fresh WHERE record_id IN (SELECT record_id FROM written)
    GROUP BY addressee ORDER BY addressee
    ON CONFLICT (tenant, addressee) DO UPDATE SET visible_count = p.visible_count + excluded.visible_count
)
SELECT record_id FROM written
"""  # noqa: S608


class RecordError(ValueError):
    """A record cannot be written as given. Nothing of the call was written; correct it and call again."""


@dataclass(frozen=True)
class RecordWriter:
    """Writes provision records.

    Args: clock: says when it is recorded; law: where the retention period (政令30条, 7年) stands;
    random_bytes: source of salts, e.g. secrets.token_bytes.
    """

    clock: Clock
    law: LawTable
    random_bytes: Callable[[int], bytes]

    def write_many(self, tx: Transaction, records: Sequence[ProvisionRecord]) -> int:
        """Write records of the transaction's tenant in one statement; returns how many were new.

        Errors: RecordError for a record of another tenant, without item, or with a time without zone.
        """
        if not records:
            return 0
        now, keep_until = self.clock.now(), self.keep_until()
        rows = []
        for record in {one.record_id: one for one in records}.values():
            _check(record, tx.tenant)
            salt = self.random_bytes(SALT_BYTES)
            rows.append(
                (
                    record.record_id,
                    record.exchange_id,
                    record.addressee,
                    record.side,
                    record.asker.code,
                    record.asker.name,
                    record.asker.office,
                    record.holder.code,
                    record.holder.name,
                    record.holder.office,
                    record.requested_at,
                    record.provided_at,
                    record.affair_code,
                    record.affair_name,
                    orjson.dumps([{"code": i.code, "name": i.name} for i in record.items]).decode(),
                    record.law_row,
                    record.law_clause,
                    record.law_table_version,
                    record.outcome,
                    record.purpose,
                    record.application_receipt,
                    record.corrects,
                    record.disclosure,
                    salt,
                    now,
                    keep_until,
                    seal(salt, content(record)),
                    self.random_bytes(SALT_BYTES),
                    self.random_bytes(SALT_BYTES),
                )
            )
        arrays = [list(column) for column in zip(*rows, strict=True)]
        done = tx.raw.execute(_INSERT, (*arrays, tx.tenant, tx.tenant, tx.tenant))
        withheld = [record.exchange_id for record in records if record.disclosure == "withheld"]
        if withheld:
            tell_others(tx, withheld)
        return done.rowcount

    def keep_until(self) -> date:
        """The last day a record written today must be kept, by the dated retention rule (years)."""
        today = self.clock.today()
        years = self.law.rule("provision-record.retention", today).value
        try:
            return today.replace(year=today.year + years)
        except ValueError:  # 29 February: the anniversary is 1 March, a day longer rather than shorter
            return date(today.year + years, 3, 1)


def _check(record: ProvisionRecord, tenant: str) -> None:
    if record.tenant != tenant:
        raise RecordError("記録の団体と処理中の団体が違います。この呼出しの記録は一件も書いていません。")
    if not record.items or not record.addressee or not record.exchange_id:
        raise RecordError(
            "項目・宛名・処理通番のない記録は書けません。この呼出しの記録は一件も書いていません。"
        )
    if record.requested_at.tzinfo is None or (record.provided_at and record.provided_at.tzinfo is None):
        raise RecordError("時刻に時間帯がありません。この呼出しの記録は一件も書いていません。")

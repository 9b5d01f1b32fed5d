"""Provision records as a source of leaves for the audit log, and as the persons' own trees.

A visible record counts under the person's visible key, a hidden one (不開示) under another key that nothing ties to her: the
log is whole, and her proof shows neither that a hidden record exists nor how many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from storage.audit.sources import Mark, NewLeaf, Place, Recomputed, ahead, placed, positions
from storage.database import Transaction

from .models import LOG, Party, ProvisionRecord, RecordItem, person_key, seal

ROW = (
    "r.record_id, r.exchange_id, r.tenant, r.addressee, r.side, r.asker_code, r.asker_name, r.asker_office,"
    " r.holder_code, r.holder_name, r.holder_office, r.requested_at, r.provided_at, r.affair_code, r.affair_name,"
    " r.items, r.law_row, r.law_clause, r.law_table_version, r.outcome, r.purpose, r.application_receipt, r.corrects,"
    " r.disclosure, r.salt"
)
_INSTANT = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
# The content and a mark as the database itself sees them, so that checking a million of them is not held up by Python.
_CONTENT = (
    "json_build_object('record_id', r.record_id, 'exchange_id', r.exchange_id,"
    " 'tenant', r.tenant, 'addressee', r.addressee, 'side', r.side,"
    " 'asker', json_build_object('code', r.asker_code, 'name', r.asker_name, 'office', r.asker_office),"
    " 'holder', json_build_object('code', r.holder_code, 'name', r.holder_name, 'office', r.holder_office),"
    f" 'requested_at', {_INSTANT.format('r.requested_at')}, 'provided_at', {_INSTANT.format('r.provided_at')},"
    " 'affair_code', r.affair_code, 'affair_name', r.affair_name, 'items', r.items, 'law_row', r.law_row,"
    " 'law_clause', r.law_clause, 'law_table_version', r.law_table_version, 'outcome', r.outcome,"
    " 'purpose', r.purpose, 'application_receipt', r.application_receipt, 'corrects', r.corrects)::text"
)
_MARK = (
    "ARRAY[encode(m.salt, 'hex'), m.id::text, m.record_id::text, m.disclosure,"
    f" m.ground, m.proposed_by, m.approved_by, {_INSTANT.format('m.marked_at')}]"
)


class RecordSource:
    """See `storage.audit.sources.LeafSource`."""

    log = LOG

    def collect(self, tx: Transaction, mark: Mark, limit: int) -> list[NewLeaf]:
        """Seals of records and marks that have no place yet."""
        fresh: list[tuple[UUID, bytes, int]] = []
        while len(fresh) < limit:
            rows = tx.raw.execute(
                "SELECT record_id, leaf, txid::text::bigint FROM madoguchi.provision_leaf WHERE tenant = %s"
                " AND (txid, record_id) > (%s::text::xid8, %s) ORDER BY txid, record_id LIMIT %s",
                (tx.tenant, str(mark.txid), mark.ref, limit),
            ).fetchall()
            known = placed(tx, LOG, [row[0] for row in rows])
            fresh += [row for row in rows if (row[0], 0) not in known]
            if len(rows) < limit:
                break
            mark = Mark(rows[-1][2], rows[-1][0])
        whose = _whose(tx, [row[0] for row in fresh[:limit]])
        return [
            NewLeaf(record_id, 0, bytes(leaf), txid, *whose.get(record_id, (None, None)))
            for record_id, leaf, txid in fresh[:limit]
        ]

    def rebuild(self, tx: Transaction, persons: Sequence[str]) -> Mapping[bytes, list[bytes]]:
        """Both trees of each person anew: after a mark, or after a record's content was destroyed."""
        found: dict[bytes, list[bytes]] = {}
        keys: dict[str, tuple[bytes, bytes]] = {}
        for addressee, salt, hidden in tx.raw.execute(
            "SELECT addressee, visible_salt, hidden_key FROM madoguchi.provision_person"
            " WHERE tenant = %s AND addressee = ANY(%s)",
            (tx.tenant, list(persons)),
        ).fetchall():
            keys[addressee] = (person_key(tx.tenant, addressee, bytes(salt)), bytes(hidden))
            found |= {key: [] for key in keys[addressee]}
        # One after the other, because each kind has its own index: a list must not even touch what is hidden.
        for hidden, disclosure in enumerate(("visible", "withheld")):
            for addressee, leaf in _tree(tx, disclosure, persons):
                found[keys[addressee][hidden]].append(leaf)
        return found

    def people(self, tx: Transaction, after: str, limit: int) -> list[str]:
        """Everybody this tenant ever had a record about, by addressee."""
        rows = tx.raw.execute(
            "SELECT addressee FROM madoguchi.provision_person WHERE tenant = %s AND addressee > %s"
            " ORDER BY addressee LIMIT %s",
            (tx.tenant, after, limit),
        ).fetchall()
        return [row[0] for row in rows]

    def recompute(self, tx: Transaction) -> Iterator[Recomputed]:
        """Every placed record sealed again from its content; destroyed content leaves its seal alone."""
        for page, leaves, said, marks in ahead(_stored(tx)):
            for seq, ref, _ in page:
                leaf = leaves.get(ref)
                if leaf is None:
                    yield Recomputed(seq, ref, 0, None, f"記録 {ref} の封がなくなっています")
                elif ref in said:
                    text, salt = said[ref]
                    yield _compared(seq, ref, leaf, seal(salt, orjson.loads(text)), "記録")
                elif ref in marks:
                    mark_salt, *rest = marks[ref]
                    yield _compared(seq, ref, leaf, seal(bytes.fromhex(mark_salt), _mark(rest)), "印")
                else:
                    yield Recomputed(seq, ref, 0, None)


_Stored = tuple[list[Place], dict[UUID, bytes], dict[UUID, tuple[str, bytes]], dict[UUID, list[str]]]


def _stored(tx: Transaction) -> Iterator[_Stored]:
    """What is stored of the places of the log, page by page: seals, contents with their salts, marks."""
    for page in positions(tx, LOG):
        refs = [one[1] for one in page]
        leaves = dict(_by_id(tx, "record_id, leaf", "provision_leaf", "record_id", refs))
        records = _by_id(tx, f"record_id, {_CONTENT}, salt", "provision_record r", "record_id", refs)
        said = {row[0]: row[1:] for row in records}
        marks: dict[UUID, list[str]] = {}
        if len(said) < len(refs):
            marks = dict(_by_id(tx, f"id, {_MARK}", "provision_mark m", "id", refs))
        yield page, leaves, said, marks


def _by_id(tx: Transaction, columns: str, table: str, key: str, ids: Sequence[UUID]) -> list[Any]:
    """Rows by their ids; always by the primary key, whatever the planner thinks of the table's size."""
    return tx.raw.execute(
        f"SELECT {columns} FROM madoguchi.{table} WHERE tenant = %s AND {key} = ANY(%s)",  # noqa: S608
        (tx.tenant, list(ids)),
    ).fetchall()


def _tree(tx: Transaction, disclosure: str, persons: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Whose and which seal, in the order of their places. Three reads by index: one statement would be joined the long way round
    for an office that came after the planner last counted."""
    rows = tx.raw.execute(
        "SELECT record_id, addressee FROM madoguchi.provision_record"  # noqa: S608
        f" WHERE tenant = %s AND addressee = ANY(%s) AND disclosure = '{disclosure}'",
        (tx.tenant, list(persons)),
    )
    whose = dict(rows.fetchall())
    leaves = dict(_by_id(tx, "record_id, leaf", "provision_leaf", "record_id", list(whose)))
    places = tx.raw.execute(
        "SELECT ref FROM madoguchi.audit_position WHERE tenant = %s AND log = %s AND ref = ANY(%s) AND sub = 0"
        " ORDER BY seq",
        (tx.tenant, LOG, list(whose)),
    ).fetchall()
    return ((whose[ref], bytes(leaves[ref])) for (ref,) in places if ref in leaves)


def _whose(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, tuple[str, bytes]]:
    """Whose record each one is and under which key it counts; a mark and a destroyed record are nobody's."""
    records = _by_id(tx, "record_id, addressee, disclosure", "provision_record", "record_id", ids)
    people = tx.raw.execute(
        "SELECT addressee, visible_salt, hidden_key FROM madoguchi.provision_person"
        " WHERE tenant = %s AND addressee = ANY(%s)",
        (tx.tenant, list({row[1] for row in records})),
    ).fetchall()
    keys = {
        addressee: {"visible": person_key(tx.tenant, addressee, bytes(salt)), "withheld": bytes(hidden)}
        for addressee, salt, hidden in people
    }
    return {
        record_id: (addressee, keys[addressee][disclosure]) for record_id, addressee, disclosure in records
    }


def _compared(seq: int, ref: UUID, leaf: bytes, computed: bytes, what: str) -> Recomputed:
    changed = None if computed == leaf else f"{what} {ref} の内容が書き換えられています"
    return Recomputed(seq, ref, 0, computed, changed)


def _mark(fields: Sequence[str]) -> dict[str, str]:
    names = ("mark_id", "record_id", "disclosure", "ground", "proposed_by", "approved_by", "marked_at")
    return dict(zip(names, fields, strict=True))


def from_row(row: Sequence[Any]) -> ProvisionRecord:
    """The record in a row of the columns `ROW` names (the salt at the end is not part of it)."""
    return ProvisionRecord(
        record_id=row[0],
        exchange_id=row[1],
        tenant=row[2],
        addressee=row[3],
        side=row[4],
        asker=Party(*row[5:8]),
        holder=Party(*row[8:11]),
        requested_at=row[11],
        provided_at=row[12],
        affair_code=row[13],
        affair_name=row[14],
        items=tuple(RecordItem(item["code"], item["name"]) for item in row[15]),
        law_row=row[16],
        law_clause=row[17],
        law_table_version=row[18],
        outcome=row[19],
        purpose=row[20],
        application_receipt=row[21],
        corrects=row[22],
        disclosure=row[23],
    )

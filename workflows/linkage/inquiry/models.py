"""What machine B remembers about an inquiry, and its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from uuid import UUID
from weakref import WeakKeyDictionary

from storage.database import Transaction


@dataclass(frozen=True)
class Inquiry:
    """One row of ``linkage_inquiry``. `message_id` is its id on the wire; `exchange_id` is the core's."""

    case_id: UUID
    message_id: str
    application: UUID | None
    addressee: str
    asker_org: str
    asker_office: str
    holder_org: str
    affair: str
    procedure: str
    items: tuple[str, ...]
    law_row: str
    law_clause: str
    table_version: str
    purpose: str
    staff: str
    wanted_as_of: date | None
    requested_at: datetime
    request_digest: str
    exchange_id: str | None
    permit_expires: datetime | None
    outcome: str | None
    blocked_by: tuple[str, ...]
    provided_at: datetime | None


COLUMNS = ", ".join(field.name for field in fields(Inquiry))


def _inquiry(row: tuple[object, ...]) -> Inquiry:
    values = dict(zip((field.name for field in fields(Inquiry)), row, strict=True))
    values["items"] = tuple(values["items"])  # type: ignore[arg-type]
    values["blocked_by"] = tuple(values["blocked_by"])  # type: ignore[arg-type]
    return Inquiry(**values)  # type: ignore[arg-type]


def read_inquiries(tx: Transaction, cases: Sequence[UUID]) -> dict[UUID, Inquiry]:
    """Read inquiries by case."""
    rows = tx.raw.execute(
        f"SELECT {COLUMNS} FROM madoguchi.linkage_inquiry WHERE tenant = %s AND case_id = ANY(%s)",  # noqa: S608
        (tx.tenant, list(cases)),
        prepare=True,
    ).fetchall()
    return {row[0]: _inquiry(row) for row in rows}


def read_by_message(tx: Transaction, message_ids: Sequence[str]) -> dict[str, Inquiry]:
    """Read inquiries by their id on the wire."""
    rows = tx.raw.execute(
        f"SELECT {COLUMNS} FROM madoguchi.linkage_inquiry WHERE tenant = %s AND message_id = ANY(%s)",  # noqa: S608
        (tx.tenant, list(message_ids)),
        prepare=True,
    ).fetchall()
    return {row[1]: _inquiry(row) for row in rows}


# What an inquiry asks never changes once it is written; within the transaction that wrote it nobody needs to read it back.
_WRITTEN: WeakKeyDictionary[Transaction, dict[UUID, Inquiry]] = WeakKeyDictionary()


def write_inquiry(tx: Transaction, inquiry: Inquiry) -> None:
    """Write a new inquiry."""
    names = [field.name for field in fields(Inquiry)]
    values = [list(one) if isinstance(one := getattr(inquiry, name), tuple) else one for name in names]
    tx.raw.execute(
        f"INSERT INTO madoguchi.linkage_inquiry (tenant, {COLUMNS}) VALUES (%s, {', '.join(['%s'] * len(names))})",  # noqa: S608
        (tx.tenant, *values),
        prepare=True,
    )
    _WRITTEN.setdefault(tx, {})[inquiry.case_id] = inquiry


def asked(tx: Transaction, cases: Sequence[UUID]) -> dict[UUID, Inquiry]:
    """What inquiries ask (their outcome aside), by case: from this very transaction when it wrote them, else read."""
    written = _WRITTEN.get(tx, {})
    found = {case_id: written[case_id] for case_id in cases if case_id in written}
    missing = [case_id for case_id in cases if case_id not in found]
    return {**found, **read_inquiries(tx, missing)} if missing else found


def read_of_application(tx: Transaction, application: UUID) -> list[Inquiry]:
    """Read the inquiries of an application, oldest first."""
    rows = tx.raw.execute(
        f"SELECT {COLUMNS} FROM madoguchi.linkage_inquiry WHERE tenant = %s AND application = %s ORDER BY requested_at, case_id",  # noqa: S608
        (tx.tenant, application),
    ).fetchall()
    return [_inquiry(row) for row in rows]


def answer_context(case_id: UUID) -> str:
    """The context under which an answer is sealed."""
    return f"linkage_answer.sealed:{case_id}"

"""Reading statements, drafts and frozen versions; all in the tenant of the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from privacy_assessment.forms import Document
from privacy_assessment.statements.models import Body, Draft, Frozen, NoSuchStatement, Statement
from storage.database import Transaction

STATEMENT = (
    "SELECT id, body, number, title, kind, affairs, hold_start, changes_on, emergency_on, emergency_reason, case_id, stopped_on,"
    " office, planned_on, remarks"
    " FROM madoguchi.assessment WHERE tenant = %s"
)
DRAFT = "SELECT assessment_id, form, version, body, updated_at, updated_by FROM madoguchi.assessment_draft WHERE tenant = %s"
VERSION = (
    "SELECT assessment_id, form, number, purpose, draft_version, body, public, judgement, at, on_day, by_whom"
    " FROM madoguchi.assessment_version WHERE tenant = %s"
)


def read_body(tx: Transaction, code: str) -> Body:
    """A body by its code.

    :raises NoSuchStatement: there is none.
    """
    row = tx.raw.execute(
        "SELECT code, name, standing, department, contact, updated_on FROM madoguchi.assessment_body"
        " WHERE tenant = %s AND code = %s",
        (tx.tenant, code),
    ).fetchone()
    if row is None:
        raise NoSuchStatement(f"no body {code!r}")
    return Body(*row)


def _statement(row: tuple) -> Statement:
    values: tuple[Any, ...] = (*row[:5], tuple(row[5]), *row[6:])
    return Statement(*values)


def read_statement(tx: Transaction, statement: UUID) -> Statement:
    """A statement by its id.

    :raises NoSuchStatement: there is none.
    """
    row = tx.raw.execute(f"{STATEMENT} AND id = %s", (tx.tenant, statement)).fetchone()
    if row is None:
        raise NoSuchStatement("この評価書は見つかりません。")
    return _statement(row)


def statements_of_cases(tx: Transaction, cases: Sequence[UUID]) -> dict[UUID, Statement]:
    """Statements by the case that leads them."""
    rows = tx.raw.execute(f"{STATEMENT} AND case_id = ANY(%s)", (tx.tenant, list(cases))).fetchall()
    found = [_statement(row) for row in rows]
    return {one.case_id: one for one in found if one.case_id is not None}


def list_statements(
    tx: Transaction, after: tuple[str, str] | None = None, limit: int = 50
) -> list[Statement]:
    """One page of statements by body and number.

    :param after: (body, number) of the last one of the page before.
    """
    body, number = after or ("", "")
    rows = tx.raw.execute(
        f"{STATEMENT} AND (body, number) > (%s, %s) ORDER BY body, number LIMIT %s",
        (tx.tenant, body, number, limit),
    ).fetchall()
    return [_statement(row) for row in rows]


def read_drafts(tx: Transaction, statement: UUID) -> dict[str, Draft]:
    """The working copies of a statement by form."""
    rows = tx.raw.execute(f"{DRAFT} AND assessment_id = %s ORDER BY form", (tx.tenant, statement)).fetchall()
    return {row[1]: Draft(row[0], row[1], row[2], Document.from_json(row[3]), *row[4:]) for row in rows}


def read_draft(tx: Transaction, statement: UUID, form: str, lock: bool = False) -> Draft:
    """One working copy.

    :param lock: hold the row until the transaction ends.
    :raises NoSuchStatement: there is none.
    """
    sql = f"{DRAFT} AND assessment_id = %s AND form = %s" + (" FOR UPDATE" if lock else "")
    row = tx.raw.execute(sql, (tx.tenant, statement, form), prepare=True).fetchone()
    if row is None:
        raise NoSuchStatement("この様式の下書きはありません。")
    return Draft(row[0], row[1], row[2], Document.from_json(row[3]), *row[4:])


def read_versions(tx: Transaction, statement: UUID, form: str | None = None) -> list[Frozen]:
    """Every frozen version of a statement, oldest first."""
    rows = tx.raw.execute(
        f"{VERSION} AND assessment_id = %s AND (%s::text IS NULL OR form = %s) ORDER BY form, number",
        (tx.tenant, statement, form, form),
    ).fetchall()
    return [_frozen(row) for row in rows]


def last_version(tx: Transaction, statement: UUID, form: str, purpose: str) -> Frozen | None:
    """The newest frozen version of a form for a purpose, or None."""
    row = tx.raw.execute(
        f"{VERSION} AND assessment_id = %s AND form = %s AND purpose = %s ORDER BY number DESC LIMIT 1",
        (tx.tenant, statement, form, purpose),
    ).fetchone()
    return None if row is None else _frozen(row)


def _frozen(row: tuple) -> Frozen:
    values: tuple[Any, ...] = (*row[:5], Document.from_json(row[5]), *row[6:])
    return Frozen(*values)

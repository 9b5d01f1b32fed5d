"""Writing the rows that anybody may read, in the transaction of the step that makes them public."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import orjson

from privacy_assessment.publication.files import ask_for
from privacy_assessment.publication.rows import PublicForm, facts_of, searchable
from privacy_assessment.publication.terms import last_day, redo_by
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.store import last_version, read_body
from privacy_assessment.statements.versions import withdraw_from_link
from storage.database import Transaction

PUBLISHED, CONSULTED = "published", "consulted"
INSERT = (
    "INSERT INTO madoguchi.public_statement (tenant, body, number, stage, ordinal, assessment_id, body_name, title, kind,"
    " publication, forms, affairs, shown_on, closes, review_by, redo_by, network, entrusted, incident, persons, content, tokens,"
    " folded, starts, anchors, addresses, lines, current, changed_at) VALUES (%(tenant)s, %(body)s, %(number)s, %(stage)s,"
    " %(ordinal)s, %(assessment_id)s, %(body_name)s, %(title)s, %(kind)s, %(publication)s, %(forms)s, %(affairs)s, %(shown_on)s,"
    " %(closes)s, %(review_by)s, %(redo_by)s, %(network)s, %(entrusted)s, %(incident)s, %(persons)s, %(content)s, %(tokens)s,"
    " %(folded)s, %(starts)s, %(anchors)s, %(addresses)s, %(lines)s, true, %(changed_at)s)"
)


def put(tx: Transaction, statement: Statement, day: date, publication: str, at: datetime) -> int:
    """Lay the versions that were just published open to everyone, and ask for their printed forms.

    :param publication: ``first`` or ``amended``. :returns: the number of the version, as its address has it.
    """
    forms = _public_forms(tx, statement, statement.forms, "publication")
    ordinal = _next_ordinal(tx, statement, PUBLISHED)
    before = tx.raw.execute(
        "SELECT redo_by FROM madoguchi.public_statement WHERE tenant = %s AND body = %s AND number = %s AND stage = %s"
        " ORDER BY ordinal DESC LIMIT 1",
        (tx.tenant, statement.body, statement.number, PUBLISHED),
    ).fetchone()
    # An amendment does not begin the five years again (規則15条).
    again = before[0] if publication == "amended" and before else redo_by(day)
    _superseded(tx, statement, None, at)
    insert(
        tx,
        row_of(
            tx.tenant, statement, read_body(tx, statement.body).name, _tenant_name(tx), forms, stage=PUBLISHED,
            ordinal=ordinal, publication=publication, shown_on=day, closes=None, review_by=last_day("review", day),
            redo_by=again, changed_at=at,
        ),
    )  # fmt: skip
    ask_for(tx, statement.body, statement.number, PUBLISHED, ordinal, sorted(forms), at)
    return ordinal


def put_consulted(
    tx: Transaction, statement: Statement, opens: date, closes: date, forms: tuple[str, ...], at: datetime
) -> int:
    """Lay a text open for opinions (規則7条1項・9条の2). :returns: its number, as its address has it."""
    shown = _public_forms(tx, statement, forms, "consultation")
    ordinal = _next_ordinal(tx, statement, CONSULTED)
    _superseded(tx, statement, CONSULTED, at)
    insert(
        tx,
        row_of(
            tx.tenant, statement, read_body(tx, statement.body).name, _tenant_name(tx), shown, stage=CONSULTED,
            ordinal=ordinal, publication="first", shown_on=opens, closes=closes, review_by=None, redo_by=None,
            changed_at=at,
        ),
    )  # fmt: skip
    ask_for(tx, statement.body, statement.number, CONSULTED, ordinal, sorted(shown), at)
    return ordinal


def ended(tx: Transaction, statement: Statement, ended_on: date, at: datetime) -> None:
    """規則16条: the affair has stopped. The statement stays public, for at least the years of the rule, and says so."""
    tx.raw.execute(
        "UPDATE madoguchi.public_statement SET ended_on = %s, kept_until = %s, changed_at = %s"
        " WHERE tenant = %s AND body = %s AND number = %s AND stage = %s",
        (
            ended_on, last_day("kept_after_end", ended_on), at, tx.tenant, statement.body, statement.number,
            PUBLISHED,
        ),
    )  # fmt: skip
    newest = tx.raw.execute(
        "SELECT ordinal, forms FROM madoguchi.public_statement WHERE tenant = %s AND body = %s AND number = %s AND stage = %s"
        " ORDER BY ordinal DESC LIMIT 1",
        (tx.tenant, statement.body, statement.number, PUBLISHED),
    ).fetchone()
    if newest is not None:
        # The printed title says 【…終了】 from now on.
        ask_for(
            tx,
            statement.body,
            statement.number,
            PUBLISHED,
            newest[0],
            newest[1],
            at,
            again=("failed", "ready"),
        )


def left(tx: Transaction, statement: Statement, day: date, at: datetime) -> None:
    """The years of public keeping are over: found no more, its address says so; nothing is deleted."""
    tx.raw.execute(
        "UPDATE madoguchi.public_statement SET left_on = %s, current = false, changed_at = %s"
        " WHERE tenant = %s AND body = %s AND number = %s AND left_on IS NULL",
        (day, at, tx.tenant, statement.body, statement.number),
    )


def withdraw(
    tx: Transaction, statement: Statement, stage: str, ordinal: int, day: date, why: str, at: datetime
) -> bool:
    """Take one version out of public sight, with a notice at its address. Returns False when it was withdrawn already.

    The record stays. The version before it is the newest again; when none is left, the link's answer "published" ends too (法28条6項).
    """
    key = (tx.tenant, statement.body, statement.number)
    done = tx.raw.execute(
        "UPDATE madoguchi.public_statement SET withdrawn_on = %s, withdrawn_why = %s, current = false, changed_at = %s"
        " WHERE tenant = %s AND body = %s AND number = %s AND stage = %s AND ordinal = %s AND withdrawn_on IS NULL",
        (day, why, at, *key, stage, ordinal),
    )
    if not done.rowcount:
        return False
    if stage == PUBLISHED:
        tx.raw.execute(
            "UPDATE madoguchi.public_statement SET current = true, changed_at = %s WHERE (tenant, body, number, stage, ordinal) ="
            " (SELECT tenant, body, number, stage, ordinal FROM madoguchi.public_statement WHERE tenant = %s AND body = %s AND number = %s"
            " AND stage = %s AND withdrawn_on IS NULL AND left_on IS NULL ORDER BY ordinal DESC LIMIT 1) AND NOT current",
            (at, *key, PUBLISHED),
        )
        left = tx.raw.execute(
            "SELECT 1 FROM madoguchi.public_statement WHERE tenant = %s AND body = %s AND number = %s AND stage = %s"
            " AND withdrawn_on IS NULL AND left_on IS NULL LIMIT 1",
            (*key, PUBLISHED),
        ).fetchone()
        if left is None:
            withdraw_from_link(tx, statement, day)
    return True


def row_of(
    tenant: str,
    statement: Statement,
    body_name: str,
    tenant_name: str,
    forms: dict[str, PublicForm],
    **given: Any,
) -> dict[str, Any]:
    """The columns of a row; ``given`` are those that the forms do not say."""
    facts = facts_of(forms)
    found = searchable((statement.title, body_name, tenant_name, statement.number), forms)
    return {
        "tenant": tenant,
        "body": statement.body,
        "number": statement.number,
        "assessment_id": statement.id,
        "body_name": body_name,
        "title": statement.title,
        "kind": statement.kind,
        "forms": sorted(forms),
        "affairs": list(statement.affairs),
        "network": facts.network,
        "entrusted": facts.entrusted,
        "incident": facts.incident,
        "persons": facts.persons,
        "content": orjson.dumps({form: one.to_json() for form, one in forms.items()}).decode(),
        "tokens": found.tokens,
        "folded": found.folded,
        "starts": found.starts,
        "anchors": found.anchors,
        "addresses": found.addresses,
        "lines": found.lines,
        **given,
    }


def insert(tx: Transaction, row: dict[str, Any]) -> None:
    """Write a row in the tenant of the transaction."""
    tx.raw.execute(INSERT, row)


def _public_forms(
    tx: Transaction, statement: Statement, forms: tuple[str, ...], purpose: str
) -> dict[str, PublicForm]:
    found = {}
    for form in forms:
        frozen = last_version(tx, statement.id, form, purpose)
        assert frozen is not None, "published without a frozen version"
        assert frozen.public is not None, "a published version has a public rendering"
        found[form] = PublicForm.from_json(frozen.public)
    return found


def _next_ordinal(tx: Transaction, statement: Statement, stage: str) -> int:
    row = tx.raw.execute(
        "SELECT coalesce(max(ordinal), 0) + 1 FROM madoguchi.public_statement"
        " WHERE tenant = %s AND body = %s AND number = %s AND stage = %s",
        (tx.tenant, statement.body, statement.number, stage),
    ).fetchone()
    assert row is not None
    return int(row[0])


def _superseded(tx: Transaction, statement: Statement, stage: str | None, at: datetime) -> None:
    """Older rows (of one stage, or of both) stay at their addresses but are not the newest any more."""
    tx.raw.execute(
        "UPDATE madoguchi.public_statement SET current = false WHERE tenant = %s AND body = %s AND number = %s AND current"
        " AND (%s::text IS NULL OR stage = %s)",
        (tx.tenant, statement.body, statement.number, stage, stage),
    )


def _tenant_name(tx: Transaction) -> str:
    row = tx.raw.execute("SELECT name FROM madoguchi.tenant WHERE code = %s", (tx.tenant,)).fetchone()
    return str(row[0]) if row else tx.tenant

"""様式1 計画管理書, made from the data whenever somebody looks: nobody keeps a second list that could be out of date (規則3条)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from privacy_assessment.forms import Document, Place, edition_on
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.store import list_statements, read_body
from privacy_assessment.threshold import table_on
from storage.database import Transaction

KINDS = ("basic", "focused", "full")
PAGE = 200


def plan_register(tx: Transaction, body: str, today: date) -> Document:
    """The plan register of a body as a document of form 1.

    :raises NoSuchStatement: there is no such body.
    """
    found = read_body(tx, body)
    document = Document("form1", edition_on(today).id)
    document.set("f1.body", found.name)
    document.set("f1.updated_on", found.updated_on.isoformat())
    document.set("f1.dept", f"{found.department} {found.contact}")
    after = (body, "")
    while page := [one for one in list_statements(tx, after, PAGE) if one.body == body]:
        for statement in page:
            row = document.add_row("f1.rows")
            for name, value in _row(tx, statement, today).items():
                document.set(Place(f"f1.rows.{name}", (row,)), value)
        after = (body, page[-1].number)
    return document


def _row(tx: Transaction, statement: Statement, today: date) -> Mapping[str, str | None]:
    published = tx.raw.execute(
        "SELECT max(on_day) FROM madoguchi.assessment_version WHERE tenant = %s AND assessment_id = %s"
        " AND purpose = 'publication'",
        (tx.tenant, statement.id),
    ).fetchone()
    dues = {
        name: due.date().isoformat()
        for name, due in tx.raw.execute(
            "SELECT name, due_at AT TIME ZONE 'Asia/Tokyo' - interval '1 day' FROM madoguchi.deadline"
            " WHERE tenant = %s AND case_id = %s AND settled_at IS NULL",
            (tx.tenant, statement.case_id),
        )
    }
    return {
        "no": statement.number,
        "title": statement.shown_title,
        "kind": str(KINDS.index(statement.kind) + 1),
        **_written(tx, statement),
        **_judged(tx, statement, today),
        "hold_start": statement.hold_start.isoformat() if statement.hold_start else None,
        "plan": statement.planned_on.isoformat() if statement.planned_on else None,
        "published_on": published[0].isoformat() if published and published[0] else None,
        "review_on": dues.get("review_year"),
        "redo_on": dues.get("redo"),
        "end_on": statement.stopped_on.isoformat() if statement.stopped_on else None,
        "remarks": statement.remarks or None,
    }


def _written(tx: Transaction, statement: Statement) -> Mapping[str, str | None]:
    """Names of files and systems as 様式2, which every statement has, gives them."""
    row = tx.raw.execute(
        "SELECT body -> 'values' ->> 'f2.1.2', body -> 'values' ->> 'f2.1.1.3' FROM madoguchi.assessment_draft"
        " WHERE tenant = %s AND assessment_id = %s AND form = 'form2'",
        (tx.tenant, statement.id),
    ).fetchone()
    return {"files": row[0], "system": row[1]} if row else {}


def _judged(tx: Transaction, statement: Statement, today: date) -> Mapping[str, str | None]:
    row = tx.raw.execute(
        "SELECT figures, why FROM madoguchi.threshold_judgement WHERE tenant = %s AND assessment_id = %s"
        " ORDER BY judged_at DESC, id DESC LIMIT 1",
        (tx.tenant, statement.id),
    ).fetchone()
    if row is None:
        return {}
    figures: Mapping[str, Any] = row[0]
    classes = table_on(today)
    return {
        "persons": classes.person_class(figures["persons"]).code,
        "handlers": "1" if figures["handlers"] >= classes.many_handlers else "2",
        "accident": "1" if figures.get("counting") else "2" if "counting" in figures else None,
    }

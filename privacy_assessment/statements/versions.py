"""Freezing a draft into a version, and publishing: the full and the public rendering kept apart, and the link told (法28条6項)."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

import orjson

from privacy_assessment.redaction import public
from privacy_assessment.statements.checks import last_judgement
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.redactions import in_force
from privacy_assessment.statements.store import read_drafts
from storage.database import Transaction
from workflows.law import statements as register
from workflows.law.statements import PublishedStatement

WITH_PUBLIC = frozenset({"consultation", "publication"})


def freeze(
    tx: Transaction,
    statement: Statement,
    purpose: str,
    publication: str,
    at: datetime,
    day: date,
    by: str,
    forms: tuple[str, ...] | None = None,
) -> None:
    """Keep what the drafts say now as versions that never change.

    :param publication: ``first`` or ``amended``: which grounds of redaction hold.
    :param forms: those to freeze; all of the statement's kind when None.
    """
    drafts = read_drafts(tx, statement.id)
    wanted = forms or statement.forms
    kept = in_force(tx, statement.id, wanted)
    judged = last_judgement(tx, statement.id)
    for form in wanted:
        draft = drafts[form]
        body = _json(draft.document.to_json())
        shown = None
        if purpose in WITH_PUBLIC:
            made = public(draft.document, draft.form, [one.redaction for one in kept[form]], publication)
            shown = _json({"document": made.document.to_json(), "texts": made.texts, "gaps": made.gaps})
        tx.raw.execute(
            "INSERT INTO madoguchi.assessment_version (tenant, assessment_id, form, number, purpose, draft_version, body,"
            " public, digest, judgement, at, on_day, by_whom) SELECT %s, %s, %s, coalesce(max(number), 0) + 1, %s, %s, %s, %s,"
            " %s, %s, %s, %s, %s FROM madoguchi.assessment_version WHERE tenant = %s AND assessment_id = %s AND form = %s",
            (
                tx.tenant,
                statement.id,
                form,
                purpose,
                draft.version,
                body,
                shown,
                hashlib.sha256(body.encode()).digest(),
                judged[0] if judged else None,
                at,
                day,
                by,
                tx.tenant,
                statement.id,
                form,
            ),
        )


def tell_link(tx: Transaction, statement: Statement, day: date) -> None:
    """Write the publication where the link asks before every inquiry: one row for each affair."""
    for affair in statement.affairs:
        register.publish(
            tx,
            PublishedStatement(
                tenant=tx.tenant,
                affair_code=affair,
                statement_number=f"{statement.body}-{statement.number}",
                published_on=day,
                title=statement.shown_title,
                address=f"/statements/{tx.tenant}/{statement.body}/{statement.number}",
            ),
        )


def withdraw_from_link(tx: Transaction, statement: Statement, day: date) -> list[str]:
    """End the answer "published" for the statement's affairs. Returns the affairs that had an open one."""
    number = f"{statement.body}-{statement.number}"
    return [affair for affair in statement.affairs if register.withdraw(tx, tx.tenant, affair, number, day)]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()

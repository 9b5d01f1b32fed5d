"""What was written on a form, save by save, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from privacy_assessment.statements.drafts import Edit
from storage.database import Transaction

PAGE = 20


@dataclass(frozen=True)
class Saved:
    """One save: everything it changed."""

    version: int
    kind: str
    by: str
    at: datetime
    edits: tuple[Edit, ...]


def saves(
    tx: Transaction, statement: UUID, form: str, before: int | None = None, limit: int = PAGE
) -> list[Saved]:
    """One page of saves, newest first.

    :param before: only versions below this one.
    """
    rows = tx.raw.execute(
        "SELECT version, place, before, after, kind, by_whom, at FROM madoguchi.assessment_edit WHERE tenant = %(tenant)s"
        " AND assessment_id = %(statement)s AND form = %(form)s AND version IN (SELECT DISTINCT version"
        " FROM madoguchi.assessment_edit WHERE tenant = %(tenant)s AND assessment_id = %(statement)s AND form = %(form)s"
        " AND (%(before)s::int IS NULL OR version < %(before)s) ORDER BY version DESC LIMIT %(limit)s)"
        " ORDER BY version DESC, place",
        {"tenant": tx.tenant, "statement": statement, "form": form, "before": before, "limit": limit},
    ).fetchall()
    grouped: dict[int, list[Edit]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(Edit(*row))
    return [
        Saved(version, edits[0].kind, edits[0].by, edits[0].at, tuple(edits))
        for version, edits in grouped.items()
    ]

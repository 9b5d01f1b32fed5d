"""Which statement is missing when the link refuses (番号法28条6項): what the office has for the affair, how far it is, whom to ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from privacy_assessment.statements.models import FORM_NAMES, FORMS
from storage.database import Transaction
from workflows.engine import Engine
from workflows.law.statements import published_affairs

# States from which nothing will be published any more.
OVER = frozenset({"dropped", "handed_over", "expired"})


@dataclass(frozen=True, slots=True)
class MissingStatement:
    """What is known of the statement that would have to be published.

    :param number, title: of the statement that is on its way; None when there is none: then a new one has to be planned.
    :param state: where it stands, in words. :param office: who writes it. :param contact: the coordinating office, to be asked.
    """

    affair: str
    body: str
    department: str
    contact: str
    statement: UUID | None = None
    number: str | None = None
    title: str | None = None
    forms: tuple[str, ...] = ()
    state: str | None = None
    office: str | None = None


def missing_statements(
    tx: Transaction, engine: Engine, affairs: Sequence[str], on_day: date, language: str = "ja"
) -> dict[str, MissingStatement]:
    """For each affair without a published statement on a day: the one that is nearest to publication, or none at all.

    :returns: by affair; affairs that are covered are left out.
    """
    covered = published_affairs(tx, tx.tenant, on_day)
    wanted = [affair for affair in dict.fromkeys(affairs) if affair not in covered]
    if not wanted:
        return {}
    bodies = tx.raw.execute(
        "SELECT code, name, department, contact FROM madoguchi.assessment_body WHERE tenant = %s ORDER BY code",
        (tx.tenant,),
    ).fetchall()
    known = {row[0]: row for row in bodies}
    rows = tx.raw.execute(
        "SELECT id, body, number, title, kind, affairs, case_id, office FROM madoguchi.assessment"
        " WHERE tenant = %s AND affairs && %s AND case_id IS NOT NULL ORDER BY created_at DESC",
        (tx.tenant, wanted),
    ).fetchall()
    found: dict[str, MissingStatement] = {}
    for key, body, number, title, kind, covers, case_id, office in rows:
        case = engine.case(tx, case_id)
        if case.state in OVER:
            continue
        state = engine.definition(case).state_label(case.state, language)
        forms = tuple(FORM_NAMES[form] for form in FORMS[kind])
        _, name, department, contact = known[body]
        for affair in covers:
            if affair in wanted and affair not in found:
                found[affair] = MissingStatement(
                    affair, name, department, contact, key, number, title, forms, state, office
                )
    for affair in wanted:
        if affair not in found:
            _, name, department, contact = bodies[0] if bodies else ("", "", "", "")
            found[affair] = MissingStatement(affair, name, department, contact)
    return found

"""What residents wrote in the demonstration's consultations, and how the office answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from privacy_assessment.consultation.opinions import OpinionService
from privacy_assessment.consultation.publishing import publish
from privacy_assessment.consultation.results import ResultService
from privacy_assessment.consultation.store import last_consultation
from privacy_assessment.forms import FILE, Place
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.store import read_draft
from storage.clock import FixedClock
from storage.database import Transaction

if TYPE_CHECKING:
    from portal.running.demonstration_statements.office import Office


def give(tx: Transaction, office: Office, statement: Statement, texts: Sequence[Mapping[str, str]]) -> None:
    """Opinions on the days after the opening, as far as those days have come."""
    assert statement.case_id is not None
    consultation = last_consultation(tx, statement.case_id)
    assert consultation is not None
    document = read_draft(tx, statement.id, "form4").document
    file = (document.rows_of(FILE) or [""])[0]
    began = office.clock.now()
    for number, one in enumerate(texts, 1):
        at = began + timedelta(days=number, hours=number % 5)
        if at.date() >= office.today:
            return
        writer = OpinionService(FixedClock(at), office.opinions.keys, office.opinions._make_key)
        writer.give(tx, consultation.id, one["text"], _places(one["at"], file, document.rows))


def _places(key: str, file: str, rows: Mapping[str, list[str]]) -> list[str]:
    if not key:
        return []
    if key.startswith("f4.2.4n."):
        return [str(Place(key, (file, rows[f"f4.2.4n@{file}"][0])))]
    return [str(Place(key, (file,) if key.startswith(("f4.2.", "f4.3.")) else ()))]


def answer(tx: Transaction, office: Office, statement: Statement) -> None:
    """A line of the table for every group of opinions that say the same, and the table laid open."""
    assert statement.case_id is not None
    consultation = last_consultation(tx, statement.case_id)
    if consultation is None:
        return
    results = ResultService(office.clock)
    for group in office.opinions.groups(tx, consultation.id):
        receipts = list(group.receipts)
        first = office.opinions.one(tx, consultation.id, receipts[0])
        if first is not None:
            results.keep(
                tx, consultation.id, None, receipts, f"{first.body[:60]}…との意見", "御意見を踏まえ、記載を具体的にしました。", True,
                office.people.coordinator.id, change_note="該当する項目に、期間、条件と手順を書き加えた。",
            )  # fmt: skip
    publish(
        tx,
        office.clock,
        office.opinions,
        results,
        consultation.id,
        office.people.coordinator.id,
        citations={},
    )

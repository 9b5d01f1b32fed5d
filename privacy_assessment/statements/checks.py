"""The panel of checks: the form's own, and what must agree between the forms, the judgement and the law's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from privacy_assessment.forms import Document, Place, Problem, citation, places, plain, validate
from privacy_assessment.redaction import find_personal
from privacy_assessment.statements.models import Draft, Statement
from storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the panel: a problem of a form, and the reason somebody gave for letting a warning stand."""

    form: str
    problem: Problem
    reason: str | None

    @property
    def stops(self) -> bool:
        """Whether the submission must wait: every error, and a warning without a reason."""
        return self.problem.level == "error" or self.reason is None


# The same thing said on two forms: it must read the same (様式2 with 様式3 or 様式4).
TWINS = {
    "form3": {
        "c.no": "c.no",
        "c.body": "c.body",
        "f3.1.1.1": "f2.1.1.1",
        "f3.1.1.3": "f2.2.1",
        "f3.1.5.1": "f2.1.4.1",
        "f3.1.6.1": "f2.1.5.1",
    },
    "form4": {
        "c.no": "c.no",
        "c.body": "c.body",
        "f4.1.1.1": "f2.1.1.1",
        "f4.1.1.3": "f2.2.1",
        "f4.1.6.1": "f2.1.4.1",
        "f4.1.7.1": "f2.1.5.1",
    },
}


def panel(
    tx: Transaction,
    statement: Statement,
    drafts: Mapping[str, Draft],
    today: date,
    stage: str = "submission",
) -> list[Check]:
    """Every check of a statement with the reasons given."""
    reasons = {
        (form, code, place): reason
        for form, code, place, reason in tx.raw.execute(
            "SELECT form, code, place, reason FROM madoguchi.assessment_reason WHERE tenant = %s AND assessment_id = %s",
            (tx.tenant, statement.id),
        )
    }
    judgement = last_judgement(tx, statement.id)
    found = []
    for form in statement.forms:
        draft = drafts[form]
        problems = validate(draft.document, draft.form, today, stage)
        problems += _personal(draft)
        problems += _against_judgement(draft, judgement)
        if form in TWINS:
            problems += _twins(draft, drafts["form2"].document)
        found += [Check(form, one, reasons.get((form, one.code, one.place))) for one in problems]
    return found


def last_judgement(tx: Transaction, statement: UUID) -> tuple[UUID, str, str, str, date] | None:
    """Id, what is owed, what was chosen, the class of persons, and the day of the newest judgement."""
    return tx.raw.execute(
        "SELECT id, owed, chosen, person_class, judged_on FROM madoguchi.threshold_judgement"
        " WHERE tenant = %s AND assessment_id = %s ORDER BY judged_at DESC, id DESC LIMIT 1",
        (tx.tenant, statement),
    ).fetchone()


def _against_judgement(draft: Draft, judgement: tuple | None) -> Iterator[Problem]:
    if judgement is None:
        return
    for key in ("f2.2.1", "f3.1.1.3", "f4.1.1.3"):
        value = draft.document.get(key)
        if value is not None and value != judgement[3]:
            where = citation(draft.form, draft.form.item(key))
            text = f"対象人数の区分が、{judgement[4].isoformat()}のしきい値判断と違います。どちらかを直してください。"
            yield Problem("error", "persons_differ", key, where, text)


def _twins(draft: Draft, basic: Document) -> Iterator[Problem]:
    for key, twin in TWINS[draft.form_id].items():
        if draft.document.get(key) != basic.get(twin):
            item = draft.form.item(key)
            text = (
                f"「{item.label}」が基礎項目評価書の記載と違います。どちらかを直すか、理由を書いてください。"
            )
            yield Problem("warning", "forms_differ", key, citation(draft.form, item), text)


def _personal(draft: Draft) -> Iterator[Problem]:
    texts = {}
    for item, place in places(draft.document, draft.form):
        value = draft.document.get(place)
        if value is not None:
            texts[str(place)] = plain(item, value)
    for one in find_personal(texts):
        place = Place.parse(one.place)
        where = citation(draft.form, draft.form.item(place.key), draft.document, place.rows)
        at = f"{one.starts + 1}字目"
        if one.stops:
            text = f"{at}から個人番号と見られる12けたの数字があります。公表も提出もできません。数字を消してください。"
            yield Problem("error", "individual_number", one.place, where, text)
        elif one.kind == "digits":
            text = f"{at}から12けたの数字があります。個人番号でないことを確かめ、理由を書いてください。"
            yield Problem("warning", "twelve_digits", one.place, where, text)

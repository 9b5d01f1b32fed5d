"""Reads what the guards look at: for each step only the facts its guards name, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from privacy_assessment.consultation.store import last_consultation, unanswered
from privacy_assessment.redaction import find_personal, problems, public
from privacy_assessment.statements.changes import changes_of
from privacy_assessment.statements.checks import Check, last_judgement, panel
from privacy_assessment.statements.left_words import left_words, publication_of
from privacy_assessment.statements.models import Draft, Statement
from privacy_assessment.statements.redactions import in_force
from privacy_assessment.statements.store import last_version, read_body, read_drafts
from privacy_assessment.threshold import KINDS
from storage.database import Transaction
from workflows.engine import CaseView, Command
from workflows.law.terms import term

# Steps before which what only the procedure brings (opinions, review) is not asked for.
EARLY = frozenset({"consult"})
AMENDED = frozenset({"publish_amended"})


@dataclass
class Reading:
    """One case and the step wanted of it; reads each thing at most once."""

    tx: Transaction
    case: CaseView
    command: Command
    statement: Statement
    today: date

    @cached_property
    def drafts(self) -> dict[str, Draft]:
        """Working copies by form."""
        return read_drafts(self.tx, self.statement.id)

    @cached_property
    def panel(self) -> list[Check]:
        """The panel of checks at the stage of the step."""
        stage = "draft" if self.command.trigger in EARLY else "submission"
        return panel(self.tx, self.statement, self.drafts, self.today, stage)

    @cached_property
    def judgement(self) -> tuple[UUID, str, str, str, date] | None:
        """The newest judgement."""
        return last_judgement(self.tx, self.statement.id)

    @cached_property
    def standing(self) -> str:
        """Local or national body."""
        return read_body(self.tx, self.statement.body).standing

    @property
    def publication(self) -> str:
        """Which grounds of redaction hold for the publication at hand."""
        return "amended" if self.command.trigger in AMENDED else "first"

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """The office's internal steps that are not confirmed in this case, in order."""
        rows = self.tx.raw.execute(
            "SELECT s.before_trigger, s.code, s.label, s.role, s.other_person FROM madoguchi.assessment_internal_step AS s"
            " WHERE s.tenant = %s AND NOT EXISTS (SELECT 1 FROM madoguchi.assessment_confirmation AS c WHERE c.tenant = s.tenant"
            " AND c.case_id = %s AND c.code = s.before_trigger || '/' || s.code AND c.void_at IS NULL)"
            " ORDER BY s.before_trigger, s.position, s.code",
            (self.tx.tenant, self.case.id),
        ).fetchall()
        names = ("before", "code", "label", "role", "other_person")
        return [dict(zip(names, row, strict=True)) for row in rows]


def _covered(r: Reading) -> Mapping[str, Any]:
    wanted = r.command.input.get("judgement")
    row = None
    if wanted is not None:
        row = r.tx.raw.execute(
            "SELECT owed FROM madoguchi.threshold_judgement WHERE tenant = %s AND id = %s AND assessment_id = %s",
            (r.tx.tenant, wanted, r.statement.id),
        ).fetchone()
    elif r.judgement is not None:
        row = (r.judgement[1],)
    return {"kind": r.statement.kind, "owed": row[0] if row else None}


def _basic_first(r: Reading) -> Mapping[str, Any]:
    published = last_version(r.tx, r.statement.id, "form2", "publication")
    chosen = r.judgement[2] if r.judgement else None
    stale = False
    if published is not None and r.judgement is not None and published.judgement != r.judgement[0]:
        before = r.tx.raw.execute(
            "SELECT chosen FROM madoguchi.threshold_judgement WHERE tenant = %s AND id = %s",
            (r.tx.tenant, published.judgement),
        ).fetchone()
        handing = r.command.trigger == "hand_over"
        stale = before is not None and (
            handing or KINDS.index(before[0]) < KINDS.index(chosen or r.statement.kind)
        )
    return {"kind": chosen if chosen in ("focused", "full") else r.statement.kind, "stale": stale}


def _late(r: Reading) -> date | None:
    if r.statement.emergency_on is not None:
        return None
    day = r.statement.changes_on if r.case.state == "reassessing" else r.statement.hold_start
    if r.case.state == "reassessing" and day is None:
        return None
    return day if day is not None and day <= r.today else None


def _errors(r: Reading) -> tuple[int, str]:
    found = [one.problem.where for one in r.panel if one.problem.level == "error"]
    return len(found), found[0] if found else ""


def _warnings(r: Reading) -> tuple[int, str]:
    found = [one.problem.where for one in r.panel if one.problem.level == "warning" and one.reason is None]
    return len(found), found[0] if found else ""


def _redactions(r: Reading) -> list[str]:
    kept = in_force(r.tx, r.statement.id, r.statement.forms)
    return [
        text
        for form in r.statement.forms
        for text in problems(
            r.drafts[form].document, r.drafts[form].form, [one.redaction for one in kept[form]], r.publication
        )
    ]


def _left_words(r: Reading) -> list[str]:
    kept = in_force(r.tx, r.statement.id, r.statement.forms)
    left = left_words(r.tx, r.statement, r.drafts, kept, publication_of(r.case.state))
    return [one.where for one in left if one.reason is None]


def _numbers(r: Reading) -> list[str]:
    kept = in_force(r.tx, r.statement.id, r.statement.forms)
    # The title is laid open with the forms.
    found = ["評価書の名称"] if any(one.stops for one in find_personal({"": r.statement.title})) else []
    for form in r.statement.forms:
        draft = r.drafts[form]
        wanted = [one.redaction for one in kept[form]]
        if problems(draft.document, draft.form, wanted, r.publication):
            continue
        shown = public(draft.document, draft.form, wanted, r.publication)
        found += [f"{draft.form.number} {one.place}" for one in find_personal(shown.texts) if one.stops]
    return found


def _consult(r: Reading) -> Mapping[str, Any]:
    draft = r.drafts.get("form4")
    reason = draft.document.get("f4.6.2.3") if draft else None
    return {
        "today": r.today,
        "least": term("assessment.consultation", r.today).amount,
        "short_reason": isinstance(reason, str) and bool(reason.strip()),
    }


def _consulted(r: Reading) -> Mapping[str, Any]:
    found = last_consultation(r.tx, r.case.id)
    return {"standing": r.standing, "today": r.today, "closes": found.closes if found else None}


def _opinions(r: Reading) -> Mapping[str, Any]:
    found = last_consultation(r.tx, r.case.id)
    return {"standing": r.standing, "open": unanswered(r.tx, found.id) if found else 0}


def _review(r: Reading) -> bool | None:
    """Whether the review the step names (the newest when it names none) was favourable; None when there is none."""
    found = last_consultation(r.tx, r.case.id)
    row = r.tx.raw.execute(
        "SELECT favourable FROM madoguchi.third_party_review WHERE tenant = %s AND case_id = %s"
        " AND (%s::uuid IS NULL OR id = %s) AND reviewed_on > %s ORDER BY at DESC, id DESC LIMIT 1",
        (r.tx.tenant, r.case.id, *[r.command.input.get("review")] * 2, found.closes if found else date.max),
    ).fetchone()
    return None if row is None else row[0]


def _undecided(r: Reading) -> list[str]:
    return [
        one.change.where
        for form in r.statement.forms
        for one in changes_of(r.tx, r.drafts[form])[1]
        if one.change.marked and one.decided is None
    ]


def _material(r: Reading) -> list[str]:
    return [
        one.change.where
        for form in r.statement.forms
        for one in changes_of(r.tx, r.drafts[form])[1]
        if one.decided is not None and one.decided.decision == "material"
    ]


def _remarks(r: Reading) -> bool:
    wanted = r.command.input.get("threads")
    row = r.tx.raw.execute(
        "SELECT count(*) FROM madoguchi.assessment_thread WHERE tenant = %s AND assessment_id = %s AND resolved_at IS NULL"
        " AND type <> 'internal' AND (%s::uuid[] IS NULL OR id = ANY(%s::uuid[]))",
        (r.tx.tenant, r.statement.id, wanted, wanted),
    ).fetchone()
    return bool(row and row[0]) and wanted != []


def _emergency(r: Reading) -> bool:
    if r.statement.emergency_on is None:
        return True
    draft = r.drafts["form2"]
    if "f2.1.9" not in draft.form.by_key:
        return True
    return draft.document.get("f2.1.9") is True and bool(draft.document.get("f2.1.9.d"))


def _plan(r: Reading) -> bool:
    body = read_body(r.tx, r.statement.body)
    return bool(body.department.strip() and body.contact.strip())


READERS: dict[str, Callable[[Reading], Any]] = {
    "judgement_covered": _covered,
    "kind_enough": lambda r: {**_covered(r), "first": r.case.state == "drafting"},
    "basic_amended_first": _basic_first,
    "kind_changed": lambda r: {"kind": r.statement.kind, "chosen": r.judgement[2] if r.judgement else None},
    "forms_complete": _errors,
    "warnings_explained": _warnings,
    "before_holding": _late,
    "internal_steps_done": lambda r: [s["label"] for s in r.steps if s["before"] == r.command.trigger],
    "confirmation_in_turn": lambda r: r.steps,
    "redaction_allowed": _redactions,
    "words_decided": _left_words,
    "no_numbers": _numbers,
    "consultation_long_enough": _consult,
    "consultation_over": _consulted,
    "opinions_considered": _opinions,
    "review_recorded": _review,
    "review_favourable": _review,
    "review_asks_changes": _review,
    "third_party_done": lambda r: _review(r) is True,
    "changes_decided": _undecided,
    "not_material": _material,
    "has_remarks": _remarks,
    "stopped_not_future": lambda r: r.today,
    "emergency_written": _emergency,
    "plan_ready": _plan,
}

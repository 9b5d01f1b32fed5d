"""What a reviewer does at her desk beside the steps of the case: judging standpoints, asking, closing, drafting the decision."""

from __future__ import annotations

from uuid import UUID

from privacy_assessment.commission import messages
from privacy_assessment.commission.machine import asked_of
from privacy_assessment.commission.models import APPROVING, OUTCOMES, RATINGS, CommissionRefused, Decision
from privacy_assessment.commission.papers import order_paper
from privacy_assessment.commission.store import (
    current,
    draft_of,
    read_decision,
    read_forms,
    read_question,
    read_submission,
)
from privacy_assessment.forms import Place, citation
from privacy_assessment.forms.document import BadPlace, check_place
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id
from workflows.engine import Actor, Engine

MAX_TEXT = 10_000


class ReviewService:
    """The desk's own writing; every text stays as it was written and is never changed, only followed by another."""

    def __init__(self, clock: Clock, engine: Engine) -> None:
        self.clock = clock
        self.engine = engine

    def judge(
        self, tx: Transaction, submission: UUID, standpoint: str, rating: str, comment: str, actor: Actor
    ) -> None:
        """Judge one standpoint of a submission; an earlier judgement stays in the record.

        :raises CommissionRefused: no such standpoint or rating, or 要修正・改善余地 without a word why.
        """
        found = read_submission(tx, submission)
        self._editable(tx, found.case_id, actor)
        if standpoint not in {one.code for one in asked_of(found)} or rating not in RATINGS:
            raise CommissionRefused("BAD_RATING", "観点の結果を選んでください。保存していません。")
        text = _text(comment, rating in ("fix", "improve"), "要修正・改善余地には、理由が要ります。")
        tx.raw.execute(
            "INSERT INTO madoguchi.commission_check (tenant, submission, standpoint, seq, rating, comment, by_whom, at)"
            " SELECT %s, %s, %s, coalesce(max(seq), 0) + 1, %s, %s, %s, %s FROM madoguchi.commission_check"
            " WHERE tenant = %s AND submission = %s AND standpoint = %s",
            (
                tx.tenant, submission, standpoint, rating, text, actor.id, self.clock.now(),
                tx.tenant, submission, standpoint,
            ),
        )  # fmt: skip

    def write_question(
        self, tx: Transaction, case: UUID, form: str, place: str, text: str, actor: Actor
    ) -> UUID:
        """Write a question at an item of the submission under review; it goes out with the next sending.

        :raises CommissionRefused: the submission has no such item, or the text is empty or too long.
        """
        self._editable(tx, case, actor)
        said = _text(text, True, "質問の文が要ります。")
        address = self._address(tx, case, form, place)
        question, now = new_id(), self.clock.now()
        tx.raw.execute(
            "INSERT INTO madoguchi.commission_question (tenant, id, case_id, number, form, place, address, asked_by, asked_at)"
            " SELECT %s, %s, %s, coalesce(max(number), 0) + 1, %s, %s, %s, %s, %s FROM madoguchi.commission_question"
            " WHERE tenant = %s AND case_id = %s",
            (tx.tenant, question, case, form, place, address, actor.id, now, tx.tenant, case),
        )
        self._say(tx, new_id(), question, said, actor)
        return question

    def reply(self, tx: Transaction, question: UUID, text: str, actor: Actor) -> UUID:
        """Ask further in a question that was sent; the body sees it at once and the question is open again."""
        found = read_question(tx, question)
        self._editable(tx, found.case_id, actor)
        if found.sent_at is None:
            raise CommissionRefused(
                "NOT_SENT",
                "まだ送っていない質問です。追加していません。閉じて書き直すか、先に送ってください。",
            )
        said, entry, now = _text(text, True, "追加の文が要ります。"), new_id(), self.clock.now()
        self._say(tx, entry, question, said, actor)
        tx.raw.execute(
            "UPDATE madoguchi.commission_question SET answered_at = NULL, closed_at = NULL, closed_by = NULL"
            " WHERE tenant = %s AND id = %s",
            (tx.tenant, question),
        )
        submission = current(tx, found.case_id)
        payload = {
            "case": str(submission.sender_case),
            "question": str(question),
            "entry": {"id": str(entry), "by": actor.id, "at": now.isoformat(), "text": said},
        }
        messages.send(tx, submission.sender, found.case_id, "reply", payload, now, submission.sender_case)
        return entry

    def close(self, tx: Transaction, question: UUID, actor: Actor) -> bool:
        """Close a question; one that was never sent is withdrawn. Returns False when it was closed already."""
        found = read_question(tx, question)
        self._editable(tx, found.case_id, actor)
        if found.closed_at is not None:
            return False
        now = self.clock.now()
        tx.raw.execute(
            "UPDATE madoguchi.commission_question SET closed_at = %s, closed_by = %s WHERE tenant = %s AND id = %s",
            (now, actor.id, tx.tenant, question),
        )
        if found.sent_at is not None:
            submission = current(tx, found.case_id)
            payload = {"case": str(submission.sender_case), "question": str(question)}
            messages.send(
                tx, submission.sender, found.case_id, "closed", payload, now, submission.sender_case
            )
        return True

    def draft(
        self,
        tx: Transaction,
        case: UUID,
        outcome: str,
        reasons: str,
        notes: str,
        actor: Actor,
        seen: int = 0,
    ) -> Decision:
        """Write the draft of the decision, or write it anew.

        :param seen: the version the writer had before her; 0 when there was none.
        :raises CommissionRefused: somebody else wrote meanwhile, or something is missing.
        """
        self._editable(tx, case, actor)
        if outcome not in OUTCOMES:
            raise CommissionRefused("BAD_OUTCOME", "決定の種類を選んでください。保存していません。")
        submission = current(tx, case)
        if (outcome == "advise") is submission.needs_approval:
            raise CommissionRefused(
                "OUTCOME_NOT_OPEN",
                f"この提出に「{OUTCOMES[outcome]}」はできません（番号法28条2項・3項、33条）。保存していません。",
            )
        why = _text(reasons, True, "決定の理由が要ります。")
        with_notes = outcome == "approve_with_notes"
        noted = _text(notes, with_notes, "留意事項の文が要ります。") if outcome in APPROVING else ""
        tx.raw.execute(
            "SELECT 1 FROM madoguchi.case_file WHERE tenant = %s AND id = %s FOR UPDATE", (tx.tenant, case)
        )
        known, now = draft_of(tx, case), self.clock.now()
        if (known.version if known else 0) != seen:
            raise CommissionRefused(
                "STALE",
                "ほかの人が先に案を書き換えました。あなたの文は保存していません。新しい案を読んでから書いてください。",
            )
        if known is None:
            key = new_id()
            tx.raw.execute(
                "INSERT INTO madoguchi.commission_decision (tenant, id, submission, case_id, outcome, reasons, notes, drafted_by,"
                " drafters, drafted_at, version) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1)",
                (tx.tenant, key, submission.id, case, outcome, why, noted, actor.id, [actor.id], now),
            )
            return read_decision(tx, key)
        drafters = sorted({*known.drafters, actor.id})
        tx.raw.execute(
            "UPDATE madoguchi.commission_decision SET submission = %s, outcome = %s, reasons = %s, notes = %s, drafted_by = %s,"
            " drafters = %s, drafted_at = %s, version = version + 1 WHERE tenant = %s AND id = %s",
            (submission.id, outcome, why, noted, actor.id, drafters, now, tx.tenant, known.id),
        )
        return read_decision(tx, known.id)

    def order_draft(self, tx: Transaction, decision: UUID, actor: Actor) -> UUID:
        """Order the letter of a draft, to be read before it is signed."""
        found = read_decision(tx, decision)
        receipt = read_submission(tx, found.submission).receipt
        name = f"通知書案_{receipt}_{found.version}.pdf"
        return order_paper(tx, "draft", decision, name, actor.id, self.clock.now())

    def _address(self, tx: Transaction, case: UUID, form: str, place: str) -> str:
        forms = read_forms(tx, current(tx, case).id)
        try:
            handed = forms[form]
            where = Place.parse(place)
            item = check_place(handed.document, handed.form, where)
        except (KeyError, BadPlace):
            raise CommissionRefused(
                "NO_ITEM", "提出された評価書にこの項目はありません。保存していません。"
            ) from None
        return f"{handed.form.number} {citation(handed.form, item, handed.document, where.rows)}"

    def _say(self, tx: Transaction, entry: UUID, question: UUID, text: str, actor: Actor) -> None:
        tx.raw.execute(
            "INSERT INTO madoguchi.commission_question_entry (tenant, id, question, side, by_whom, at, text)"
            " VALUES (%s, %s, %s, 'commission', %s, %s, %s)",
            (tx.tenant, entry, question, actor.id, self.clock.now(), text),
        )

    def _editable(self, tx: Transaction, case: UUID, actor: Actor) -> None:
        found = self.engine.case(tx, case)
        if not self.engine.may_edit(found, actor):
            label = self.engine.definition(found).state_label(found.state)
            raise CommissionRefused(
                "NOT_EDITABLE", f"今の状態（{label}）では書き込めません。何も保存していません。"
            )


def _text(text: str, needed: bool, missing: str) -> str:
    said = text.strip()
    if needed and not said:
        raise CommissionRefused("NO_TEXT", f"{missing}保存していません。")
    if len(said) > MAX_TEXT or "\x00" in said:
        raise CommissionRefused(
            "BAD_TEXT", f"文は{MAX_TEXT:,}字までです。保存していません。短くしてください。"
        )
    return said

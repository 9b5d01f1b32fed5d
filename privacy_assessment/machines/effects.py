"""What follows from a step, in its own transaction: versions frozen, the public told, the record kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from privacy_assessment import publication
from privacy_assessment.commission.handing import hand_in, hand_in_end
from privacy_assessment.consultation.store import open_consultation
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.notes import Notes
from privacy_assessment.statements.store import read_draft, statements_of_cases
from privacy_assessment.statements.versions import freeze, tell_link, withdraw_from_link
from storage.clock import JAPAN, Clock
from storage.database import Transaction
from workflows.engine import Applied

CLOSED = "提出したので、このコメントを終えました。返事を書くと、また開きます。"
Effect = Callable[[Transaction, Sequence[Applied]], None]


class Effects:
    """The write effects of all four machines."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def all(self) -> tuple[Effect, ...]:
        """Every effect; its name is the one the definitions use."""
        return (
            self.link_case, self.note_emergency, self.keep_confirmation, self.void_confirmations,
            self.open_consultation, self.freeze_third_party, self.freeze_submission, self.write_approval,
            self.publish_first, self.publish_amended, self.note_change_day, self.note_end, self.leave_public,
        )  # fmt: skip

    def link_case(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """The case leads the statement from now on."""
        for one in applied:
            tx.raw.execute(
                "UPDATE madoguchi.assessment SET case_id = %s WHERE tenant = %s AND id = %s",
                (one.case_id, tx.tenant, one.input["assessment"]),
            )

    def note_emergency(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """規則9条2項: day and reason stay with the statement until it is published, and in the journal for good."""
        for one, statement in _with_statements(tx, applied):
            tx.raw.execute(
                "UPDATE madoguchi.assessment SET emergency_on = %s, emergency_reason = %s WHERE tenant = %s AND id = %s",
                (one.input["day"], one.input["reason"], tx.tenant, statement.id),
            )

    def keep_confirmation(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """An internal step was confirmed."""
        for one in applied:
            tx.raw.execute(
                "INSERT INTO madoguchi.assessment_confirmation (tenant, case_id, seq, code, by_whom, at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (
                    tx.tenant,
                    one.case_id,
                    one.seq,
                    f"{one.input['before']}/{one.input['step']}",
                    one.actor.id,
                    one.at,
                ),
            )

    def void_confirmations(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """What was confirmed was confirmed of another text: it has to be confirmed again."""
        for one in applied:
            tx.raw.execute(
                "UPDATE madoguchi.assessment_confirmation SET void_at = %s WHERE tenant = %s AND case_id = %s"
                " AND void_at IS NULL",
                (one.at, tx.tenant, one.case_id),
            )

    def open_consultation(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """公示: the public rendering is frozen and opinions may come in."""
        for one, statement in _with_statements(tx, applied):
            self._freeze(tx, one, statement, "consultation", "first", ("form4",))
            draft = read_draft(tx, statement.id, "form4")
            reason = str(draft.document.get("f4.6.2.3") or "")
            open_consultation(
                tx, statement.id, one.case_id, one.input["opens"], one.input["closes"], draft.version, reason
            )
            opens, closes = date.fromisoformat(one.input["opens"]), date.fromisoformat(one.input["closes"])
            publication.put_consulted(tx, statement, opens, closes, ("form4",), one.at)

    def freeze_third_party(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """The third party sees the whole text as it is now."""
        for one, statement in _with_statements(tx, applied):
            self._freeze(tx, one, statement, "third_party", "first", ("form4",))

    def freeze_submission(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """What the commission gets, whole; a job carries it there."""
        for one, statement in _with_statements(tx, applied):
            self._freeze(tx, one, statement, "submission", "first", None)
            # What was said was said of the text before; an answer opens a comment again.
            Notes(self.clock).close_answered(tx, statement.id, CLOSED, one.actor.id)
            hand_in(tx, one, statement)

    def write_approval(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """The day of the approval goes onto the cover of 様式4."""
        for one, statement in _with_statements(tx, applied):
            _cover_day(tx, statement, "c.approved_on", one.input["decided_on"], ("form4",))

    def publish_first(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Published after a whole procedure."""
        self._publish(tx, applied, "first")

    def publish_amended(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """Published after an amendment (規則14条)."""
        self._publish(tx, applied, "amended")

    def note_change_day(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """The planned day of the change that is assessed again."""
        for one, statement in _with_statements(tx, applied):
            tx.raw.execute(
                "UPDATE madoguchi.assessment SET changes_on = %s WHERE tenant = %s AND id = %s",
                (one.input.get("changes_on"), tx.tenant, statement.id),
            )
        self.void_confirmations(tx, applied)

    def note_end(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """The affair has stopped: the title says so from now on, the statement stays public."""
        for one, statement in _with_statements(tx, applied):
            tx.raw.execute(
                "UPDATE madoguchi.assessment SET stopped_on = %s WHERE tenant = %s AND id = %s",
                (one.input["stopped_on"], tx.tenant, statement.id),
            )
            hand_in_end(tx, one, statement)
            publication.ended(tx, statement, date.fromisoformat(one.input["stopped_on"]), one.at)

    def leave_public(self, tx: Transaction, applied: Sequence[Applied]) -> None:
        """The years of public keeping are over: the link's answer ends; nothing is deleted."""
        for one, statement in _with_statements(tx, applied):
            day = one.at.astimezone(JAPAN).date()
            withdraw_from_link(tx, statement, day)
            publication.left(tx, statement, day, one.at)

    def _publish(self, tx: Transaction, applied: Sequence[Applied], which: str) -> None:
        for one, statement in _with_statements(tx, applied):
            day = one.at.astimezone(JAPAN).date()
            _cover_day(tx, statement, "c.published_on", day.isoformat(), statement.forms)
            self._freeze(tx, one, statement, "publication", which, None)
            tx.raw.execute(
                "UPDATE madoguchi.assessment SET emergency_on = NULL, emergency_reason = NULL, changes_on = NULL"
                " WHERE tenant = %s AND id = %s",
                (tx.tenant, statement.id),
            )
            tell_link(tx, statement, day)
            publication.put(tx, statement, day, which, one.at)
        self.void_confirmations(tx, applied)

    def _freeze(
        self,
        tx: Transaction,
        one: Applied,
        statement: Statement,
        purpose: str,
        which: str,
        forms: tuple[str, ...] | None,
    ) -> None:
        day = one.at.astimezone(JAPAN).date()
        freeze(tx, statement, purpose, which, one.at, day, one.actor.id, forms)


def _with_statements(tx: Transaction, applied: Sequence[Applied]) -> list[tuple[Applied, Statement]]:
    known = statements_of_cases(tx, [one.case_id for one in applied])
    return [(one, known[one.case_id]) for one in applied if one.case_id in known]


def _cover_day(tx: Transaction, statement: Statement, key: str, day: str, forms: Sequence[str]) -> None:
    tx.raw.execute(
        "UPDATE madoguchi.assessment_draft SET body = jsonb_set(body, ARRAY['values', %s], to_jsonb(%s::text))"
        " WHERE tenant = %s AND assessment_id = %s AND form = ANY(%s)",
        (key, day, tx.tenant, statement.id, list(forms)),
    )

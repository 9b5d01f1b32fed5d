"""Handing over and back: whole, once, in order, whatever crashes between, and nobody reads across."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portal.commission.printing import Press
from privacy_assessment.commission import at_body, delivery, messages, papers
from privacy_assessment.commission.models import COMMISSION
from privacy_assessment.commission.store import read_forms, read_questions, submissions_of
from privacy_assessment.statements.store import last_version
from storage.clock import FixedClock
from storage.database import NOWHERE, Scope
from storage.jobs import jobs, worker_app
from tests.assessments.commission_world import AGENCY, MEMBER, REVIEWER, BothSides
from tests.conftest import Databases

TABLES = (
    "commission_message", "commission_question", "commission_question_entry", "commission_submission", "commission_form",
    "commission_check", "commission_decision", "commission_meeting", "commission_meeting_item", "commission_paper",
)  # fmt: skip


TODAY = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def both(databases: Databases) -> BothSides:
    """The machines, read once for all tests."""
    return BothSides(databases.worker, FixedClock(TODAY))


@pytest.fixture
def sides(both: BothSides, databases: Databases) -> BothSides:
    """Both sides on this module's database, on 22 November 2026; what earlier tests left on the job list is cleared."""
    with databases.worker.transaction() as tx:
        tx.raw.execute("DELETE FROM jobs.procrastinate_events")
        tx.raw.execute("DELETE FROM jobs.procrastinate_jobs")
    both.clock.set(TODAY)
    return both


def test_a_submission_reaches_the_commission_whole_and_the_body_gets_a_receipt(sides: BothSides) -> None:
    statement = sides.submitted()
    assert sides.carry() == ["delivered", "delivered"]
    case = sides.case_of(statement)
    found = sides.submission(case)
    assert (found.sender, found.needs_approval, found.occasion) == (AGENCY, True, "first")
    assert found.receipt.startswith("2026-")
    assert sides.commission_state(case) == "received"
    with sides.at(AGENCY) as tx:
        frozen = {form: last_version(tx, statement.id, form, "submission") for form in statement.forms}
        got = [one.kind for one in messages.messages_of(tx, statement.case_id)]
    assert got == ["submission", "receipt"]
    with sides.at(COMMISSION) as tx:
        forms = read_forms(tx, found.id)
    assert forms.keys() == frozen.keys()
    for form, handed in forms.items():
        version = frozen[form]
        assert version is not None
        assert handed.document.to_json() == version.document.to_json()
    assert found.facts["judgement"]["persons"] == 400_000
    assert found.facts["consultation"]["opinions"] == 0


def test_what_is_written_after_the_submission_does_not_reach_the_commission(sides: BothSides) -> None:
    statement = sides.submitted()
    with sides.at(AGENCY) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.assessment_draft SET body = jsonb_set(body, '{values,f4.1.1.2}', '\"後から\"')"
            " WHERE assessment_id = %s",
            (statement.id,),
        )
    sides.carry()
    with sides.at(COMMISSION) as tx:
        forms = read_forms(tx, sides.submission(sides.case_of(statement)).id)
    assert forms["form4"].document.get("f4.1.1.2") != "後から"


def test_delivering_again_changes_nothing(sides: BothSides) -> None:
    statement = sides.submitted()
    (job,) = sides.waiting()
    for _ in range(3):
        assert sides.delivery.deliver(job["tenant"], UUID(job["message"])) == "delivered"
    with sides.at(COMMISSION) as tx:
        assert len(submissions_of(tx, sides.case_of(statement))) == 1
        rows = tx.raw.execute(
            "SELECT count(*) FROM madoguchi.case_file WHERE kind = 'commission_review' AND id = %s",
            (sides.case_of(statement),),
        ).fetchone()
    assert rows == (1,)


def test_the_worker_s_own_job_list_carries_it(sides: BothSides, databases: Databases) -> None:
    statement = sides.submitted()
    app = worker_app(databases.url("worker"))
    delivery.register(app, sides.database, sides.engine, sides.clock)

    async def work() -> None:
        async with app.open_async():
            await app.run_worker_async(wait=False, install_signal_handlers=False)

    try:
        asyncio.run(work())
    finally:
        # The list of tasks is the process's own; other tests make it theirs.
        for known in (app.tasks, jobs.tasks):
            known.pop(messages.TASK, None)
    assert sides.waiting() == []
    with sides.at(AGENCY) as tx:
        assert [one.kind for one in messages.messages_of(tx, statement.case_id)] == ["submission", "receipt"]


class Crash(RuntimeError):
    """The machine is gone."""


@pytest.mark.parametrize("before", [2, 3])
def test_a_crash_between_the_transactions_is_healed_by_the_next_run(
    sides: BothSides, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = sides.submitted()
    (job,) = sides.waiting()
    count, whole = 0, sides.database.transaction

    def falling(*given: Any, **more: Any) -> Any:
        nonlocal count
        count += 1
        if count == before:
            raise Crash
        return whole(*given, **more)

    monkeypatch.setattr(sides.database, "transaction", falling)
    with pytest.raises(Crash):
        sides.delivery.deliver(job["tenant"], UUID(job["message"]))
    monkeypatch.undo()
    sides.carry()
    case = sides.case_of(statement)
    with sides.at(COMMISSION) as tx:
        assert len(submissions_of(tx, case)) == 1
    with sides.at(AGENCY) as tx:
        sent, receipt = messages.messages_of(tx, statement.case_id)
    assert (sent.outcome, receipt.kind) == ("delivered", "receipt")


def test_a_crash_inside_the_receiving_transaction_leaves_nothing_there(
    sides: BothSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = sides.submitted()
    case, made = sides.proposed(statement)
    sides.do(case, "sign_approval", MEMBER, decision=made.id, decided_on=sides.today_iso())

    def falls(*_: Any, **__: Any) -> Any:
        raise Crash

    monkeypatch.setattr(at_body, "_approval", falls)
    with pytest.raises(Crash):
        sides.carry()
    monkeypatch.undo()
    assert sides.body_state(statement) == "ppc_review"
    with sides.at(AGENCY) as tx:
        assert "approve" not in [one.kind for one in messages.messages_of(tx, statement.case_id)]
    with sides.at(COMMISSION) as tx:
        (waiting,) = [one for one in messages.messages_of(tx, case) if one.kind == "approve"]
    assert waiting.outcome is None
    assert sides.delivery.deliver(COMMISSION, waiting.id) == "delivered"
    assert sides.body_state(statement) == "approved"


def test_a_question_and_its_answer_go_there_and_back_and_the_case_goes_on(sides: BothSides) -> None:
    statement = sides.submitted()
    sides.carry()
    case = sides.case_of(statement)
    sides.do(case, "begin_review")
    first, second = sides.question(case), sides.question(case, "保存期間の根拠を示してください。")
    sides.do(case, "ask", due_on=sides.today_iso())
    assert sides.carry() == ["delivered"]
    with sides.at(AGENCY) as tx:
        asked = read_questions(tx, statement.case_id)
    assert [(one.id, one.number, one.state) for one in asked] == [(first, 1, "open"), (second, 2, "open")]
    assert asked[0].entries[0].text.startswith("Ⅱの記録項目")
    sides.answer(first)
    sides.carry()
    assert sides.commission_state(case) == "questions_out"
    sides.answer(second)
    assert sides.carry() == ["delivered"]
    assert sides.commission_state(case) == "reviewing"
    with sides.at(COMMISSION) as tx:
        sides.reviews.reply(tx, first, "まだ分かりません。", REVIEWER)
    sides.carry()
    with sides.at(AGENCY) as tx:
        again = read_questions(tx, statement.case_id)[0]
    assert (again.state, [one.side for one in again.entries]) == (
        "open",
        ["commission", "body", "commission"],
    )
    with sides.at(COMMISSION) as tx:
        assert sides.reviews.close(tx, first, REVIEWER)
    sides.carry()
    with sides.at(AGENCY) as tx:
        assert read_questions(tx, statement.case_id)[0].state == "closed"


def test_an_approval_moves_the_body_s_case_with_both_people_in_its_journal(sides: BothSides) -> None:
    statement = sides.submitted()
    case, made = sides.proposed(statement)
    sides.do(case, "sign_approval", MEMBER, decision=made.id, decided_on=sides.today_iso())
    assert sides.carry() == ["delivered"]
    assert sides.commission_state(case) == "decided"
    assert sides.body_state(statement) == "approved"
    with sides.at(AGENCY) as tx:
        steps = sides.engine.history(tx, statement.case_id)
        sides.step(tx, statement, "publish")
    assert [(one.trigger, one.actor_id) for one in steps[-2:]] == [
        ("recommend", REVIEWER.id),
        ("approve", MEMBER.id),
    ]


def test_a_return_puts_the_remarks_at_their_items_and_the_next_round_comes_into_the_same_case(
    sides: BothSides,
) -> None:
    statement = sides.submitted()
    sides.carry()
    case = sides.case_of(statement)
    sides.do(case, "begin_review")
    sides.question(case)
    sides.do(case, "ask", due_on=sides.today_iso())
    sides.do(case, "resume")
    sides.check_all(case, sound_flow="fix")
    sides.do(case, "begin_decision")
    made = sides.draft(case, "return")
    sides.do(case, "propose", decision=made.id)
    sides.do(case, "sign_return", MEMBER, decision=made.id, decided_on=sides.today_iso())
    sides.carry()
    assert (sides.commission_state(case), sides.body_state(statement)) == ("returned", "revising")
    with sides.at(AGENCY) as tx:
        threads = sides.notes.threads(tx, statement.id, open_only=True)
        assert len(threads) == 3
        assert [one.place for one in threads].count("f4.1.1.2") == 1
        sides.step(tx, statement, "ask_approval")
    sides.carry()
    assert sides.commission_state(case) == "received"
    with sides.at(COMMISSION) as tx:
        newest, oldest = submissions_of(tx, case)
    assert (newest.before, oldest.before) == (oldest.id, None)


def test_a_case_that_has_moved_on_meanwhile_is_not_moved_and_both_sides_know_why(sides: BothSides) -> None:
    statement = sides.submitted()
    case, made = sides.proposed(statement)
    sides.do(case, "sign_approval", MEMBER, decision=made.id, decided_on=sides.today_iso())
    with sides.at(AGENCY) as tx:
        thread = sides.notes.open_thread(tx, statement.id, "form4", "c.title", "to_fix", "直す", "x")
        sides.step(tx, statement, "return_for_correction", threads=[thread])
        before = sides.engine.case(tx, statement.case_id).steps
    assert sides.carry() == ["refused"]
    with sides.at(AGENCY) as tx:
        assert sides.engine.case(tx, statement.case_id).steps == before
        told = messages.messages_of(tx, statement.case_id)[-1]
    with sides.at(COMMISSION) as tx:
        noted = messages.messages_of(tx, case)[-1]
    assert (told.outcome, noted.outcome) == ("refused", "refused")
    assert told.reasons == noted.reasons
    assert told.reasons


def test_advice_reaches_the_body_as_a_proposal_and_its_case_does_not_move(sides: BothSides) -> None:
    statement = sides.submitted("992011", "basic", "local")
    case, made = sides.proposed(statement, "advise")
    sides.do(case, "sign_advice", MEMBER, decision=made.id, decided_on=sides.today_iso())
    assert sides.carry() == ["delivered"]
    assert sides.body_state(statement, "992011") == "submitted"
    with sides.at("992011") as tx:
        (thread,) = sides.notes.threads(tx, statement.id)
    assert thread.type == "proposal"
    assert "指導・助言" in thread.entries[0].text


def test_a_signed_letter_is_printed_once_and_reaches_the_body_as_it_was_sent(sides: BothSides) -> None:
    statement = sides.submitted()
    case, made = sides.proposed(statement)
    sides.do(case, "sign_approval", MEMBER, decision=made.id, decided_on=sides.today_iso())
    with sides.at(COMMISSION) as tx:
        (paper,) = papers.papers_of(tx, [made.id])
    press = Press(sides.database, sides.clock)
    press.make(COMMISSION, paper.id)
    press.make(COMMISSION, paper.id)
    assert sides.carry() == ["delivered", "delivered"]
    with sides.at(COMMISSION) as tx:
        sent = papers.content_of(tx, paper.id)
        (message,) = [one for one in messages.messages_of(tx, case) if one.kind == "letter"]
    sides.delivery.deliver(COMMISSION, message.id)
    with sides.at(AGENCY) as tx:
        assert papers.content_of(tx, paper.id) == sent
        assert [one.id for one in papers.papers_of(tx, [made.id])] == [paper.id]
    with sides.at("992020") as tx:
        assert papers.content_of(tx, paper.id) is None


def test_a_submission_that_changes_a_checked_one_knows_what_it_is_compared_with(sides: BothSides) -> None:
    statement, case = sides.filed()
    sides.amended(statement)
    second = sides.case_of(statement)
    assert second != case
    assert sides.submission(second).base == sides.submission(case).id
    assert sides.submission(second).occasion == "amended"


def test_the_end_of_an_affair_is_a_notice_that_is_only_acknowledged(sides: BothSides) -> None:
    case = sides.case_of(sides.ended())
    found = sides.submission(case)
    assert (found.occasion, found.facts["stopped_on"]) == ("ended", sides.today_iso())
    assert "規則16条" in sides.refusal(case, "begin_check")["only_a_notice"]
    sides.do(case, "acknowledge")
    assert sides.commission_state(case) == "filed"


def test_an_answer_to_a_question_of_another_body_is_refused(sides: BothSides) -> None:
    statement = sides.submitted()
    sides.carry()
    case = sides.case_of(statement)
    sides.do(case, "begin_review")
    question = sides.question(case)
    sides.do(case, "ask", due_on=sides.today_iso())
    sides.carry()
    with sides.at("992011") as tx:
        stray = messages.send(
            tx,
            COMMISSION,
            statement.case_id,
            "answer",
            {
                "question": str(question),
                "entry": str(UUID(int=9)),
                "by": "x",
                "at": "2026-11-22T00:00:00+00:00",
                "text": "x",
            },
            sides.clock.now(),
            statement.case_id,
        )
    assert sides.delivery.deliver("992011", stray) == "refused"
    with sides.at(COMMISSION) as tx:
        assert read_questions(tx, case)[0].state == "open"


def test_nobody_sees_the_rows_of_another_side(sides: BothSides, databases: Databases) -> None:
    statement = sides.submitted()
    sides.proposed(statement)
    for database in (databases.web, databases.worker):
        for scope in (NOWHERE, Scope(tenant="992020"), Scope(addressees=(("999016", "1"),))):
            with database.transaction(scope) as tx:
                for table in TABLES:
                    assert tx.raw.execute(f"SELECT count(*) FROM madoguchi.{table}").fetchone() == (0,), table
        with database.transaction(Scope(tenant=AGENCY)) as tx:
            for table in (
                "commission_submission",
                "commission_form",
                "commission_check",
                "commission_decision",
            ):
                assert tx.raw.execute(f"SELECT count(*) FROM madoguchi.{table}").fetchone() == (0,), table
        with database.transaction(Scope(tenant=COMMISSION)) as tx:
            for table in (
                "assessment",
                "assessment_version",
                "assessment_draft",
                "assessment_thread",
                "opinion",
            ):
                assert tx.raw.execute(f"SELECT count(*) FROM madoguchi.{table}").fetchone() == (0,), table


def test_the_database_itself_refuses_a_signature_of_the_drafter(sides: BothSides) -> None:
    _, made = sides.proposed(sides.submitted())
    with pytest.raises(psycopg.errors.CheckViolation), sides.at(COMMISSION) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.commission_decision SET signed_by = drafted_by, signed_at = now() WHERE id = %s",
            (made.id,),
        )

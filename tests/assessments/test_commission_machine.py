"""The commission's own machine: which steps are open when, and every order error refused with the article that forbids it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privacy_assessment.commission import at_commission, guards
from privacy_assessment.commission.letters import letter_of
from privacy_assessment.commission.machine import asked_of
from privacy_assessment.commission.models import (
    APPROVING,
    COMMISSION,
    OUTCOMES,
    RATINGS,
    CommissionRefused,
    NoSuchReview,
)
from privacy_assessment.commission.standpoints import all_sets, standpoints_on
from privacy_assessment.commission.store import (
    current,
    decisions_of,
    draft_of,
    read_checks,
    read_decision,
    read_question,
    read_questions,
)
from storage.clock import FixedClock
from storage.database import Scope, Transaction
from storage.ids import new_id
from tests.assessments.commission_world import MEMBER, OTHER, REVIEWER, BothSides
from tests.conftest import Databases
from tests.privacy_assessment.samples import filled
from workflows.engine import Actor, Applied, Command, Refused

PEOPLE = (REVIEWER, OTHER, MEMBER)


class _Undo(Exception):
    pass


class Desk(BothSides):
    """The commission alone, inside one transaction that is undone: submissions are put down without a body behind them."""

    tx: Transaction

    def submit(self, kind: str = "full", needs_approval: bool = True, occasion: str = "first") -> UUID:
        """A submission; returns the commission's case."""
        form = {"full": "form4", "focused": "form3", "basic": "form2"}[kind]
        payload = {
            "case": str(new_id()), "seq": 5, "statement": str(new_id()), "body": "agency", "body_name": "架空庁長官",
            "standing": "national", "contact": "総務課", "number": "1", "title": "給付に関する事務", "kind": kind,
            "occasion": occasion, "needs_approval": needs_approval, "submitted_on": "2026-11-22", "facts": {"redactions": []},
        }  # fmt: skip
        forms = {} if occasion == "ended" else {form: filled(form).to_json()}
        return at_commission.take_submission(
            self.tx, self.engine, new_id(), "999016", payload, forms, self.clock.now()
        )

    @contextmanager
    def at(self, tenant: str) -> Iterator[Transaction]:  # type: ignore[override]
        """Always the one transaction."""
        with self.tx.raw.transaction():
            yield self.tx

    def place(self, case: UUID) -> str:
        kind = current(self.tx, case).kind
        return {"full": "f4.1.1.2", "focused": "f3.1.1.2", "basic": "f2.1.1.2"}[kind]

    def ready(self, case: UUID, outcome: str | None = None, **checks: str) -> None:
        """Up to the draft of the decision."""
        approval = current(self.tx, case).needs_approval
        self.do(case, "begin_review" if approval else "begin_check")
        self.check_all(case, **checks)
        self.do(case, "begin_decision")
        if outcome:
            self.draft(case, outcome)


TODAY = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def empty_desk(databases: Databases) -> Desk:
    """The machines, read once for all tests."""
    return Desk(databases.worker, FixedClock(TODAY))


@pytest.fixture
def desk(empty_desk: Desk, databases: Databases) -> Iterator[Desk]:
    """The commission on 22 November 2026."""
    assert isinstance(empty_desk.clock, FixedClock)
    empty_desk.clock.set(TODAY)
    try:
        with databases.worker.transaction(Scope(tenant=COMMISSION)) as tx:
            empty_desk.tx = tx
            yield empty_desk
            raise _Undo
    except _Undo:
        pass


def test_an_approval_that_was_asked_for_is_not_filed_after_a_mere_check(desk: Desk) -> None:
    case = desk.submit()
    assert "番号法28条2項・3項" in desk.refusal(case, "begin_check")["approval_is_asked"]
    desk.do(case, "begin_review")
    assert desk.refusal(case, "file")


@pytest.mark.parametrize("kind", ["basic", "focused", "full"])
def test_what_needs_no_approval_is_checked_and_not_approved(desk: Desk, kind: str) -> None:
    case = desk.submit(kind, needs_approval=False)
    assert "規則5条" in desk.refusal(case, "begin_review")["approval_not_asked"]
    desk.ready(case)
    with pytest.raises(CommissionRefused) as wrong:
        desk.draft(case, "approve")
    assert "番号法28条" in str(wrong.value)
    assert draft_of(desk.tx, case) is None


def test_a_notice_of_the_end_is_neither_reviewed_nor_checked(desk: Desk) -> None:
    case = desk.submit("basic", needs_approval=False, occasion="ended")
    for trigger in ("begin_check", "begin_review"):
        assert "規則16条" in desk.refusal(case, trigger)["only_a_notice"]
    other = desk.submit("basic", needs_approval=False)
    assert "規則5条" in desk.refusal(other, "acknowledge")["not_a_notice"]


def test_no_decision_is_begun_while_a_standpoint_is_not_judged(desk: Desk) -> None:
    case = desk.submit()
    desk.do(case, "begin_review")
    reasons = desk.refusal(case, "begin_decision")
    assert "12件" in reasons["checklist_open"]
    assert "番号法28条3項・指針第10" in reasons["checklist_open"]


def test_an_open_question_stops_an_approval_but_not_a_return(desk: Desk) -> None:
    case = desk.submit()
    desk.do(case, "begin_review")
    question = desk.question(case)
    desk.do(case, "ask", due_on=desk.today_iso())
    desk.do(case, "resume")
    desk.check_all(case)
    desk.do(case, "begin_decision")
    made = desk.draft(case, "approve")
    reasons = desk.refusal(case, "propose", decision=made.id)
    assert "問1" in reasons["questions_open"]
    assert "番号法28条3項" in reasons["questions_open"]
    made = desk.draft(case, "return")
    desk.do(case, "propose", decision=made.id)
    desk.do(case, "send_back", MEMBER, remark="承認でよい。")
    desk.reviews.close(desk.tx, question, REVIEWER)
    made = desk.draft(case, "approve")
    desk.do(case, "propose", decision=made.id)


def test_a_standpoint_to_be_fixed_stops_an_approval_and_a_silent_filing(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "approve", sound_risks="fix")
    draft = draft_of(desk.tx, case)
    assert draft is not None
    reasons = desk.refusal(case, "propose", decision=draft.id)
    assert "番号法28条3項" in reasons["not_fit"]
    assert "（9）" in reasons["not_fit"]
    local = desk.submit("focused", needs_approval=False)
    desk.do(local, "begin_check")
    desk.check_all(local, sound_measures="fix")
    assert "番号法33条" in desk.refusal(local, "file")["fix_stands"]


def test_the_drafter_does_not_sign_nor_anybody_else_who_wrote_of_it(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "approve")
    made = desk.draft(case, "approve", MEMBER)
    desk.do(case, "propose", REVIEWER, decision=made.id)
    second = Actor("staff", str(UUID(int=28)), frozenset({"reviewer", "commissioner"}))
    given = {"decision": made.id, "decided_on": desk.today_iso()}
    assert "起案" in desk.refusal(case, "sign_approval", MEMBER, **given)["own_draft"]
    assert desk.refusal(case, "sign_approval", REVIEWER, **given)
    desk.do(case, "sign_approval", second, **given)
    signed = read_decision(desk.tx, made.id)
    assert (signed.signed_by, signed.letter_number) == (second.id, f"{current(desk.tx, case).receipt}-1")


def test_a_reviewer_without_the_post_signs_nothing(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "approve")
    draft = draft_of(desk.tx, case)
    assert draft is not None
    desk.do(case, "propose", decision=draft.id)
    with pytest.raises(Refused):
        desk.do(case, "sign_approval", OTHER, decision=draft.id, decided_on=desk.today_iso())


def test_what_is_signed_is_what_was_drafted_on_a_day_that_has_come(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "return")
    draft = draft_of(desk.tx, case)
    assert draft is not None
    desk.do(case, "propose", decision=draft.id)
    today = desk.today_iso()
    assert (
        "返却"
        in desk.refusal(case, "sign_approval", MEMBER, decision=draft.id, decided_on=today)["other_outcome"]
    )
    assert "stale_draft" in desk.refusal(case, "sign_return", MEMBER, decision=new_id(), decided_on=today)
    tomorrow = (desk.clock.today() + timedelta(days=1)).isoformat()
    assert "decided_in_future" in desk.refusal(
        case, "sign_return", MEMBER, decision=draft.id, decided_on=tomorrow
    )


def test_two_who_draft_at_once_are_told_and_the_first_text_stands(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "approve")
    with pytest.raises(CommissionRefused) as wrong:
        desk.reviews.draft(desk.tx, case, "return", "別の理由", "", OTHER, 0)
    assert wrong.value.code == "STALE"
    (only,) = decisions_of(desk.tx, case)
    assert (only.outcome, only.version) == ("approve", 1)


def test_questions_are_numbered_sent_once_and_only_with_a_day_that_has_not_passed(desk: Desk) -> None:
    case = desk.submit()
    desk.do(case, "begin_review")
    assert "no_questions" in desk.refusal(case, "ask", due_on=desk.today_iso())
    first, second = desk.question(case), desk.question(case)
    yesterday = (desk.clock.today() - timedelta(days=1)).isoformat()
    assert "due_past" in desk.refusal(case, "ask", due_on=yesterday)
    desk.do(case, "ask", due_on=desk.today_iso())
    assert [read_question(desk.tx, one).number for one in (first, second)] == [1, 2]
    assert "no_questions" in desk.refusal(case, "ask", due_on=desk.today_iso())


@pytest.mark.parametrize(
    ("form", "place", "text"),
    [
        ("form4", "f4.nothing", "x"),
        ("form9", "f4.1.1.2", "x"),
        ("form4", "f4.1.1.2", " "),
        ("form4", "f4.1.1.2", "あ" * 10_001),
    ],
)
def test_a_question_that_fits_nowhere_or_says_nothing_is_not_kept(
    desk: Desk, form: str, place: str, text: str
) -> None:
    case = desk.submit()
    desk.do(case, "begin_review")
    with pytest.raises(CommissionRefused):
        desk.reviews.write_question(desk.tx, case, form, place, text, REVIEWER)
    assert read_questions(desk.tx, case) == []


def test_a_judgement_needs_its_reason_and_its_history_stays(desk: Desk) -> None:
    case = desk.submit()
    desk.do(case, "begin_review")
    submission = current(desk.tx, case)
    for rating, comment in (("fix", ""), ("improve", "  "), ("perfect", "x")):
        with pytest.raises(CommissionRefused):
            desk.reviews.judge(desk.tx, submission.id, "fit-time", rating, comment, REVIEWER)
    with pytest.raises(CommissionRefused):
        desk.reviews.judge(desk.tx, submission.id, "no-such", "good", "", REVIEWER)
    desk.reviews.judge(desk.tx, submission.id, "fit-time", "fix", "時期が遅い", REVIEWER)
    desk.reviews.judge(desk.tx, submission.id, "fit-time", "good", "", OTHER)
    assert read_checks(desk.tx, submission.id)["fit-time"].by == OTHER.id
    rows = desk.tx.raw.execute(
        "SELECT rating FROM madoguchi.commission_check WHERE submission = %s ORDER BY seq", (submission.id,)
    ).fetchall()
    assert rows == [("fix",), ("good",)]


def test_nothing_is_written_in_a_state_that_is_not_for_writing(desk: Desk) -> None:
    case = desk.submit()
    submission = current(desk.tx, case)
    with pytest.raises(CommissionRefused) as wrong:
        desk.reviews.judge(desk.tx, submission.id, "fit-time", "good", "", REVIEWER)
    assert wrong.value.code == "NOT_EDITABLE"
    desk.ready(case, "approve")
    draft = draft_of(desk.tx, case)
    assert draft is not None
    desk.do(case, "propose", decision=draft.id)
    for act in (
        lambda: desk.question(case),
        lambda: desk.draft(case, "return"),
    ):
        with pytest.raises(CommissionRefused):
            act()


def test_the_clock_reminds_and_the_case_stays_where_it_is(desk: Desk) -> None:
    case = desk.submit()
    desk.clock.advance(days=60)
    fired = desk.engine.fire_due_deadlines(desk.tx)
    assert [one.trigger for one in fired if isinstance(one, Applied)] == ["remind_review"]
    assert desk.commission_state(case) == "received"


def test_receipts_count_on_within_a_fiscal_year_and_begin_again_in_april(desk: Desk) -> None:
    receipts = [current(desk.tx, desk.submit()).receipt for _ in range(2)]
    year, number = receipts[0].split("-")
    assert receipts[1] == f"{year}-{int(number) + 1:04d}"
    desk.clock.set(datetime(2027, 3, 31, 14, 59, tzinfo=UTC))
    assert current(desk.tx, desk.submit()).receipt.startswith("2026-")
    desk.clock.set(datetime(2027, 3, 31, 15, 0, tzinfo=UTC))
    assert current(desk.tx, desk.submit()).receipt == "2027-0001"


def test_a_letter_says_what_was_decided_and_a_draft_says_it_is_one(desk: Desk) -> None:
    case = desk.submit()
    desk.ready(case, "approve_with_notes")
    draft = draft_of(desk.tx, case)
    assert draft is not None
    letter = letter_of(desk.tx, draft, desk.clock.today())
    assert (letter.number, letter.day) == ("", "")
    assert letter.draft
    assert "留意事項" in [heading for heading, _ in letter.parts]
    desk.do(case, "propose", decision=draft.id)
    desk.do(case, "sign_approval", MEMBER, decision=draft.id, decided_on=desk.today_iso())
    signed = letter_of(desk.tx, read_decision(desk.tx, draft.id), desk.clock.today())
    assert signed.draft == ""
    assert signed.day == "令和8年11月22日"
    assert "架空庁長官" in signed.addressee


def test_the_standpoints_are_dated_and_each_kind_is_asked_what_it_can_answer() -> None:
    newest = standpoints_on(date(2026, 11, 22))
    assert [len(newest.asked(kind)) for kind in ("basic", "focused", "full")] == [10, 11, 12]
    with pytest.raises(LookupError):
        standpoints_on(date(2014, 4, 19))
    for one in all_sets():
        codes = [each.code for group in one.groups for each in group.standpoints]
        assert len(codes) == len(set(codes))
        assert one.source


def test_nothing_is_found_that_is_not_there(desk: Desk) -> None:
    for read in (current, read_question, read_decision):
        with pytest.raises(NoSuchReview):
            read(desk.tx, new_id())


FACTS = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from([None, *OUTCOMES]),
        "needs_approval": st.booleans(),
        "fix": st.lists(st.sampled_from(["（1）x", "（2）y"]), max_size=2),
        "open": st.lists(st.integers(1, 9), max_size=2),
        "missing": st.lists(st.just("（3）z"), max_size=1),
        "drafters": st.sets(st.sampled_from([one.id for one in PEOPLE])),
        "signer": st.sampled_from(PEOPLE),
    }
)


@given(FACTS)
def test_an_approval_is_never_open_but_when_everything_stands(found: dict[str, Any]) -> None:
    draft = None if found["outcome"] is None else "d"
    facts = {
        "draft_written": {"draft": draft, "today": date(2026, 11, 22)},
        "draft_approves": found["outcome"],
        "draft_fits": {name: found[name] for name in ("outcome", "needs_approval", "fix")},
        "other_person_than_drafter": tuple(found["drafters"]),
        "actor": found["signer"],
    }
    passed = not any(
        guard(facts, {"decision": "d", "decided_on": "2026-11-22"})
        for guard in (
            guards.draft_written,
            guards.draft_approves,
            guards.draft_fits,
            guards.other_person_than_drafter,
        )
    )
    may = (
        found["outcome"] in APPROVING
        and found["needs_approval"]
        and not found["fix"]
        and found["signer"].id not in found["drafters"]
    )
    assert passed is may


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "begin_review", "begin_check", "ask", "resume", "begin_decision", "back_to_review", "propose", "send_back",
                "sign_approval", "sign_return", "sign_advice", "file", "acknowledge", "!judge", "!question", "!close",
                "!draft", "!answer",
            ]
        ),
        st.sampled_from(PEOPLE),
        st.sampled_from(list(OUTCOMES)),
        st.sampled_from(list(RATINGS)),
    ),
    max_size=40,
)  # fmt: skip


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(needs_approval=st.booleans(), steps=STEPS)
def test_whatever_is_tried_in_whatever_order_no_case_ends_wrongly(
    desk: Desk, needs_approval: bool, steps: list[tuple[str, Actor, str, str]]
) -> None:
    case = desk.submit("full" if needs_approval else "basic", needs_approval)
    # Half of the work done at once, so that the far states are reached.
    desk.do(case, "begin_review" if needs_approval else "begin_check")
    if len(steps) % 2:
        desk.check_all(case)
    for step, actor, outcome, rating in steps:
        _try(desk, case, step, actor, outcome, rating)
        _holds(desk, case)


def _try(desk: Desk, case: UUID, step: str, actor: Actor, outcome: str, rating: str) -> None:
    before = desk.engine.case(desk.tx, case)
    try:
        with desk.tx.raw.transaction():
            if step.startswith("!"):
                _write(desk, case, step, actor, outcome, rating)
            else:
                command = Command(case, step, actor, "試験", f"k-{new_id()}", _input(desk, case, step))
                desk.engine.apply(desk.tx, command)
    except Refused as refused:
        after = desk.engine.case(desk.tx, case)
        assert (after.state, after.steps) == (before.state, before.steps)
        for one in refused.reasons:
            assert "…" not in desk.engine.reason_text(one, after), one
    except CommissionRefused:
        assert desk.engine.case(desk.tx, case).steps == before.steps


def _input(desk: Desk, case: UUID, step: str) -> dict[str, Any]:
    draft = draft_of(desk.tx, case)
    decision = draft.id if draft else new_id()
    if step.startswith("sign_"):
        return {"decision": decision, "decided_on": desk.today_iso()}
    return {
        "ask": {"due_on": desk.today_iso()},
        "send_back": {"remark": "直す。"},
        "propose": {"decision": decision},
    }.get(step, {})


def _write(desk: Desk, case: UUID, what: str, actor: Actor, outcome: str, rating: str) -> None:
    tx, submission = desk.tx, current(desk.tx, case)
    draft, questions = draft_of(tx, case), read_questions(tx, case)
    if what == "!judge":
        for one in asked_of(submission):
            desk.reviews.judge(tx, submission.id, one.code, rating, "理由", actor)
    elif what == "!question":
        form = "form4" if submission.kind == "full" else "form2"
        desk.reviews.write_question(tx, case, form, desk.place(case), "なぜか。", actor)
    elif what == "!close" and questions:
        desk.reviews.close(tx, questions[0].id, actor)
    elif what == "!draft":
        desk.reviews.draft(tx, case, outcome, "理由", "留意", actor, draft.version if draft else 0)
    elif what == "!answer":
        for one in [each for each in questions if each.state == "open"]:
            at = desk.clock.now()
            said = {
                "question": str(one.id),
                "entry": str(new_id()),
                "by": "x",
                "at": at.isoformat(),
                "text": "x",
            }
            at_commission.take_answer(tx, desk.engine, new_id(), "999016", said, at)


def _holds(desk: Desk, case: UUID) -> None:
    """What must be true of every case at every moment."""
    found, submission = desk.engine.case(desk.tx, case), current(desk.tx, case)
    decisions = decisions_of(desk.tx, case)
    signed = [one for one in decisions if one.signed_at is not None]
    checks = read_checks(desk.tx, submission.id)
    assert all(one.signed_by not in one.drafters for one in signed)
    if found.state in ("decided", "returned"):
        assert signed
        assert {one.code for one in asked_of(submission)} <= checks.keys()
        if found.state == "decided":
            last = signed[0]
            assert (last.outcome in APPROVING) is submission.needs_approval
            if last.outcome in APPROVING:
                assert not [one for one in checks.values() if one.rating == "fix"]
                assert not [one for one in read_questions(desk.tx, case) if one.state in ("open", "answered")]
    else:
        assert not signed or found.state == "received" or submission.before is not None
    if found.state == "filed":
        assert not submission.needs_approval
        assert not [one for one in checks.values() if one.rating == "fix"]

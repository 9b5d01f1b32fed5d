"""Whatever is tried in whatever order, no case of the commission ends wrongly."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privacy_assessment.commission import at_commission, guards
from privacy_assessment.commission.machine import asked_of
from privacy_assessment.commission.models import (
    APPROVING,
    OUTCOMES,
    RATINGS,
    CommissionRefused,
)
from privacy_assessment.commission.store import (
    current,
    decisions_of,
    draft_of,
    read_checks,
    read_questions,
)
from storage.ids import new_id
from tests.assessments.commission_desk import PEOPLE, Desk, desk, empty_desk
from workflows.engine import Actor, Command, Refused

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

__all__ = ["desk", "empty_desk"]


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

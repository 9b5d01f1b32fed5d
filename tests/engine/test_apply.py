"""One step at a time: opening, moving, replaying, refusing."""

from __future__ import annotations

import psycopg
import pytest

from storage.database import Scope, Transaction
from storage.ids import new_id
from tests.conftest import Databases
from tests.engine.helpers import BOSS, CLERK, command, opened
from workflows.engine import Actor, CaseNotFound, Command, Engine, Reason, Refused
from workflows.engine.journal import check_chain


def test_a_case_runs_from_opening_to_its_end(engine: Engine, tx: Transaction) -> None:
    first = opened(engine, tx, subject="900000000000015", parent=new_id())
    second = engine.apply(tx, command(first.case_id, "submit", amount=500))
    third = engine.apply(tx, command(first.case_id, "approve", BOSS))
    assert [(one.seq, one.before, one.after) for one in (first, second, third)] == [
        (1, "", "drafted"),
        (2, "drafted", "waiting"),
        (3, "waiting", "approved"),
    ]
    case = engine.case(tx, first.case_id)
    assert (case.state, case.steps, case.head_hash, case.assignee) == (
        "approved",
        3,
        third.step_hash,
        "boss-1",
    )
    steps = engine.history(tx, first.case_id)
    assert [step.article for step in steps] == [None, "見本条例3条", "見本条例5条"]
    assert check_chain(steps) is None
    assert engine.verify(tx) is None
    assert tx.raw.execute(
        "SELECT seq FROM sample_outbox WHERE case_id = %s ORDER BY seq", (first.case_id,)
    ).fetchall() == [
        (2,),
        (3,),
    ]
    job = tx.raw.execute(
        "SELECT task_name, args FROM jobs.procrastinate_jobs ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert job == ("sample.notify", {"tenant": "992011", "case_id": str(first.case_id), "seq": 3})


def test_the_way_depends_on_the_facts(engine: Engine, tx: Transaction) -> None:
    case_id = opened(engine, tx).case_id
    assert engine.apply(tx, command(case_id, "submit", amount=5)).after == "approved"


def test_the_same_request_gets_the_same_answer_and_no_second_step(engine: Engine, tx: Transaction) -> None:
    first = opened(engine, tx, "once", subject="900000000000015")
    again = opened(engine, tx, "once", subject="900000000000015")
    assert again.replayed
    assert (again.case_id, again.step_hash, again.subject) == (first.case_id, first.step_hash, first.subject)
    wish = command(first.case_id, "submit", key="send", amount=500)
    done = engine.apply(tx, wish)
    engine.apply(tx, command(first.case_id, "approve", BOSS))
    replayed = engine.apply(tx, wish)
    assert replayed.replayed
    assert (replayed.seq, replayed.after, replayed.input) == (done.seq, done.after, done.input)
    assert engine.case(tx, first.case_id).steps == 3


def test_an_opening_with_the_same_key_about_somebody_else_is_another_request(
    engine: Engine, tx: Transaction
) -> None:
    above = new_id()
    first = opened(engine, tx, "same", subject="900000000000015", parent=above)
    for other in ({"subject": "900000000000023", "parent": above}, {"subject": "900000000000015"}, {}):
        with pytest.raises(Refused) as refused:
            opened(engine, tx, "same", **other)
        assert refused.value.reasons == (Reason("request_key_reused"),)
    again = opened(engine, tx, "same", subject="900000000000015", parent=above)
    assert (again.replayed, again.case_id) == (True, first.case_id)
    assert tx.raw.execute("SELECT count(*) FROM case_file WHERE parent = %s", (above,)).fetchone() == (1,)


def test_a_request_key_cannot_serve_two_requests(engine: Engine, tx: Transaction) -> None:
    first, other = opened(engine, tx, "a").case_id, opened(engine, tx, "b").case_id
    engine.apply(tx, command(first, "note", key="same"))
    for wish in (
        command(other, "note", key="same"),
        command(first, "submit", key="same", amount=5),
        command(first, "note", key="same", text="別の内容"),
    ):
        with pytest.raises(Refused) as refused:
            engine.apply(tx, wish)
        assert refused.value.reasons == (Reason("request_key_reused"),)
    assert engine.case(tx, other).steps == 1


def test_every_reason_is_told_at_once(engine: Engine, tx: Transaction) -> None:
    case_id = opened(engine, tx).case_id
    tx.raw.execute("INSERT INTO sample_freeze VALUES (%s)", (case_id,))
    with pytest.raises(Refused) as refused:
        engine.apply(tx, Command(case_id, "submit", BOSS, " ", "k", {"amount": 5000, "colour": "red"}))
    codes = {reason.code for reason in refused.value.reasons}
    assert codes == {"not_your_role", "not_frozen", "over_limit", "input_unknown", "purpose_missing"}
    case = engine.case(tx, case_id)
    assert case.steps == 1
    over = next(reason for reason in refused.value.reasons if reason.code == "over_limit")
    assert (
        engine.reason_text(over, case) == "上限1000を超えています。何も変更していません。減らしてください。"
    )
    role = next(reason for reason in refused.value.reasons if reason.code == "not_your_role")
    assert "担当、本人" in engine.reason_text(role, case)


def test_four_eyes_refuse_the_one_who_was_last(engine: Engine, tx: Transaction) -> None:
    both = Actor("staff", "clerk-1", frozenset({"clerk", "supervisor"}))
    case_id = opened(engine, tx).case_id
    engine.apply(tx, command(case_id, "submit", amount=500))
    with pytest.raises(Refused, match="same_person"):
        engine.apply(tx, command(case_id, "approve", both))
    assert engine.apply(tx, command(case_id, "approve", BOSS)).after == "approved"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "input_missing"),
        ({"amount": "5"}, "input_wrong"),
        ({"amount": True}, "input_wrong"),
        ({"amount": 2**60}, "input_wrong"),
        ({"amount": 5, "reason": "番号は 1234 5678 9012 です"}, "input_holds_number"),
        ({"amount": 5, "reason": "１２３４５６７８９０１２"}, "input_holds_number"),
        ({"amount": 5, "reason": "a\x00b"}, "input_wrong"),
        ({"amount": 5, "reason": "\ud800"}, "input_wrong"),
        ({"amount": 5, "reason": ""}, "input_wrong"),
    ],
)
def test_input_that_was_not_declared_or_could_be_a_number_is_refused(
    engine: Engine, tx: Transaction, given: dict[str, object], code: str
) -> None:
    case_id = opened(engine, tx).case_id
    with pytest.raises(Refused) as refused:
        engine.apply(tx, command(case_id, "submit", **given))
    assert code in {reason.code for reason in refused.value.reasons}
    assert engine.case(tx, case_id).state == "drafted"


def test_a_number_in_the_purpose_is_refused(engine: Engine, tx: Transaction) -> None:
    with pytest.raises(Refused, match="purpose_holds_number"):
        engine.open(tx, "sample", actor=CLERK, purpose="1234-5678-9012 の件", request_key="x")


def test_nobody_can_be_given_the_role_of_the_clock(engine: Engine, tx: Transaction) -> None:
    case_id = opened(engine, tx).case_id
    with pytest.raises(Refused, match="not_your_role"):
        engine.apply(tx, command(case_id, "expire", Actor("staff", "x", frozenset({"clock", "system"}))))


def test_a_resident_acts_only_on_her_own_case(engine: Engine, tx: Transaction) -> None:
    case_id = opened(engine, tx, subject="900000000000015").case_id
    stranger = Actor(
        "resident", "acc-2", addressees=frozenset({"992011:900000000000023", "992020:900000000000015"})
    )
    with pytest.raises(Refused, match="not_your_role"):
        engine.apply(tx, command(case_id, "submit", stranger, amount=5))
    herself = Actor("resident", "acc-1", addressees=frozenset({"992011:900000000000015"}))
    assert engine.may_edit(engine.case(tx, case_id), herself, "attachments")
    assert not engine.may_edit(engine.case(tx, case_id), CLERK, "attachments")
    engine.apply(tx, command(case_id, "submit", herself, amount=500))
    assert not engine.may_read(engine.case(tx, case_id), herself)
    assert engine.may_read(engine.case(tx, case_id), CLERK)


def test_a_case_of_another_tenant_is_not_there(engine: Engine, sample_tables: Databases) -> None:
    with sample_tables.worker.transaction(Scope(tenant="992020")) as tx:
        other = opened(engine, tx, "other-tenant").case_id
    with sample_tables.worker.transaction(Scope(tenant="992011")) as tx:
        with pytest.raises(CaseNotFound):
            engine.apply(tx, command(other, "note"))
        with pytest.raises(CaseNotFound):
            engine.case(tx, other)
        # The same key in another tenant is another key.
        assert not opened(engine, tx, "other-tenant").replayed


def test_options_tell_why_a_button_cannot_be_pressed(engine: Engine, tx: Transaction) -> None:
    case_id = opened(engine, tx).case_id
    tx.raw.execute("INSERT INTO sample_freeze VALUES (%s)", (case_id,))
    options = {one.trigger: one for one in engine.options(tx, case_id, CLERK)}
    assert set(options) == {"submit", "note"}
    assert options["note"].allowed
    assert options["submit"].reasons == (Reason("not_frozen"),)
    assert options["submit"].label["ja"] == "提出する"


def test_an_unknown_trigger_is_refused(engine: Engine, tx: Transaction) -> None:
    case_id = opened(engine, tx).case_id
    for name in ("explode", "open", "migrate", "__class__", "to_approved"):
        with pytest.raises(Refused, match="unknown_trigger"):
            engine.apply(tx, command(case_id, name))


@pytest.mark.parametrize("statement", ["UPDATE step SET purpose = 'x'", "DELETE FROM step", "TRUNCATE step"])
def test_the_journal_refuses_change_even_by_its_owner(
    engine: Engine, sample_tables: Databases, tenant_a: str, statement: str
) -> None:
    with sample_tables.worker.transaction(Scope(tenant=tenant_a)) as tx:
        opened(engine, tx, f"fixed-{statement}")
    with (
        pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="added, never changed"),
        sample_tables.migrator.transaction(Scope(tenant=tenant_a)) as tx,
    ):
        tx.raw.execute(statement.replace("step", "madoguchi.step"))


@pytest.mark.parametrize(
    "change",
    [
        "state = 'approved'",
        "steps = 0 + steps - 1",
        "subject = '1'",
        "definition_version = 2",
        "head_hash = sha256(head_hash)",
    ],
)
def test_a_case_cannot_be_moved_behind_the_journal(engine: Engine, tx: Transaction, change: str) -> None:
    case_id = opened(engine, tx).case_id
    engine.apply(tx, command(case_id, "note"))
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="only by a step"):
        tx.raw.execute(f"UPDATE case_file SET {change} WHERE id = %s", (case_id,))


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE case_file SET head_hash = 'short', steps = steps + 1",
        "UPDATE deadline SET status = 'forgotten', settled_at = now()",
        "UPDATE deadline SET settled_at = now()",
        "UPDATE deadline SET status = 'fired'",
        'INSERT INTO step SELECT (jsonb_populate_record(s, \'{"seq": 0, "request_key": "nought"}\')).* FROM step s',
    ],
)
def test_rows_that_cannot_be_are_refused_by_the_database(engine: Engine, tx: Transaction, wrong: str) -> None:
    engine.apply(tx, command(opened(engine, tx).case_id, "submit", amount=500))
    assert tx.raw.execute("SELECT count(*) FROM deadline WHERE settled_at IS NULL").fetchone() != (0,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        tx.raw.execute(wrong)


def test_an_effect_that_fails_takes_its_step_back(
    engine: Engine, sample_tables: Databases, tenant_a: str
) -> None:
    with sample_tables.worker.transaction(Scope(tenant=tenant_a)) as tx:
        case_id = opened(engine, tx, "effect").case_id
        tx.raw.execute("INSERT INTO sample_outbox VALUES (%s, 2)", (case_id,))
    wish = command(case_id, "submit", amount=500)
    with (
        pytest.raises(psycopg.errors.UniqueViolation),
        sample_tables.worker.transaction(Scope(tenant=tenant_a)) as tx,
    ):
        engine.apply(tx, wish)
    with sample_tables.worker.transaction(Scope(tenant=tenant_a)) as tx:
        assert engine.case(tx, case_id).state == "drafted"
        tx.raw.execute("DELETE FROM sample_outbox")
        assert not engine.apply(tx, wish).replayed

"""What nobody ends the clock ends: waiting has a limit on either side, answers are kept no longer than their time, and each end has its record."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from tests.linkage.exchanges import at_the_core, until
from tests.linkage.house import BOSS, CLERK, HOLDER, KONO, OTSUKAWA, SYSTEM, House
from tests.linkage.test_protected import asked, provision_case
from workflows.linkage.link_codes.service import LinkCodeService
from workflows.linkage.tasks import purge_answers
from workflows.linkage.worker import fire_deadlines, pump_outbox


def let_run_out(house: House, tenant: str, case_id: UUID) -> None:
    """As if the time of what a case waits for were over."""
    with house.tx(tenant) as tx:
        done = tx.raw.execute(
            "UPDATE madoguchi.deadline SET due_at = now() - interval '1 minute' WHERE case_id = %s AND status = 'pending'",
            (case_id,),
        )
        assert done.rowcount, "nothing was waited for"
    fire_deadlines(house.worker, house.runtime, tenant)


def exchange_of(house: House, case_id: UUID) -> str:
    with house.tx(KONO) as tx:
        return tx.raw.execute(
            "SELECT coalesce(exchange_id, message_id) FROM madoguchi.linkage_inquiry WHERE case_id = %s",
            (case_id,),
        ).fetchone()[0]


def test_a_review_that_nobody_decides_is_escalated_and_then_refused_with_records_on_both_sides(
    house: House,
) -> None:
    case_id, exchange = asked(house, "mamori")
    provision = provision_case(house, exchange)
    states = [house.state(OTSUKAWA, provision)]
    for _ in range(2):
        let_run_out(house, OTSUKAWA, provision)
        states.append(house.state(OTSUKAWA, provision))
    assert states == ["review", "escalated", "auto_refused"]
    assert house.settle_until(KONO, case_id, "refused") == "refused"
    for tenant in (KONO, OTSUKAWA):
        (record,) = house.records(tenant, exchange)
        assert record[2] == "NOT_PROVIDABLE"


def test_an_inquiry_that_nobody_answers_expires_with_its_record_and_a_late_word_changes_nothing(
    house: House,
) -> None:
    case_id = house.ask(house.apply_for("hanako")).case_id
    until(house, case_id, "permitted")
    let_run_out(house, KONO, case_id)
    assert house.state(KONO, case_id) == "expired"
    exchange = exchange_of(house, case_id)
    assert [row[2] for row in house.records(KONO, exchange)] == ["TIMEOUT"]
    causes = []
    for _ in range(100):
        house.round(always=True)
        with house.tx(KONO) as tx:
            causes += tx.raw.execute(
                "UPDATE madoguchi.linkage_inbox SET state = 'closed' WHERE state = 'dead' RETURNING cause"
            ).fetchall()
        if ("TOO_LATE:expired",) in causes:
            break
    assert house.state(KONO, case_id) == "expired"
    assert [row[2] for row in house.records(KONO, exchange)] == ["TIMEOUT"]
    with house.tx(KONO) as tx:
        assert not tx.raw.execute(
            "SELECT 1 FROM madoguchi.linkage_answer WHERE case_id = %s", (case_id,)
        ).fetchall()
    assert causes.count(("TOO_LATE:expired",)) == 1


def test_an_answer_older_than_was_wanted_is_marked_and_one_whose_time_is_over_is_wiped(house: House) -> None:
    application, now = house.apply_for("taro"), house.parts.clock
    with house.tx(KONO, "web") as tx:
        case_id = house.inquiries.open_and_send(
            tx,
            CLERK,
            application,
            "081-01",
            ["local-tax"],
            "児童手当の審査のため",
            f"ask:{uuid4()}",
            holder=HOLDER,
            wanted_as_of=now.today() + timedelta(days=30),
        ).case_id
    house.settle()
    assert house.state(KONO, case_id) == "answered_stale"
    with house.tx(KONO) as tx:
        assert purge_answers(tx, house.runtime) == 0, "its time is not over"
        tx.raw.execute(
            "UPDATE madoguchi.linkage_answer SET keep_until = %s WHERE case_id = %s",
            (now.today() - timedelta(days=1), case_id),
        )
        assert purge_answers(tx, house.runtime) == 1
        assert purge_answers(tx, house.runtime) == 0
    assert house.state(KONO, case_id) == "purged"
    with house.tx(KONO, "web") as tx:
        answer = house.inquiries.view(tx, case_id, BOSS).answer
    assert (answer.purged, answer.items) == (True, None)
    assert [row[2] for row in house.records(KONO, exchange_of(house, case_id))] == ["OK"], "its record stays"


def test_a_person_the_holder_no_longer_has_is_no_such_subject_to_both(house: House) -> None:
    """The server was not told yet that she is closed there."""
    gone = house.addressee(OTSUKAWA, "ichiro")
    with house.tx(OTSUKAWA) as tx:
        tx.raw.execute("UPDATE madoguchi.addressee SET state = 'closed' WHERE number = %s", (gone,))
    try:
        case_id, exchange = asked(house, "ichiro")
        assert house.state(KONO, case_id) == "no_such_subject"
        assert house.state(OTSUKAWA, provision_case(house, exchange)) == "unmatched"
        for tenant in (KONO, OTSUKAWA):
            assert [row[2] for row in house.records(tenant, exchange)] == ["NO_SUCH_SUBJECT"]
    finally:
        with house.tx(OTSUKAWA) as tx:
            tx.raw.execute("UPDATE madoguchi.addressee SET state = 'active' WHERE number = %s", (gone,))


def test_a_link_code_that_never_comes_is_overdue_then_given_up_and_may_be_asked_for_again(
    house: House,
) -> None:
    addressee = house.addressee(KONO, "sakura")
    with house.tx(KONO) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.linkage_link_code SET live = false WHERE addressee = %s", (addressee,)
        )
    at_the_core(
        house, "UPDATE hub.subject SET fugo = NULL WHERE danban = %s AND org = '992011-01'", addressee
    )
    with house.tx(KONO) as tx:
        (case_id,) = LinkCodeService(house.engine).acquire(tx, [addressee], SYSTEM)
    for _ in range(10):
        pump_outbox(house.worker, house.runtime, KONO)
        pump_outbox(house.databases.vault, house.vault_runtime, KONO, house.vault_runtime.vault_lanes)
        if house.state(KONO, case_id) == "cs_accepted":
            break
    states = [house.state(KONO, case_id)]
    for _ in range(2):
        let_run_out(house, KONO, case_id)
        states.append(house.state(KONO, case_id))
    assert states == ["cs_accepted", "overdue", "abandoned"]
    with house.tx(KONO) as tx:
        assert tx.raw.execute(
            "SELECT token, live FROM madoguchi.linkage_link_code WHERE case_id = %s", (case_id,)
        ).fetchone() == (None, False)
        (again,) = LinkCodeService(house.engine).acquire(tx, [addressee], SYSTEM)
    assert house.settle_until(KONO, again, "linked") == "linked"

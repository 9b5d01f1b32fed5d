"""What stops an inquiry before it leaves, and what is kept of the attempt."""

from __future__ import annotations

from datetime import date

import pytest

from tests.linkage.house import CLERK, HOLDER, KONO, OTSUKAWA, House
from tests.wire.conftest import inquiry as wire_inquiry
from workflows.engine import Actor, Refused
from workflows.law.statements import PublishedStatement, publish, withdraw
from workflows.linkage.freezes import FreezeRefused, Freezes
from workflows.linkage.inquiry.machine import InquiryMachine
from workflows.linkage.inquiry.service import InquiryRefused
from workflows.linkage.wire.problems import Problem


def outbox_count(house: House) -> int:
    with house.tx(KONO) as tx:
        return tx.raw.execute(
            "SELECT count(*) FROM madoguchi.linkage_outbox WHERE lane = 'inquiry'"
        ).fetchone()[0]


def test_offers_say_what_may_be_asked_and_of_whom(house):
    application = house.apply_for("taro")
    with house.tx(KONO, "web") as tx:
        offers = house.inquiries.offers(tx, application)
    assert {one.item for one in offers} == {"local-tax", "resident-record"}
    assert all(one.available and [h.org for h in one.holders] == [HOLDER] for one in offers)
    assert all(one.clause.startswith("番号法19条8号") for one in offers)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"row": "099-99"}, "UNKNOWN_LAW_ROW"),
        ({"row": "056-01"}, "OTHER_AFFAIR"),
        ({"item": "resident-record"}, "WRONG_ITEMS"),
        ({"purpose": "  "}, "PURPOSE"),
        ({"purpose": "見本 花子さんの審査のため"}, "PURPOSE_PERSONAL"),
        ({"purpose": "番号123456789013の確認"}, "PURPOSE_PERSONAL"),
        ({"purpose": "甲野市本町3丁目2番1号の件"}, "PURPOSE_PERSONAL"),
        ({"purpose": "審" * 201}, "PURPOSE"),
        ({"purpose": "審査\x00のため"}, "PURPOSE_UNREADABLE"),
        ({"purpose": "審査\ud800のため"}, "PURPOSE_UNREADABLE"),
        ({"purpose": "審査\x1b[2Jのため"}, "PURPOSE_UNREADABLE"),
        ({"purpose": "審査\u202eのため"}, "PURPOSE_UNREADABLE"),
        ({"purpose": "\u200b\u3000"}, "PURPOSE_UNREADABLE"),
    ],
)
def test_an_inquiry_without_law_row_or_with_personal_data_is_refused_and_nothing_is_stored(
    house, change, code
):
    application = house.apply_for("taro")
    before = outbox_count(house)
    with pytest.raises(InquiryRefused) as refused:
        house.ask(application, **change)
    assert refused.value.code == code
    assert "何も送っていません" in str(refused.value) == refused.value.text("ja")
    assert "Nothing was sent" in refused.value.text("en")
    assert outbox_count(house) == before
    with house.tx(KONO, "web") as tx:
        assert house.inquiries.for_application(tx, application) == []


def test_without_a_published_statement_the_attempt_is_blocked_and_leaves_a_record(house):
    application = house.apply_for("taro")
    with house.tx(KONO) as tx:
        withdraw(tx, KONO, "child-allowance", "1", date(2026, 11, 1))
    try:
        with house.tx(KONO, "web") as tx:
            offers = house.inquiries.offers(tx, application)
        assert not any(one.available for one in offers)
        assert {reason.code for one in offers for reason in one.reasons} == {"statement_missing"}
        before = outbox_count(house)
        opened = house.ask(application, key="blocked-1")
        assert opened.state == "blocked"
        assert [reason.code for reason in opened.reasons] == ["statement_missing"]
        assert outbox_count(house) == before
        again = house.ask(application, key="blocked-1")
        assert (again.case_id, again.state, again.replayed) == (opened.case_id, "blocked", True)
        with house.tx(KONO) as tx:
            jobs = tx.raw.execute(
                "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'linkage.record_inquiry' AND args->>'case_id' = %s",
                (str(opened.case_id),),
            ).fetchone()
            assert jobs == (1,)
            assert InquiryMachine(house.parts).record_cases(tx, [opened.case_id]) == 1
            assert InquiryMachine(house.parts).record_cases(tx, [opened.case_id]) == 0
    finally:
        with house.tx(KONO) as tx:
            publish(
                tx,
                PublishedStatement(KONO, "child-allowance", "2", date(2026, 11, 1), "重点項目評価書（架空）"),
            )


def test_the_holder_does_not_answer_without_its_own_statement(house):
    with house.tx(OTSUKAWA) as tx:
        withdraw(tx, OTSUKAWA, "local-tax-levy", "1", date(2026, 11, 1))
    try:
        opened = house.ask(house.apply_for("taro"))
        house.settle()
        assert house.state(KONO, opened.case_id) == "refused"
        with house.tx(KONO, "web") as tx:
            inquiry = house.inquiries.view(tx, opened.case_id, CLERK).inquiry
        (theirs,) = house.records(OTSUKAWA, inquiry.exchange_id)
        assert theirs[2] == "REFUSED_BY_HOLDER"
    finally:
        with house.tx(OTSUKAWA) as tx:
            publish(
                tx,
                PublishedStatement(
                    OTSUKAWA, "local-tax-levy", "2", date(2026, 11, 1), "重点項目評価書（架空）"
                ),
            )


def test_only_a_clerk_may_ask(house):
    application = house.apply_for("taro")
    stranger = Actor(kind="staff", id="staff:x", roles=frozenset({"operator"}))
    with pytest.raises(Refused), house.tx(KONO, "web") as tx:
        house.inquiries.open_and_send(
            tx, stranger, application, "081-01", ["local-tax"], "児童手当の審査のため", "k", holder=HOLDER
        )
    with house.tx(KONO, "web") as tx:
        assert house.inquiries.for_application(tx, application) == []


@pytest.mark.parametrize("scope", ["person", "office", "tenant", "item"])
def test_a_kill_switch_stops_a_new_inquiry(house, scope):
    application = house.apply_for("taro")
    value = {
        "person": house.addressee(KONO, "taro"),
        "office": "子育て支援課",
        "tenant": "*",
        "item": "local-tax",
    }[scope]
    freezes = Freezes(house.parts.clock)
    with house.tx(KONO) as tx:
        freezes.freeze(tx, scope, value, reason="SUSPICION", actor="staff:boss")
    opened = house.ask(application)
    assert opened.state == "blocked"
    assert [reason.code for reason in opened.reasons] == ["frozen"]
    with house.tx(KONO) as tx:
        with pytest.raises(FreezeRefused):
            freezes.release(tx, scope, value, actor="staff:boss")
        freezes.release(tx, scope, value, actor="staff:boss2")
    assert house.ask(application).state == "sent"


def test_a_freeze_between_asking_and_sending_holds_the_message_back_until_it_is_lifted(house, monkeypatch):
    from datetime import timedelta

    from workflows.linkage import pump

    monkeypatch.setattr(pump, "HOLD", timedelta(0))
    opened = house.ask(house.apply_for("taro"))
    freezes = Freezes(house.parts.clock)
    person = house.addressee(KONO, "taro")
    with house.tx(KONO) as tx:
        freezes.freeze(tx, "person", person, reason="SUSPICION", actor="staff:boss")
    house.round((KONO,), wait=0)
    assert house.state(KONO, opened.case_id) == "sent"
    with house.tx(KONO) as tx:
        row = tx.raw.execute(
            "SELECT state, cause, attempts FROM madoguchi.linkage_outbox WHERE case_id = %s",
            (opened.case_id,),
        ).fetchone()
        assert row == ("ready", "FROZEN", 0)
        freezes.release(tx, "person", person, actor="staff:boss2")
    house.settle()
    assert house.state(KONO, opened.case_id) == "answered"


def test_a_freeze_at_the_holder_stops_the_answer_and_at_the_asker_closes_the_opened_one(house):
    freezes = Freezes(house.parts.clock)
    with house.tx(OTSUKAWA) as tx:
        freezes.freeze(tx, "item", "local-tax", reason="SUSPICION", actor="staff:boss")
    refused = house.ask(house.apply_for("taro"))
    house.settle()
    assert house.state(KONO, refused.case_id) == "refused"
    with house.tx(OTSUKAWA) as tx:
        freezes.release(tx, "item", "local-tax", actor="staff:boss2")
    answered = house.ask(house.apply_for("taro"))
    house.settle()
    with house.tx(KONO, "web") as tx:
        assert house.inquiries.view(tx, answered.case_id, CLERK).answer.items is not None
    with house.tx(KONO) as tx:
        freezes.freeze(tx, "office", "子育て支援課", reason="SUSPICION", actor="staff:boss")
    with house.tx(KONO, "web") as tx:
        assert house.inquiries.view(tx, answered.case_id, CLERK).answer.items is None


def test_a_message_that_would_carry_a_number_or_a_name_never_reaches_the_outbox(house):
    from workflows.linkage import outbox

    now = house.parts.clock.now()
    for bad in ("123456789013", "見本 花子", "昭和55年2月3日生", "弐千 1234 5678 9013", "ミホン・ハナコ"):
        message = wire_inquiry(now, purpose=bad)
        with pytest.raises(Problem, match="FORBIDDEN_CONTENT"), house.tx(KONO) as tx:
            outbox.put(tx, [outbox.Outgoing(message["id"], "inquiry", "inquiry.request", message)], now)
        with house.tx(KONO) as tx:
            assert not tx.raw.execute(
                "SELECT 1 FROM madoguchi.linkage_outbox WHERE id = %s", (message["id"],)
            ).fetchall()


def test_another_tenant_cannot_see_the_inquiry(house):
    opened = house.ask(house.apply_for("taro"))
    from workflows.engine import CaseNotFound

    with pytest.raises(CaseNotFound), house.tx(OTSUKAWA, "web") as tx:
        house.inquiries.view(tx, opened.case_id, CLERK)

"""The desks: receive an application, move it, ask over the link; refusals say everything and change nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.staff.dead_letters.views import SHOWN
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.conftest import Databases
from tests.pages import office
from tests.web.conftest import Counter, open_portal
from tests.web.forms import form_of
from tests.web.people import CLERK, OPERATOR, SUPERVISOR, Person
from workflows.linkage.record_sync.discrepancies import CORE_MISSING_HERE, Found, about_core, say, settle

NOWHERE = "01900000-0000-7000-8000-00000000dead"


@pytest.fixture(scope="module")
def counter(databases: Databases, key_ring: KeyRing, tmp_path_factory: pytest.TempPathFactory) -> Counter:
    """The portal with an office in it."""
    clock = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    office.furnish(databases.worker, clock, key_ring)
    return open_portal(databases, clock, tmp_path_factory.mktemp("var"), key_ring)


def receive(counter: Counter, addressee: str = office.ADDRESSEE, person: Person = CLERK) -> Any:
    """Receive an application and open its page."""
    browser = counter.of(person)
    form = form_of(browser.get("/staff/cases/new"), "/staff/cases/new")
    form["affair"] = office.AFFAIR
    form["addressee"] = addressee
    return form.submit()


def do(counter: Counter, page: Any, trigger: str, purpose: str, person: Person = CLERK) -> Any:
    """Press a button of a case page."""
    form = form_of(counter.of(person).get(page.request.path), "/act", trigger)
    form["purpose"] = purpose
    return form.submit(expect_errors=True)


def test_an_application_is_received_by_either_number_in_any_width(counter: Counter) -> None:
    for typed in (office.ADDRESSEE, "９００ ００００ ００００ ０００１", "１００１"):
        page = receive(counter, typed).follow()
        assert office.ADDRESSEE in page.text
        assert "児童手当の支給に関する事務" in page.text


@pytest.mark.parametrize("typed", ["", "123", office.CLOSED_ADDRESSEE, "x" * 300, "'; DROP TABLE x"])
def test_an_unknown_applicant_is_said_at_the_field_and_nothing_is_received(
    counter: Counter, typed: str
) -> None:
    answer = receive(counter, typed)
    assert answer.status_code == 200
    assert answer.html.title.get_text().startswith("エラー：")
    assert answer.html.select_one(".govuk-error-summary a")["href"] == "#addressee"


def test_pressing_twice_receives_one_application(counter: Counter) -> None:
    form = form_of(counter.of(CLERK).get("/staff/cases/new"), "/staff/cases/new")
    form["affair"], form["addressee"] = office.AFFAIR, office.ADDRESSEE
    assert form.submit().location == form.submit().location


def test_a_step_is_recorded_with_who_when_and_why(counter: Counter) -> None:
    case = receive(counter).follow()
    page = do(counter, case, "start_review", "書類がそろったため").follow()
    assert "審査中" in page.html.h1.get_text()
    row = page.html.select("table.md-dense")[-1].select("tbody tr")[0].get_text(" ")
    assert CLERK.display_name in row
    assert "書類がそろったため" in row


def test_a_step_without_a_purpose_is_refused_with_its_reason_and_changes_nothing(counter: Counter) -> None:
    case = receive(counter).follow()
    answer = do(counter, case, "start_review", "")
    assert answer.status_code == 409
    assert "目的が書かれていません" in answer.text
    assert "受付済み" in counter.of(CLERK).get(case.request.path).html.h1.get_text()


def test_a_purpose_that_looks_like_an_individual_number_is_refused(counter: Counter) -> None:
    case = receive(counter).follow()
    answer = do(counter, case, "start_review", "1234 5678 9012 の件")
    assert answer.status_code == 409
    assert "1234 5678 9012" not in answer.text


def test_a_stale_page_is_told_how_the_case_stands_now(counter: Counter) -> None:
    case = receive(counter).follow()
    stale = form_of(counter.of(CLERK).get(case.request.path), "/act", "start_review")
    stale["purpose"] = "あとから"
    do(counter, case, "start_review", "先に")
    answer = stale.submit(expect_errors=True)
    assert answer.status_code == 409
    assert "審査中" in answer.text


def test_asking_shows_the_clause_and_leads_to_the_inquiry(counter: Counter) -> None:
    case = receive(counter).follow()
    page = counter.of(CLERK).get(f"{case.request.path}/inquiries/new")
    assert "番号法19条8号・別表81の項" in page.text
    hint = page.html.select_one("input[name=choice]").parent.get_text()
    assert "命令2条の表106の項・108条" in hint, "where the row was read"
    assert "6月26日（金）からの条文で確かめています" in hint
    form = form_of(page, "/inquiries/new")
    form["choice"] = page.html.select_one("input[name=choice]")["value"]
    form["purpose"] = "児童手当の審査のため"
    inquiry = form.submit().follow()
    assert "相手の役所の回答を待っています" in inquiry.text
    assert "送信待ち" in inquiry.html.h1.get_text()
    blocked = counter.of(CLERK).get(case.request.path).html.find(id="do").parent.get_text()
    do(counter, case, "start_review", "進める")
    blocked = counter.of(CLERK).get(case.request.path).html.find(id="do").parent.get_text()
    assert "回答を待っている照会が1件あります" in blocked


@pytest.mark.parametrize(
    ("choice", "purpose", "field"),
    [
        ("", "児童手当の審査のため", "choice"),
        ("no-such-row|992020-01", "児童手当の審査のため", "choice"),
        ("081-01|999999-01", "児童手当の審査のため", "choice"),
        ("081-01|992020-01", "", "purpose"),
        ("081-01|992020-01", "x" * 201, "purpose"),
        ("081-01|992020-01", "123456789012 さんの件", "purpose"),
    ],
)
def test_a_wrong_question_is_answered_at_its_field_and_nothing_is_sent(
    counter: Counter, databases: Databases, choice: str, purpose: str, field: str
) -> None:
    case = receive(counter).follow()
    browser = counter.of(CLERK)
    form = form_of(browser.get(f"{case.request.path}/inquiries/new"), "/inquiries/new")
    form["purpose"] = purpose
    fields = dict(form.submit_fields())
    fields["choice"] = choice
    answer = browser.post(f"{case.request.path}/inquiries/new", fields)
    assert answer.html.select_one(".govuk-error-summary a")["href"] == f"#{field}"
    assert answer.html.find(id=field) is not None
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        rows = tx.raw.execute(
            "SELECT 1 FROM madoguchi.linkage_inquiry WHERE application = %s",
            (case.request.path.split("/")[-1],),
        ).fetchall()
    assert not rows


def test_the_list_of_work_names_each_case_by_its_receipt_and_says_what_can_be_done(counter: Counter) -> None:
    receive(counter)
    page = counter.of(CLERK).get("/staff/")
    assert "R08-0000" in page.text
    assert "審査を始める" in page.text
    assert counter.of(CLERK).get("/staff/?kind=application&after=broken", status=400)


def test_an_operator_sees_no_application_in_her_list(counter: Counter) -> None:
    receive(counter)
    assert "R08-0000" not in counter.of(OPERATOR).get("/staff/?kind=application").text


@pytest.mark.parametrize("path", ["/staff/cases/{}", "/staff/inquiries/{}", "/staff/cases/{}/inquiries/new"])
def test_a_case_of_another_municipality_is_the_same_page_as_a_missing_one(
    counter: Counter, path: str
) -> None:
    case = receive(counter).follow()
    stranger = Person(
        "staff", "乙川 職員", CLERK.account_id, "992020", frozenset({"caseworker"}), "992020-01"
    )
    browser = counter.of(stranger)
    browser.get("/staff/")
    theirs = browser.get(path.format(case.request.path.split("/")[-1]), status=404)
    missing = browser.get(path.format(NOWHERE), status=404)
    assert theirs.body == missing.body


def test_the_desk_of_dead_letters_needs_two_persons_to_close(counter: Counter, databases: Databases) -> None:
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        tx.raw.execute(
            "INSERT INTO madoguchi.linkage_inbox (tenant, id, type, digest, body, state, cause, attempts, not_before, received_at)"
            " VALUES ('992011', 'm-1', 'inquiry.answer', '', '', 'dead', 'BUDGET_OVER:UNREACHABLE', 3, now(), now())"
        )
    page = counter.of(OPERATOR).get("/staff/dead-letters")
    assert "BUDGET_OVER:UNREACHABLE" in page.text
    assert "24時間、送りなおしても届きませんでした" in page.text
    form_of(page, "/dead-letters/act").submit(name="action", value="close")
    assert "別の人が確かめてください" in counter.of(OPERATOR).get("/staff/dead-letters").text
    token = counter.of(OPERATOR)
    page = token.get("/staff/dead-letters")
    fields = {
        "csrf_token": form_of(page, "/act")["csrf_token"].value,
        "letter": "m-1",
        "reason": "MISTAKE",
        "action": "close",
    }
    assert token.post("/staff/dead-letters/act", fields, status=409)
    done = (
        form_of(counter.of(SUPERVISOR).get("/staff/dead-letters"), "/act")
        .submit(name="action", value="close")
        .follow()
    )
    assert "終えました" in done.text
    assert "すべての電文が届いています" in counter.of(OPERATOR).get("/staff/dead-letters").text


def test_when_more_discrepancies_stand_than_the_desk_shows_it_says_so(
    counter: Counter, databases: Databases
) -> None:
    found = [
        Found(about_core(f"01{number:024d}"), CORE_MISSING_HERE, "digest") for number in range(SHOWN + 1)
    ]
    now = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        assert len(say(tx, found, now)) == SHOWN + 1
    page = counter.of(OPERATOR).get("/staff/dead-letters")
    assert page.text.count('value="explain"') == SHOWN
    assert f"{SHOWN}件あります" in page.text
    assert "古いものは、片付けると出ます" in page.text
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        assert settle(tx, [one.about for one in found], now + timedelta(minutes=1)) == SHOWN + 1


def test_a_discrepancy_between_records_stands_at_the_desk_until_somebody_explains_it(
    counter: Counter, databases: Databases
) -> None:
    found = Found(about_core("01" + "A" * 24), CORE_MISSING_HERE, "digest")
    now = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        assert [say(tx, [found], now), say(tx, [found], now)] == [[found], []]
    page = counter.of(OPERATOR).get("/staff/dead-letters")
    assert page.text.count("01" + "A" * 24) == 2, "its number, and once in the form"
    assert "コアシステムにある記録が、中間サーバーから届いていません" in page.text
    form = form_of(page, "/dead-letters/act")
    assert form.submit(name="action", value="replay", status=400), "it is no dead letter"
    form["reason"].force_value("NO_SUCH_REASON")
    assert form.submit(name="action", value="explain", status=400)
    form["reason"] = "REPORTED"
    done = form.submit(name="action", value="explain").follow()
    assert "調べ終えたと記録しました" in done.text
    assert "記録の食い違い" not in done.text
    assert form.submit(name="action", value="explain", status=409)
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        (detail,) = tx.raw.execute(
            "SELECT detail FROM madoguchi.linkage_incident WHERE kind = 'RECORD_EXPLAINED'"
        ).fetchone()
    assert str(OPERATOR.account_id) in detail["by"]
    assert detail["reason"] == "REPORTED"

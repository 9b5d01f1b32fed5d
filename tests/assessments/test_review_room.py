"""The room of outside reviewers: only those named, only until the day, every reading kept; findings, answers, result."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portal.staff.assessments.review_room import jobs
from privacy_assessment.consultation import findings, rooms
from privacy_assessment.statements.models import Statement
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.assessments import reviewed
from tests.assessments.consulted import TENANT
from tests.assessments.reviewed import PLACE, SECRET, Reviewed
from tests.conftest import Databases
from tests.privacy_assessment.world import CENTRE
from tests.web.conftest import Counter
from tests.web.people import CLERK, COORDINATOR, NO_ROLE, OUTSIDER, RESIDENT

STRANGER = replace(OUTSIDER, account_id=UUID(int=77), display_name="試験 部外")


@pytest.fixture(scope="module")
def statement(databases: Databases, time: FixedClock, key_ring: KeyRing) -> Statement:
    return reviewed.handed_over(databases.worker, time, key_ring)


@pytest.fixture
def one(databases: Databases, time: FixedClock, statement: Statement) -> Reviewed:
    return reviewed.open_for(databases.worker, time, statement)


def with_action(page: Any, action: str) -> Any:
    return next(
        found for found in page.forms.values() if "action" in found.fields and found["action"].value == action
    )


def to(page: Any, ending: str) -> Any:
    return next(
        found
        for found in page.forms.values()
        if found.action.endswith(ending) and found.method.lower() == "post"
    )


def find(browser: Any, room: str, text: str, viewpoint: str = "妥当性", at: str = PLACE) -> Any:
    form = to(browser.get(f"{room}/find?at={at}"), "/find")
    form["viewpoint"], form["text"] = viewpoint, text
    return form.submit()


def bare(page: Any, path: str) -> str:
    return re.sub(r"back=[^\"]*", "", page.text.replace(path, ""))


def test_she_reads_the_whole_text_with_her_name_on_it_and_it_is_written_down(
    databases: Databases, counter: Counter, one: Reviewed
) -> None:
    browser = counter.of(OUTSIDER)
    assert one.statement.title in browser.get("/review/").text
    page = browser.get(f"{one.path}/text")
    assert SECRET in page.text
    assert "仮名 点検" in page.html.select_one(".md-watermark").get_text()
    assert "2026-11-22 12:00" in page.html.select_one(".md-watermark").get_text()
    assert page.html.select_one(".md-watermark-print") is not None
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        read = [(account, what) for _, account, what in rooms.readings(tx, one.room)]
        assert read == [(OUTSIDER.account_id, "text")]
        with pytest.raises(psycopg.Error, match=r"never changed|permission denied"), tx.raw.transaction():
            tx.raw.execute("UPDATE madoguchi.review_reading SET page = 'x'")


def test_the_front_page_leads_her_to_her_room(counter: Counter) -> None:
    page = counter.of(OUTSIDER).get("/")
    assert page.location.endswith("/review/")
    assert page.follow().html.select_one(".md-brand")["href"] == "/"
    assert counter.of(CLERK).get("/").location.endswith("/staff/")


def test_what_residents_wrote_is_there_without_names(counter: Counter, one: Reviewed) -> None:
    assert "意見はありませんでした" in counter.of(OUTSIDER).get(f"{one.path}/opinions").text


@pytest.mark.parametrize("path", ["", "/text", "/opinions", "/find", "/conclusion"])
def test_nobody_else_comes_in_and_a_closed_room_is_like_none(
    counter: Counter, one: Reviewed, now: FixedClock, path: str
) -> None:
    nothing = f"/review/01900000-0000-7000-8000-00000000dead{path}"
    there = f"{one.path}{path}"
    outsider = counter.of(OUTSIDER)
    missing = bare(outsider.get(nothing, expect_errors=True), nothing)
    stranger = counter.of(STRANGER)
    assert stranger.get(there, expect_errors=True).status_code == 404
    assert bare(stranger.get(there, expect_errors=True), there) == bare(
        stranger.get(nothing, expect_errors=True), nothing
    )
    for person in (CLERK, COORDINATOR, NO_ROLE, RESIDENT):
        assert counter.of(person).get(there, expect_errors=True).status_code == 403
    assert outsider.get(there).status_code == 200
    now.advance(days=29)
    assert outsider.get(there).status_code == 200
    now.advance(days=1)
    late = outsider.get(there, expect_errors=True)
    assert late.status_code == 404
    assert bare(late, there) == missing


def test_the_office_ends_the_room_or_one_reviewer_at_once(counter: Counter, one: Reviewed) -> None:
    outsider, desk = counter.of(OUTSIDER), counter.of(COORDINATOR)
    assert outsider.get(one.path).status_code == 200
    with_action(desk.get(one.desk), "out").submit().follow()
    assert outsider.get(one.path, expect_errors=True).status_code == 404
    again = with_action(desk.get(one.desk), "again")
    again.submit().follow()
    assert outsider.get(one.path).status_code == 200
    end = with_action(desk.get(one.desk), "end")
    assert end.submit(expect_errors=True).status_code == 400
    end["reason"] = "日程が変わったため"
    assert "今から、だれも入れません" in end.submit().follow().text
    assert outsider.get(one.path, expect_errors=True).status_code == 404
    assert (
        one.statement.title not in outsider.get("/review/").text
        or one.path not in outsider.get("/review/").text
    )


def test_a_form_opened_before_the_end_is_refused_after_it(
    counter: Counter, one: Reviewed, now: FixedClock
) -> None:
    browser = counter.of(OUTSIDER)
    form = to(browser.get(f"{one.path}/find"), "/find")
    form["viewpoint"], form["text"] = "適合性", "遅れた指摘"
    now.advance(days=30)
    assert form.submit(expect_errors=True).status_code == 404
    assert "遅れた指摘" not in counter.of(COORDINATOR).get(one.desk).text


def test_findings_are_answered_replied_to_and_taken_back_by_their_finder_only(
    databases: Databases, counter: Counter, one: Reviewed
) -> None:
    browser, desk = counter.of(OUTSIDER), counter.of(COORDINATOR)
    assert find(browser, one.path, "<b>図</b>が分かりにくい").status_code == 303
    page = desk.get(one.desk)
    assert "<b>図</b>" not in page.text
    assert "Ⅰ-1②" in page.text
    answer = next(found for found in page.forms.values() if "/findings/" in found.action)
    assert answer.submit(expect_errors=True).status_code == 400
    answer["text"] = "図を改めます"
    answer.submit().follow()
    room = browser.get(one.path)
    assert "図を改めます" in room.text
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        (kept,) = findings.findings_of(tx, one.room)
        tx.raw.execute(
            "INSERT INTO madoguchi.review_member (tenant, room_id, id, name, organisation, account, state, invited_at, invited_by)"
            " VALUES (%s, %s, %s, '試験 部外', '架空大学', %s, 'ready', now(), 'x')",
            (TENANT, one.room, UUID(int=5), STRANGER.account_id),
        )
    form = next(
        found for found in room.forms.values() if "/findings/" in found.action and "action" in found.fields
    )
    posted = {"csrf_token": form["csrf_token"].value, "action": "withdraw"}
    other = counter.of(STRANGER)
    token = to(other.get(f"{one.path}/find"), "/find")["csrf_token"].value
    stolen = other.post(f"{one.path}/findings/{kept.id}", {**posted, "csrf_token": token}, expect_errors=True)
    assert stolen.status_code == 404
    form.submit()
    assert "取り下げました" in browser.get(one.path).text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"viewpoint": "妥当性", "text": " "}, "指摘の内容を書いてください"),
        ({"text": "観点がない"}, "観点を選んでください"),
        ({"viewpoint": "妥当性", "text": "長" * 5_001}, "5,000字まで"),
        ({"viewpoint": "妥当性", "text": "項目がない", "item": "Ⅸ-99"}, "評価書にない項目"),
    ],
)
def test_a_finding_that_cannot_stand_is_said_and_kept_on_the_page(
    counter: Counter, one: Reviewed, fields: dict[str, str], says: str
) -> None:
    form = to(counter.of(OUTSIDER).get(f"{one.path}/find"), "/find")
    for name, value in fields.items():
        form[name] = value
    page = form.submit(expect_errors=True)
    assert page.status_code == 400
    assert says in page.text
    assert to(page, "/find")["text"].value.strip() == fields.get("text", "").strip()


def test_asking_for_changes_says_which(counter: Counter, one: Reviewed) -> None:
    browser = counter.of(OUTSIDER)
    form = to(browser.get(f"{one.path}/conclusion"), "/conclusion")
    assert form.submit(expect_errors=True).status_code == 400
    form["favourable"] = "no"
    assert "どこをどう直すか" in form.submit(expect_errors=True).text
    form["favourable"] = "yes"
    form.submit()
    assert "適当と認める" in browser.get(one.path).text


def test_the_result_is_recorded_from_the_room_and_ends_it(
    databases: Databases, counter: Counter, one: Reviewed
) -> None:
    browser, desk = counter.of(OUTSIDER), counter.of(COORDINATOR)
    find(browser, one.path, "流れが分かりにくい")
    form = to(desk.get(f"{one.desk}/result"), "/result")
    form["method"], form["favourable"] = "会議", "yes"
    assert "答えのない指摘" in form.submit(expect_errors=True).text
    answer = next(found for found in desk.get(one.desk).forms.values() if "/findings/" in found.action)
    answer["text"] = "改めました"
    answer.submit()
    form["reviewed_on"] = "2026-11-23"
    assert "将来" in form.submit(expect_errors=True).text
    form["reviewed_on"] = "令和8年11月22日"
    page = form.submit().follow()
    assert "次へ進む" in page.text
    assert browser.get(one.path, expect_errors=True).status_code == 404
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        row = tx.raw.execute(
            "SELECT reviewers, findings, favourable FROM madoguchi.third_party_review WHERE assessment_id = %s ORDER BY at DESC",
            (one.statement.id,),
        ).fetchone()
    assert row is not None
    assert "仮名 点検" in row[0]
    assert row[1][0]["answer"] == "改めました"
    assert row[1][0]["place"].startswith("Ⅰ-1②")
    assert row[2] is True
    assert (
        counter.of(COORDINATOR)
        .get(f"/staff/assessments/{one.statement.id}/act/third_party_result")
        .status_code
        == 200
    )


def test_a_new_reviewer_is_entered_by_the_worker_and_her_code_is_shown_once(
    databases: Databases, counter: Counter, one: Reviewed, time: FixedClock, key_ring: KeyRing
) -> None:
    desk = counter.of(COORDINATOR)
    form = with_action(desk.get(one.desk), "invite")
    assert "氏名と所属" in form.submit(expect_errors=True).text
    form["name"], form["organisation"] = "髙﨑 𠮷子", "架空法律事務所"
    page = form.submit().follow()
    assert "登録しています" in page.text
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        member = next(found for found in rooms.members_of(tx, one.room) if found.state == "asked")
    for _ in range(2):
        jobs.invite(databases.worker, time, key_ring, TENANT, one.room, member.id)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        entered = tx.raw.execute(
            "SELECT roles, display_name FROM identity.staff WHERE office = '架空法律事務所'"
        ).fetchall()
        assert entered == [(["outside_reviewer"], "髙﨑 𠮷子")]
        row = tx.raw.execute(
            "SELECT sealed_code FROM madoguchi.review_member WHERE id = %s", (member.id,)
        ).fetchone()
        assert row is not None
    show = with_action(desk.get(one.desk), "code")
    shown = show.submit()
    code = shown.html.select_one(".md-receipt__number").get_text()
    assert re.fullmatch(r"[0-9A-Z]{5}(-[0-9A-Z]{1,5})+", code)
    again = show.submit(expect_errors=True)
    assert again.status_code == 400
    assert code not in again.text
    assert code not in desk.get(one.desk).text


def test_somebody_taken_out_before_the_worker_came_gets_no_account(
    databases: Databases, counter: Counter, one: Reviewed, time: FixedClock, key_ring: KeyRing
) -> None:
    form = with_action(counter.of(COORDINATOR).get(one.desk), "invite")
    form["name"], form["organisation"] = "見本 取消", "架空短期大学"
    form.submit()
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        member = next(found for found in rooms.members_of(tx, one.room) if found.state == "asked")
        rooms.end_member(tx, time, one.room, member.id, CENTRE.id)
    jobs.invite(databases.worker, time, key_ring, TENANT, one.room, member.id)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        row = tx.raw.execute("SELECT count(*) FROM identity.staff WHERE office = '架空短期大学'").fetchone()
        assert row == (0,)


@pytest.mark.parametrize("day", ["2026-11-21", "2028-01-01", "いつか", ""])
def test_a_room_has_a_sensible_last_day(
    databases: Databases, counter: Counter, time: FixedClock, one: Reviewed, day: str
) -> None:
    form = with_action(counter.of(COORDINATOR).get(one.desk), "until")
    before = form["until"].value
    form["until"] = day
    answer = form.submit(expect_errors=True)
    assert answer.status_code == 400
    assert ("期限は、今日から1年以内" if day.startswith("20") else "期限の日を書いてください") in answer.text
    assert with_action(counter.of(COORDINATOR).get(one.desk), "until")["until"].value == before


def test_only_the_coordinator_opens_and_ends(counter: Counter, one: Reviewed) -> None:
    page = counter.of(CLERK).get(one.desk)
    assert not [found for found in page.forms.values() if "action" in found.fields]
    token = next(iter(page.forms.values()))["csrf_token"].value
    browser = counter.of(CLERK)
    browser.get(one.desk)
    refused = page.test_app.post(
        one.desk, {"csrf_token": token, "action": "end", "reason": "x"}, expect_errors=True
    )
    assert refused.status_code == 403


def test_a_statement_that_was_not_handed_over_has_no_room(
    databases: Databases, counter: Counter, time: FixedClock
) -> None:
    from tests.privacy_assessment.world import Office

    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        statement = Office(time).drafting(tx, "full")
    path = f"/staff/assessments/{statement.id}/review"
    desk = counter.of(COORDINATOR)
    assert "まだ点検に出していません" in desk.get(path).text
    assert desk.get(f"{path}/result", expect_errors=True).status_code == 404

"""Words left out that can be read elsewhere: each such place is decided by somebody, or the statement does not go on."""

from __future__ import annotations

from typing import Any

import pytest

from privacy_assessment.forms import Place
from privacy_assessment.redaction import Redaction
from privacy_assessment.statements.redactions import redact
from storage.clock import FixedClock
from storage.database import Scope
from tests.assessments.desk import Desk, actor
from tests.conftest import Databases
from tests.web.conftest import Counter
from tests.web.people import CLERK, NO_ROLE, SUPERVISOR

TENANT = "992011"
SECRET = "装置見本丁八"
REASON = "公表済みの資料にも出ている名称である"


@pytest.fixture
def left(databases: Databases, counter: Counter, time: FixedClock) -> tuple[Desk, Any]:
    """A statement as ``half_left_out`` makes it, and who works on it."""
    desk = Desk(time)
    return desk, half_left_out(databases, desk)


def half_left_out(databases: Databases, desk: Desk) -> Any:
    """A basic statement handed in, of which words are left out in one place and stand in another."""
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        statement = desk.drafting(tx, "basic")
        desk.write(tx, statement, "form2", "f2.1.1.2", f"申請を受け付ける。{SECRET}を使う。")
        desk.write(tx, statement, "form2", "f2.1.1.3", f"{SECRET}　管理システム")
        desk.step(tx, statement, "submit")
        text = f"申請を受け付ける。{SECRET}を使う。"
        at = text.index(SECRET)
        wanted = Redaction(Place("f2.1.1.2"), "10-1", "捜査に支障が出る", at, at + len(SECRET))
        redact(tx, desk.clock, statement.id, "form2", wanted, actor(CLERK).id)
    return statement


def stand(counter: Counter, statement: Any, person: Any = SUPERVISOR, **typed: Any) -> Any:
    """Send the form of the room as it is shown, with these fields."""
    page = counter.of(person).get(f"/staff/assessments/{statement.id}/publication")
    form = next(one for one in page.forms.values() if one.action.endswith("/stand"))
    for box in form.fields["stand"]:
        box.checked = typed.get("all", True)
    form["stand_reason"] = typed.get("reason", REASON)
    return form.submit(expect_errors=True)


def test_nothing_is_published_or_scheduled_until_each_place_is_decided(
    databases: Databases, counter: Counter, left: tuple[Desk, Any]
) -> None:
    desk, statement = left
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        for trigger, given in (("publish", {}), ("schedule_publication", {"day": desk.today})):
            told = desk.refused(tx, statement, trigger, **given)
            assert told["words_elsewhere"]["count"] == 1
            assert "Ⅰ-1③" in told["words_elsewhere"]["first"]
    page = stand(counter, statement).follow()
    assert REASON in page.text
    assert "わざと残すと決めたところ" in page.text
    assert SUPERVISOR.display_name in page.html.find(id="checks").parent.get_text()
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        desk.step(tx, statement, "publish")
        assert desk.state(tx, statement) == "published"


def test_a_decision_holds_for_its_words_and_its_place_only(
    databases: Databases, counter: Counter, left: tuple[Desk, Any], time: FixedClock
) -> None:
    desk, statement = left
    assert stand(counter, statement).status_code == 303
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        # Fewer characters of the same text are other words.
        text = f"申請を受け付ける。{SECRET}を使う。"
        at = text.index("丁八を使う")
        wanted = Redaction(Place("f2.1.1.2"), "10-1", "捜査に支障が出る", at, at + len("丁八を使う"))
        redact(tx, time, statement.id, "form2", wanted, actor(CLERK).id)
        assert "words_elsewhere" not in str(desk.engine.options(tx, statement.case_id, actor(SUPERVISOR)))
        tx.raw.execute(
            "UPDATE madoguchi.assessment SET title = %s WHERE tenant = %s AND id = %s",
            (f"{SECRET}に関する事務", TENANT, statement.id),
        )
        told = desk.refused(tx, statement, "publish")["words_elsewhere"]
    assert told == {"count": 1, "first": "評価書の名称"}
    assert "評価書の名称" in counter.of(CLERK).get(f"/staff/assessments/{statement.id}/publication").text


def test_nobody_confirms_a_text_whose_left_words_are_undecided(
    databases: Databases, counter: Counter, left: tuple[Desk, Any]
) -> None:
    desk, statement = left
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        told = desk.refused(tx, statement, "confirm", actor(SUPERVISOR), step="x", before="publish")
    assert "words_elsewhere" in told


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"reason": ""}, "残す理由を書いてください"),
        ({"reason": "　 \n"}, "残す理由を書いてください"),
        ({"all": False}, "残すところを選んでください"),
    ],
)
def test_a_decision_needs_a_place_and_a_reason_and_keeps_what_was_typed(
    counter: Counter, left: tuple[Desk, Any], typed: dict[str, Any], words: str
) -> None:
    page = stand(counter, left[1], **typed)
    assert page.status_code == 400
    assert words in page.text
    if "all" in typed:
        assert REASON in page.text
    else:
        assert page.html.select("#stand input[checked]")
    assert "わざと残すと決めたところ" not in page.text


def test_a_place_that_is_not_on_the_page_is_not_decided(counter: Counter, left: tuple[Desk, Any]) -> None:
    path = f"/staff/assessments/{left[1].id}/publication"
    browser = counter.of(SUPERVISOR)
    token = browser.get(path).html.find("input", attrs={"name": "csrf_token"})["value"]
    for key in ("", "|||", "left_out:0|form2|f2.1.1.3", "🙂" * 50, "left_out:x|form9|a@1"):
        sent = {"csrf_token": token, "stand": key, "stand_reason": REASON}
        assert browser.post(f"{path}/stand", sent, status=400).html.select(
            "#stand-error, .govuk-error-message"
        )
    counter.of(NO_ROLE).post(f"{path}/stand", {"stand_reason": REASON}, status=403)


@pytest.mark.parametrize("before", [False, True], ids=["now", "before the guard"])
def test_the_room_says_that_it_stops_only_where_it_does(
    databases: Databases, counter: Counter, time: FixedClock, before: bool
) -> None:
    desk = Desk(time)
    if before:
        versions = desk.engine.registry.kind("assessment_basic").versions
        versions.pop(max(versions))
    statement = half_left_out(databases, desk)
    said = (
        counter.of(SUPERVISOR).get(f"/staff/assessments/{statement.id}/publication").html.select_one("#stand")
    )
    words = said.get_text()
    assert SECRET in words
    assert ("一つずつ決めるまで、公表と庁内の確認はできません" in words) is not before
    assert ("公表してよいか、一つずつ確かめてください" in words) is before
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        if before:
            desk.step(tx, statement, "publish")
        else:
            assert "words_elsewhere" in desk.refused(tx, statement, "publish")

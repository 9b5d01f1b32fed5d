"""Taking steps by the pages: what is asked, what is refused with every reason, what is kept, and that a second press is the same step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.staff.assessments.register import words
from privacy_assessment.machines import KINDS
from privacy_assessment.statements.internal import add_step, remove_step
from tests.assessments.bureau import ROOT, Bureau
from tests.assessments.desk import Desk, actor
from tests.web.forms import form_of
from tests.web.people import CLERK, COORDINATOR, SUPERVISOR, Person


def press(bureau: Bureau, statement: Any, trigger: str, person: Person, **typed: Any) -> Any:
    """Open the page of a step, fill it in and press the button."""
    page = bureau.get(f"{bureau.home(statement)}/act/{trigger}", person)
    form = form_of(page, f"/act/{trigger}")
    for name, value in typed.items():
        if name == "sure":
            form["sure"] = [value]
        else:
            form[name] = value
    return form.submit(expect_errors=True)


def state(bureau: Bureau, statement: Any) -> str:
    return bureau.work(lambda desk, tx: desk.state(tx, statement))


def test_a_consultation_of_29_days_is_refused_with_the_reason_and_what_was_typed_stays(
    bureau: Bureau,
) -> None:
    made = bureau.work(lambda desk, tx: desk.drafting(tx, "full"))
    closes = (bureau.clock.today() + timedelta(days=28)).isoformat()
    answer = press(bureau, made, "consult", SUPERVISOR, closes=closes, sure="1")
    assert answer.status_code == 409
    assert "29日" in answer.text
    assert "指針第5の3" in answer.text
    assert "評価書と記録は元のままです" in answer.text
    assert answer.html.select_one("#closes")["value"] == closes
    assert state(bureau, made) == "drafting"
    form = form_of(answer, "/act/consult")
    form["closes"] = (bureau.clock.today() + timedelta(days=29)).isoformat()
    form["sure"] = ["1"]
    page = form.submit().follow()
    assert "「公示して意見を聴く」を記録しました" in page.text
    assert "あと30日" in page.text
    assert state(bureau, made) == "consulting"
    assert "この状態では、人が進める操作はありません" in page.text


def test_a_grave_step_wants_a_second_look(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.drafting(tx, "basic"))
    answer = press(bureau, made, "submit", SUPERVISOR)
    assert answer.status_code == 400
    assert "内容を確かめて、印を付けてください" in answer.text
    assert state(bureau, made) == "drafting"


def test_a_double_press_is_one_step(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.published(tx, "basic"))
    form = form_of(bureau.get(f"{bureau.home(made)}/act/review", CLERK), "/act/review")
    form["result"] = "no-change"
    assert form.submit().location == form.submit().location
    steps = bureau.work(lambda desk, tx: desk.engine.history(tx, made.case_id))
    assert [one.trigger for one in steps].count("review") == 1


@pytest.mark.parametrize("typed", ["", "R8.2.30", "きのう", "2026-13-01", "123456789012"])
def test_a_day_that_is_none_is_said_at_its_field(bureau: Bureau, typed: str) -> None:
    made = bureau.work(lambda desk, tx: desk.published(tx, "basic"))
    answer = press(bureau, made, "end", SUPERVISOR, stopped_on=typed, sure="1")
    assert answer.status_code == 400
    assert answer.html.select_one(".govuk-error-summary a")["href"] == "#stopped_on"
    assert state(bureau, made) == "published"


def test_the_end_of_an_affair_in_the_future_is_refused_by_its_article(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.published(tx, "basic"))
    later = (bureau.clock.today() + timedelta(days=1)).isoformat()
    answer = press(bureau, made, "end", SUPERVISOR, stopped_on=later, sure="1")
    assert answer.status_code == 409
    assert "規則16条" in answer.text
    page = press(
        bureau, made, "end", SUPERVISOR, stopped_on=bureau.clock.today().isoformat(), sure="1"
    ).follow()
    assert "終了】" in page.html.h1.get_text()
    assert "終了後の公表期間" in page.text


def test_a_code_outside_the_closed_list_is_refused(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.published(tx, "basic"))
    form = form_of(bureau.get(f"{bureau.home(made)}/act/amend", CLERK), "/act/amend")
    form["why"].force_value("invented")
    answer = form.submit(expect_errors=True)
    assert answer.status_code == 400
    assert "選べるものから選んでください" in answer.text
    form = form_of(bureau.get(f"{bureau.home(made)}/act/amend", CLERK), "/act/amend")
    page = form.submit(expect_errors=True)
    assert "選んでください" in page.text
    form["why"] = "correction"
    page = form.submit().follow()
    assert "誤記などを正す" in page.text
    assert state(bureau, made) == "amending"


def test_a_number_in_the_purpose_never_reaches_the_journal(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.published(tx, "basic"))
    answer = press(bureau, made, "review", CLERK, result="amend", purpose="番号 123456789018 の件")
    assert answer.status_code == 409
    assert "個人番号のように見える12けたの数字" in answer.text
    steps = bureau.work(lambda desk, tx: desk.engine.history(tx, made.case_id))
    assert "review" not in [one.trigger for one in steps]


def test_who_may_not_is_told_who_may_and_sees_no_form(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.drafting(tx, "basic"))
    page = bureau.get(f"{bureau.home(made)}/act/submit", CLERK)
    assert "この操作は「取りまとめ課、決裁者」が行います" in page.text
    assert not [one for one in page.forms.values() if "request_key" in one.fields]


def test_steps_of_another_state_and_of_no_machine_are_kept_apart(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.plan(tx, "basic"))
    page = bureau.get(f"{bureau.home(made)}/act/publish", SUPERVISOR)
    assert "今の状態は「計画」です" in page.text
    for name in ("nothing", "expire", "open", "../../x"):
        assert bureau.get(f"{bureau.home(made)}/act/{name}", SUPERVISOR, status=404).status_code == 404
    assert bureau.get(f"{bureau.home(made)}/act/judge").location.endswith("/threshold")


def test_internal_confirmations_go_in_order_and_sending_back_begins_anew(bureau: Bureau) -> None:
    def begin(desk: Desk, tx: Any) -> Any:
        add_step(tx, "submit", "課長の確認", "supervisor", False, "要綱5条（見本）")
        add_step(tx, "submit", "情報政策課の審査", "coordinator", True, "要綱6条（見本）")
        return desk.drafting(tx, "basic")

    made = bureau.work(begin)
    home = bureau.get(bureau.home(made), COORDINATOR)
    assert "確認を待っています" in home.text
    assert "この確認は「決裁者」が行います" in home.text
    blocked = bureau.get(f"{bureau.home(made)}/act/submit", SUPERVISOR)
    assert "課長の確認、情報政策課の審査" in blocked.text
    page = press(bureau, made, "confirm", SUPERVISOR).follow()
    assert SUPERVISOR.display_name in page.html.select_one(".as-inside").get_text()
    thread = bureau.work(
        lambda desk, tx: desk.notes.open_thread(
            tx, made.id, "form2", "f2.1.1.2", "to_fix", "流れを具体的に書いてください。", actor(SUPERVISOR).id
        )
    )
    back = bureau.get(f"{bureau.home(made)}/act/send_back", SUPERVISOR)
    assert "流れを具体的に書いてください" in back.text
    assert "Ⅰ-1②" in back.text
    form = form_of(back, "/act/send_back")
    assert "直すところを1つ以上選んでください" in form.submit(expect_errors=True).text
    form["threads"] = [str(thread)]
    assert "課長の確認" in form.submit().follow().text
    again = bureau.get(bureau.home(made), SUPERVISOR)
    assert "確認済み" not in again.html.select_one(".as-inside").get_text()
    bureau.work(lambda desk, tx: [remove_step(tx, "submit", code) for code in ("s1", "s2")])


def test_the_emergency_rule_keeps_its_reason_in_sight(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.drafting(tx, "focused"))
    answer = press(bureau, made, "invoke_emergency", SUPERVISOR, reason="")
    assert "理由を書いてください" in answer.text
    page = press(bureau, made, "invoke_emergency", SUPERVISOR, reason="台風による庁舎の被災（見本）").follow()
    card = page.html.select_one(".md-card--warn").get_text()
    assert "規則9条2項" in card
    assert "台風による庁舎の被災（見本）" in card
    refused = bureau.get(f"{bureau.home(made)}/act/submit", SUPERVISOR)
    assert "「規則第9条第2項の適用」の欄" in refused.text


def test_the_result_of_a_review_is_chosen_from_what_was_recorded(bureau: Bureau) -> None:
    def carry(desk: Desk, tx: Any) -> Any:
        made = desk.drafting(tx, "full")
        desk.consult(tx, made)
        desk.step(tx, made, "send_to_third_party")
        return made

    made = bureau.work(carry)
    page = bureau.get(f"{bureau.home(made)}/act/third_party_result", CLERK)
    assert "第三者点検の結果が記録されていません" in page.text
    bureau.work(lambda desk, tx: desk.review(tx, made, favourable=False))
    good = bureau.work(lambda desk, tx: desk.review(tx, made))
    page = bureau.get(f"{bureau.home(made)}/act/third_party_result", CLERK)
    form = form_of(page, "/act/third_party_result")
    assert form["review"].value == str(good)
    assert "結果：見直しを求める。" in page.text
    form.submit().follow()
    assert state(bureau, made) == "ready"


def test_every_step_of_every_machine_has_plain_words_and_every_closed_list_its_codes(bureau: Bureau) -> None:
    for kind in KINDS:
        definition = bureau.desk.engine.registry.kind(kind).newest
        for trigger in definition.triggers.values():
            if trigger.who <= {"clock", "system", "reviewer", "commissioner"}:
                continue
            assert trigger.name in words.PLAIN, trigger.name
            for field in trigger.input:
                assert field.name in words.FIELDS, field.name
                if field.type == "code" and trigger.name != "confirm":
                    assert words.CODES[trigger.name, field.name]


def test_a_rise_after_publication_goes_by_the_amended_basic_statement_first(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.published(tx, "basic"))
    bureau.clock.advance(days=1)
    bureau.work(lambda desk, tx: desk.judge(tx, made, 400_000))
    page = bureau.get(f"{bureau.home(made)}/act/hand_over", SUPERVISOR)
    assert "基礎項目評価書を先に修正して公表します" in page.text

    def amend(desk: Desk, tx: Any) -> None:
        desk.step(tx, made, "amend", why="threshold")
        desk.write(tx, made, "form2", "f2.2.1", "5")
        desk.step(tx, made, "submit_amended")
        desk.step(tx, made, "publish_amended")

    bureau.work(amend)
    answer = press(bureau, made, "hand_over", SUPERVISOR, sure="1")
    assert answer.status_code == 303, answer.html.main.get_text()
    page = answer.follow()
    assert "全項目評価（地方公共団体等）" in page.text
    assert page.html.select_one(".as-way__here").get_text(" ", strip=True).startswith("計画")
    before = bureau.get(page.html.select_one("main a[href^='/staff/cases/']")["href"], SUPERVISOR)
    assert "別の種類の評価へ引き継ぐ" in before.text
    assert "修正を公表する" in before.text


def test_everything_reachable_after_publication_has_its_page(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.published(tx, "full", "local"))
    for person, triggers in (
        (CLERK, ("review", "amend", "reassess")),
        (SUPERVISOR, ("end", "invoke_emergency")),
    ):
        home = bureau.get(bureau.home(made), person)
        for trigger in triggers:
            assert home.html.find("a", href=f"{ROOT}/{made.id}/act/{trigger}") is not None, trigger

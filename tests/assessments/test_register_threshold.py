"""しきい値判断 by its pages: one question after another, the cell that applies, what is carried on, and nothing kept before the last button."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from privacy_assessment.threshold import table_on
from tests.assessments.bureau import Bureau
from tests.assessments.desk import Desk
from tests.web.forms import form_of
from tests.web.people import CLERK, COORDINATOR, Person


def ask(bureau: Bureau, statement: Any, person: Person = CLERK) -> Any:
    """The first question."""
    return bureau.get(f"{bureau.home(statement)}/threshold?q=persons", person)


def answer(page: Any, **typed: str) -> Any:
    """Fill in the question of a page and go on."""
    form = next(
        one for one in page.forms.values() if one.method.upper() == "GET" and set(typed) <= set(one.fields)
    )
    for name, value in typed.items():
        form[name] = value
    return form.submit()


def to_result(
    bureau: Bureau, statement: Any, persons: int, handlers: int, person: Person = CLERK, accident: str = "no"
) -> Any:
    page = answer(ask(bureau, statement, person), persons=str(persons))
    page = answer(page, handlers=str(handlers))
    return answer(page, accident=accident)


def judged(bureau: Bureau, statement: Any) -> list[Any]:
    return bureau.work(lambda desk, tx: desk.statements.judgements(tx, statement.id))


@pytest.mark.parametrize(
    ("persons", "handlers", "owed"),
    [
        (999, 500, "義務なし"),
        (1_000, 500, "基礎項目評価"),
        (9_999, 500, "基礎項目評価"),
        (10_000, 499, "基礎項目評価"),
        (10_000, 500, "重点項目評価"),
        (99_999, 499, "基礎項目評価"),
        (100_000, 499, "重点項目評価"),
        (299_999, 500, "全項目評価"),
        (300_000, 1, "全項目評価"),
    ],
)
def test_the_result_names_the_kind_and_marks_one_cell(
    bureau: Bureau, persons: int, handlers: int, owed: str
) -> None:
    made = bureau.work(lambda desk, tx: desk.plan(tx, "full"))
    page = to_result(bureau, made, persons, handlers)
    assert page.html.select_one("#result").get_text().startswith(f"結果：{owed}")
    here = page.html.select(".as-grid__here")
    assert len(here) == 1
    assert "ここに当たります" in here[0].get_text()
    labels = [row.th.get_text() for row in page.html.select(".as-grid tbody tr")]
    for one, label in zip(table_on(bureau.clock.today()).classes, labels, strict=True):
        assert label.startswith(one.label)
    assert judged(bureau, made) == []


def test_an_accident_counts_that_became_known_within_the_year_and_the_answers_can_be_gone_back_to(
    bureau: Bureau,
) -> None:
    made = bureau.work(lambda desk, tx: desk.plan(tx, "full"))
    page = to_result(bureau, made, 45_000, 10, accident="yes")
    assert "質問3 事故の内容（1件目）" in page.text
    form = next(one for one in page.forms.values() if "a0_known_on" in one.fields)
    form["a0_loss"], form["a0_persons"], form["a0_happened_on"] = "leak", "１２０", "R3.4.1"
    form["a0_known_on"] = bureau.clock.today().isoformat()
    page = form.submit()
    assert "過去1年以内の把握に当たります" in page.text
    assert "重点項目評価" in page.html.select_one("#result").get_text()
    more = next(one for one in page.forms.values() if "more" in one.fields)
    second = more.submit()
    assert "質問3 事故の内容（2件目）" in second.text
    form = next(one for one in second.forms.values() if "a1_known_on" in one.fields)
    form["a1_loss"], form["a1_persons"], form["a1_known_on"] = "loss", "3", "2020-01-01"
    page = form.submit()
    assert "重大事故の定義に当たらない" in page.text
    back = next(
        one for one in page.forms.values() if "q" in one.fields and one.fields["q"][0]._value == "persons"
    )
    again = back.submit("q")
    assert again.html.select_one("#persons")["value"] == "45000"
    page = answer(again, persons="120000")
    assert "全項目評価" in page.html.select_one("#result").get_text()
    query = parse_qs(urlsplit(page.request.url).query)
    assert query["a0_persons"] == ["１２０"]
    assert query["a1_known_on"] == ["2020-01-01"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("persons", "たくさん", "人数を数字で入れてください"),
        ("persons", "-5", "人数を数字で入れてください"),
        ("persons", "99999999999999", "人数を数字で入れてください"),
        ("persons", "", "人数を数字で入れてください"),
        ("persons_on", "2199-01-01", "将来の日付です"),
        ("persons_on", "R8.13.1", "日付として読めません"),
        ("persons_on", "", "日付を入れてください"),
    ],
)
def test_a_wrong_answer_is_asked_again_with_what_was_typed(
    bureau: Bureau, field: str, value: str, words: str
) -> None:
    made = bureau.work(lambda desk, tx: desk.plan(tx, "full"))
    typed = {"persons": "45,000"} | {field: value}
    page = answer(ask(bureau, made), **typed)
    assert words in page.text
    assert page.html.title.get_text().startswith("エラー：")
    assert page.html.select_one(f"#{field}").get("value", "") == value
    assert "質問1" in page.text


def test_an_accident_whose_days_contradict_is_asked_again(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.plan(tx, "full"))
    page = to_result(bureau, made, 45_000, 10, accident="yes")
    form = next(one for one in page.forms.values() if "a0_known_on" in one.fields)
    form["a0_persons"], form["a0_happened_on"], form["a0_known_on"] = "5", "2026-10-02", "2026-10-01"
    page = form.submit()
    assert "起きた日が、知った日より後です" in page.text
    assert "何が起きたかを選んでください" in page.text


def test_the_judgement_is_kept_once_with_its_reasons_and_history(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.plan(tx, "full"))
    page = to_result(bureau, made, 400_000, 10)
    form = form_of(page, "/threshold")
    form = next(one for one in page.forms.values() if "chosen" in one.fields)
    first, second = form.submit(), form.submit(expect_errors=True)
    assert first.status_code == 303
    assert "「しきい値判断を記録する」を記録しました" in first.follow().text
    assert second.status_code in (303, 409)
    assert len(judged(bureau, made)) == 1
    history = bureau.get(f"{bureau.home(made)}/threshold")
    assert "対象人数 400,000人" in history.text
    assert len(history.html.select(".as-grid__here")) == 1
    assert CLERK.display_name in history.text


def test_a_plan_of_a_lower_kind_is_made_again_by_who_may_and_explained_to_who_may_not(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.plan(tx, "basic"))
    page = to_result(bureau, made, 400_000, 10)
    assert "計画した種類では足りません" in page.text
    assert "この画面のアドレスを送ると" in page.text
    form = next(one for one in page.forms.values() if "chosen" in one.fields)
    refused = form.submit(expect_errors=True)
    assert refused.status_code == 409
    assert "取りまとめ課" in refused.text
    assert refused.html.select_one("#result") is not None
    centre = bureau.get(urlsplit(page.request.url)._replace(scheme="", netloc="").geturl(), COORDINATOR)
    assert "その種類の評価として計画し直します" in centre.text
    form = next(one for one in centre.forms.values() if "chosen" in one.fields)
    home = form.submit().follow()
    assert "全項目評価（地方公共団体等）" in home.text
    assert home.html.select_one(".as-way__here").get_text(" ", strip=True).startswith("しきい値判断済み")


def test_a_forged_lower_kind_is_refused_and_nothing_is_kept(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.plan(tx, "full"))
    page = to_result(bureau, made, 400_000, 10, COORDINATOR)
    form = next(one for one in page.forms.values() if "chosen" in one.fields)
    form["chosen"].force_value("basic")
    refused = form.submit(expect_errors=True)
    assert refused.status_code == 409
    assert judged(bureau, made) == []
    assert bureau.work(lambda desk, tx: desk.state(tx, made)) == "planned"


def test_a_later_count_that_crosses_a_border_warns_on_both_pages(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.published(tx, "full", "local"))
    bureau.clock.advance(days=40)

    def count(people: str, day: str = "") -> Any:
        page = bureau.get(f"{bureau.home(made)}/threshold")
        form = next(one for one in page.forms.values() if "count" in one.fields)
        form["count"] = people
        if day:
            form["counted_on"] = day
        return form.submit(expect_errors=True)

    assert "人数を数字で入れてください" in count("多数").text
    assert "将来の日付です" in count("5", "2199-01-01").text
    near = count("305000").follow()
    assert "人数が区分の境に近づいています" in near.text
    page = count("250,000").follow()
    assert "人数の区分が変わりました" in page.text
    assert "「30万人以上」から「10万人以上30万人未満」に移りました" in bureau.get(bureau.home(made)).text
    bureau.work(lambda desk, tx: desk.judge(tx, made, 250_000))
    assert "人数の区分が変わりました" not in bureau.get(bureau.home(made)).text


def test_where_no_judgement_can_be_recorded_the_result_is_only_shown(bureau: Bureau) -> None:
    def carry(desk: Desk, tx: Any) -> Any:
        made = desk.drafting(tx, "full")
        desk.step(tx, made, "consult", opens=desk.today, closes=desk.today.replace(year=desk.today.year + 1))
        return made

    made = bureau.work(carry)
    page = to_result(bureau, made, 400_000, 10)
    assert "判断を記録できません" in page.text
    assert not [one for one in page.forms.values() if "chosen" in one.fields]

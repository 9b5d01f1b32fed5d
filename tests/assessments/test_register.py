"""The register of statements: planning, the list, the home of a statement, 様式1, the year; wrong input keeps what was typed."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest

from privacy_assessment.statements.store import read_statement
from tests.assessments.bureau import ROOT, Bureau
from tests.assessments.desk import AFFAIR, Desk, actor
from tests.web.forms import form_of
from tests.web.people import CLERK, COORDINATOR, OPERATOR, RESIDENT, SUPERVISOR, Person
from workflows.engine import Refused

NOWHERE = "01900000-0000-7000-8000-00000000dead"


def plan_form(bureau: Bureau, person: Person = COORDINATOR) -> Any:
    form = form_of(bureau.get(f"{ROOT}/new", person), "/new")
    form["title"] = "児童手当の支給に関する事務"
    form["affairs"] = [AFFAIR]
    form["hold_start"] = "R9.4.1"
    return form


def test_an_office_begins_with_its_body_and_its_first_plan(empty_bureau: Bureau) -> None:
    bureau = empty_bureau
    assert "先に、評価実施機関を登録してください" in bureau.get(f"{ROOT}/new", COORDINATOR).text
    assert bureau.get(f"{ROOT}/plan", status=409).status_code == 409
    settings = bureau.get(f"{ROOT}/settings", COORDINATOR)
    form = next(one for one in settings.forms.values() if "name" in one.fields)
    form["name"], form["department"] = "甲野市長", "総務部情報政策課"
    wrong = form.submit()
    assert "連絡先を入れてください" in wrong.text
    assert 'value="総務部情報政策課"' in wrong.text
    form["contact"] = "電話000-000-0000（見本）"
    assert "保存しました" in form.submit().follow().text
    page = plan_form(bureau).submit().follow()
    assert "計画に入れました" in page.text
    assert "2027-04-01" in page.text
    assert "しきい値判断を記録する" in page.html.select_one("#next").parent.get_text()


def test_a_plan_pressed_twice_is_one_and_a_number_is_given_once(bureau: Bureau) -> None:
    form = plan_form(bureau)
    first, second = form.submit(), form.submit()
    assert first.location == second.location
    again = plan_form(bureau)
    again["number"] = "１"
    answer = again.submit()
    assert "この評価書番号は同じ評価実施機関で使われています" in answer.text
    assert answer.html.select_one(".govuk-error-summary a")["href"] == "#number"
    assert answer.html.select_one("#title")["value"] == "児童手当の支給に関する事務"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "", "評価書名を200字までで"),
        ("title", "長" * 201, "評価書名を200字までで"),
        ("hold_start", "R9.13.40", "日付として読めません"),
        ("planned_on", "そのうち", "日付として読めません"),
        ("number", "", "評価書番号を20字までで"),
        ("remarks", "備" * 501, "備考は500字まで"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_at_its_field_and_the_rest_is_kept(
    bureau: Bureau, field: str, value: str, words: str
) -> None:
    form = plan_form(bureau)
    form[field] = value
    answer = form.submit()
    assert words in answer.text
    assert answer.html.title.get_text().startswith("エラー：")
    assert answer.html.select_one(f"#{field}") is not None
    assert answer.html.select_one(f"input[name=affairs][value={AFFAIR}]").has_attr("checked")


def test_who_may_not_plan_is_told_who_may(bureau: Bureau) -> None:
    answer = bureau.get(f"{ROOT}/new", CLERK, status=403)
    assert "取りまとめ課に、新しい評価書の登録を依頼してください" in answer.text
    assert bureau.get(f"{ROOT}/", OPERATOR, status=403).status_code == 403
    assert bureau.get(f"{ROOT}/", RESIDENT, status=403).status_code == 403
    assert bureau.counter.of(None).get(f"{ROOT}/").status_code == 303


@pytest.mark.parametrize(
    "other",
    [
        {"number": "701"}, {"title": "別の評価書"}, {"kind": "focused"}, {"affairs": [AFFAIR, "local-tax"]}, {"office": "総務課"},
        {"hold_start": date(2027, 4, 2)}, {"planned_on": date(2027, 1, 1)}, {"remarks": "急ぎ"},
    ],
    ids=lambda one: next(iter(one)),
)  # fmt: skip
def test_a_form_sent_again_that_says_anything_else_is_not_answered_with_the_first(
    bureau: Bureau, other: dict[str, Any]
) -> None:
    (key,) = other

    def twice(desk: Desk, tx: Any) -> None:
        desk.plan(tx, "basic")
        given = {
            "kind": "basic", "body": desk.body, "affairs": [AFFAIR], "office": "", "number": f"700-{key}", "title": "先の評価書",
            "hold_start": date(2027, 4, 1),
        }  # fmt: skip

        def plan(**more: Any) -> Any:
            return desk.statements.plan(tx, actor(COORDINATOR), key, **{**given, **more})

        first = plan()
        assert plan(office=COORDINATOR.office).id == first.id
        with pytest.raises(Refused, match="request_key_reused"):
            plan(**other)
        assert read_statement(tx, first.id) == first

    bureau.work(twice)


def test_the_list_counts_the_stages_and_narrows_by_each_filter(empty_bureau: Bureau) -> None:
    bureau = empty_bureau
    for _ in range(2):
        bureau.work(lambda desk, tx: desk.plan(tx, "basic"))
    made = bureau.work(lambda desk, tx: desk.drafting(tx, "focused", title="介護保険に関する事務 100%"))
    strip = {
        one.select_one(".as-strip__name").get_text(): int(one.select_one(".as-strip__count").get_text())
        for one in bureau.get(f"{ROOT}/").html.select(".as-strip__box")
    }
    assert strip["作成"] == 1
    assert strip["計画"] == 2
    for query in (
        "kind=focused",
        "stage=writing",
        "words=介護",
        f"words={made.number}&kind=focused",
        "words=100%25",
    ):
        page = bureau.get(f"{ROOT}/?{query}")
        found = [one.get_text(strip=True) for one in page.html.select(".as-list tbody th")]
        assert found == ["介護保険に関する事務 100%"], query
    assert "この条件の評価書はありません" in bureau.get(f"{ROOT}/?words=%25%25%25").text
    assert "この条件の評価書はありません" in bureau.get(f"{ROOT}/?office=どこにもない課").text
    assert bureau.get(f"{ROOT}/?kind=nonsense&stage=<b>").status_code == 200
    assert bureau.get(f"{ROOT}/?after=broken", status=400).status_code == 400


def test_the_list_goes_on_by_key_and_shows_each_statement_once(bureau: Bureau) -> None:
    def carry(desk: Desk, tx: Any) -> None:
        for number in range(900, 955):
            desk.plan(tx, "basic", number=str(number), title="頁の試験")

    bureau.work(carry)
    seen: list[str] = []
    path: str | None = f"{ROOT}/?words=頁の試験"
    while path:
        page = bureau.get(path)
        seen += [one.get_text(strip=True) for one in page.html.select(".as-list tbody td:first-child")]
        link = page.html.select_one("a[rel=next]")
        path = link["href"] if link else None
    assert seen == [str(number) for number in range(900, 955)]


def test_form_1_is_made_from_the_data_as_page_and_as_workbook(empty_bureau: Bureau) -> None:
    bureau = empty_bureau
    made = bureau.work(lambda desk, tx: desk.published(tx, "basic"))
    page = bureau.get(f"{ROOT}/plan")
    row = next(one for one in page.html.select("tbody tr") if one.td.get_text(strip=True) == str(made.number))
    words = [cell.get_text(strip=True) for cell in row.select("td")]
    assert "基礎項目評価" in words[2]
    assert "発生なし" in words
    assert "2026-11-22" in words
    file = bureau.get(f"{ROOT}/plan.xlsx")
    assert file.content_type.endswith("spreadsheetml.sheet")
    book = openpyxl.load_workbook(io.BytesIO(file.body))
    told = [str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line if cell.value]
    assert "甲野市長" in told
    assert made.number in told
    assert bureau.get(f"{ROOT}/plan?body=nowhere", status=404).status_code == 404


def test_the_home_shows_the_way_what_can_be_done_and_every_reason_why_not(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.drafting(tx, "full"))
    page = bureau.get(bureau.home(made))
    assert page.html.select_one(".as-way__here").get_text(" ", strip=True).startswith("作成中")
    assert "書く：様式4 全項目評価書" in page.text
    refused = page.html.select_one("details .govuk-details__text").get_text(" ", strip=True)
    assert "公示して意見を聴く" in refused
    assert "この操作は「取りまとめ課、決裁者」が行います" in refused
    assert "規則7条1項・3項・9条1項・9条の2" in refused
    boss = bureau.get(bureau.home(made), SUPERVISOR)
    assert boss.html.select_one(f"a.govuk-button[href$='{made.id}/act/consult']") is not None
    assert "個人住民税" not in boss.html.title.get_text()


def test_a_statement_of_nobody_or_of_another_office_is_the_same_page(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.plan(tx, "basic"))
    other = Person("staff", "例川 二郎", CLERK.account_id, "992020", frozenset({"caseworker"}), "992020-01")
    missing = bureau.get(f"{ROOT}/{NOWHERE}", status=404)
    for tail in ("", "/threshold", "/act/review", "/changes/form2", "/calendar"):
        hidden = bureau.get(f"{ROOT}/{made.id}{tail}", other, status=404)
        assert hidden.html.main.get_text() == missing.html.main.get_text()


def test_the_year_shows_what_is_due_and_what_was_done(empty_bureau: Bureau) -> None:
    bureau = empty_bureau
    made = bureau.work(lambda desk, tx: desk.published(tx, "full", "local"))
    page = bureau.get(f"{bureau.home(made)}/calendar")
    table = page.html.select_one("table").get_text(" ", strip=True)
    assert "意見を聴く期間" in table
    assert "第三者点検" in table
    year = bureau.clock.today().year + 1
    later = bureau.get(f"{ROOT}/calendar?year={year}").html.select_one("table").get_text(" ", strip=True)
    assert "1年ごとの見直し" in later
    assert bureau.get(f"{ROOT}/calendar?year=99999").status_code == 200
    assert "この年度の予定はありません" in bureau.get(f"{ROOT}/calendar?year=2015").text


def test_internal_steps_are_added_moved_and_taken_away_by_the_coordinating_office_only(
    bureau: Bureau,
) -> None:
    def add(label: str, **more: str) -> Any:
        page = bureau.get(f"{ROOT}/settings", COORDINATOR)
        form = next(one for one in page.forms.values() if "label" in one.fields)
        form["label"] = label
        for name, value in more.items():
            form[name] = value
        return form.submit()

    assert "名前と、どの操作の前か" in add("").text
    add("課長の確認", source="甲野市要綱5条（見本）").follow()
    page = add("情報政策課の審査", role="coordinator").follow()
    assert [one.get_text() for one in page.html.select("#steps ~ .md-scroll th[scope=row]")] == [
        "課長の確認",
        "情報政策課の審査",
    ]
    form = next(one for one in page.forms.values() if "step" in one.fields)
    page = form.submit("what", value="later").follow()
    assert page.html.select_one("#steps ~ .md-scroll th[scope=row]").get_text() == "情報政策課の審査"
    for _ in range(2):
        form = next(one for one in page.forms.values() if "step" in one.fields)
        page = form.submit("what", value="remove").follow()
    assert "庁内の手続は決めていません" in page.text
    clerk = bureau.get(f"{ROOT}/settings", CLERK)
    assert not [one for one in clerk.forms.values() if "label" in one.fields]
    assert "変えられるのは取りまとめ課です" in clerk.text


def test_a_body_keeps_its_short_name_and_only_the_rest_can_be_changed(bureau: Bureau) -> None:
    page = bureau.get(f"{ROOT}/settings?body=mayor", COORDINATOR)
    form = next(one for one in page.forms.values() if "department" in one.fields)
    assert form["code"].value == "mayor"
    form["department"] = "総務部デジタル課"
    assert "総務部デジタル課" in form.submit().follow().text
    bad = next(
        one
        for one in bureau.get(f"{ROOT}/settings", COORDINATOR).forms.values()
        if "department" in one.fields
    )
    bad["name"], bad["code"], bad["department"], bad["contact"] = "教育委員会", "きょういく", "課", "電話"
    assert "半角の英小文字" in bad.submit().text


def test_the_list_of_work_leads_to_the_statement_and_the_coordinating_office_sees_those_of_all(
    bureau: Bureau,
) -> None:
    made = bureau.work(lambda desk, tx: desk.plan(tx, "full", title="仕事の一覧の試験", office="別の課"))
    seen = bureau.get("/staff/?kind=assessment_full_local", COORDINATOR)
    link = seen.html.find("a", href=f"{ROOT}/{made.id}")
    assert "仕事の一覧の試験" in link.get_text()
    assert (
        bureau.get("/staff/?kind=assessment_full_local", CLERK).html.find("a", href=f"{ROOT}/{made.id}")
        is None
    )
    assert bureau.get(f"/staff/cases/{made.case_id}", CLERK).location.endswith(f"{ROOT}/{made.id}")
    tabs = [one.get_text(strip=True) for one in seen.html.select("main .md-tabs li")]
    assert tabs[0] == "すべて"
    assert all("評価" in one for one in tabs[1:])


def test_a_review_that_is_overdue_stays_in_sight_until_it_is_recorded(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.published(tx, "basic"))
    bureau.clock.advance(days=400)

    def remind(desk: Desk, tx: Any) -> None:
        while desk.engine.fire_due_deadlines(tx):
            pass

    bureau.work(remind)
    page = bureau.get(bureau.home(made))
    assert "（過ぎています）" in page.html.select_one("#dues").parent.get_text()
    assert "（過ぎています）" in bureau.get(f"{ROOT}/").html.select_one(".as-soon").get_text()
    bureau.work(lambda desk, tx: desk.step(tx, made, "review", done_on=desk.today, result="no-change"))
    page = bureau.get(bureau.home(made))
    assert "（過ぎています）" not in page.html.select_one("#dues").parent.get_text()


def test_every_link_of_a_home_leads_somewhere(bureau: Bureau) -> None:
    for made in (
        bureau.work(lambda desk, tx: desk.drafting(tx, "focused")),
        bureau.work(lambda desk, tx: desk.published(tx, "full", "local")),
    ):
        page = bureau.get(bureau.home(made))
        links = {one["href"] for one in page.html.main.select("a[href^='/']")}
        assert len(links) > 8
        for link in links:
            assert bureau.get(link, expect_errors=True).status_code == 200, link

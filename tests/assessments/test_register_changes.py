"""Changes since the publication: phrases compared, a proposal, a person's decision with its reason, and the table 変更箇所."""

from __future__ import annotations

from typing import Any

import pytest

from privacy_assessment.statements.store import read_draft
from tests.assessments.bureau import Bureau
from tests.assessments.desk import Desk
from tests.web.people import CLERK, COORDINATOR, OPERATOR

MARKED = "f4.1.1.2"
PLAIN = "f4.1.7.1"


@pytest.fixture
def changed(bureau: Bureau) -> Any:
    """A published 全項目 that is being amended in one item with ※ and one without."""

    def carry(desk: Desk, tx: Any) -> Any:
        made = desk.published(tx, "full", "local")
        desk.step(tx, made, "amend", why="not-material")
        draft = read_draft(tx, made.id, "form4")
        before = str(draft.document.get(MARKED))
        desk.write(tx, made, "form4", MARKED, before.replace("毎月", "毎週"))
        desk.write(tx, made, "form4", PLAIN, "こども課")
        desk.write(tx, made, "form2", "f2.1.5.1", "こども課")
        return made

    return bureau.work(carry)


def page_of(bureau: Bureau, made: Any, query: str = "?show=all", **more: Any) -> Any:
    return bureau.get(f"{bureau.home(made)}/changes/form4{query}", **more)


def form_at(page: Any, place: str) -> Any:
    return next(one for one in page.forms.values() if "place" in one.fields and one["place"].value == place)


def decide_marked(bureau: Bureau, made: Any) -> None:
    """Decide about the item with ※: a change that is not material, and why."""
    form = form_at(page_of(bureau, made), MARKED)
    form["decision"], form["timing"], form["reason"] = (
        "amendment",
        "after",
        "リスクを明らかに減らす変更のため。",
    )
    form["note"] = "点検の間隔を縮めるため。"
    form.submit().follow()


def decide_rest(bureau: Bureau, made: Any) -> Any:
    """Decide about everything else as proposed; returns the page after it."""
    page = page_of(bureau, made)
    rest = next(one for one in page.forms.values() if "what" in one.fields and one["what"].value == "rest")
    rest["timing"] = "after"
    rest.submit().follow()
    return page_of(bureau, made)


def test_the_page_shows_the_phrase_that_changed_and_the_rule_behind_the_proposal(
    bureau: Bureau, changed: Any
) -> None:
    page = page_of(bureau, changed)
    change = next(one for one in page.html.select(".as-change") if "Ⅰ-1②" in one.h2.get_text())
    assert [one.get_text() for one in change.select("del")] == ["月"]
    assert [one.get_text() for one in change.select("ins")] == ["週"]
    assert "操作の記録は毎" in change.select_one(".as-diff").get_text()
    assert "※" in change.h2.get_text()
    assert "※の付いた項目の変更です（規則11条、指針別表）" in change.get_text()
    assert "まだ公表していません" not in page.text
    assert "2" in page.html.select_one(".as-tally li b").get_text()


def test_departing_from_the_proposal_needs_a_reason_and_what_was_typed_is_kept(
    bureau: Bureau, changed: Any
) -> None:
    form = form_at(page_of(bureau, changed), MARKED)
    form["decision"], form["timing"], form["note"] = "amendment", "after", "点検の間隔を縮めるため。"
    answer = form.submit(expect_errors=True)
    assert answer.status_code == 400
    assert "提案と違う決定には理由が要ります" in answer.text
    again = form_at(answer, MARKED)
    assert again["note"].value == "点検の間隔を縮めるため。"
    assert again["decision"].value == "amendment"
    again["reason"] = "リスクを明らかに減らす変更のため。"
    done = again.submit().follow()
    assert "決定を記録しました" in done.text
    assert "※の項目の変更が修正とされています" in page_of(bureau, changed).text


def test_a_material_change_cannot_be_handed_in_afterwards_and_points_to_reassessing(
    bureau: Bureau, changed: Any
) -> None:
    form = form_at(page_of(bureau, changed), MARKED)
    form["decision"], form["timing"] = "material", "after"
    assert "重要な変更は事前に評価を再実施します" in form.submit(expect_errors=True).text
    form["timing"] = "before"
    form.submit().follow()
    page = page_of(bureau, changed)
    assert "修正では提出できません" in page.text
    assert page.html.select_one("a[href$='/act/reassess']") is not None


def test_the_rest_is_decided_at_once_and_the_table_is_written_once(bureau: Bureau, changed: Any) -> None:
    decide_marked(bureau, changed)
    page = decide_rest(bureau, changed)
    table = page.html.select("#table ~ .md-scroll tbody tr")
    assert len(table) == 2
    assert "こども課" in table[1].get_text()
    for _ in range(2):
        write = next(
            one for one in page.forms.values() if "what" in one.fields and one["what"].value == "table"
        )
        page = write.submit().follow()
        assert "変更箇所の表を2行、様式に書き込みました" in page.text
    draft = bureau.work(lambda desk, tx: read_draft(tx, changed.id, "form4"))
    assert len(draft.document.rows_of("f4.chg")) == 2
    row = draft.document.rows_of("f4.chg")[1]
    assert draft.document.get(f"f4.chg.timing@{row}") == "2"
    assert draft.document.get(f"f4.chg.after@{row}") == "こども課"


def test_a_decision_lapses_when_the_text_is_changed_again(bureau: Bureau, changed: Any) -> None:
    decide_marked(bureau, changed)
    decide_rest(bureau, changed)
    assert page_of(bureau, changed, "?show=open").html.select_one(".as-diff") is None
    bureau.work(lambda desk, tx: desk.write(tx, changed, "form4", PLAIN, "こども家庭課"))
    page = page_of(bureau, changed, "?show=open")
    assert "こども家庭課" in "".join(
        page.html.select_one(".as-diff").find_all(string=lambda text: text.parent.name != "del")
    )


def test_a_place_that_is_not_changed_and_a_form_that_is_not_filed_are_refused(
    bureau: Bureau, changed: Any
) -> None:
    form = form_at(page_of(bureau, changed), MARKED)
    form["place"].force_value("f4.1.1.1")
    answer = form.submit(expect_errors=True)
    assert answer.status_code == 409
    assert "公表した版から変わっていません" in answer.text
    for form_id in ("form3", "form9", "x"):
        assert bureau.get(f"{bureau.home(changed)}/changes/{form_id}", CLERK, status=404).status_code == 404
    assert page_of(bureau, changed, person=OPERATOR, status=403).status_code == 403
    assert page_of(bureau, changed, "?show=nonsense&from=-1").status_code == 200
    assert page_of(bureau, changed, "?from=9999999").status_code == 200


def test_who_may_not_write_now_sees_the_changes_without_forms(bureau: Bureau) -> None:
    made = bureau.work(lambda desk, tx: desk.published(tx, "basic"))
    page = bureau.get(f"{bureau.home(made)}/changes/form2", COORDINATOR)
    assert "違いはありません" in page.text
    assert not [one for one in page.forms.values() if "what" in one.fields]
    new = bureau.work(lambda desk, tx: desk.plan(tx, "basic"))
    assert "まだ公表していません" in bureau.get(f"{bureau.home(new)}/changes/form2").text

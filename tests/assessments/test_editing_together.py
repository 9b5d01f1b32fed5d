"""Two people on one statement: both texts are kept when they clash, each is told who is here, a script overwrites nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assessments.writing import TEXT, Writing, clash, save
from tests.web.people import CLERK, COORDINATOR, SUPERVISOR, Person


def test_two_people_in_different_items_of_one_page_do_not_disturb_each_other(writing: Writing) -> None:
    mine, hers = writing.fields("1"), writing.fields("1", COORDINATOR)
    hers["v:f4.1.1.1"] = "取りまとめ課の名前"
    save(hers)
    mine[f"v:{TEXT}"] = "担当課の内容"
    assert "/sections/1" in save(mine).location
    assert writing.value("f4.1.1.1") == "取りまとめ課の名前"
    assert writing.value(TEXT) == "担当課の内容"


def test_two_people_in_one_item_see_both_texts_and_what_did_not_clash_is_saved(writing: Writing) -> None:
    page = clash(writing)
    assert "先の人の文" in page.text.replace("<del>", "").replace("</del>", "")
    sides = [one.get_text() for one in page.html.select(".md-side .md-written-block")]
    assert sides == ["先の人の文", "後の人の文"]
    assert COORDINATOR.display_name not in page.html.select(".md-side")[1].get_text()
    assert (writing.value(TEXT), writing.value("f4.1.5")) == ("先の人の文", "後の人のもう一つ")


@pytest.mark.parametrize(
    ("word", "left"), [("theirs", "先の人の文"), ("mine", "後の人の文"), ("merged", "合わせた文")]
)
def test_a_clash_is_settled_by_theirs_mine_or_a_text_of_both(writing: Writing, word: str, left: str) -> None:
    page = clash(writing)
    form = page.forms[1]
    form[f"c:{TEXT}"] = word
    form[f"x:{TEXT}"] = "合わせた文"
    after = form.submit().follow()
    assert after.status_code == 200
    assert writing.value(TEXT) == left
    assert "決めるのを待っている文はありません" in writing.counter.of(CLERK).get(page.request.path).text


def test_a_merged_text_too_long_is_refused_and_both_texts_go_on_waiting(writing: Writing) -> None:
    page = clash(writing)
    form = page.forms[1]
    form[f"c:{TEXT}"], form[f"x:{TEXT}"] = "merged", "a" * 1_000_001
    answer = form.submit(expect_errors=True)
    assert answer.status_code == 409
    assert "1,000,001字あります" in answer.text
    again = writing.counter.of(CLERK).get(page.request.path)
    assert [one.get_text() for one in again.html.select(".md-side .md-written-block")] == [
        "先の人の文",
        "後の人の文",
    ]


def test_an_undecided_clash_waits_and_every_page_of_the_form_says_so(writing: Writing) -> None:
    page = clash(writing)
    again = page.forms[1].submit()
    assert again.location.endswith("/conflicts")
    assert "決めるのを待っています" in writing.open("6").text
    assert "決めるのを待っています" not in writing.open("6", COORDINATOR).text


def test_a_clash_that_was_overtaken_again_is_a_clash_again(writing: Writing) -> None:
    page = clash(writing)
    form = page.forms[1]
    hers = writing.fields("1", COORDINATOR)
    hers[f"v:{TEXT}"] = "三番目の文"
    save(hers)
    form[f"c:{TEXT}"] = "mine"
    answer = form.submit()
    assert answer.location.endswith("/conflicts")
    assert writing.value(TEXT) == "三番目の文"
    assert "三番目の文" in "".join(one.get_text() for one in answer.follow().html.select(".md-side"))


def test_a_text_for_a_row_that_somebody_took_out_is_put_aside(writing: Writing) -> None:
    system = writing.draft().document.rows_of("f4.1.2")[1]
    mine, hers = writing.fields("1"), writing.fields("1", COORDINATOR)
    save(hers, f"remove:f4.1.2:{system}")
    mine[f"v:f4.1.2.func@{system}"] = "消えた行に書いた文"
    page = save(mine).follow()
    assert "ほかの人が消しました" in page.text
    assert "消えた行に書いた文" in page.text


def test_somebody_else_who_is_here_is_named_with_the_part(writing: Writing) -> None:
    writing.open("1", SUPERVISOR)
    assert f"{SUPERVISOR.display_name}さんもこの節を開いています" in writing.open("1").text
    page = writing.open("6").text
    assert f"{SUPERVISOR.display_name}さんが「Ⅰ 基本情報」を開いています" in page
    assert CLERK.display_name not in writing.open("1").html.select_one("#people").get_text()


def present(writing: Writing, person: Person, **more: str) -> Any:
    """What the script asks every half minute."""
    form = writing.fields("1", person)
    sent = {"csrf_token": form["csrf_token"].value, "part": "1", **more}
    path = f"{writing.root}/forms/form4/presence"
    return form.response.goto(path, method="post", params=sent, expect_errors=True)


def test_a_script_is_told_who_is_here_until_she_leaves(writing: Writing) -> None:
    present(writing, SUPERVISOR)
    told = present(writing, CLERK).json
    assert SUPERVISOR.display_name in told["others"]
    assert told["version"] == writing.draft().version
    present(writing, SUPERVISOR, leaving="1")
    assert present(writing, CLERK).json["others"] == ""
    assert present(writing, CLERK, part="99").status_code == 404


def test_somebody_who_said_nothing_for_minutes_is_taken_to_have_left(writing: Writing) -> None:
    present(writing, SUPERVISOR)
    writing.desk.clock.advance(minutes=6)
    assert present(writing, CLERK).json["others"] == ""


def test_a_script_saves_single_fields_and_is_told_the_version_and_who_is_here(writing: Writing) -> None:
    form = writing.fields("1")
    writing.open("1", SUPERVISOR)
    sent = [("csrf_token", form["csrf_token"].value), ("seen", form["seen"].value), (f"v:{TEXT}", "自動保存")]
    told = form.response.goto(
        form.action, method="post", params=sent, headers={"Accept": "application/json"}
    ).json
    assert told["version"] == writing.draft().version
    assert told["changed"]
    assert SUPERVISOR.display_name in told["others"]
    assert writing.value(TEXT) == "自動保存"
    more = [*sent[:2], (f"s:{TEXT}", str(told["version"])), (f"v:{TEXT}", "続き")]
    told = form.response.goto(
        form.action, method="post", params=more, headers={"Accept": "application/json"}
    ).json
    assert told["aside"] == []
    assert writing.value(TEXT) == "続き"


def test_a_script_that_saved_one_field_does_not_overwrite_another_that_changed_meanwhile(
    writing: Writing,
) -> None:
    form = writing.fields("1")
    hers = writing.fields("1", COORDINATOR)
    hers["v:f4.1.5"] = "ほかの人の根拠"
    save(hers)
    base = [("csrf_token", form["csrf_token"].value), ("seen", form["seen"].value)]
    headers = {"Accept": "application/json"}
    form.response.goto(form.action, method="post", params=[*base, (f"v:{TEXT}", "一")], headers=headers)
    told = form.response.goto(
        form.action, method="post", params=[*base, ("v:f4.1.5", "自分の根拠")], headers=headers
    ).json
    assert told["aside"] == ["f4.1.5"]
    assert told["conflicts"].endswith("/conflicts")
    assert writing.value("f4.1.5") == "ほかの人の根拠"

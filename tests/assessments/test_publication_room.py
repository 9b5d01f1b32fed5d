"""The desk of publication: choosing words without a script, only with a ground the law allows now, and what to look at before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webtest import TestApp, TestResponse

from privacy_assessment.publication.selecting import chosen, joined, left_standing, occurrences, sentences
from privacy_assessment.redaction import Redaction
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.assessments.desk import Desk, employ
from tests.conftest import Databases
from tests.web.conftest import Counter, counter
from tests.web.people import CLERK, COORDINATOR, NO_ROLE, REVIEWER, SUPERVISOR, Person

__all__ = ["counter"]
SECRET = "装置見本丁八"
TEXT = f"申請を受け付ける。{SECRET}で計算する。\n{SECRET}は毎年取り替える。"
NUMBER = "123456789018"


@pytest.fixture(scope="module")
def made(databases: Databases, counter: Counter, key_ring: KeyRing) -> dict[str, str]:
    """A statement being written, one handed in, one published."""
    clock = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    counter.app.registry["keys"] = key_ring  # type: ignore[attr-defined]
    desk = Desk(clock, "room")
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        employ(tx, clock)
        employ(tx, clock, SUPERVISOR)
        writing = desk.drafting(tx, "focused")
        desk.write(tx, writing, "form3", "f3.1.1.2", TEXT)
        desk.write(tx, writing, "form2", "f2.1.1.2", f"{SECRET}の数1234-5678-9012。")
        handed_in = desk.drafting(tx, "basic")
        desk.write(tx, handed_in, "form2", "f2.1.1.2", f"申請を受け付ける。{SECRET}を使う。")
        desk.step(tx, handed_in, "submit")
        public = desk.published(tx, "basic")
    return {"writing": str(writing.id), "handed_in": str(handed_in.id), "public": str(public.id)}


def room(made: dict[str, str], name: str = "writing") -> str:
    return f"/staff/assessments/{made[name]}/publication"


def form_at(page: TestResponse, end: str) -> Any:
    return next(one for one in page.forms.values() if one.action.endswith(end))


def leave_out(
    browser: TestApp, path: str, form: str, place: str, status: int = 303, **typed: Any
) -> TestResponse:
    page = browser.get(f"{path}/{form}/item?place={place}")
    sent = form_at(page, "/item")
    for name, value in {"ground": "10-1", "reason": "捜査に支障が出る", **typed}.items():
        if name == "sentence":
            for field in sent.fields["sentence"]:
                field.checked = field._value in value
        elif name == "whole":
            sent["what"] = "whole"
        else:
            sent[name] = value
    answer = sent.submit(status=status)
    return answer.follow() if status == 303 else answer


def lift_all(browser: TestApp, path: str) -> None:
    while found := [one for one in browser.get(path).forms.values() if one.action.endswith("/lift")]:
        found[0].submit().follow()


@pytest.fixture
def clean(counter: Counter, made: dict[str, str]) -> Iterator[TestApp]:
    browser = counter.of(CLERK)
    yield browser
    lift_all(browser, room(made))


def preview(browser: TestApp, path: str, form: str = "form3") -> str:
    return browser.get(f"{path}/{form}/preview?only=different").html.main.get_text("\n")


def test_words_pasted_are_left_out_wherever_they_stand_in_the_item(
    clean: TestApp, made: dict[str, str]
) -> None:
    page = leave_out(clean, room(made), "form3", "f3.1.1.2", words=f"　{SECRET} ", ground="10-2")
    assert "非公表にしました" in page.text
    assert str(page.html.select_one(".md-left-out")).count(f"「{SECRET}」") == 2
    public = preview(clean, room(made)).split("公表する文")[-1]
    assert SECRET not in public
    assert public.count("規則10条2項") == 2


def test_sentences_and_numbers_of_characters_choose_too(clean: TestApp, made: dict[str, str]) -> None:
    (first, *_) = sentences(TEXT)
    leave_out(
        clean, room(made), "form3", "f3.1.1.2", sentence=[first.code], starts="10", ends="15", ground="10-2"
    )
    public = preview(clean, room(made)).split("公表する文")[-1]
    assert "申請を受け付ける" not in public
    assert "で計算する" in public
    assert public.count("装置見本丁八") == 1


def test_a_whole_item_needs_the_ground_that_allows_it(clean: TestApp, made: dict[str, str]) -> None:
    page = leave_out(clean, room(made), "form3", "f3.1.1.3", status=409, ground="10-2")
    assert "規則10条2項で非公表にできるのは一部だけです" in page.text
    assert "捜査に支障が出る" in page.text, "what was typed is kept"
    leave_out(clean, room(made), "form3", "f3.1.1.3")
    assert "項目の全部" in clean.get(room(made)).text


def test_the_basic_form_knows_only_one_ground_at_first(clean: TestApp, made: dict[str, str]) -> None:
    page = clean.get(f"{room(made)}/form2/item?place=f2.1.1.2")
    assert [one["value"] for one in page.html.select("input[name=ground]")] == ["10-1"]
    assert "次の公表では使えません" in page.text
    sent = form_at(page, "/item")
    token = sent["csrf_token"].value
    answer = clean.post(
        f"{room(made)}/form2/item",
        {"csrf_token": token, "place": "f2.1.1.2", "words": SECRET, "ground": "10-2", "reason": "理由"}, status=409,
    )  # fmt: skip
    assert "規則5条2項" in answer.text
    assert "使える根拠：規則10条1項" in answer.text


def test_after_publication_the_next_one_is_an_amendment_with_both_grounds(
    counter: Counter, made: dict[str, str]
) -> None:
    page = counter.of(CLERK).get(f"{room(made, 'public')}/form2/item?place=f2.1.1.2")
    assert [one["value"] for one in page.html.select("input[name=ground]")] == ["10-1", "10-2"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"reason": ""}, "理由を書いてください"),
        ({"words": ""}, "どれかで示してください"),
        ({"words": "この文章にない語句"}, "この項目の文章にありません"),
        ({"starts": "0", "ends": "3"}, "1から"),
        ({"starts": "5", "ends": "99999"}, "1から"),
        ({"starts": "５", "ends": ""}, "1から"),
        ({"starts": "-1", "ends": "x"}, "1から"),
        ({"words": "𠮷" * 3000}, "この項目の文章にありません"),
    ],
)
def test_what_cannot_be_left_out_keeps_what_was_typed(
    clean: TestApp, made: dict[str, str], typed: dict[str, str], words: str
) -> None:
    page = leave_out(
        clean,
        room(made),
        "form3",
        "f3.1.1.2",
        status=400,
        **{"words": "申請", **typed} if "starts" not in typed else typed,
    )
    assert words in page.text
    assert "非公表の部分はありません" in clean.get(room(made)).text
    assert page.html.select("input[name=ground][checked]")


@pytest.mark.parametrize(
    "place", ["", "f3.nothing", "f3.1.1.2@9", "f3.2.4n.who@1.99", "@", "f3.1.1.2@" + "1." * 500, "🙂"]
)
def test_a_place_the_form_does_not_have_is_not_found(
    counter: Counter, made: dict[str, str], place: str
) -> None:
    counter.of(CLERK).get(f"{room(made)}/form3/item", {"place": place}, status=404)


def test_lifting_ends_a_redaction_once(clean: TestApp, made: dict[str, str]) -> None:
    page = leave_out(clean, room(made), "form3", "f3.1.1.3")
    sent = form_at(page, "/lift")
    assert "非公表をやめました" in sent.submit().follow().text
    assert "もうやめてあります" in sent.submit().follow().text


def test_the_room_shows_what_looks_like_a_number_without_the_digits(
    clean: TestApp, made: dict[str, str]
) -> None:
    text = clean.get(room(made)).html.main.get_text()
    assert "12けたの数字" in text
    assert "1234" not in text
    assert "●●●" in text


def test_the_room_tells_where_words_left_out_still_stand(clean: TestApp, made: dict[str, str]) -> None:
    page = leave_out(clean, room(made), "form3", "f3.1.1.2", words=SECRET, ground="10-2")
    (place,) = page.html.select("#stand input[type=checkbox]")
    label = page.html.find("label", attrs={"for": place["id"]}).get_text()
    for words in ("Ⅰ-1②", f"「{SECRET}」", "非公表にした語句"):
        assert words in label


def test_publishing_and_scheduling_are_offered_when_the_machine_allows_them(
    counter: Counter, made: dict[str, str]
) -> None:
    assert "まだ公表の手続に進めません" in counter.of(CLERK).get(room(made)).text
    hrefs = [
        one["href"] for one in counter.of(SUPERVISOR).get(room(made, "handed_in")).html.select("aside a")
    ]
    assert any(one.endswith("/act/publish") for one in hrefs)
    assert any(one.endswith("/act/schedule_publication") for one in hrefs)


def test_a_version_published_by_mistake_is_withdrawn_with_a_reason(
    counter: Counter, databases: Databases, made: dict[str, str]
) -> None:
    browser = counter.of(COORDINATOR)
    path = room(made, "public")
    page = form_at(browser.get(path), "/withdraw").submit(status=400)
    for words in ("取り下げる版を選んで", "理由を書いて", "印を付けて"):
        assert words in page.text
    sent = form_at(page, "/withdraw")
    sent["edition"], sent["why"] = "v1", f"番号{NUMBER}が出ていた"
    sent["sure"] = True
    assert "個人番号と見られる数字" in sent.submit(status=400).text
    sent["why"] = "別の事務の評価書でした。"
    page = sent.submit().follow()
    assert "取り下げました" in page.text
    public = page.html.select_one("table a")["href"]
    answer = counter.of(None).get(public, status=410)
    assert "別の事務の評価書でした。" in answer.text
    assert "全文" not in answer.html.main.get_text()
    counter.of(None).get(f"{public}/data.json", status=404)


@pytest.mark.parametrize(("person", "status"), [(None, 303), (NO_ROLE, 403), (REVIEWER, 403)])
def test_the_room_is_for_those_who_work_on_statements(
    counter: Counter, made: dict[str, str], person: Person | None, status: int
) -> None:
    for path in ("", "/form3/", "/form3/item?place=f3.1.1.2", "/form3/preview"):
        counter.of(person).get(f"{room(made)}{path}", status=status)


def test_only_the_coordinating_office_withdraws(counter: Counter, made: dict[str, str]) -> None:
    browser = counter.of(CLERK)
    page = browser.get(room(made, "public"))
    assert not [one for one in page.forms.values() if one.action.endswith("/withdraw")]


def test_a_statement_of_another_office_is_not_found(counter: Counter, made: dict[str, str]) -> None:
    other = Person("staff", "仮名 二郎", CLERK.account_id, "992020", CLERK.roles, "992020-01")
    counter.of(other).get(room(made), status=404)
    counter.of(CLERK).get("/staff/assessments/01a202b2-1d94-cc39-020c-947811c2f1c7/publication", status=404)


@given(st.text(max_size=200))
def test_sentences_joined_are_the_text(text: str) -> None:
    spans = sentences(text)
    assert all(text[one.starts : one.ends] == one.text for one in spans)
    assert (
        "".join(one.text for one in spans).replace("\n", "").strip() == "".join(text.split("\n")).strip()
        or not text.strip()
    )


@given(
    st.text(st.sampled_from("税ｶﾞ課Ａa 　葛\U000e0100𠮷。"), max_size=40),
    st.text(st.sampled_from("税ガ課ａA葛𠮷。"), min_size=1, max_size=4),
)
def test_occurrences_are_characters_of_the_text_itself(text: str, words: str) -> None:
    for one in joined(occurrences(text, words), text):
        assert one.text == text[one.starts : one.ends]
        assert one.text


@given(st.text(max_size=30), st.lists(st.text(max_size=12), max_size=5))
def test_spans_from_a_form_lie_in_the_text(text: str, codes: list[str]) -> None:
    for one in chosen(text, [*codes, f"0-{len(text)}", "0-99999", "5-2", "-1-3", "１-２"]):
        assert 0 <= one.starts < one.ends <= len(text)


def test_words_too_short_to_tell_are_not_looked_for_elsewhere() -> None:
    from privacy_assessment.forms import Place
    from tests.privacy_assessment.samples import filled

    document = filled("form2")
    document.set("f2.1.1.2", "税を集める。特別な装置を使う。")
    shown = {"form2": {"f2.1.2": "税の特別な装置"}}
    for starts, ends, found in ((0, 1, 0), (6, 11, 1)):
        wanted = {"form2": [Redaction(Place("f2.1.1.2"), "10-2", "x", starts, ends)]}
        assert len(left_standing({"form2": document}, wanted, shown)) == found

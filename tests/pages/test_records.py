"""The resident's list: who asked whom, why, by which law, how it ended; and nothing that is not hers to see."""

from __future__ import annotations

import pytest

from portal.resident.provision_records.entries import badge
from portal.resident.provision_records.filters import read_filters
from tests.pages import records
from tests.pages.records import LAW, record_id
from tests.web.conftest import Counter
from tests.web.people import OTHER_RESIDENT, RESIDENT
from workflows.linkage.wire.codes import RESULT_CLASSES

LIST = "/my/records"


def test_the_list_says_how_many_there_are_and_shows_twenty(counter: Counter) -> None:
    page = counter.of(RESIDENT).get(LIST)
    assert page.html.find(id="count").get_text().startswith("25件あります。このページは20件です。")
    assert len(page.html.select("tr.md-record")) == 20


def test_pages_follow_each_other_without_loss_or_repetition(counter: Counter) -> None:
    browser = counter.of(RESIDENT)
    first = browser.get(LIST)
    second = browser.get(first.html.find("a", rel="next")["href"])
    links = [a["href"] for page in (first, second) for a in page.html.select(".md-record__more a")]
    assert links == [f"{LIST}/{record_id(number)}" for number in range(25)]
    assert second.html.find("a", rel="next") is None


def test_one_entry_says_in_a_sentence_who_received_what_from_whom(counter: Counter) -> None:
    say = counter.of(RESIDENT).get(LIST).html.select_one(".md-record__say").get_text()
    assert "甲野市 子育て支援課が、乙川市 税務課から、あなたの" in say
    assert say.endswith("を受け取りました。")


def test_every_outcome_has_a_badge_and_only_provisions_look_like_one(counter: Counter) -> None:
    for code, found in RESULT_CLASSES.items():
        assert (badge(code).tone == "done") == found.provided
    assert badge("SOMETHING_NEW").tone == "stop"


def test_a_hidden_record_is_neither_shown_nor_counted_nor_found(counter: Counter) -> None:
    browser = counter.of(RESIDENT)
    hidden = browser.get(f"{LIST}/{record_id(500)}", status=404)
    missing = browser.get(f"{LIST}/{record_id(501)}", status=404)
    assert hidden.body == missing.body
    assert "X-00000500" not in browser.get(f"{LIST}?from=2000-01-01&period=own").text


def test_somebody_elses_record_is_the_same_page_as_a_missing_one_byte_for_byte(counter: Counter) -> None:
    browser = counter.of(RESIDENT)
    browser.get("/my/")
    others = browser.get(f"{LIST}/{record_id(900)}", status=404)
    missing = browser.get(f"{LIST}/{record_id(901)}", status=404)
    assert others.body == missing.body
    assert counter.of(OTHER_RESIDENT).get(f"{LIST}/{record_id(900)}").status_code == 200


def test_one_exchange_shows_plain_words_with_the_legal_word_beside_them(counter: Counter) -> None:
    page = counter.of(RESIDENT).get(f"{LIST}/{record_id(0)}")
    text = page.html.main.get_text()
    for words in (
        "情報を求めた役所",
        "情報照会者",
        "渡した情報の種類",
        "特定個人情報の項目",
        "根拠",
        "X-00000000",
        "心当たりがないとき",
    ):
        assert words in text
    assert LAW.rows[0].clause in text


@pytest.mark.parametrize("outcome", ["provided", "none", "waiting"])
def test_the_outcome_filter_keeps_only_its_own(counter: Counter, outcome: str) -> None:
    page = counter.of(RESIDENT).get(f"{LIST}?outcome={outcome}")
    tones = {"provided": {"done"}, "none": {"none", "stop"}, "waiting": {"wait"}}[outcome]
    shown = page.html.select("tr.md-record .md-state")
    assert shown
    assert all(set(state["class"][1].removeprefix("md-state--").split()) <= tones for state in shown)
    assert "しぼりこみ中" in page.text


def test_a_day_that_is_none_is_answered_at_its_field_and_nothing_is_searched(counter: Counter) -> None:
    page = counter.of(RESIDENT).get(f"{LIST}?period=own&from=2026-02-30")
    assert page.html.title.get_text().startswith("エラー：")
    assert page.html.select_one(".govuk-error-summary a")["href"] == "#from"
    assert "-error" in page.html.find(id="from")["aria-describedby"]
    assert not page.html.select("tr.md-record")


def test_days_in_the_wrong_order_are_an_error_of_the_second(counter: Counter) -> None:
    form = read_filters({"from": "R8.11.2", "to": "R8.11.1"}, LAW.rows[0].period.valid_from, LAW)
    assert set(form.errors) == {"to"}


@pytest.mark.parametrize("after", ["x", "あ", "A" * 500, "%00"])
def test_a_broken_page_mark_says_what_to_do_and_breaks_nothing(counter: Counter, after: str) -> None:
    page = counter.of(RESIDENT).get(LIST, {"after": after}, status=400)
    assert "一覧の最初のページから開いてください" in page.text


def test_an_empty_list_says_what_is_oldest_and_how_to_see_all(counter: Counter) -> None:
    page = counter.of(RESIDENT).get(f"{LIST}?words=zzzz")
    assert "この条件の記録はありません" in page.text
    assert "いちばん古い記録は" in page.text


def test_a_source_that_stopped_is_said_above_the_list_and_no_claim_of_wholeness_is_made(
    counter: Counter,
) -> None:
    page = counter.of(OTHER_RESIDENT).get(f"{LIST}?words=zzzz")
    assert "乙川市の記録は、今は取得できません" in page.text
    assert "記録がないことは" not in page.text


def test_the_flow_picture_carries_the_same_numbers_as_its_table(counter: Counter) -> None:
    page = counter.of(RESIDENT).get(f"{LIST}/flow?period=own&from=2020-01-01")
    cells = [int(cell.get_text()) for cell in page.html.select("tbody td.govuk-table__cell--numeric")]
    assert sum(cells) == records.provided() > 0
    assert f"{sum(cells)}件の情報が渡されました" in page.text


def test_the_calendar_links_each_busy_day_to_its_records(counter: Counter) -> None:
    browser = counter.of(RESIDENT)
    page = browser.get(f"{LIST}/calendar?year=2026")
    link = page.html.select("svg a")[-1]
    assert link["aria-label"] == "11月20日 1件"
    assert "1件あります" in browser.get(link["href"]).text


@pytest.mark.parametrize("year", ["", "abc", "1", "99999999999999", "２０２５", "2014", "2027"])
def test_a_year_that_cannot_be_shown_becomes_this_year(counter: Counter, year: str) -> None:
    page = counter.of(RESIDENT).get(f"{LIST}/calendar", {"year": year})
    assert "年のやりとり" in page.html.h1.get_text()


def test_names_keep_every_character_on_every_page(counter: Counter) -> None:
    for person in (RESIDENT, OTHER_RESIDENT):
        assert person.display_name in counter.of(person).get("/my/").text


def test_the_english_and_easy_pages_say_the_same_in_their_words(counter: Counter) -> None:
    browser = counter.of(RESIDENT)
    browser.get("/display?language=en")
    page = browser.get(LIST)
    assert page.html.html["lang"] == "en"
    assert "2026" in page.html.select_one(".md-record time").get_text()


@pytest.mark.parametrize(
    "address",
    [f"{LIST}?to=9999-12-31", f"{LIST}/flow?period=own&to=9999-12-31", f"{LIST}/calendar?year=020161"],
)
def test_a_day_past_the_end_of_the_calendar_breaks_nothing(counter: Counter, address: str) -> None:
    assert counter.of(RESIDENT).get(address).status_code == 200

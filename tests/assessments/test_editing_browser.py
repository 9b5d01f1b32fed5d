"""The script of the editor in a real Chromium: it saves by itself, says so, and two people in one item both keep their words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from tests.assessments.writing import TEXT, Writing
from tests.browser import Served, turn, visiting
from tests.web.people import CLERK, COORDINATOR

pytestmark = pytest.mark.browser
FIELD = f'[name="v:{TEXT}"]'


@pytest.fixture
def served(writing: Writing) -> Iterator[Served]:
    """The portal as a browser finds it, with the clerk at the desk."""
    found = Served(writing.counter, CLERK)
    yield found
    found.close()


@pytest.fixture
def page(chromium: Browser, served: Served, writing: Writing) -> Iterator[Page]:
    """The first part of the statement, opened."""
    with visiting(chromium) as context:
        opened = context.new_page()
        opened.goto(served.origin + writing.section("1"))
        yield opened


def saved(page: Page) -> None:
    """Wait until the page says that it has saved."""
    page.locator("#saving", has_text="保存しました").wait_for()


def press(page: Page, name: str) -> None:
    """Press a button; the page that comes is there afterwards."""
    turn(page.get_by_role("button", name=name, exact=True))


def colleague_writes(writing: Writing, text: str, place: str = TEXT) -> None:
    """Somebody else saves a field meanwhile."""
    form = writing.fields("1", COORDINATOR)
    form[f"v:{place}"] = text
    sent = [(name, value) for name, value in form.submit_fields() if name != "action"]
    form.response.goto(form.action, method="post", params=[*sent, ("action", "save")])


def test_what_is_written_is_saved_when_the_field_is_left_and_the_page_says_so(
    page: Page, writing: Writing
) -> None:
    page.locator(FIELD).fill("書いたら保存される文")
    assert "まだ保存していません" in page.locator("#saving").inner_text()
    page.locator('[name="v:f4.1.1.1"]').focus()
    saved(page)
    assert page.locator("#saving").get_attribute("aria-live") == "polite"
    assert writing.value(TEXT) == "書いたら保存される文"
    assert len(writing.history("f4.1.1.1")) == 0


def test_ticks_and_choices_are_saved_too_and_the_button_finds_nothing_new(
    page: Page, writing: Writing
) -> None:
    page.locator('[name="v:f4.1.1.3"]').select_option("4")
    saved(page)
    assert writing.value("f4.1.1.3") == "4"
    press(page, "保存する")
    page.get_by_text("変わったところはありませんでした").wait_for()


def test_a_clash_is_said_at_the_field_and_settled_on_the_page_with_both_texts(
    page: Page, writing: Writing
) -> None:
    colleague_writes(writing, "先に書いた人の文")
    page.locator(FIELD).fill("あとから書いた文")
    page.locator('[name="v:f4.1.1.1"]').focus()
    page.locator("#saving a").wait_for()
    expect(page.locator(FIELD)).to_be_disabled()
    turn(page.locator("#saving a"))
    page.get_by_role("heading", name="両方の文を見て選ぶ", level=1).wait_for()
    assert "先に書いた人の文" in page.locator(".md-side").first.inner_text()
    assert "あとから書いた文" in page.locator(".md-side").last.inner_text()
    page.get_by_label("両方を合わせた、次の文にする").check()
    page.get_by_label("合わせた文").fill("先に書いた文と、あとから書いた文")
    press(page, "選んだとおりにする")
    page.get_by_text("保存しました").first.wait_for()
    assert writing.value(TEXT) == "先に書いた文と、あとから書いた文"


def test_a_field_somebody_else_changed_meanwhile_is_not_overwritten_by_the_button(
    page: Page, writing: Writing
) -> None:
    page.locator(FIELD).fill("自分の項目")
    page.locator('[name="v:f4.1.1.1"]').focus()
    saved(page)
    colleague_writes(writing, "ほかの人の根拠", "f4.1.5")
    page.locator(FIELD).fill("自分の項目、つづき")
    press(page, "保存する")
    page.get_by_text("今の保存を取り消す").wait_for()
    assert (writing.value(TEXT), writing.value("f4.1.5")) == ("自分の項目、つづき", "ほかの人の根拠")


def test_the_button_waits_for_what_the_page_itself_is_saving(page: Page, writing: Writing) -> None:
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if route.request.resource_type == "fetch" and route.request.post_data_buffer:
            held.append((route, route.fetch()))
        else:
            route.continue_()

    page.route("**/sections/**", hold)
    page.locator(FIELD).fill("書きかけの文")
    page.locator('[name="v:f4.1.1.1"]').focus()
    while not held:
        page.wait_for_timeout(50)
    assert writing.value(TEXT) == "書きかけの文", "saved, but the page has not heard of it"
    page.locator(FIELD).fill("書きかけの文の、つづき")
    page.get_by_role("button", name="保存する", exact=True).first.click(no_wait_after=True)
    page.wait_for_timeout(300)
    route, answer = held.pop()
    route.fulfill(response=answer)
    page.get_by_text("今の保存を取り消す").wait_for()
    assert writing.value(TEXT) == "書きかけの文の、つづき"


def test_when_the_sign_in_is_lost_the_text_stays_and_can_be_sent_after_signing_in_again(
    page: Page, writing: Writing, served: Served
) -> None:
    served.person = None
    page.locator(FIELD).fill("ログインが切れてから書いた文")
    page.locator('[name="v:f4.1.1.1"]').focus()
    page.locator("#saving", has_text="ログインが切れました").wait_for()
    assert page.locator(FIELD).input_value() == "ログインが切れてから書いた文"
    press(page, "保存する")
    page.get_by_role("heading", name="文は残っています").wait_for()
    served.person = CLERK
    press(page, "もう一度送る")
    page.get_by_text("今の保存を取り消す").wait_for()
    assert writing.value(TEXT) == "ログインが切れてから書いた文"


def test_a_link_to_an_item_in_a_folded_row_opens_the_row(
    page: Page, writing: Writing, served: Served
) -> None:
    row = page.locator("details.md-row").nth(3)
    assert row.get_attribute("open") is None
    anchor = row.locator(".md-field").first.get_attribute("id")
    page.goto(f"{served.origin}{writing.section('1')}?x=1#{anchor}")
    expect(row).to_have_attribute("open", "")

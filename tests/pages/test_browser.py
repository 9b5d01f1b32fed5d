"""Every page in a real Chromium, at a phone's and a desk's width: axe finds nothing, nothing is blocked, nothing scrolls sideways."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import Served, turn, visiting
from tests.pages.screens import examine, served, sideways
from tests.pages.whole import counter, pages
from tests.web.people import CLERK, RESIDENT, Person

__all__ = ["counter", "pages", "served"]

pytestmark = pytest.mark.browser


@pytest.mark.timeout(900)
def test_axe_finds_nothing_and_the_policy_blocks_nothing_on_a_phone(
    served: Served, chromium: Browser, pages: list[tuple[str, Person | None]]
) -> None:
    assert not examine(served, chromium, pages, 390, "ja.plain")


@pytest.mark.timeout(600)
def test_nothing_scrolls_sideways_at_320_pixels_with_readings(
    served: Served, chromium: Browser, pages: list[tuple[str, Person | None]]
) -> None:
    assert not sideways(served, chromium, pages, "ja_easy.ruby")


def test_the_main_way_works_without_javascript(served: Served, chromium: Browser) -> None:
    served.person = RESIDENT
    with visiting(chromium, java_script_enabled=False, viewport={"width": 390, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{served.origin}/my/")
        turn(page.get_by_role("link", name="すべて見る"))
        page.locator("summary", has_text="しぼりこむ").click()
        page.get_by_label("結果").select_option("provided")
        turn(page.get_by_role("button", name="この条件で見る"))
        turn(page.get_by_role("link", name="くわしく").first)
        assert page.get_by_role("heading", level=1).inner_text() == "やりとりの内容"
        assert "心当たりがないとき" in page.content()


def test_a_mistake_takes_the_focus_and_its_link_lands_on_the_field(served: Served, chromium: Browser) -> None:
    served.person = CLERK
    with visiting(chromium) as context:
        page = context.new_page()
        page.goto(f"{served.origin}/staff/cases/new")
        turn(page.get_by_role("button", name="受け付ける"))
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        page.get_by_role("link", name="宛名番号を入れてください").click()
        expect(page.locator("#addressee")).to_be_focused()

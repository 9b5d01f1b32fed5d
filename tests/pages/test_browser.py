"""Every page in a real Chromium, at a phone's and a desk's width: axe finds nothing, nothing is blocked, nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import Served, complaints
from tests.pages.whole import counter, pages
from tests.web.conftest import Counter
from tests.web.people import CLERK, RESIDENT, Person

__all__ = ["counter", "pages"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(counter: Counter) -> Iterator[Served]:
    """The portal as a browser finds it."""
    found = Served(counter)
    yield found
    found.close()


def examine(
    served: Served, chromium: Browser, pages: list[tuple[str, Person | None]], width: int, language: str
) -> list[Any]:
    """What is wrong with each page at a width and in a language: axe, the policy, scrolling sideways."""
    context = chromium.new_context(viewport={"width": width, "height": 900})
    context.add_cookies([{"name": "madoguchi-display", "value": language, "url": served.origin}])
    wrong: list[Any] = []
    messages: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    for path, person in pages:
        served.person = person
        messages.clear()
        page.goto(served.origin + path)
        messages[:] = [text for text in messages if "responded with a status of" not in text]
        if messages:
            wrong.append((path, list(messages)))
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append((path, "scrolls sideways"))
        wrong += [(path, *found) for found in complaints(page)]
    context.close()
    return wrong


@pytest.mark.timeout(900)
def test_axe_finds_nothing_and_the_policy_blocks_nothing_on_a_phone(
    served: Served, chromium: Browser, pages: list[tuple[str, Person | None]]
) -> None:
    assert not examine(served, chromium, pages, 390, "ja.plain")


def sideways(
    served: Served, chromium: Browser, pages: list[tuple[str, Person | None]], language: str
) -> list[str]:
    """The pages that scroll sideways at 320 pixels."""
    context = chromium.new_context(viewport={"width": 320, "height": 700})
    context.add_cookies([{"name": "madoguchi-display", "value": language, "url": served.origin}])
    wrong = []
    page = context.new_page()
    for path, person in pages:
        served.person = person
        page.goto(served.origin + path)
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wrong.append(path)
    context.close()
    return wrong


@pytest.mark.timeout(600)
def test_nothing_scrolls_sideways_at_320_pixels_with_readings(
    served: Served, chromium: Browser, pages: list[tuple[str, Person | None]]
) -> None:
    assert not sideways(served, chromium, pages, "ja_easy.ruby")


def test_the_main_way_works_without_javascript(served: Served, chromium: Browser) -> None:
    context = chromium.new_context(
        locale="ja-JP", java_script_enabled=False, viewport={"width": 390, "height": 900}
    )
    served.person = RESIDENT
    page = context.new_page()
    page.goto(f"{served.origin}/my/")
    page.get_by_role("link", name="すべて見る").click()
    page.locator("summary", has_text="しぼりこむ").click()
    page.get_by_label("結果").select_option("provided")
    page.get_by_role("button", name="この条件で見る").click()
    page.get_by_role("link", name="くわしく").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "やりとりの内容"
    assert "心当たりがないとき" in page.content()
    context.close()


def test_a_mistake_takes_the_focus_and_its_link_lands_on_the_field(served: Served, chromium: Browser) -> None:
    context = chromium.new_context(locale="ja-JP")
    served.person = CLERK
    page = context.new_page()
    page.goto(f"{served.origin}/staff/cases/new")
    page.get_by_role("button", name="受け付ける").click()
    page.wait_for_function("document.activeElement.classList.contains('govuk-error-summary')")
    page.get_by_role("link", name="宛名番号を入れてください").click()
    assert page.evaluate("document.activeElement.id") == "addressee"
    context.close()

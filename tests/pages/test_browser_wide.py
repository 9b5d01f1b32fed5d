"""The same pages at a desk's width and in English; a module of its own, so that both cores look at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.pages.test_browser import Served, chromium, examine, served, sideways
from tests.pages.whole import counter, pages
from tests.web.people import Person

__all__ = ["chromium", "counter", "pages", "served"]

pytestmark = pytest.mark.browser


@pytest.mark.timeout(900)
def test_axe_finds_nothing_and_the_policy_blocks_nothing_at_a_desk(
    served: Served, chromium: Browser, pages: list[tuple[str, Person | None]]
) -> None:
    assert not examine(served, chromium, pages, 1200, "en.plain")


@pytest.mark.timeout(600)
def test_nothing_scrolls_sideways_at_320_pixels_in_english(
    served: Served, chromium: Browser, pages: list[tuple[str, Person | None]]
) -> None:
    assert not sideways(served, chromium, pages, "en.plain")

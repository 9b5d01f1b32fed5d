"""The same pages at a desk's width and in English; a module of its own, so that both cores look at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from pyramid.request import Request

from tests.browser import Served
from tests.pages.screens import examine, served, sideways
from tests.pages.whole import counter, pages
from tests.web.conftest import Counter
from tests.web.people import Person

__all__ = ["counter", "pages", "served"]

pytestmark = pytest.mark.browser


def one_of_each(counter: Counter, pages: list[tuple[str, Person | None]]) -> list[tuple[str, Person | None]]:
    """The first page of each address pattern for each person; a phone has looked at the others of the same template."""
    mapper = counter.app.routes_mapper  # type: ignore[attr-defined]
    found: dict[tuple[object, object], tuple[str, Person | None]] = {}
    for path, person in pages:
        info = mapper(Request.blank(path))
        route = info["route"].name if info["route"] else path
        found.setdefault((route, None if person is None else person.account_id), (path, person))
    return list(found.values())


@pytest.mark.timeout(900)
def test_axe_finds_nothing_and_the_policy_blocks_nothing_at_a_desk(
    counter: Counter, served: Served, chromium: Browser, pages: list[tuple[str, Person | None]]
) -> None:
    assert not examine(served, chromium, one_of_each(counter, pages), 1200, "en.plain")


@pytest.mark.timeout(600)
def test_nothing_scrolls_sideways_at_320_pixels_in_english(
    served: Served, chromium: Browser, pages: list[tuple[str, Person | None]]
) -> None:
    assert not sideways(served, chromium, pages, "en.plain")

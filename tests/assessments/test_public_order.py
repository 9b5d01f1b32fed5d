"""Results by name: statements whose name has the words come first, pages meet without gap, and the order is kept in every link."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from privacy_assessment.publication.folding import read_query
from privacy_assessment.publication.search import Filters, keyed, search
from storage.database import Database
from tests.assessments.test_public_search import TODAY, write
from tests.conftest import Databases
from tests.web.conftest import Counter, counter

__all__ = ["counter"]


@pytest.fixture(scope="module")
def found_in(databases: Databases) -> Iterator[Database]:
    """Four statements; 管理 stands in the text of two, 介護 in the name of one and 甲野市 in all."""
    write(databases.worker)
    return databases.web


def numbers(database: Database, typed: str, size: int = 20) -> list[str]:
    """Every number found by name, page by page."""
    query, after, found = read_query(typed), None, []
    while True:
        page = search(database, query, Filters(), after, TODAY, size, "name")
        found += [hit.number for hit in page.hits]
        if page.after is None:
            return found
        after = keyed(list(page.after), query, "name")


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("税", ["1"]), ("管理", ["4", "2"]), ("資格", ["2"]), ("甲野市", ["4", "3", "2", "1"]),
        ("甲野市 国保", ["2"]), ("の", ["2", "1", "4", "3"]), ("国保 の 資格", ["2"]), ("ノ", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 2, 20])
def test_a_name_with_the_words_comes_first_however_small_the_pages(
    found_in: Database, typed: str, wanted: list[str], size: int
) -> None:
    assert numbers(found_in, typed, size) == wanted


@pytest.mark.parametrize(
    "key",
    [
        ["2026-01-01", "992011", "mayor", "1", "published"], ["2", "2026-01-01", "992011", "mayor", "1", "published"],
        ["0", "x", "992011", "mayor", "1", "published"], ["0", 1, "a", "b", "c", "d"], [], ["0"],
    ],
)  # fmt: skip
def test_a_key_of_another_order_is_none(key: list[str | int]) -> None:
    with pytest.raises(ValueError, match=r"."):
        keyed(key, read_query("の"), "name")


def test_the_page_offers_the_order_and_keeps_it(found_in: Database, counter: Counter) -> None:
    page = counter.of(None).get("/statements/?q=%E3%81%AE&kind=basic")
    (other,) = page.html.select('nav[aria-label="並べ方"] a')
    assert re.search(r"kind=basic.*order=name|order=name.*kind=basic", other["href"])
    page = counter.of(None).get(other["href"])
    assert [one.get_text() for one in page.html.select(".md-found__title")] == [
        "国保の資格", "税の賦課", "介護", "児童手当",
    ]  # fmt: skip
    assert page.html.select_one('form[role=search] input[name="order"]')["value"] == "name"
    assert "order=" not in page.html.select_one('nav[aria-label="並べ方"] a')["href"]


@pytest.mark.parametrize("address", ["/statements/?order=name", "/statements/?q=%E3%81%AE&order=x"])
def test_without_words_or_with_another_order_it_is_by_date(
    found_in: Database, counter: Counter, address: str
) -> None:
    page = counter.of(None).get(address)
    assert "公表した日の新しい順" in page.text
    assert "名前にことばが" not in page.text

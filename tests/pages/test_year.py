"""The last twelve months on the resident's first page: from whom to whom, by month, in words and as dots."""

from __future__ import annotations

from datetime import date

from portal.resident.home.year import MONTHS, SHOWN, first_month, months, ways
from tests.pages import records
from tests.web.conftest import Counter
from tests.web.people import OTHER_RESIDENT, RESIDENT

TODAY = date(2026, 11, 22)


def row(holder: str, month: date, count: int) -> tuple[str, str, str, str, date, int]:
    return holder, f"{holder}市", "asker", "甲野市", month, count


def test_twelve_months_end_with_this_one_also_over_a_new_year() -> None:
    assert months(TODAY)[0] == first_month(TODAY) == date(2025, 12, 1)
    assert months(TODAY)[-1] == date(2026, 11, 1)
    assert months(date(2026, 12, 31))[0] == date(2026, 1, 1)
    assert months(date(2026, 1, 1)) == [*(date(2025, m, 1) for m in range(2, 13)), date(2026, 1, 1)]


def test_the_busiest_pairs_come_first_and_the_others_are_one() -> None:
    month = date(2026, 3, 1)
    found = ways(
        [row(name, month, count) for name, count in zip("abcdef", (1, 5, 2, 9, 3, 1), strict=True)], TODAY
    )
    assert [(way.holder, way.count) for way in found] == [("d市", 9), ("b市", 5), ("e市", 3), ("", 4)]
    assert len(found) == SHOWN + 1
    assert all(len(way.dots) == MONTHS for way in found)
    assert [dot.month for dot in found[-1].busy] == [month]


def test_dots_of_neighbouring_months_never_touch() -> None:
    (way,) = ways([row("a", month, 10_000) for month in months(TODAY)], TODAY)
    assert all(
        left.x + left.radius < right.x - right.radius
        for left, right in zip(way.dots, way.dots[1:], strict=False)
    )


def test_the_first_page_says_in_words_what_its_dots_show(counter: Counter) -> None:
    card = counter.of(RESIDENT).get("/my/").html.find(id="year").parent
    said = [line.get_text(" ", strip=True) for line in card.select("li")]
    assert sum(int(line.b.get_text().removesuffix("件")) for line in card.select("li")) == records.provided()
    assert said[0].startswith(("九九県から甲野市へ", "乙川市から甲野市へ"))
    assert "11月 1件" in said[0]
    assert all(drawn["aria-hidden"] == "true" for drawn in card.select("svg"))


def test_a_year_without_any_says_so(counter: Counter) -> None:
    assert "この1年に渡された情報はありません" in counter.of(OTHER_RESIDENT).get("/my/").text

"""However many records somebody has, the pages that count them read a thousand at most, and say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from portal.resident.provision_records.summaries import (
    counted,
    day_statements,
    flow_statements,
    month_statements,
)
from storage.database import Scope, Statement
from tests.conftest import Databases
from tests.web.conftest import Counter
from tests.web.people import OTHER_RESIDENT, RESIDENT
from workflows.provision_records.queries import COUNT_LIMIT

MANY = 4000
FIRST, TODAY = date(2026, 1, 1), date(2026, 11, 22)
Asked = Callable[[Scope, date, date], list[Statement]]


@pytest.fixture(scope="module", autouse=True)
def crowded(counter: Counter, databases: Databases) -> None:
    """Besides what every room of pages has: two addressees of one person with thousands of records in three weeks of November, a third of them provided; somebody else's among them."""
    with psycopg.connect(databases.admin_url) as connection:
        for (tenant, addressee), count in (
            *((one, MANY) for one in RESIDENT.addressees),
            (OTHER_RESIDENT.addressees[0], 30),
        ):
            connection.execute(
                "INSERT INTO madoguchi.provision_record SELECT %(tenant)s, gen_random_uuid(), 'X-' || n, %(addressee)s, 'asker',"
                " '992011-01', '甲野市', '', '992020-01', '乙川市', '', at, CASE WHEN n %% 3 = 0 THEN at END, 'a', 'a', '[]', '1', '1', '1',"
                " 'OK', '', NULL, NULL, 'visible', sha256(''), at, '2033-12-31'"
                " FROM (SELECT n, timestamptz '2026-11-22 00:00+09' - n * interval '7 minutes' AS at FROM generate_series(1, %(count)s) n) AS made",
                {"tenant": tenant, "addressee": addressee, "count": count},
            )
    with psycopg.connect(databases.admin_url, autocommit=True) as connection:
        connection.execute("ANALYZE madoguchi.provision_record")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's node and all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.parametrize("asked", [flow_statements, month_statements, day_statements])
@pytest.mark.parametrize("people", [1, 2])
def test_a_count_reads_no_more_of_the_table_than_its_limit(
    databases: Databases, asked: Asked, people: int
) -> None:
    scope = Scope(addressees=RESIDENT.addressees[:people])
    *before, (sql, values) = asked(scope, FIRST, TODAY)
    *_, ((plan,),) = databases.web.read(scope, *before, (f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values))
    scans = [node for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == "provision_record"]
    assert len(scans) == people
    for scan in scans:
        assert scan["Index Name"] == "ix_provision_record_list"
        read = scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)
        assert 0 < read * scan["Actual Loops"] <= COUNT_LIMIT + 1
    sorted_rows = [node["Actual Rows"] for node in nodes(plan[0]["Plan"]) if node["Node Type"] == "Sort"]
    assert all(rows <= people * (COUNT_LIMIT + 1) for rows in sorted_rows)


def test_what_is_counted_is_the_newest_and_an_exchange_of_two_offices_counts_once(
    databases: Databases,
) -> None:
    """1000 records 7 minutes apart, of two offices at a time: 500 exchanges, of which every third was provided; one record of the room among them."""
    scope = Scope(addressees=RESIDENT.addressees)
    _, flow_rows, _, day_rows = databases.web.read(
        scope, *flow_statements(scope, FIRST, TODAY), *day_statements(scope, FIRST, TODAY)
    )
    flows, days = counted(flow_rows), counted(day_rows)
    assert [row[4] for row in flows.rows] == [167]
    assert sum(count for _, count in days.rows) == 501
    assert flows.cut == days.cut == min(day for day, _ in days.rows) == date(2026, 11, 19)


def test_what_fits_is_counted_whole_and_what_is_nobodys_is_nothing(databases: Databases) -> None:
    scope = Scope(addressees=OTHER_RESIDENT.addressees)
    _, rows = databases.web.read(scope, *day_statements(scope, FIRST, TODAY))
    found = counted(rows)
    assert (sum(count for _, count in found.rows), found.cut) == (30, None)
    _, rows = databases.web.read(scope, *day_statements(scope, FIRST, FIRST))
    assert counted(rows).rows == []
    nobody = Scope(addressees=())
    _, rows = databases.web.read(nobody, *flow_statements(nobody, FIRST, TODAY))
    assert (counted(rows).rows, counted(rows).cut) == ([], None)


SAID = "新しい1000件だけを数えています"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/my/", "（2026年）11月19日"),
        ("/my/records/flow", "数えた記録では、167件の情報が渡されました"),
        ("/my/records/calendar", "この年の記録は501件以上です"),
    ],
)
def test_a_page_that_does_not_count_all_says_so(counter: Counter, path: str, words: str) -> None:
    main = counter.of(RESIDENT).get(path).html.main
    assert SAID in main.get_text()
    assert words in main.get_text()
    assert SAID not in counter.of(OTHER_RESIDENT).get(path).text


def test_the_calendar_does_not_call_months_empty_that_it_did_not_count(counter: Counter) -> None:
    page = counter.of(RESIDENT).get("/my/records/calendar").html.main
    cells = [cell.get_text() for cell in page.select("tbody td.govuk-table__cell--numeric")]
    assert cells == ["数えていません"] * 10 + ["501", "0"]
    further = page.select_one("a[href*='to=2026-11-19']")["href"]
    assert "件以上あります" in counter.of(RESIDENT).get(further).text

"""The resident's list: whose rows it shows, how it pages, and that it merges what two offices recorded."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from storage.clock import FixedClock
from storage.database import Scope
from tests.conftest import Databases
from workflows.provision_records.queries import NO_FILTERS, BadCursor, RecordFilters
from workflows.provision_records.reader import ResidentRecords
from workflows.provision_records.writer import RecordError

from .people import record, writer

HANAKO = Scope(addressees=(("992011", "A0000001"),))
TARO = Scope(addressees=(("992011", "A0000002"),))
BOTH = Scope(addressees=(("992011", "A0000001"), ("992020", "B0000001")))


@pytest.fixture(scope="module", autouse=True)
def written(databases: Databases) -> None:
    clock = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    mine = [record(n) for n in range(45)]
    mine[7] = record(7, application_receipt="甲子-0007", outcome="NO_SUCH_SUBJECT", provided_at=None)
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        assert writer(clock).write_many(tx, mine) == 45
        assert writer(clock).write_many(tx, mine) == 0
        writer(clock, "taro").write_many(tx, [record(1, "A0000002")])
        writer(clock, "secret").write_many(tx, [record(900 + n, disclosure="withheld") for n in range(30)])
    with databases.worker.transaction(Scope(tenant="992020")) as tx:
        shared = [record(n, "B0000001", "992020", side="holder") for n in range(40, 45)]
        own = [record(n, "B0000001", "992020", exchange_id=f"own-{n}") for n in range(100, 103)]
        writer(clock, "b").write_many(tx, shared + own)


@pytest.fixture
def records(databases: Databases) -> ResidentRecords:
    return ResidentRecords(databases.web)


def walk(records: ResidentRecords, scope: Scope, filters: RecordFilters = NO_FILTERS) -> list[str]:
    found, after = [], None
    while True:
        page = records.page(scope, filters, after)
        found += [row.exchange_id for row in page.rows]
        after = page.after
        if after is None:
            return found


def test_pages_are_newest_first_without_gap_or_double(records: ResidentRecords) -> None:
    assert walk(records, HANAKO) == [record(n).exchange_id for n in reversed(range(45))]


def test_a_page_has_twenty_rows_and_the_kept_count(records: ResidentRecords) -> None:
    page = records.page(HANAKO)
    assert (len(page.rows), page.total, page.capped) == (20, 45, False)
    assert page.rows[0].items == [{"code": "local-tax", "name": "地方税関係情報"}]


def test_nobody_sees_anothers_rows(records: ResidentRecords) -> None:
    assert [row.exchange_id for row in records.page(TARO).rows] == [record(1).exchange_id]
    assert records.detail(TARO, record(3).record_id) is None
    assert records.page(Scope()).rows == []
    assert records.page(Scope()).total == 0
    assert records.detail(Scope(), record(3).record_id) is None


def test_a_scope_without_the_addressee_sees_nothing_even_with_her_number_in_the_statement(
    databases: Databases,
) -> None:
    (rows,) = databases.web.read(
        TARO, ("SELECT count(*) FROM madoguchi.provision_record WHERE addressee = %s", ("A0000001",))
    )
    assert rows == [(0,)]


def test_an_exchange_two_offices_recorded_is_listed_once(records: ResidentRecords) -> None:
    listed = walk(records, BOTH)
    assert len(listed) == len(set(listed)) == 45 + 3
    page = records.page(BOTH)
    assert page.total == 48
    assert {row.side for row in page.rows if row.exchange_id == record(44).exchange_id} == {"asker"}


def test_the_holders_record_is_shown_when_only_the_holder_is_known(records: ResidentRecords) -> None:
    assert records.page(Scope(addressees=(("992020", "B0000001"),))).total == 8


def test_hidden_rows_are_in_no_page_no_count_and_no_detail(records: ResidentRecords) -> None:
    assert records.detail(HANAKO, record(905).record_id) is None
    assert records.page(HANAKO, RecordFilters(words="児童手当")).total == 45
    assert not [e for e in walk(records, BOTH) if e.startswith("01JEX") and int(e[5:]) >= 900]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (RecordFilters(outcomes=("NO_SUCH_SUBJECT",)), 1),
        (RecordFilters(from_application=True), 1),
        (RecordFilters(from_application=False), 44),
        (RecordFilters(agency="992020"), 45),
        (RecordFilters(agency="992020-01"), 45),
        (RecordFilters(agency="99202"), 0),
        (RecordFilters(affairs=("child-allowance", "public-housing")), 45),
        (RecordFilters(affairs=("public-housing",)), 0),
        (RecordFilters(from_day=date(2026, 11, 1), to_day=date(2026, 11, 1)), 45),
        (RecordFilters(from_day=date(2026, 11, 2)), 0),
        (RecordFilters(words="税務課 甲野市"), 45),
        (RecordFilters(words="甲子-0007"), 1),
        (RecordFilters(words="100%_'; --"), 0),
    ],
)
def test_filters_narrow_rows_and_count_alike(
    records: ResidentRecords, filters: RecordFilters, expected: int
) -> None:
    assert records.page(HANAKO, filters).total == expected
    assert len(walk(records, HANAKO, filters)) == expected


def test_a_day_is_a_japanese_day(records: ResidentRecords, databases: Databases, clock: FixedClock) -> None:
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        at = datetime(2026, 3, 31, 15, 0, tzinfo=UTC)  # midnight of 1 April in Japan
        writer(clock, "day").write_many(tx, [record(1, "A0000009", requested_at=at, provided_at=None)])
    scope = Scope(addressees=(("992011", "A0000009"),))
    assert records.page(scope, RecordFilters(from_day=date(2026, 4, 1))).total == 1
    assert records.page(scope, RecordFilters(to_day=date(2026, 3, 31))).total == 0
    assert records.oldest(scope) == at


@pytest.mark.parametrize("mark", ["", "x", "AAAA", "🙂", "A" * 32 + "!", "_" * 32, "a" * 5000])
def test_a_broken_page_mark_is_refused_not_guessed(records: ResidentRecords, mark: str) -> None:
    with pytest.raises(BadCursor, match="最初のページ"):
        records.page(HANAKO, after=mark)


def test_a_record_of_another_tenant_is_not_written(databases: Databases, clock: FixedClock) -> None:
    with databases.worker.transaction(Scope(tenant="992011")) as tx, pytest.raises(RecordError):
        writer(clock).write_many(tx, [record(1), record(2, tenant="992020")])


def test_a_record_without_item_is_not_written(databases: Databases, clock: FixedClock) -> None:
    with databases.worker.transaction(Scope(tenant="992011")) as tx, pytest.raises(RecordError):
        writer(clock).write_many(tx, [record(1, "A0000010", items=())])

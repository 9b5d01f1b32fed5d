"""The law table: what it allows on which day, and that a bad table is refused whole."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import Scope
from tests.conftest import Databases
from tests.law.tables import TODAY, A, B, allowed, raw
from workflows.law import loader
from workflows.law.loader import build, dump, shipped
from workflows.law.statements import PublishedStatement, publish, published, published_affairs, withdraw
from workflows.law.table import LawDataError, LawTable, body_of


@pytest.fixture(scope="module")
def table() -> LawTable:
    return shipped()


def test_a_mayor_may_ask_a_mayor_for_local_tax_data_for_the_child_allowance(table: LawTable) -> None:
    row = allowed(table, A, B, "child-allowance", "local-tax", TODAY)
    assert row is not None
    assert row.clause == "番号法19条8号・別表81の項"


@pytest.mark.parametrize(
    ("asker", "holder", "affair", "item"),
    [
        (A, B, "child-allowance", "long-term-care-record"),
        (A, B, "no-such-affair", "local-tax"),
        (A, B, "child-allowance", "no-such-item"),
        (A, "992020-02", "child-allowance", "local-tax"),
        ("992011-02", B, "child-allowance", "local-tax"),
        ("993417-01", B, "child-rearing-allowance", "local-tax"),
        ("", B, "child-allowance", "local-tax"),
        ("99201-01", B, "child-allowance", "local-tax"),
        ("９９２０１１-01", B, "child-allowance", "local-tax"),
        ("992011-01 ", B, "child-allowance", "local-tax"),
    ],
)
def test_what_no_row_allows_is_not_allowed(
    table: LawTable, asker: str, holder: str, affair: str, item: str
) -> None:
    assert allowed(table, asker, holder, affair, item, TODAY) is None


def test_a_city_is_a_welfare_office_and_a_town_is_not(table: LawTable) -> None:
    assert allowed(table, "992011-01", B, "public-assistance", "local-tax", TODAY) is not None
    assert allowed(table, "993417-01", B, "public-assistance", "local-tax", TODAY) is None
    assert allowed(table, "990001-01", B, "special-child-allowance", "local-tax", TODAY) is not None


@pytest.mark.parametrize(
    ("tenant", "body"),
    [
        ("990001", "prefecture"),
        ("992011", "city"),
        ("991015", "city"),
        ("993417", "town"),
        ("998001", "prefecture"),
    ],
)
def test_the_class_of_a_body_is_in_its_code(tenant: str, body: str) -> None:
    assert body_of(tenant) == body


def test_the_table_begins_on_the_day_the_act_changed_and_not_before(table: LawTable) -> None:
    assert allowed(table, A, B, "child-allowance", "local-tax", date(2024, 5, 27)) is not None
    assert allowed(table, A, B, "child-allowance", "local-tax", date(2024, 5, 26)) is None


def test_a_row_that_ends_at_midnight_holds_the_day_before_and_not_after() -> None:
    data = raw()
    data["rows"][0] |= {"valid_to": "2027-04-01"}
    changed = build(data)
    assert allowed(changed, A, B, "child-allowance", "local-tax", date(2027, 3, 31)) is not None
    assert allowed(changed, A, B, "child-allowance", "local-tax", date(2027, 4, 1)) is None


@settings(deadline=None, max_examples=25)
@given(st.dates(date(2024, 5, 27), date(2030, 1, 1)), st.integers(1, 400))
def test_a_row_replaced_by_another_leaves_no_day_without_and_none_with_two(start: date, days: int) -> None:
    data = raw()
    change = start + timedelta(days=days)
    old = data["rows"][0] | {"valid_from": start.isoformat(), "valid_to": change.isoformat()}
    new = data["rows"][0] | {"id": "081-01b", "valid_from": change.isoformat(), "valid_to": None}
    data["rows"] = [old, new]
    changed = build(data)
    for day in (start, change - timedelta(days=1), change, change + timedelta(days=1)):
        row = allowed(changed, A, B, "child-allowance", "local-tax", day)
        assert row is not None
        assert (row.id == "081-01b") == (day >= change)


def test_every_row_names_its_clause_and_how_sure_we_are(table: LawTable) -> None:
    for row in table.rows:
        assert row.clause.startswith("番号法19条8号・別表")
        assert row.certainty in loader.CERTAINTIES
        assert row.certainty != "practice" or row.note, f"{row.id}: why was it not read?"
    assert Counter(row.certainty for row in table.rows) == {"read": 135}


def test_every_text_a_resident_reads_is_there_in_three_languages(table: LawTable) -> None:
    for texts in (
        *(getattr(a, name) for a in table.affairs.values() for name in ("name", "purpose", "why")),
        *(getattr(i, name) for i in table.items.values() for name in ("name", "plain", "contains")),
    ):
        assert all(texts[language].strip() for language in loader.LANGUAGES)


def test_the_desk_sees_what_it_may_ask(table: LawTable) -> None:
    items = {row.item for row in table.possible(A, TODAY, "child-allowance")}
    assert items == {"local-tax", "resident-record"}
    assert table.possible("nobody", TODAY) == []
    assert "child-allowance" in table.families()["child"]


def test_numbers_of_the_law_are_dated_and_sourced(table: LawTable) -> None:
    rule = table.rule("provision-record.retention", TODAY)
    assert (rule.value, rule.unit, rule.certainty) == (7, "years", "law")
    assert table.rule("link.signature-window", TODAY).duration() == timedelta(seconds=300)
    with pytest.raises(KeyError):
        table.rule("provision-record.retention", date(2000, 1, 1))
    with pytest.raises(ValueError, match="law calendar"):
        rule.duration()


SPOILS = {
    "unknown affair": lambda d: d["rows"][0].update(affair="x"),
    "unknown item": lambda d: d["rows"][0].update(item="x"),
    "unknown role": lambda d: d["rows"][0].update(asker="x"),
    "unknown certainty": lambda d: d["rows"][0].update(certainty="sure"),
    "a row that was read nowhere": lambda d: d["rows"][0].pop("source"),
    "a row whose source is empty": lambda d: d["rows"][0].update(source=""),
    "a row whose source names no article": lambda d: d["rows"][0].update(source="命令2条の表106の項"),
    "a row read in a text without its day": lambda d: d["rows"][0].update(read_from=None),
    "the same row twice": lambda d: d["rows"].append(d["rows"][0]),
    "two rows on one day": lambda d: d["rows"].append(d["rows"][0] | {"id": "other"}),
    "a period that ends before it begins": lambda d: d["rows"][0].update(valid_to="2020-01-01"),
    "a text that is missing": lambda d: d["affairs"][0]["why"].pop("ja_easy"),
    "an empty text": lambda d: d["items"][0]["plain"].update(en=""),
    "no rows": lambda d: d.pop("rows"),
    "a row that is not one": lambda d: d["rows"].append("x"),
    "a row without holder": lambda d: d["rows"][0].pop("holder"),
    "a date that is none": lambda d: d["rows"][0].update(valid_from="2026-02-30"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_bad_table_is_refused_whole_and_says_why(name: str) -> None:
    data = raw()
    SPOILS[name](data)
    with pytest.raises((LawDataError, ValueError)) as refused:
        build(data)
    if isinstance(refused.value, LawDataError):
        assert "何も読み込んでいません" in str(refused.value)


def test_a_dump_is_the_same_table(table: LawTable) -> None:
    again = build(json.loads(json.dumps(dump(table))))
    assert again == table
    assert again.digest == table.digest


def test_the_database_keeps_versions_and_gives_back_the_newest(alone: Databases, table: LawTable) -> None:
    with alone.worker.transaction() as tx, pytest.raises(LookupError, match="law load"):
        loader.from_database(tx)
    with alone.migrator.transaction() as tx:
        loader.store(tx, table)
        loader.store(tx, table)
    data = raw() | {"table_version": "2027-04-01.1"}
    data["rows"] = data["rows"][1:]
    with alone.migrator.transaction() as tx:
        loader.store(tx, build(data))
    with alone.web.transaction() as tx:
        newest = loader.from_database(tx)
        (count,) = tx.raw.execute("SELECT count(*) FROM madoguchi.law_row").fetchone()  # type: ignore[misc]
    assert newest == build(data)
    assert count == len(table.rows) * 2 - 1


def test_a_stored_version_cannot_be_replaced(databases: Databases, table: LawTable) -> None:
    data = raw() | {"table_version": "2028-04-01.1"}
    with databases.migrator.transaction() as tx:
        loader.store(tx, build(data))
    data["rows"] = data["rows"][:3]
    with databases.migrator.transaction() as tx, pytest.raises(LawDataError, match="新しい版番号"):
        loader.store(tx, build(data))
    for role in (databases.worker, databases.web):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), role.transaction() as tx:
            tx.raw.execute("DELETE FROM madoguchi.law_row")


def statement(tenant: str, **more: Any) -> PublishedStatement:
    fields: dict[str, Any] = {
        "tenant": tenant,
        "affair_code": "child-allowance",
        "statement_number": "7",
        "published_on": date(2026, 4, 1),
        "title": "児童手当の支給に関する事務 基礎項目評価書",
    }
    return PublishedStatement(**(fields | more))


def test_a_statement_counts_from_its_day_until_it_is_withdrawn(databases: Databases, tenant_a: str) -> None:
    with databases.worker.transaction(Scope(tenant=tenant_a)) as tx:
        publish(tx, statement(tenant_a))
        publish(tx, statement(tenant_a))
        assert published(tx, tenant_a, "child-allowance", date(2026, 3, 31)) is None
        assert published(tx, tenant_a, "child-allowance", date(2026, 4, 1)) is not None
        assert published(tx, tenant_a, "public-housing", TODAY) is None
        assert withdraw(tx, tenant_a, "child-allowance", "7", date(2026, 10, 1))
        assert not withdraw(tx, tenant_a, "child-allowance", "7", date(2026, 10, 2))
        assert published(tx, tenant_a, "child-allowance", date(2026, 9, 30)) is not None
        assert published(tx, tenant_a, "child-allowance", date(2026, 10, 1)) is None
        assert published_affairs(tx, tenant_a, TODAY) == frozenset()
        publish(tx, statement(tenant_a, published_on=date(2026, 11, 1)))
        assert published_affairs(tx, tenant_a, TODAY) == {"child-allowance"}


def test_everybody_reads_a_published_statement_and_only_its_office_writes_it(
    databases: Databases, tenant_a: str, tenant_b: str
) -> None:
    with databases.worker.transaction(Scope(tenant=tenant_b)) as tx:
        publish(tx, statement(tenant_b))
    with databases.web.transaction() as tx:
        assert published(tx, tenant_b, "child-allowance", TODAY) is not None
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        databases.worker.transaction(Scope(tenant=tenant_a)) as tx,
    ):
        publish(tx, statement(tenant_b, statement_number="8"))


def test_the_shipped_files_are_plain_yaml_with_a_source_for_every_number() -> None:
    from importlib.resources import files

    rules = yaml.safe_load((files("workflows.law") / "data" / "rules.yaml").read_text("utf-8"))["rules"]
    assert all(rule["source"] and rule["certainty"] in ("law", "profile") for rule in rules)
    assert len({rule["code"] for rule in rules}) == len(rules)

"""The rows of the law table against the order they were read in, their days, and the same rows at the core of the stand-ins."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.core.permit_list import PermitList, PermitRow
from sandbox.provision import permit_list, product_law_table
from tests.law.tables import TODAY, A, B, allowed, raw
from workflows.law import loader
from workflows.law.loader import build, shipped
from workflows.law.table import LawTable

READ_FROM = date(2026, 6, 26)


@pytest.fixture(scope="module")
def table() -> LawTable:
    return shipped()


@lru_cache(maxsize=1)
def _core() -> dict[str, Any]:
    return permit_list(product_law_table())


def test_what_was_read_counts_from_the_first_day_of_the_text_that_was_read(table: LawTable) -> None:
    row = table.row("081-01")
    assert row.read_from == READ_FROM
    assert row.certainty_on(READ_FROM) == "read"
    assert row.certainty_on(READ_FROM - timedelta(days=1)) == "practice"
    assert loader.warnings(table, TODAY) == []
    older = [r for r in table.rows if r.period.valid_from < READ_FROM]
    assert len(loader.warnings(table, READ_FROM - timedelta(days=1))) == len(older) == 30
    assert all(r.period.valid_from == READ_FROM for r in table.rows if r not in older)


CITATION = re.compile(r"(\d+)(?:の(\d+))?の項・(\d+)条(?:の(\d+))?")


def test_every_row_cites_the_row_of_the_order_and_the_article_that_spells_that_row_out(
    table: LawTable,
) -> None:
    affair_of: dict[tuple[str, str], set[str]] = {}
    for row in table.rows:
        cited = CITATION.findall(row.source)
        assert row.source.startswith("命令2条の表"), row.id
        assert cited, row.id
        for number, branch, article, article_branch in cited:
            # Articles 1 and 2 come before the table's own: row 1 is article 3, and so on to the end.
            assert int(article) == int(number) + 2, row.id
            assert branch == article_branch, row.id
            affair_of.setdefault((number, branch), set()).add(row.affair)
    assert all(len(affairs) == 1 for affairs in affair_of.values())
    assert {row.affair for row in table.rows} == set(table.affairs)
    assert {row.item for row in table.rows} == set(table.items)


def test_local_tax_for_the_care_of_the_late_elderly_goes_to_the_union_and_not_to_a_mayor(
    table: LawTable,
) -> None:
    union = allowed(table, "998001-03", B, "late-elderly-medical", "local-tax", TODAY)
    assert union is not None
    assert union.source.startswith("命令2条の表115の項・117条")
    assert allowed(table, A, B, "late-elderly-medical", "local-tax", TODAY) is None
    assert "085-02" not in {row.id for row in table.rows}


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_row_outside_its_days_never_permits_here_nor_at_the_core(data: st.DataObject) -> None:
    changed, core = raw(), {**_core(), "rows": [dict(row) for row in _core()["rows"]]}
    at = data.draw(st.integers(0, len(changed["rows"]) - 1))
    start = data.draw(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
    end = data.draw(st.none() | st.integers(1, 2000).map(lambda days: start + timedelta(days=days)))
    some = data.draw(st.dates(date(2019, 1, 1), date(2037, 1, 1)))
    edges = [edge + timedelta(days=n) for edge in (start, end) if edge for n in (-1, 0, 1)]
    for row in (changed["rows"][at], core["rows"][at]):
        row |= {"valid_from": start.isoformat(), "valid_to": end.isoformat() if end else None}
    table, row = build(changed), changed["rows"][at]
    asker, holder, affair, item = (row[key] for key in ("asker", "holder", "affair", "item"))
    permits = PermitList({**core, "roles_of": {"asker": [asker], "holder": [holder]}})
    for day in (some, *edges):
        inside = start <= day and (end is None or day < end)
        verdict = permits.decide("asker", "holder", affair, [item], row["id"], day)
        assert (allowed(table, asker, holder, affair, item, day) is not None) == inside
        assert (row["id"] in {one.id for one in table.possible(asker, day)}) == inside
        assert isinstance(verdict, PermitRow) == inside
        assert inside or verdict == "NO_LAW_ROW"


def test_the_core_of_the_stand_ins_has_the_same_rows_and_days(table: LawTable) -> None:
    core = _core()
    assert core["table_version"] == table.table_version
    assert [
        (
            r["id"],
            r["asker"],
            r["affair"],
            r["item"],
            r["holder"],
            r["clause"],
            r["valid_from"],
            r["valid_to"],
        )
        for r in core["rows"]
    ] == [
        (r.id, r.asker, r.affair, r.item, r.holder, r.clause, r.period.valid_from.isoformat(), None)
        for r in table.rows
    ]


def test_a_table_stored_before_rows_had_sources_is_still_read() -> None:
    data = raw()
    for row in data["rows"]:
        row.pop("source")
        row.pop("read_from")
        row["certainty"] = "practice"
    assert len(loader.warnings(build(data), TODAY)) == len(data["rows"])

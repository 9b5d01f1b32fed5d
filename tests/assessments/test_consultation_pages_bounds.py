"""What a visitor cannot reach, in the database itself; and keys as people copy them."""

from __future__ import annotations

import inspect
from dataclasses import fields
from datetime import date

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.public.consultations import window
from portal.public.consultations.limits import limits
from privacy_assessment.consultation import edit_keys
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.assessments import consulted
from tests.assessments.consulted import TENANT, Consulted
from tests.conftest import Databases


@pytest.fixture(scope="module")
def one(databases: Databases, time: FixedClock, key_ring: KeyRing) -> Consulted:
    found = consulted.opened(databases.worker, time, key_ring)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        consulted.service(time, key_ring).give(tx, found.consultation, "意見", (), {"name": "見本 花子"})
    return found


@pytest.mark.parametrize("scope", [Scope(), Scope(tenant="992020")])
def test_a_scope_without_the_office_sees_what_was_laid_open_and_nothing_else(
    databases: Databases, one: Consulted, scope: Scope
) -> None:
    with databases.web.transaction(scope) as tx:
        seen = {
            table: tx.raw.execute(f"SELECT count(*) FROM madoguchi.{table}").fetchone()
            for table in (
                "public_consultation", "consultation", "opinion", "opinion_copy", "opinion_group", "opinion_mark",
                "opinion_name_reading", "assessment", "assessment_version", "review_room", "review_member",
                "review_finding", "review_reading",
            )
        }  # fmt: skip
    assert seen.pop("public_consultation") == (1,)
    assert set(seen.values()) == {(0,)}


@pytest.mark.parametrize("scope", [Scope(), Scope(tenant="992020")])
def test_nobody_else_writes_what_is_laid_open(databases: Databases, one: Consulted, scope: Scope) -> None:
    with (
        databases.web.transaction(scope) as tx,
        pytest.raises(psycopg.Error, match="row-level security"),
        tx.raw.transaction(),
    ):
        tx.raw.execute(
            "INSERT INTO madoguchi.public_result (tenant, consultation_id, number, content, note, published_at, by_whom)"
            " VALUES (%s, %s, 1, '{}', '', now(), 'x')",
            (TENANT, one.consultation),
        )


@pytest.mark.parametrize(
    "statement",
    ["UPDATE madoguchi.public_consultation SET title = 'x'", "DELETE FROM madoguchi.public_consultation"],
)
def test_what_was_laid_open_is_never_changed(databases: Databases, one: Consulted, statement: str) -> None:
    with (
        databases.worker.transaction(Scope(tenant=TENANT)) as tx,
        pytest.raises(psycopg.Error, match=r"never changed|permission denied"),
        tx.raw.transaction(),
    ):
        tx.raw.execute(statement)


def test_the_window_takes_no_tenant_no_table_and_no_consultation() -> None:
    asked = {
        name
        for method in ("spend", "check", "give", "own", "edit", "withdraw", "ask_copy", "copy")
        for name in inspect.signature(getattr(window.Window, method)).parameters
    }
    assert asked.isdisjoint({"tx", "tenant", "consultation", "table", "sql", "scope"})
    assert [one.name for one in fields(window.Window) if not one.name.startswith("_")] == ["announced"]


@settings(max_examples=200)
@given(
    st.binary(min_size=32, max_size=32),
    st.sampled_from(["-", " ", "", "\u3000"]),
    st.booleans(),
    st.booleans(),
)
def test_a_key_survives_being_copied_by_hand(digest: bytes, between: str, small: bool, wide: bool) -> None:
    key = edit_keys.spell(digest)
    assert len(key) == 26
    typed = edit_keys.grouped(key).replace("-", between)
    typed = typed.lower() if small else typed
    if wide:
        typed = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in typed)
    typed = typed.replace("0", "O").replace("1", "l")
    assert edit_keys.read(typed) == key


@given(st.text(max_size=500))
def test_any_text_is_read_as_some_key(text: str) -> None:
    found = edit_keys.read(text)
    assert len(found) <= 100
    assert all(char.isalnum() for char in found)


def test_limits_are_dated() -> None:
    assert limits(date(2026, 11, 22)).most("write") == 30
    with pytest.raises(LookupError):
        limits(date(2015, 1, 1))

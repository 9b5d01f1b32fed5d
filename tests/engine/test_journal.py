"""The journal: any change behind its back is found, and the first broken link is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.database import Scope
from tests.conftest import Databases
from tests.engine.helpers import BOSS, CLERK, command, opened
from workflows.engine import Command, Engine
from workflows.engine.canonical import GENESIS, plain_json
from workflows.engine.journal import BrokenLink, Step, check_chain, verify

SCOPE = Scope(tenant="992011")


@pytest.fixture
def case_id(sample_tables: Databases, engine: Engine) -> UUID:
    """A case with four steps."""
    with sample_tables.worker.transaction(SCOPE) as tx:
        found = opened(engine, tx, f"{uuid4()}", subject="900000000000015").case_id
        engine.apply(tx, command(found, "note", text="一筆"))
        engine.apply(tx, command(found, "submit", amount=500))
        engine.apply(tx, command(found, "approve", BOSS))
    return found


@pytest.fixture
def steps(sample_tables: Databases, engine: Engine, case_id: UUID) -> list[Step]:
    with sample_tables.worker.transaction(SCOPE) as tx:
        return engine.history(tx, case_id)


CHANGES: dict[str, Callable[[Step], Step]] = {
    "tenant": lambda step: replace(step, tenant="992020"),
    "kind": lambda step: replace(step, kind="other"),
    "definition_version": lambda step: replace(step, definition_version=9),
    "trigger": lambda step: replace(step, trigger="submit" if step.trigger != "submit" else "note"),
    "at": lambda step: replace(step, at=step.at + timedelta(microseconds=1)),
    "actor_kind": lambda step: replace(step, actor_kind="system"),
    "actor_id": lambda step: replace(step, actor_id="someone-else"),
    "actor_office": lambda step: replace(step, actor_office="other"),
    "on_behalf_of": lambda step: replace(step, on_behalf_of="somebody"),
    "purpose": lambda step: replace(step, purpose="別の目的"),
    "article": lambda step: replace(step, article="別の条"),
    "input": lambda step: replace(step, input={**step.input, "text": "書き換え"}),
    "request_key": lambda step: replace(step, request_key="other"),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
@pytest.mark.parametrize("place", range(4))
def test_a_changed_column_breaks_the_chain_at_its_step(steps: list[Step], name: str, place: int) -> None:
    assert check_chain(steps) is None
    steps[place] = CHANGES[name](steps[place])
    assert check_chain(steps) == BrokenLink(steps[0].case_id, place + 1, "content")


def test_a_step_left_out_put_in_or_moved_is_found(steps: list[Step]) -> None:
    case_id = steps[0].case_id
    assert check_chain([steps[0], *steps[2:]]) == BrokenLink(case_id, 2, "gap")
    assert check_chain([*steps[:2], steps[1], *steps[2:]]) == BrokenLink(case_id, 3, "gap")
    moved = [steps[0], replace(steps[2], seq=2), replace(steps[1], seq=3), steps[3]]
    assert check_chain(moved) == BrokenLink(case_id, 2, "previous")
    skipped = [steps[0], replace(steps[3], seq=2)]
    assert check_chain(skipped) == BrokenLink(case_id, 2, "order")


def test_a_rewritten_step_with_its_own_new_hash_breaks_the_next_link(steps: list[Step]) -> None:
    forged = replace(steps[1], purpose="別の目的")
    forged = replace(forged, hash=forged.computed_hash())
    assert check_chain([steps[0], forged, *steps[2:]]) == BrokenLink(steps[0].case_id, 3, "previous")


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE madoguchi.step SET purpose = 'x' WHERE case_id = %s AND seq = 2", (2, "content")),
        ("DELETE FROM madoguchi.step WHERE case_id = %s AND seq = 2", (2, "gap")),
        ("DELETE FROM madoguchi.step WHERE case_id = %s AND seq = 4", (3, "head")),
        ("DELETE FROM madoguchi.step WHERE case_id = %s", (0, "head")),
        ("UPDATE madoguchi.case_file SET state = 'rejected' WHERE id = %s", (4, "head")),
        ("DELETE FROM madoguchi.case_file WHERE id = %s", (1, "orphan")),
    ],
)
def test_a_hand_in_the_database_is_found(
    sample_tables: Databases, case_id: UUID, statement: str, broken: tuple[int, str]
) -> None:
    with psycopg.connect(sample_tables.admin_url) as admin:
        # Only the owner of the server can do this; the journal must tell even then.
        admin.execute("SET session_replication_role = replica")
        admin.execute("SELECT set_config('madoguchi.tenant', '992011', true)")
        admin.execute(statement, (case_id,))

        class AdminTx:
            raw, tenant = admin, "992011"

        expected = BrokenLink(case_id, *broken)
        assert verify(AdminTx(), case_id) == expected  # type: ignore[arg-type]
        assert verify(AdminTx()) == expected  # type: ignore[arg-type]
        admin.rollback()


def test_verification_covers_more_cases_than_one_batch(
    sample_tables: Databases, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.engine.journal._BATCH", 3)
    with sample_tables.worker.transaction(SCOPE) as tx:
        for _ in range(10):
            opened(engine, tx, f"{uuid4()}")
        assert engine.verify(tx) is None


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8),
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=5,
        ),
        max_size=5,
    )
)  # fmt: skip
def test_input_comes_back_from_the_database_with_the_same_digest(
    sample_tables: Databases, value: dict[str, object]
) -> None:
    with sample_tables.worker.transaction() as tx:
        (back,) = tx.raw.execute("SELECT %s::jsonb", (plain_json(value).decode(),)).fetchone() or (None,)
    assert plain_json(back) == plain_json(value)


def test_the_first_step_stands_on_nothing(steps: list[Step]) -> None:
    assert bytes(steps[0].prev_hash) == GENESIS


def test_the_journal_tells_on_whose_behalf(sample_tables: Databases, engine: Engine) -> None:
    with sample_tables.worker.transaction(SCOPE) as tx:
        found = opened(engine, tx, f"{uuid4()}").case_id
        engine.apply(tx, Command(found, "note", CLERK, "代理", f"{uuid4()}", {}, on_behalf_of="proxy-7"))
        assert engine.history(tx, found)[-1].on_behalf_of == "proxy-7"

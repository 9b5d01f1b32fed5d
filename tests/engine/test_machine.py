"""Random commands with crashes between statements: nothing lost, doubled or reordered (long version: ``tests/engine/soak.py``)."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from storage.clock import FixedClock
from tests.conftest import Databases
from tests.engine.machine import EngineMachine
from workflows.engine import Engine


def test_random_commands_with_crashes_lose_and_double_nothing(
    sample_tables: Databases, engine: Engine, clock: FixedClock
) -> None:
    class Bound(EngineMachine):
        pass

    Bound.databases, Bound.engine, Bound.clock = sample_tables, engine, clock
    run_state_machine_as_test(
        Bound,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )

"""The long version of the random machine: ``python -m tests.engine.soak --minutes 30``.

It runs on a server of its own until the time is over or something breaks, each round with a new seed and a fresh database, and says
so in one line a round. A failure prints the seed; ``--seed N`` runs that round again.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from storage.clock import FixedClock
from storage.database import Database
from storage.embedded import EmbeddedServer, create_database, create_roles
from storage.migrations.run import migrate
from tests.conftest import Databases
from tests.engine.conftest import SAMPLE_TABLES, make_registry
from tests.engine.machine import EngineMachine
from workflows.engine import Engine

TEMPLATE = "soak_template"


def one_round(server: EmbeddedServer, number: int, examples: int, steps: int) -> None:
    """Run the machine once with a seed, in a fresh database."""
    name = f"soak_{uuid4().hex}"
    create_database(server.admin_url(), name, template=TEMPLATE)
    opened = {role: Database(server.url(name, role), role) for role in ("web", "worker", "vault", "migrator")}  # type: ignore[arg-type]

    class Bound(EngineMachine):
        databases = Databases(name, server.admin_url(name), **opened)
        clock = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))

    Bound.engine = Engine(make_registry(), Bound.clock)
    try:
        run_state_machine_as_test(
            seed(number)(Bound),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
            ),
        )
    finally:
        for database in opened.values():
            database.close()
        with psycopg.connect(server.admin_url(), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def main() -> int:
    """Soak until the time is over.

    :returns: 0 when nothing broke.
    """
    parser = argparse.ArgumentParser(
        description="Random commands with crashes against the engine, for as long as asked."
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--examples", type=int, default=20, help="runs of the machine in a round")
    parser.add_argument("--steps", type=int, default=60, help="commands in a run")
    parser.add_argument("--seed", type=int, help="run this one round only")
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-soak-"))
    server = EmbeddedServer(folder)
    try:
        create_roles(server.admin_url())
        create_database(server.admin_url(), TEMPLATE)
        migrate(server.url(TEMPLATE, "migrator"))
        with psycopg.connect(server.admin_url(TEMPLATE)) as admin:
            admin.execute(SAMPLE_TABLES)
        until, rounds = time.monotonic() + 60 * wanted.minutes, 0
        while rounds == 0 or (wanted.seed is None and time.monotonic() < until):
            number = wanted.seed if wanted.seed is not None else random.randrange(2**32)
            begun = time.monotonic()
            try:
                one_round(server, number, wanted.examples, wanted.steps)
            except BaseException:
                print(f"broken: --seed {number}", flush=True)
                raise
            rounds += 1
            print(
                f"round {rounds}: seed {number}, {time.monotonic() - begun:.0f} s, nothing lost, nothing doubled",
                flush=True,
            )
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

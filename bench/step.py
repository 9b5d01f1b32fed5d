"""``bin/bench step``: one persisted step of a case with everything that belongs to it, beside bare transactions; and steps in bulk.

A step locks its case, checks role, guard, input and request key, appends to the hash chain, changes the state, arms or disarms a
deadline, and commits with fsync, under row-level security. Two limits run in turn with it, a few steps at a time, so that all
see the same machine: BEGIN / SELECT FOR UPDATE / UPDATE / INSERT / COMMIT in raw psycopg, once on two bare tables of a few columns
(``limit``) and once writing the very rows the engine writes, into tables without protection (``limit_same_rows``).
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import psycopg

from bench.settled import settled
from storage.clock import SystemClock
from storage.database import Database, Scope
from storage.embedded import EmbeddedServer, create_database, create_roles
from storage.migrations.run import migrate
from workflows.engine import Actor, Applied, Command, Engine, Registry

SCOPE = Scope(tenant="992011")
SYSTEM = Actor("system", "bench")
CLERK = Actor("staff", "clerk-1", frozenset({"clerk"}), "992011-01")
CASES, BATCH, ROUNDS, SLICE = 200, 1000, 120, 10
TARGET, TARGET_BULK = 0.8, 10_000

BARE = """
    CREATE TABLE public.instance (id uuid PRIMARY KEY, state text NOT NULL, at timestamptz NOT NULL);
    CREATE TABLE public.history (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, instance uuid NOT NULL, before text NOT NULL,
        after text NOT NULL, actor text NOT NULL, at timestamptz NOT NULL);
    CREATE TABLE public.plain_case (LIKE madoguchi.case_file INCLUDING DEFAULTS, PRIMARY KEY (tenant, id));
    CREATE TABLE public.plain_step (LIKE madoguchi.step INCLUDING DEFAULTS, PRIMARY KEY (tenant, case_id, seq),
        UNIQUE (tenant, request_key));
    INSERT INTO public.plain_case SELECT * FROM madoguchi.case_file;
    INSERT INTO public.instance SELECT id, 'here', now() FROM madoguchi.case_file;
    GRANT ALL ON ALL TABLES IN SCHEMA public TO madoguchi_worker;
"""


def engine() -> Engine:
    """The measured kind; its guard passes."""
    registry = Registry()
    kind = registry.load(Path(__file__).with_name("step_flow.yaml"))
    kind.guard("ready")(lambda facts, given: None)
    kind.job_effect("tell", "bench.tell")
    return Engine(registry, SystemClock())


class Bare:
    """The four statements on two bare tables."""

    def __init__(self, url: str, cases: list[UUID]) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.cases, self.number = cases, 0

    def __call__(self) -> None:
        """One transaction."""
        run, case_id = self.connection.execute, self.cases[self.number % len(self.cases)]
        self.number += 1
        run("BEGIN", prepare=True)
        row = run(
            "SELECT state FROM public.instance WHERE id = %s FOR UPDATE", (case_id,), prepare=True
        ).fetchone()
        assert row is not None
        after = "there" if row[0] == "here" else "here"
        run("UPDATE public.instance SET state = %s, at = now() WHERE id = %s", (after, case_id), prepare=True)
        run(
            "INSERT INTO public.history (instance, before, after, actor, at) VALUES (%s, %s, %s, %s, now())",
            (case_id, row[0], after, "clerk-1"),
            prepare=True,
        )
        run("COMMIT", prepare=True)


class SameRows(Bare):
    """The four statements with the columns the engine writes."""

    def __init__(self, url: str, cases: list[UUID], sample: tuple[tuple[str, ...], tuple[Any, ...]]) -> None:
        super().__init__(url, cases)
        self.names, self.values = sample
        places = ", ".join(["%s"] * len(self.names))
        self.insert = f"INSERT INTO public.plain_step ({', '.join(self.names)}) VALUES ({places})"

    def __call__(self) -> None:
        """One transaction."""
        run, case_id = self.connection.execute, self.cases[self.number % len(self.cases)]
        self.number += 1
        run("BEGIN", prepare=True)
        row = run(
            "SELECT state, steps, head_hash, definition_version, subject, office, assignee, due_at FROM public.plain_case"
            " WHERE tenant = %s AND id = %s FOR UPDATE",
            ("992011", case_id),
            prepare=True,
        ).fetchone()
        assert row is not None
        known = dict(zip(self.names, self.values, strict=True))
        known.update(
            case_id=case_id, seq=row[1] + 1, request_key=str(uuid4()), prev_hash=row[2], hash=os.urandom(32)
        )
        run(
            "UPDATE public.plain_case SET state = %s, steps = %s, head_hash = %s, updated_at = %s, last_by = %s"
            " WHERE tenant = %s AND id = %s",
            (known["after"], known["seq"], known["hash"], known["at"], known["actor_id"], "992011", case_id),
            prepare=True,
        )
        run(self.insert, tuple(known.values()), prepare=True)
        run("COMMIT", prepare=True)


class Steps:
    """The engine's steps, back and forth."""

    def __init__(self, database: Database, cases: list[UUID], suffix: str = "") -> None:
        self.database, self.engine, self.cases, self.suffix = database, engine(), cases, suffix
        self.number = 0
        with database.transaction(SCOPE) as tx:
            rows = tx.raw.execute(
                "SELECT id FROM case_file WHERE state = 'there' AND id = ANY (%s)", (cases,)
            ).fetchall()
        self.there: set[UUID] = {row[0] for row in rows}

    def command(self, case_id: UUID) -> Command:
        """The next step of a case."""
        trigger = "back" if case_id in self.there else "go"
        self.there ^= {case_id}
        return Command(case_id, trigger + self.suffix, CLERK, "計測", str(uuid4()), {"ref": "abc-1"})

    def __call__(self) -> None:
        """One step, committed."""
        case_id = self.cases[self.number % len(self.cases)]
        self.number += 1
        with self.database.transaction(SCOPE) as tx:
            self.engine.apply(tx, self.command(case_id))

    def batch(self) -> None:
        """One step of every case in one transaction."""
        with self.database.transaction(SCOPE) as tx:
            answers = self.engine.apply_many(tx, [self.command(case_id) for case_id in self.cases])
        assert all(isinstance(answer, Applied) for answer in answers)


def open_cases(database: Database, count: int) -> list[UUID]:
    """New cases to step."""
    made = engine()
    with database.transaction(SCOPE) as tx:
        return [
            made.open(tx, "bench", actor=SYSTEM, purpose="計測", request_key=str(uuid4())).case_id
            for _ in range(count)
        ]


def in_turn(works: dict[str, Callable[[], None]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds for one call of each, a few calls at a time, in turn; the first rounds warm up and do not count."""
    took: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 10):
        for name, work in works.items():
            begun = time.perf_counter()
            for _ in range(SLICE):
                work()
            if turn >= 10:
                took[name].append((time.perf_counter() - begun) / SLICE)
    return took


def line(name: str, ours: list[float], limit: list[float], **more: Any) -> dict[str, Any]:
    """One result: rates from medians, and the ratio as the median of the ratios of neighbouring slices."""
    return {
        "what": name,
        "ours": round(1 / median(ours), 1),
        "limit": round(1 / median(limit), 1),
        "ratio": round(median(bare / own for own, bare in zip(ours, limit, strict=True)), 3),
        "unit": "steps/s",
        **more,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}",
    }


def two_processes(url: str, cases: list[UUID], kind: str, seconds: float) -> float:
    """Steps a second of two processes at once, each on its own half of the cases."""
    context = get_context("spawn")
    begin = context.Barrier(2)
    counts = context.Array("i", 2)
    workers = [
        context.Process(target=_worker, args=(url, cases[number::2], kind, seconds, begin, counts, number))
        for number in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / seconds


def _worker(
    url: str, cases: list[UUID], kind: str, seconds: float, begin: Any, counts: Any, number: int
) -> None:
    work: Callable[[], None] = Bare(url, cases) if kind == "bare" else Steps(Database(url, "worker"), cases)
    if kind == "bare":
        for _ in range(50):
            work()
    else:
        for _ in range(2 * len(cases)):
            work()
    begin.wait()
    until, done = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        work()
        done += 1
    counts[number] = done


@contextmanager
def own_server() -> Iterator[EmbeddedServer]:
    """A server of this measurement alone, with fsync as it comes."""
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-bench-step-"))
    server = EmbeddedServer(folder)
    create_roles(server.admin_url())
    create_database(server.admin_url(), "bench")
    migrate(server.url("bench", "migrator"))
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Measure and print one JSON line each.

    :param arguments: ``--quick`` for a tenth of the rounds.
    """
    rounds = ROUNDS // 10 if "--quick" in arguments else ROUNDS
    with own_server() as server:
        url = server.url("bench", "worker")
        database = Database(url, "worker")
        cases, telling, crowd = (open_cases(database, count) for count in (CASES, CASES, BATCH))
        steps, tell, bulk = (
            Steps(database, cases),
            Steps(database, telling, "_and_tell"),
            Steps(database, crowd),
        )
        steps()
        with psycopg.connect(server.admin_url("bench"), autocommit=True) as admin:
            admin.execute(BARE)
            settled(server.admin_url("bench"))
            cursor = admin.execute("SELECT * FROM madoguchi.step WHERE trigger = 'go' LIMIT 1")
            sample = cursor.fetchone()
            assert sample is not None
            names = tuple(column.name for column in cursor.description or ())
        keep = [place for place, name in enumerate(names) if name not in ("txid", "input")]
        chosen = (
            (*(names[place] for place in keep), "input"),
            (*(sample[place] for place in keep), '{"ref": "abc-1"}'),
        )
        steps()
        works = {"bare": Bare(url, cases), "same": SameRows(url, cases, chosen), "step": steps, "tell": tell}
        took = in_turn(works, rounds)
        same = round(median(bare / own for own, bare in zip(took["step"], took["same"], strict=True)), 3)
        print(
            json.dumps(line("step", took["step"], took["bare"], ratio_same_rows=same, target=TARGET)),
            flush=True,
        )
        print(json.dumps(line("step with a job", took["tell"], took["bare"])), flush=True)
        _print_pair(url, cases, rounds)
        bulk.batch()
        rates = []
        for _ in range(max(3, rounds // 10)):
            begun = time.perf_counter()
            bulk.batch()
            rates.append(len(crowd) / (time.perf_counter() - begun))
        result = {
            "what": "bulk steps",
            "ours": round(median(rates), 1),
            "best": round(max(rates), 1),
            "target": TARGET_BULK,
        }
        print(json.dumps({**result, "unit": "steps/s", "batch": BATCH}), flush=True)
        database.close()
    return 0


def _print_pair(url: str, cases: list[UUID], rounds: int) -> None:
    """Two processes at once, the bare transaction and the step in turn."""
    seconds = 4.0 if rounds == ROUNDS else 1.0
    bare, step = [], []
    for _ in range(3):
        bare.append(two_processes(url, cases, "bare", seconds))
        step.append(two_processes(url, cases, "step", seconds))
    ratio = round(median(own / limit for own, limit in zip(step, bare, strict=True)), 3)
    result = {
        "what": "step, 2 processes",
        "ours": round(median(step), 1),
        "limit": round(median(bare), 1),
        "ratio": ratio,
    }
    print(json.dumps({**result, "unit": "steps/s"}), flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""The job list: what a dead worker had in hand is done by another, once; what is long done goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import procrastinate
import psycopg
import pytest

from portal.worker import job_list
from storage.jobs import defer, jobs, worker_app
from tests.conftest import Databases

TASK = "tests.tell"


@pytest.fixture
def done(databases: Databases) -> Iterator[list[str]]:
    """An empty list, and what was told."""
    told: list[str] = []

    @jobs.task(name=TASK)
    def tell(word: str) -> None:
        told.append(word)

    yield told
    jobs.tasks.pop(TASK, None)
    with psycopg.connect(databases.admin_url) as owner:
        owner.execute("TRUNCATE jobs.procrastinate_jobs, jobs.procrastinate_workers CASCADE")


def put_down(databases: Databases, word: str) -> None:
    """A job that nothing may do beside another of its kind."""
    with databases.worker.transaction() as tx:
        defer(tx, TASK, lock="tests", word=word)


def with_list(databases: Databases, work: Callable[[procrastinate.App], Any]) -> Any:
    """Do something with the list opened as a worker opens it."""

    async def go() -> Any:
        app = worker_app(databases.url("worker"))
        async with app.open_async():
            return await work(app)

    return asyncio.run(go())


async def take(app: procrastinate.App) -> None:
    """Take the next job as a worker does that will never end it."""
    worker = await app.job_manager.register_worker()
    assert await app.job_manager.fetch_job(None, worker) is not None


async def run_all(app: procrastinate.App) -> None:
    """A worker does what there is to do."""
    await app.run_worker_async(
        wait=False, install_signal_handlers=False, stalled_worker_timeout=job_list.SEEMS_DEAD
    )


def silent(databases: Databases, seconds: float) -> None:
    """The workers have been silent for so long."""
    with psycopg.connect(databases.admin_url) as owner:
        owner.execute(
            "UPDATE jobs.procrastinate_workers SET last_heartbeat = now() - make_interval(secs => %s)",
            (seconds,),
        )


def states(databases: Databases) -> list[tuple[str, str]]:
    """What is on the list, in order."""
    with psycopg.connect(databases.admin_url) as owner:
        return owner.execute(
            "SELECT args->>'word', status::text FROM jobs.procrastinate_jobs ORDER BY id"
        ).fetchall()


def test_what_a_dead_worker_had_in_hand_is_done_by_another(databases: Databases, done: list[str]) -> None:
    put_down(databases, "first")
    put_down(databases, "second")
    with_list(databases, take)
    with_list(databases, run_all)
    assert done == [], "while the worker may live, its lock holds"
    silent(databases, job_list.SEEMS_DEAD + 1)
    assert with_list(databases, job_list.put_back) == 1
    with_list(databases, run_all)
    assert done == ["first", "second"]
    assert states(databases) == [("first", "succeeded"), ("second", "succeeded")]
    assert with_list(databases, job_list.put_back) == 0


def test_also_when_the_next_worker_has_struck_the_dead_one_off(databases: Databases, done: list[str]) -> None:
    put_down(databases, "first")
    with_list(databases, take)
    silent(databases, job_list.SEEMS_DEAD + 1)
    with_list(databases, run_all)
    assert with_list(databases, job_list.put_back) == 1
    with_list(databases, run_all)
    assert done == ["first"]


def test_a_worker_that_was_silent_for_a_moment_keeps_its_job(databases: Databases, done: list[str]) -> None:
    put_down(databases, "first")
    with_list(databases, take)
    silent(databases, job_list.SEEMS_DEAD - 30)
    assert with_list(databases, job_list.put_back) == 0
    assert states(databases) == [("first", "doing")]


def test_a_job_that_takes_every_worker_with_it_is_given_up(databases: Databases, done: list[str]) -> None:
    put_down(databases, "first")
    for _ in range(job_list.ATTEMPTS):
        with_list(databases, take)
        silent(databases, job_list.SEEMS_DEAD + 1)
        assert with_list(databases, job_list.put_back) == 1
    assert states(databases) == [("first", "failed")]
    assert with_list(databases, job_list.put_back) == 0


def test_what_was_done_a_week_ago_goes_and_what_failed_stays(databases: Databases, done: list[str]) -> None:
    for word in ("old", "new", "failed"):
        put_down(databases, word)
    with_list(databases, run_all)
    with psycopg.connect(databases.admin_url, options="-c search_path=jobs") as owner:
        owner.execute(
            "UPDATE jobs.procrastinate_events SET at = at - interval '8 days' WHERE job_id IN"
            " (SELECT id FROM jobs.procrastinate_jobs WHERE args->>'word' <> 'new')"
        )
        owner.execute("UPDATE jobs.procrastinate_jobs SET status = 'failed' WHERE args->>'word' = 'failed'")

    async def forget(app: procrastinate.App) -> None:
        job_list.register(app)
        try:
            await app.tasks["jobs.forget"].func(timestamp=0)
        finally:
            for name in ("jobs.forget", "jobs.put_back"):
                for known in (app.tasks, jobs.tasks):
                    known.pop(name, None)

    with_list(databases, forget)
    assert [word for word, _ in states(databases)] == ["new", "failed"]

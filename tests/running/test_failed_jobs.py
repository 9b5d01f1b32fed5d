"""``madoguchi jobs`` and what ``doctor`` says of jobs that failed for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from storage.jobs import defer
from tests.conftest import Databases

Run = Callable[..., Result]
SECRET = "word-nobody-may-see"


@pytest.fixture
def run(databases: Databases, tmp_path: Path) -> Iterator[Run]:
    """Run a command where nothing is on the list yet."""
    environment = {"MADOGUCHI_VAR": str(tmp_path), "MADOGUCHI_DATABASE_WORKER": databases.url("worker")}
    yield lambda *words: CliRunner(env=environment).invoke(main, words)
    with psycopg.connect(databases.admin_url) as owner:
        owner.execute("TRUNCATE jobs.procrastinate_jobs CASCADE")


def put_down(databases: Databases, task: str, status: str, queueing_lock: str | None = None) -> None:
    """A job that stands like this since three o'clock in Japan."""
    with databases.worker.transaction() as tx:
        job = defer(tx, task, queueing_lock=queueing_lock, word=SECRET)
    with psycopg.connect(databases.admin_url, options="-c search_path=jobs") as owner:
        for step in dict.fromkeys(("doing", status) if status != "todo" else ()):
            owner.execute(
                "UPDATE jobs.procrastinate_jobs SET status = %s, attempts = 10 WHERE id = %s", (step, job)
            )
        owner.execute(
            "UPDATE jobs.procrastinate_events SET at = '2026-11-22T15:00+09:00' WHERE job_id = %s", (job,)
        )


def standing(databases: Databases) -> list[tuple[str, str, int]]:
    """What is on the list, in order."""
    with psycopg.connect(databases.admin_url) as owner:
        return owner.execute(
            "SELECT task_name, status::text, attempts FROM jobs.procrastinate_jobs ORDER BY id"
        ).fetchall()


def test_the_doctor_counts_failed_jobs_by_name_and_says_what_to_do(run: Run, databases: Databases) -> None:
    put_down(databases, "a.works", "succeeded")
    put_down(databases, "a.waits", "todo")
    well = run("doctor")
    assert "○ 裏方の仕事" in well.output
    for task in ("b.fails", "a.fails", "b.fails"):
        put_down(databases, task, "failed")
    told = run("doctor")
    assert told.exit_code == 1
    (line,) = [line for line in told.output.splitlines() if "裏方の仕事" in line]
    assert line.startswith("×")
    assert "a.fails 1 件（2026-11-22 15:00 から）、b.fails 2 件（2026-11-22 15:00 から）" in line
    assert "madoguchi jobs again" in line
    assert SECRET not in told.output
    assert SECRET not in run("jobs", "list").output


def test_failed_jobs_of_one_name_are_done_again_with_all_their_attempts(
    run: Run, databases: Databases
) -> None:
    for task, status in (
        ("a.fails", "failed"),
        ("b.fails", "failed"),
        ("a.fails", "failed"),
        ("a.fails", "doing"),
    ):
        put_down(databases, task, status)
    done = run("jobs", "again", "a.fails")
    assert (done.exit_code, "a.fails 2 件" in done.output) == (0, True), done.output
    assert standing(databases) == [
        ("a.fails", "todo", 0), ("b.fails", "failed", 10), ("a.fails", "todo", 0), ("a.fails", "doing", 10),
    ]  # fmt: skip
    assert "b.fails 1 件" in run("jobs", "list").output


def test_a_job_that_waits_already_is_not_put_down_twice(run: Run, databases: Databases) -> None:
    for status in ("failed", "failed", "todo"):
        put_down(databases, "a.fails", status, queueing_lock="one")
    assert run("jobs", "again", "a.fails").exit_code == 0
    assert standing(databases) == [("a.fails", "todo", 0)]


def test_what_nobody_needs_any_more_is_struck_off(run: Run, databases: Databases) -> None:
    for status in ("failed", "succeeded", "todo"):
        put_down(databases, "a.fails", status)
    assert run("jobs", "forget", "a.fails").exit_code == 0
    assert [status for _, status, _ in standing(databases)] == ["succeeded", "todo"]
    assert "ありません" in run("jobs", "list").output


@pytest.mark.parametrize("how", ["again", "forget"])
def test_a_name_without_failed_jobs_changes_nothing(run: Run, databases: Databases, how: str) -> None:
    put_down(databases, "a.fails", "failed")
    put_down(databases, "a.waits", "todo")
    before = standing(databases)
    done = run("jobs", how, "a.waits")
    assert (done.exit_code, "何も変えていません" in done.output, "a.fails" in done.output) == (2, True, True)
    assert standing(databases) == before


def test_without_a_database_the_doctor_looks_at_the_machine_alone(tmp_path: Path) -> None:
    environment = {"MADOGUCHI_VAR": str(tmp_path / "var")}
    assert "裏方の仕事" not in CliRunner(env=environment).invoke(main, ["doctor"]).output
    environment["MADOGUCHI_DATABASE_WORKER"] = "postgresql://u:secret-word@127.0.0.1:1/none"
    told = CliRunner(env=environment).invoke(main, ["doctor"])
    assert (told.exit_code, "× 裏方の仕事" in told.output) == (1, True)
    assert "データベースを使えませんでした" in told.output
    assert "secret-word" not in told.output
    assert not (tmp_path / "var").exists()

"""``madoguchi jobs``: the jobs that failed for good. Whoever waits for one is told nothing by it, so that a person has to look.

Shown are names and numbers of jobs, never what they were given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import click
import psycopg

from portal.databases import open_database
from portal.settings import Settings
from storage.clock import JAPAN
from storage.database import NOWHERE, Database

FAILED = """
    SELECT j.task_name, count(*), min(e.at)
    FROM jobs.procrastinate_jobs AS j
    LEFT JOIN LATERAL (
        SELECT max(at) AS at FROM jobs.procrastinate_events WHERE job_id = j.id AND type = 'failed'
    ) AS e ON true
    WHERE j.status = 'failed' GROUP BY j.task_name ORDER BY j.task_name
"""
_OF_TASK = (
    "SELECT id FROM jobs.procrastinate_jobs WHERE status = 'failed' AND task_name = %s ORDER BY id FOR UPDATE"
)
# Whoever puts a job back has mended what made it fail: it has all its attempts again.
_AGAIN = "UPDATE jobs.procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = NULL WHERE id = %s"
_FORGET = "DELETE FROM jobs.procrastinate_jobs WHERE id = %s"


@dataclass(frozen=True)
class Failed:
    """The failed jobs of one task.

    :param since: when the first of them failed; None when that was not kept.
    """

    task: str
    count: int
    since: datetime | None

    def __str__(self) -> str:
        since = f"（{self.since.astimezone(JAPAN):%Y-%m-%d %H:%M} から）" if self.since else ""
        return f"{self.task} {self.count} 件{since}"


def failed_jobs(database: Database) -> list[Failed]:
    """What failed for good and nobody has settled yet, by task."""
    (rows,) = database.read(NOWHERE, (FAILED, ()))
    return [Failed(*row) for row in rows]


def put_again(database: Database, task: str) -> int:
    """Put the failed jobs of a task on the list again; one that waits there already in another's place is struck off.

    :returns: how many failed jobs were settled.
    """
    with database.transaction() as tx:
        found = tx.raw.execute(_OF_TASK, (task,)).fetchall()
        for one in found:
            try:
                with tx.raw.transaction():
                    tx.raw.execute(_AGAIN, one)
            except psycopg.errors.UniqueViolation:
                tx.raw.execute(_FORGET, one)
    return len(found)


def forget(database: Database, task: str) -> int:
    """Strike the failed jobs of a task off the list; returns how many there were."""
    with database.transaction() as tx:
        found = tx.raw.execute(_OF_TASK, (task,)).fetchall()
        for one in found:
            tx.raw.execute(_FORGET, one)
    return len(found)


@click.group("jobs")
def failed() -> None:
    """裏方の仕事のうち、失敗したまま残っているもの。"""


@failed.command("list")
def show() -> None:
    """仕事の名前ごとに、失敗したまま残っている数と、いつからか。"""
    database = open_database(Settings.from_env(), "worker")
    try:
        found = failed_jobs(database)
    finally:
        database.close()
    click.echo("\n".join(map(str, found)) or "失敗したまま残っている仕事はありません。")


@failed.command("again")
@click.argument("task")
def again_(task: str) -> None:
    """TASK（仕事の名前）の失敗した仕事を、もう一度待ち行列に入れる。原因を直してから使う。"""
    _settle(task, again=True)


@failed.command("forget")
@click.argument("task")
def forget_(task: str) -> None:
    """TASK（仕事の名前）の失敗した仕事を消す。もう要らないと確かめてから使う。"""
    _settle(task, again=False)


def _settle(task: str, again: bool) -> None:
    """Put failed jobs back or strike them off.

    :raises BadParameter: when the task has none; nothing was changed.
    """
    database = open_database(Settings.from_env(), "worker")
    try:
        known = [one.task for one in failed_jobs(database)]
        if task not in known:
            raise click.BadParameter(
                f"{task} という名前の、失敗した仕事はありません。何も変えていません。あるもの: {', '.join(known) or 'なし'}",
                param_hint="TASK",
            )
        settled = (put_again if again else forget)(database, task)
    finally:
        database.close()
    click.echo(f"{task} {settled} 件を{'もう一度待ち行列に入れました' if again else '消しました'}。")

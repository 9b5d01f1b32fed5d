"""``madoguchi worker``: start everything, beat, and end when told."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import click

from portal.databases import database_url
from portal.settings import Settings, SettingsError
from portal.worker import job_list, jobs
from portal.worker.house import House, build_house
from portal.worker.loops import Loops
from storage import logs
from storage.jobs import worker_app
from storage.memory import keep_loaded
from workflows.linkage.connect import LinkNotSet
from workflows.linkage.worker import LinkWorker

JOBS_AT_ONCE = 2
# Printing takes seconds and comes in heaps; nobody who waits for anything else stands behind it.
SLOW, SLOW_AT_ONCE = "print", 1
# A thread that waits for the hub's next message cannot be hurried; what it may have leased comes again by itself.
PATIENCE = 2.0


@click.command()
def worker() -> None:
    """裏方の仕事（情報連携、期限、印刷、記録の封印）を動かす。SIGTERM で、手元の仕事を終えて止まる。"""
    try:
        settings = Settings.from_env()
        logs.configure(json=settings.production)
        house = build_house(settings)
    except (SettingsError, LinkNotSet) as wrong:
        raise click.ClickException(str(wrong)) from wrong
    try:
        _work(house)
    finally:
        house.close()


def _work(house: House) -> None:
    link, vault_link, loops = (
        LinkWorker(house.worker, house.link),
        LinkWorker(house.vault, house.vault_link, vault=True),
        Loops(house),
    )
    for part in (link, vault_link, loops):
        part.start()
    keep_loaded()
    beat = house.settings.var / "run" / "worker.beat"
    try:
        asyncio.run(_run_jobs(house, beat))
    finally:
        beat.unlink(missing_ok=True)
        for part in (loops, vault_link, link):
            part.stop(PATIENCE)


async def _run_jobs(house: House, beat: Path) -> None:
    """Run the jobs until the process is told to end."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    app = worker_app(database_url(house.settings, "worker"))
    jobs.register(app, house)
    async with app.open_async():
        others = sorted({task.queue for task in app.tasks.values()} - {SLOW})
        running = [
            asyncio.create_task(
                app.run_worker_async(
                    queues=queues,
                    concurrency=at_once,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=20,
                    stalled_worker_timeout=job_list.SEEMS_DEAD,
                )
            )
            for queues, at_once in ((others, JOBS_AT_ONCE), ([SLOW], SLOW_AT_ONCE))
        ]
        beat.parent.mkdir(parents=True, exist_ok=True)
        beat.write_text("ready")
        await until_told(running, ended)


async def until_told(running: Sequence[asyncio.Task[None]], ended: asyncio.Event) -> None:
    """Wait until the process is told to end, and let what runs come to its end.

    :raises RuntimeError: when something ended by itself; half a worker must not go on as if it were a whole one, nor end as if told.
    """
    told = asyncio.create_task(ended.wait())
    await asyncio.wait({*running, told}, return_when=asyncio.FIRST_COMPLETED)
    by_itself = [one for one in running if one.done()]
    for one in (*running, told):
        one.cancel()
    await asyncio.gather(*running, told, return_exceptions=True)
    if by_itself and not ended.is_set():
        cause = None if by_itself[0].cancelled() else by_itself[0].exception()
        raise RuntimeError("the jobs ended by themselves") from cause

"""``madoguchi web``: the web processes. The code is loaded once and shared by all of them; each makes its own application."""

from __future__ import annotations

from ipaddress import ip_address
from typing import cast

import click

from portal.settings import Settings, SettingsError
from storage import logs
from storage.database import Database

# Requests that wait inside one process before the front server is told to come again later.
BACKPRESSURE = 64


# A page is made by one of few threads, and a body is read without a time limit: who sends half a body holds one thread.
EXPOSED = (
    "注意: この機械の外からも届くアドレスで待ち受けています。前に nginx（deploy/nginx/）を置き、このポートには nginx だけが"
    "届くようにしてください。直接さらすと、途中で止まった送信が、ほかの人を待たせます。"
)


@click.command()
def web() -> None:
    """窓口（ウェブ）だけを動かす。"""
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    try:
        settings = Settings.from_env()
    except SettingsError as wrong:
        raise click.ClickException(str(wrong)) from wrong
    logs.configure(json=settings.production)
    if exposed(settings.bind):
        click.echo(EXPOSED, err=True)
    load(settings)
    host, port = settings.bind.rsplit(":", 1)
    Server(
        "portal.wsgi:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=int(port),
        workers=settings.processes,
        # One thread for each process: a page is short, and a second thread only waits for the first one's lock.
        blocking_threads=1,
        backpressure=BACKPRESSURE,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    ).serve()


def load(settings: Settings) -> None:
    """Load all code and data of the application once, before the processes part, so that they share it and start at once.

    The application made here is thrown away; each process makes its own, with its own way to the database.
    """
    import portal.wsgi  # noqa: F401 (what the processes will ask for)
    from portal.app import make_app

    make_app(settings, database=cast(Database, None))


def exposed(bind: str) -> bool:
    """Whether others than this machine can reach the address the portal listens on.

    :param bind: ``host:port``.
    """
    host = bind.rsplit(":", 1)[0].strip("[]")
    if host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True

"""``madoguchi web``: the web processes. The code is loaded once and shared by all of them; each makes its own application."""

from __future__ import annotations

from ipaddress import ip_address
from typing import cast

import click

from portal.identity.card.anchors import AnchorRefused
from portal.settings import Settings, SettingsError
from storage import logs
from storage.database import Database

# Connections of one process, idle ones too; more wait unanswered. nginx keeps up to 32 for each of its own processes.
CONNECTIONS = 256
# Threads of one process where bodies come straight from visitors; each is started only when all others are busy.
IN_RESERVE = 8
# Milliseconds for a header to come, and until an idle connection ends; nginx lets go of its own sooner (deploy/nginx/).
HEADER_TIME = 20_000

# A page is made by one of few threads, and a body is read without a time limit: who sends half a body holds one thread.
UNSHIELDED = (
    "{bind} は、この機械の外からも届くアドレスです。前に置くサーバー（nginx）なしでは待ち受けません。途中で止まった送信が、ほかの人を"
    "止めてしまうためです。まだ何も始めていません。MADOGUCHI_BIND を 127.0.0.1:6543 のようなアドレスに戻すか、nginx を前に置いて"
    "（deploy/nginx/）、同じ合い言葉を MADOGUCHI_GATEWAY_SECRET に入れてから、もう一度起動してください。"
)
EXPOSED = (
    "注意: この機械の外からも届くアドレスで待ち受けています。このポートには nginx だけが届くようにしてください。"
    "nginx を通らないものには答えません。"
)

NO_DATABASE = (
    "窓口の使うデータベースのアドレスがありません。まだ何も始めていません。MADOGUCHI_DATABASE_WEB を設定してから、もう一度起動してください。"
    "実演なら bin/serve が全部そろえて動かします。"
)


@click.command()
def web() -> None:
    """窓口（ウェブ）だけを動かす。"""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    try:
        settings = Settings.from_env()
    except SettingsError as wrong:
        raise click.ClickException(str(wrong)) from wrong
    refuse_unshielded(settings)
    if not settings.web_url:
        raise click.ClickException(NO_DATABASE)
    if exposed(settings.bind):
        click.echo(EXPOSED, err=True)
    try:
        load(settings)
    except (AnchorRefused, SettingsError) as wrong:
        raise click.ClickException(str(wrong)) from wrong
    logs.configure(json=settings.production)
    host, port = settings.bind.rsplit(":", 1)
    Server(
        "portal.wsgi:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=int(port),
        workers=settings.processes,
        blocking_threads=threads(settings),
        backpressure=CONNECTIONS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIME),
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    ).serve()


def threads(settings: Settings) -> int:
    """How many threads make pages in one process.

    One, behind a front server: a page is short, and a second thread only waits for the first one's lock. Without one (a
    demonstration) a few in reserve, so that a form that stops half-way, in a tunnel for instance, does not stop everybody.
    """
    return 1 if settings.gateway_secret else IN_RESERVE


def load(settings: Settings) -> None:
    """Load all code and data of the application once, before the processes part, so that they share it and start at once.

    The application made here is thrown away; each process makes its own, with its own way to the database.
    """
    import portal.wsgi  # noqa: F401 (what the processes will ask for)
    from portal.app import make_app

    make_app(settings, database=cast(Database, None))


def refuse_unshielded(settings: Settings) -> None:
    """Stop before anything listens where others reach it without a front server that takes bodies in first.

    With a front server the portal answers it alone (:mod:`portal.web.front`), which needs the shared secret.

    :raises ClickException: what is to be set.
    """
    if exposed(settings.bind) and not settings.gateway_secret:
        raise click.ClickException(UNSHIELDED.format(bind=settings.bind))


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

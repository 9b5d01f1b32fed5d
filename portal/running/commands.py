"""``madoguchi serve``, ``prepare`` and ``settings``."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from types import FrameType

import click

from portal.databases import embedded_server
from portal.identity.config import VARIABLES, CardSettings
from portal.running import demonstration, sandbox_parts
from portal.running import prepare as preparing
from portal.running.house_parts import portal_part, worker_part
from portal.running.progress import Steps
from portal.running.supervisor import PartFailed, Supervisor
from portal.running.web import refuse_unshielded
from portal.settings import Settings, SettingsError


def read_settings() -> Settings:
    """The settings, or a message a person can act on."""
    try:
        return Settings.from_env()
    except SettingsError as wrong:
        raise click.ClickException(str(wrong)) from wrong


@click.command("settings")
def show_settings() -> None:
    """設定の一覧: 変数の名前、今の値、意味。秘密の値は見せない。足りないものがあれば、それを言って 1 で終わる。"""
    known = {one.metadata["variable"]: (one.default, one.metadata["about"]) for one in fields(Settings)}
    for variable, (default, about) in {**known, **VARIABLES}.items():
        value = os.environ.get(variable, str(default))
        if value and ("DATABASE" in variable or "SECRET" in variable):
            value = "（設定済み）"
        click.echo(f"{variable:28} {value or '（なし）':32} {about}")
    CardSettings.from_env(read_settings())


@click.command()
def prepare() -> None:
    """データベースを最新の形にし、主鍵と法令の表を整える。何度実行してもよい。"""
    settings = read_settings()
    ran = preparing.prepare_database(settings, lambda words: click.echo(f"  移行: {words}"))
    preparing.load_law(settings)
    preparing.make_tenant_keys(settings)
    click.echo(f"整いました（移行 {ran} 件）。")


@click.command()
def serve() -> None:
    """実演の一式（データベース、国の側の代役、裏方、窓口）を動かす。Ctrl-C で全部止まる。"""
    settings = read_settings()
    if settings.production:
        raise click.ClickException(
            "本番では `madoguchi worker` と `madoguchi web` を別々に動かします。docs/operations.md を見てください。"
        )
    refuse_unshielded(settings)
    with _only_one(settings):
        supervisor = Supervisor(settings.var / "log")
        try:
            _start(settings, supervisor)
            supervisor.watch(lambda: _database_stands(settings))
        except (PartFailed, sandbox_parts.SandboxFailed) as failed:
            raise click.ClickException(
                f"{failed}\n書かれたものは {settings.var} に残っています。"
            ) from failed
        except KeyboardInterrupt:
            click.echo("\n止めています …", nl=False)
        finally:
            supervisor.stop()
            # The embedded database stops with the last process that uses it, which is this one unless somebody
            # else is looking in.
        click.echo(" 止まりました。記録はそのまま残っています。")


def _start(settings: Settings, supervisor: Supervisor) -> None:
    steps = Steps(6)
    with steps.step("データベースを起こし、形を整える"):
        preparing.prepare_database(settings)
        preparing.load_law(settings)
    with steps.step("国の側の代役（鍵・証明書・住民・カード）を用意する"):
        sandbox_parts.provision(settings)
    with steps.step("実演の住民と職員を登録する"):
        _refuse_taken(settings)
        supervisor.start(sandbox_parts.part(settings))
        demonstration.populate(settings)
        preparing.make_tenant_keys(settings)
    with steps.step("実演の評価書をそろえる"):
        demonstration.write_statements(settings)
    with steps.step("代役、裏方、窓口を動かす"):
        supervisor.start(worker_part(settings), portal_part(settings))
        supervisor.wait_ready()
    with steps.step("符号と副本がそろうのを待つ"):
        complete = demonstration.wait_until_linked(settings, supervisor.check)
    if not complete:
        click.echo("まだ符号のない人がいます。裏方が続けています。ほかの人の分は、もう使えます。")
    click.echo(demonstration.welcome(settings, steps.seconds()))
    sys.stdout.flush()


def _database_stands(settings: Settings) -> None:
    """Say so when the embedded database was ended from outside, instead of answering "try again in a minute" for ever.

    :raises PartFailed: with the way on.
    """
    if settings.embedded and not embedded_server(settings).running:
        raise PartFailed(
            f"データベースが終わってしまいました。記録: {settings.var / 'database' / 'log'}\n"
            "もう一度始めれば、済んだ分の記録から続けられます。"
        )


def _refuse_taken(settings: Settings) -> None:
    """Say so when another program holds one of our ports, before anything answers in its place.

    :raises PartFailed: naming the ports and how to take others.
    """
    host, port = settings.bind.rsplit(":", 1)
    taken = sandbox_parts.taken_ports(settings)
    if sandbox_parts.answers(host, int(port)):
        taken.append(int(port))
    if taken:
        raise PartFailed(
            f"ほかのプログラムがポート {', '.join(map(str, taken))} を使っています。強制終了のすぐあとなら、少し待って"
            "もう一度始めてください。そうでなければ、それを止めるか、"
            "MADOGUCHI_BIND と MADOGUCHI_ORIGIN（窓口）、MADOGUCHI_SANDBOX_PORT（代役）で別の番号にしてください。"
        )


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Hold the lock of this var folder; Ctrl-C and SIGTERM mean the same, once."""
    settings.var.mkdir(parents=True, exist_ok=True)
    handle = os.open(settings.var / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as busy:
        raise click.ClickException(
            f"この場所（{settings.var}）では、もう動いています。{settings.origin} を開くか、先に Ctrl-C で止めてください。"
        ) from busy

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        # An impatient second Ctrl-C must not leave half of the parts running.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        os.close(handle)

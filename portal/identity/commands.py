"""``madoguchi staff``: who may sign in at an office. There is no password to set: a code enrols the first security key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import click

from portal.databases import open_database
from portal.identity.models import ROLES
from portal.identity.secrets import grouped
from portal.identity.staff import StaffRegister, UnknownRole, UnknownStaff
from portal.running.tenants import refuse_unreadable
from portal.settings import Settings
from storage.clock import SystemClock
from storage.tenants import known_tenants


@click.group()
def staff() -> None:
    """職員の登録。"""


@staff.command()
@click.argument("tenant")
@click.argument("name")
@click.option("--office", required=True, help="課や係の名前。住民が記録で読む（例 子育て支援課）")
@click.option(
    "--role", "roles", multiple=True, required=True, help="、".join(f"{k}={v}" for k, v in ROLES.items())
)
def invite(tenant: str, name: str, office: str, roles: tuple[str, ...]) -> None:
    """TENANT（団体コード、委員会は 000000）に職員 NAME を加え、登録コードを出す。コードは一度しか出ない。"""
    for text, option in ((name, "NAME"), (office, "--office")):
        refuse_unreadable(text, option)
    with _at(tenant) as (register, settings):
        made = register.invite(tenant, office, roles, name)
    _tell(settings, made.account, made.code)


@staff.command("new-code")
@click.argument("tenant")
@click.argument("account", type=click.UUID)
def new_code(tenant: str, account: UUID) -> None:
    """キーをなくした職員に、新しい登録コードを出す。前のコードは使えなくなる。"""
    with _at(tenant) as (register, settings):
        code = register.new_code(tenant, account)
    _tell(settings, account, code)


@staff.command("list")
@click.argument("tenant")
def list_people(tenant: str) -> None:
    """TENANT の職員の一覧。"""
    with _at(tenant) as (register, _):
        people = register.people(tenant)
    for account, name, office, roles, keys in people:
        click.echo(f"{account}  {name}  {office}  {'、'.join(ROLES.get(r, r) for r in roles)}  キー{keys}本")
    if not people:
        click.echo("職員はまだいません。`madoguchi staff invite` で登録します。")


@staff.command("set-roles")
@click.argument("tenant")
@click.argument("account", type=click.UUID)
@click.option("--role", "roles", multiple=True, required=True)
@click.option("--office", default=None)
def set_roles(tenant: str, account: UUID, roles: tuple[str, ...], office: str | None) -> None:
    """役割を変える。開いているサインインはすべて終わる。"""
    if office is not None:
        refuse_unreadable(office, "--office")
    with _at(tenant) as (register, _):
        register.set_roles(tenant, account, roles, office)
    click.echo("役割を変えました。開いていたサインインは終わりました。")


@staff.command()
@click.argument("tenant")
@click.argument("account", type=click.UUID)
def leave(tenant: str, account: UUID) -> None:
    """職員が去る。キーとサインインはすぐに使えなくなる。した仕事の記録は残る。"""
    with _at(tenant) as (register, _):
        register.leave(tenant, account)
    click.echo("キーとサインインを止めました。")


@contextmanager
def _at(tenant: str) -> Iterator[tuple[StaffRegister, Settings]]:
    """The register of staff, for a body that is here.

    :raises BadParameter: when it is not; a code made for nobody would let nobody in.
    :raises ClickException: what the register refuses.
    """
    settings = Settings.from_env()
    database = open_database(settings, "worker", pool_size=1)
    try:
        known = known_tenants(database)
        if tenant not in known:
            raise click.BadParameter(
                f"{tenant} は、この窓口の団体ではありません。何も登録していません。あるもの: {', '.join(known)}"
                "（加えるには `madoguchi tenant add`）",
                param_hint="TENANT",
            )
        yield StaffRegister(database, SystemClock()), settings
    except (UnknownRole, UnknownStaff) as problem:
        raise click.ClickException(str(problem)) from None
    finally:
        database.close()


def _tell(settings: Settings, account: UUID, code: str) -> None:
    click.echo(f"職員番号: {account}")
    click.echo(f"登録コード: {grouped(code)}（3日以内に1回だけ使えます。控えは残りません）")
    click.echo(f"登録する画面: {settings.origin}/staff/enrol")

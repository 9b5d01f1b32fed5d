"""``madoguchi staff``: who may sign in at an office. There is no password to set: a code enrols the first security key."""

from __future__ import annotations

from uuid import UUID

import click

from portal.databases import open_database
from portal.identity.models import ROLES
from portal.identity.secrets import grouped
from portal.identity.staff import StaffRegister, UnknownRole, UnknownStaff
from portal.settings import Settings
from storage.clock import SystemClock
from storage.tenants import UnknownTenant, parse_tenant

_COMMISSION = "000000"


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
    register, settings = _register()
    try:
        made = register.invite(_tenant(tenant), office, roles, name)
    except UnknownRole as problem:
        raise click.ClickException(str(problem)) from None
    _tell(settings, made.account, made.code)


@staff.command("new-code")
@click.argument("tenant")
@click.argument("account", type=click.UUID)
def new_code(tenant: str, account: UUID) -> None:
    """キーをなくした職員に、新しい登録コードを出す。前のコードは使えなくなる。"""
    register, settings = _register()
    try:
        code = register.new_code(_tenant(tenant), account)
    except UnknownStaff as problem:
        raise click.ClickException(str(problem)) from None
    _tell(settings, account, code)


@staff.command("list")
@click.argument("tenant")
def list_people(tenant: str) -> None:
    """TENANT の職員の一覧。"""
    register, _ = _register()
    for account, name, office, roles, keys in register.people(_tenant(tenant)):
        click.echo(f"{account}  {name}  {office}  {'、'.join(ROLES.get(r, r) for r in roles)}  キー{keys}本")


@staff.command("set-roles")
@click.argument("tenant")
@click.argument("account", type=click.UUID)
@click.option("--role", "roles", multiple=True, required=True)
@click.option("--office", default=None)
def set_roles(tenant: str, account: UUID, roles: tuple[str, ...], office: str | None) -> None:
    """役割を変える。開いているサインインはすべて終わる。"""
    register, _ = _register()
    try:
        register.set_roles(_tenant(tenant), account, roles, office)
    except (UnknownRole, UnknownStaff) as problem:
        raise click.ClickException(str(problem)) from None
    click.echo("役割を変えました。開いていたサインインは終わりました。")


@staff.command()
@click.argument("tenant")
@click.argument("account", type=click.UUID)
def leave(tenant: str, account: UUID) -> None:
    """職員が去る。キーとサインインはすぐに使えなくなる。した仕事の記録は残る。"""
    register, _ = _register()
    try:
        register.leave(_tenant(tenant), account)
    except UnknownStaff as problem:
        raise click.ClickException(str(problem)) from None
    click.echo("キーとサインインを止めました。")


def _register() -> tuple[StaffRegister, Settings]:
    settings = Settings.from_env()
    return StaffRegister(open_database(settings, "worker", pool_size=1), SystemClock()), settings


def _tenant(code: str) -> str:
    try:
        return code if code == _COMMISSION else parse_tenant(code)
    except UnknownTenant as problem:
        raise click.ClickException(str(problem)) from None


def _tell(settings: Settings, account: UUID, code: str) -> None:
    click.echo(f"職員番号: {account}")
    click.echo(f"登録コード: {grouped(code)}（3日以内に1回だけ使えます。控えは残りません）")
    click.echo(f"登録する画面: {settings.origin}/staff/enrol")

"""``madoguchi keys``: make the master key, rotate a tenant's keys with progress, and renew the keys that sign."""

from __future__ import annotations

from importlib import import_module

import click

from portal.databases import open_database
from portal.settings import Settings
from storage.audit.keys import PORTAL, LogKeys, public_keys
from storage.clock import SystemClock
from storage.database import Role, Scope
from storage.encryption import FileMasterKey, KeyRing
from storage.encryption.rotation import reseal, sealed_columns
from storage.tenants import known_tenants

# The rooms that keep sealed values; importing them registers their columns.
ROOMS = (
    "workflows.addressees.models",
    "workflows.linkage.sealed",
    "storage.audit.keys",
    "privacy_assessment.sealed",
    "portal.public.consultations.copies",
)


@click.group()
def keys() -> None:
    """鍵を作る・替える。"""


@keys.command()
def create() -> None:
    """主鍵のファイルを作る（あれば何もしない）。"""
    settings = Settings.from_env()
    FileMasterKey.create(settings.master_key)
    click.echo(f"主鍵: {settings.master_key}（控えを別の安全な場所に置いてください。失うと何も開けません）")


@keys.command()
@click.argument("tenant")
def rotate(tenant: str) -> None:
    """TENANT（団体コード）の鍵を替え、いま封をしてある値を新しい鍵で封じ直す。途中で止めても失うものはない。"""
    settings = Settings.from_env()
    ring = KeyRing(FileMasterKey(settings.master_key))
    for room in ROOMS:
        import_module(room)
    _refuse_unknown(settings, tenant)
    newest: dict[str, int] = {}
    roles: tuple[Role, ...] = ("worker", "vault")
    for role in roles:
        database = open_database(settings, role)
        for column in sealed_columns(role):
            with database.transaction(Scope(tenant=tenant)) as tx:
                if column.purpose not in newest:
                    newest[column.purpose] = ring.rotate(tx, tenant, column.purpose)
                left = column.count_old(tx, newest[column.purpose])
            with click.progressbar(length=left, label=str(column)) as bar:
                while done := reseal(database, ring, tenant, column, newest[column.purpose]):
                    bar.update(done)
        database.close()
    click.echo(
        "終わりました。封じてあった値は、すべて新しい鍵です。動いている窓口も1分のうちに新しい鍵に替わります。"
        "それまでに前の鍵で封じた値も、これまでどおり開けます。"
    )


def _refuse_unknown(settings: Settings, tenant: str) -> None:
    """Make no key for what is no tenant: nothing would ever be sealed with it, and the real one would keep its old key.

    :raises BadParameter: naming those there are.
    """
    database = open_database(settings, "worker")
    try:
        known = known_tenants(database)
    finally:
        database.close()
    if tenant not in (*known, PORTAL):
        raise click.BadParameter(
            f"{tenant} は、この窓口の団体ではありません。鍵は変えていません。あるもの: {', '.join(known)}、{PORTAL}",
            param_hint="TENANT",
        )


@keys.command()
@click.argument("signer")
def renew(signer: str) -> None:
    """SIGNER（団体コード。証明の一覧に署名する窓口は portal）の署名の鍵を新しくする。これからの署名はこの鍵になる。

    窓口の前の鍵はここで終わり、これより後の日時の署名は認められない。団体の前の鍵は、前のチェックポイントを確かめるために残る。
    """
    settings = Settings.from_env()
    database = open_database(settings, "worker")
    clock = SystemClock()
    try:
        with database.transaction(Scope(tenant=signer)) as tx:
            if not public_keys(tx, signer):
                raise click.ClickException(
                    f"{signer} は、まだ何にも署名していません。鍵は変えていません。団体コードか portal を指定してください。"
                )
            made, _ = LogKeys(KeyRing(FileMasterKey(settings.master_key), clock), clock).create(tx)
    finally:
        database.close()
    click.echo(f"新しい鍵: {made}（`madoguchi audit trust` で公表用の鍵のファイルを作り直してください）")

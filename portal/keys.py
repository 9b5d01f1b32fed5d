"""``madoguchi keys``: make the master key, and rotate a tenant's keys with progress."""

from __future__ import annotations

from importlib import import_module

import click

from portal.databases import open_database
from portal.settings import Settings
from storage.database import Role, Scope
from storage.encryption import FileMasterKey, KeyRing
from storage.encryption.rotation import reseal, sealed_columns

# The rooms that keep sealed values; importing them registers their columns.
ROOMS = ("workflows.addressees.models", "workflows.linkage.sealed", "storage.audit.keys")


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
    click.echo("終わりました。古い鍵で封じた値は残っていません。")

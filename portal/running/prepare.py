"""Preparing the database: roles, the database itself, migrations, the master key, the law. Safe to repeat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg

import storage.migrations
from portal.databases import NAME, database_url, embedded_server
from portal.settings import Settings
from storage.database import Database, Scope
from storage.embedded import create_database, create_roles
from storage.encryption import FileMasterKey, KeyRing
from storage.tenants import known_tenants


def prepare_database(settings: Settings, on_step: Callable[[str], None] = lambda name: None) -> int:
    """Bring the database to the newest form.

    With the embedded server the roles and the database are made too. On a server of one's own the administrator makes
    them once (docs/operations.md); we never ask for that much power.

    :param on_step: called with the words of each migration before it runs.
    :returns: how many migrations ran.
    """
    if settings.embedded:
        server = embedded_server(settings)
        create_roles(server.admin_url())
        create_database(server.admin_url(), NAME)
    ran = _migrate(settings, on_step)
    FileMasterKey.create(settings.master_key)
    return ran


def _migrate(settings: Settings, on_step: Callable[[str], None]) -> int:
    if _standing(settings) == newest_migration():
        return 0
    from storage.migrations.run import (
        migrate,
    )  # late: its library is slow to load, and mostly there is nothing to do

    return migrate(database_url(settings, "migrator"), on_step)


def newest_migration() -> str:
    """The number of the newest migration that came with this release, e.g. ``0010``; by its file's name."""
    files = (Path(next(iter(storage.migrations.__path__))) / "versions").glob("[0-9]*_*.py")
    return max(file.name.split("_", 1)[0] for file in files)


def _standing(settings: Settings) -> str | None:
    """The migration the database stands at, or None when it is empty."""
    with psycopg.connect(database_url(settings, "migrator")) as connection:
        try:
            row = connection.execute("SELECT version_num FROM public.alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return None if row is None else str(row[0])


# What the web seals or looks up under. It may read keys and not make them, so they are made before the first page needs one.
PURPOSES = (
    "data",
    "index:linkage.staff",
    "index:linkage.copy",
    "index:opinion.edit_key",
    "index:opinion.network",
)


def make_tenant_keys(settings: Settings) -> list[str]:
    """Make the keys that a municipality lacks, for every one.

    :returns: the codes of those that lacked any.
    :raises FileNotFoundError: without a master key; nothing was made.
    :raises cryptography.hazmat.primitives.keywrap.InvalidUnwrap: when it is not the one that the keys there are were wrapped with.
    """
    ring = KeyRing(FileMasterKey(settings.master_key))
    database = Database(database_url(settings, "worker"), "worker", pool_size=1)
    lacked = []
    try:
        for tenant in known_tenants(database):
            with database.transaction(Scope(tenant=tenant)) as tx:
                made = [ring.ensure(tx, tenant, purpose) for purpose in PURPOSES]
            if any(made):
                lacked.append(tenant)
    finally:
        database.close()
    return lacked


def load_law(settings: Settings) -> None:
    """Load the law table that comes with this release; loading it again changes nothing."""
    from workflows.law import loader  # late: it reads and checks the whole package

    database = Database(database_url(settings, "migrator"), "migrator", pool_size=1)
    try:
        with database.transaction() as tx:
            loader.store(tx, loader.shipped())
    finally:
        database.close()

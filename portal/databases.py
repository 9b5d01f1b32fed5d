"""Where the databases are: the addresses from the settings, or the embedded server under the var folder."""

from __future__ import annotations

from pathlib import Path

from portal.settings import Settings
from storage.database import Database, Role
from storage.embedded import EmbeddedServer

NAME = "madoguchi"

_servers: dict[Path, EmbeddedServer] = {}


def embedded_server(settings: Settings) -> EmbeddedServer:
    """The embedded server of this installation, started when nobody has; the last process to leave stops it."""
    folder = settings.var / "database"
    if folder not in _servers:
        _servers[folder] = EmbeddedServer(folder)
    return _servers[folder]


def database_url(settings: Settings, role: Role) -> str:
    """The address of the portal's database for a role."""
    given = {
        "web": settings.web_url,
        "worker": settings.worker_url,
        "vault": settings.vault_url,
        "migrator": settings.database_url,
    }[role]
    return given or embedded_server(settings).url(NAME, role)


def open_database(settings: Settings, role: Role, pool_size: int = 4) -> Database:
    """A pool for a role."""
    return Database(database_url(settings, role), role, pool_size=pool_size)

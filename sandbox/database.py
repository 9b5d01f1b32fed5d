"""State of the stand-ins: database ``sandbox``, one schema per system, plain psycopg.

Each system makes its own tables when it starts (``CREATE ... IF NOT EXISTS`` under an advisory lock): a stand-in has
no history to migrate.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson
import psycopg
from psycopg import sql
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool

Connection = psycopg.Connection[tuple[Any, ...]]
_SHARED = """
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {schema}.idempotency (
    party text NOT NULL, key text NOT NULL, digest text NOT NULL, status int NOT NULL, body bytea NOT NULL,
    at timestamptz NOT NULL, PRIMARY KEY (party, key));
CREATE TABLE IF NOT EXISTS {schema}.nonce (
    keyid text NOT NULL, nonce text NOT NULL, until timestamptz NOT NULL, PRIMARY KEY (keyid, nonce));
CREATE INDEX IF NOT EXISTS nonce_until ON {schema}.nonce (until);
"""


def ensure_database(url: str) -> None:
    """Make the database of a URL when it is missing (needs the right to; the embedded server's owner has it)."""
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError as failure:
        if "does not exist" not in str(failure):
            raise
        parts = urlsplit(url)
        name = parts.path.lstrip("/")
        with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as admin:
            try:
                admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return  # another stand-in was faster


def _configure(connection: Connection) -> None:
    set_json_dumps(orjson.dumps, connection)
    set_json_loads(orjson.loads, connection)


class Store:
    """Pool and schema of one system.

    :param url: connection URL.
    :param schema: ``core``, ``hub``, ``juki`` or ``tax``; ``schema.sql`` of that package is applied.
    """

    def __init__(self, url: str, schema: str, size: int = 12) -> None:
        self.schema = schema
        ensure_database(url)
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=size,
            kwargs={"application_name": f"sandbox-{schema}", "options": f"-c search_path={schema}"},
            configure=_configure,
            open=True,
        )
        ddl = (files(f"sandbox.{schema}") / "schema.sql").read_text("utf-8")
        with self.transaction() as tx:
            tx.execute("SELECT pg_advisory_xact_lock(hashtext('sandbox-schema'))")
            tx.execute(sql.SQL(_SHARED).format(schema=sql.Identifier(schema)))
            tx.execute(ddl.encode())

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction: commit on success, roll back on an exception."""
        with self._pool.connection() as connection:
            yield connection

    def close(self) -> None:
        self._pool.close()

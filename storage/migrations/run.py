"""Running the migrations from code: no ini file, lock and statement time-outs, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool, text

from storage.database import _driver_url

LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "5min"
# Any number, the same in every process: two starts at once must not migrate twice.
_ADVISORY_LOCK = 7_310_027


def scripts() -> ScriptDirectory:
    """The folder of numbered migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return ScriptDirectory.from_config(config)


def head() -> str:
    """The newest migration."""
    found = scripts().get_current_head()
    assert found is not None
    return found


def migrate(url: str, on_step: Callable[[str], None] = lambda name: None) -> int:
    """Bring the database at ``url`` (migrator role) to the newest migration.

    :param on_step: called with the name of each migration before it runs.
    :returns: how many migrations ran.
    """
    engine = create_engine(_driver_url(url), poolclass=pool.NullPool)
    try:
        with engine.connect() as connection, connection.begin():
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            return _upgrade(connection, on_step)
    finally:
        engine.dispose()


def current(connection: Connection) -> str | None:
    """The migration the database stands at, or None."""
    return MigrationContext.configure(
        connection, opts={"version_table_schema": "public"}
    ).get_current_revision()


def _upgrade(connection: Connection, on_step: Callable[[str], None]) -> int:
    directory = scripts()
    ran = 0

    def steps(revision: object, context: MigrationContext) -> list[object]:
        nonlocal ran
        found = directory._upgrade_revs("head", revision)  # type: ignore[arg-type]
        for step in found:
            on_step(step.doc or step.insert_version_num if hasattr(step, "insert_version_num") else str(step))
        ran = len(found)
        return found  # type: ignore[return-value]

    with EnvironmentContext(Config(), directory, fn=steps, version_table_schema="public") as environment:
        environment.configure(connection=connection, fn=steps, version_table_schema="public")
        environment.run_migrations()
    return ran

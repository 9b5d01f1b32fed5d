"""The embedded server lets in nobody but the one it runs for."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from storage.embedded import ACCESS, EmbeddedServer


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder the server's own user may reach: another run of tests may shut the common one to all others at any moment."""
    made = Path(tempfile.mkdtemp(prefix="madoguchi-embedded-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_no_address_is_trusted_and_the_socket_is_ours_alone(folder: Path) -> None:
    server = EmbeddedServer(folder / "database")
    try:
        assert server.running
        with psycopg.connect(server.admin_url()) as connection:
            rules = connection.execute(
                "SELECT type, auth_method FROM pg_hba_file_rules WHERE error IS NULL AND NOT 'replication' = ANY(database)"
            ).fetchall()
            assert rules == [("local", "trust"), ("host", "reject")]
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        (place,) = parse_qs(urlsplit(server.admin_url()).query)["host"]
        sockets = [found for found in Path(place).glob(".s.PGSQL.*") if found.is_socket()]
        assert sockets
        assert all(stat.S_IMODE(found.stat().st_mode) == 0o700 for found in sockets)
        assert (folder / "database" / "pg_hba.conf").read_text() == ACCESS
    finally:
        server.stop()
    assert not server.running


def test_its_log_says_what_went_wrong_and_not_whose_row_it_was(server: EmbeddedServer) -> None:
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        (log,) = connection.execute("SELECT current_setting('data_directory') || '/log'").fetchone() or ("",)
        connection.execute("CREATE TEMP TABLE person (name text PRIMARY KEY CHECK (name <> '見本　次郎'))")
        for wrong in (
            "INSERT INTO person VALUES ('見本　花子'), ('見本　花子')",
            "INSERT INTO person VALUES ('見本　次郎')",
            'SELECT 1/0 AS "見本　花子"',
        ):
            with pytest.raises(psycopg.Error):
                connection.execute(wrong)
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO person VALUES (%s), (%s)", ("見本　花子", "見本　花子"))
    text = Path(log).read_text()
    assert text.count("person_pkey") == 2
    assert "division by zero" in text
    assert "見本" not in text

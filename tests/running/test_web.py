"""Where the portal listens."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from portal.cli import main
from portal.running.web import exposed
from portal.settings import Settings, SettingsError
from tests.conftest import Databases
from tests.identity.front import wait_for
from tests.ports import free_ports
from tests.waiting import PATIENCE


@pytest.mark.parametrize("bind", ["127.0.0.1:6543", "localhost:80", "[::1]:6543", "127.8.8.8:1"])
def test_an_address_of_this_machine_alone_is_safe_without_a_front_server(bind: str) -> None:
    assert not exposed(bind)


@pytest.mark.parametrize("bind", ["0.0.0.0:6543", "[::]:6543", "192.0.2.1:80", "counter.example:443", ":80"])
def test_an_address_that_others_reach_needs_a_front_server(bind: str) -> None:
    assert exposed(bind)


def test_nothing_is_exposed_unless_somebody_asks_for_it() -> None:
    assert not exposed(Settings.from_env({}).bind)


@pytest.mark.parametrize("command", ["web", "serve"])
def test_neither_command_listens_where_others_reach_it_without_a_front_server(
    command: str, tmp_path: Path
) -> None:
    environment = {
        "MADOGUCHI_BIND": "0.0.0.0:6543",
        "MADOGUCHI_VAR": str(tmp_path),
        "MADOGUCHI_MODE": "demonstration",
    }
    stopped = CliRunner(env=environment).invoke(main, [command])
    assert stopped.exit_code == 1
    assert "MADOGUCHI_GATEWAY_SECRET" in stopped.output
    assert "まだ何も始めていません" in stopped.output
    assert not list(tmp_path.iterdir())


def test_a_demonstration_bears_some_forms_that_stop_half_way(databases: Databases, tmp_path: Path) -> None:
    port = free_ports(1)[0]
    environment = {
        **os.environ,
        "MADOGUCHI_VAR": str(tmp_path),
        "MADOGUCHI_BIND": f"127.0.0.1:{port}",
        "MADOGUCHI_ORIGIN": f"http://localhost:{port}",
        "MADOGUCHI_DATABASE_WEB": databases.web.url,
        "MADOGUCHI_PROCESSES": "1",
    }
    half = f"POST /login/card HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 999\r\n\r\nx".encode()
    log = tmp_path / "web.log"
    with log.open("wb") as stream, ExitStack() as open_ones:
        server = subprocess.Popen([sys.executable, "-m", "portal.cli", "web"], env=environment, stderr=stream)
        open_ones.callback(server.wait, PATIENCE)
        open_ones.callback(server.terminate)
        wait_for(port, server, log)
        for _ in range(6):
            one = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            one.sendall(half)
        for _ in range(6):
            answer = httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False, timeout=PATIENCE)
            assert answer.status_code == 200


PRODUCTION = {
    "MADOGUCHI_MODE": "production",
    "DATABASE_URL": "postgresql://x",
    "MADOGUCHI_DATABASE_WEB": "postgresql://x",
    "MADOGUCHI_DATABASE_WORKER": "postgresql://x",
    "MADOGUCHI_DATABASE_VAULT": "postgresql://x",
    "MADOGUCHI_ORIGIN": "https://counter.example",
    "MADOGUCHI_CARD_ORIGIN": "https://card.example",
    "MADOGUCHI_TSA": "http://tsa.example",
    "MADOGUCHI_GATEWAY_SECRET": "0123456789abcdef" * 2,
}


def test_production_needs_a_secret_that_cannot_be_guessed(tmp_path: Path) -> None:
    assert Settings.from_env(PRODUCTION).production
    for short in ("", "x", "0123456789abcdef"):
        with pytest.raises(SettingsError, match="MADOGUCHI_GATEWAY_SECRET"):
            Settings.from_env({**PRODUCTION, "MADOGUCHI_GATEWAY_SECRET": short})


@pytest.mark.parametrize("variable", sorted(set(PRODUCTION) - {"MADOGUCHI_MODE", "MADOGUCHI_ORIGIN"}))
def test_production_names_what_it_lacks(variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        Settings.from_env({name: value for name, value in PRODUCTION.items() if name != variable})


@pytest.mark.parametrize("variable", ["MADOGUCHI_ORIGIN", "MADOGUCHI_CARD_ORIGIN"])
def test_production_is_opened_over_https_alone(variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        Settings.from_env({**PRODUCTION, variable: "http://counter.example"})


def test_authorities_that_may_not_be_trusted_stop_the_start_in_words(tmp_path: Path) -> None:
    (tmp_path / "auth-01.pem").write_text("nonsense")
    environment = {**PRODUCTION, "MADOGUCHI_VAR": str(tmp_path), "MADOGUCHI_CARD_ANCHORS": str(tmp_path)}
    stopped = CliRunner(env={**environment, "MADOGUCHI_OCSP": "http://ocsp.example"}).invoke(main, ["web"])
    assert stopped.exit_code == 1
    assert "auth-01.pem" in stopped.output
    assert "もう一度起動してください" in stopped.output

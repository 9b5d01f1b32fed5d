"""Where the portal listens."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.cli import main
from portal.running.web import exposed
from portal.settings import Settings


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

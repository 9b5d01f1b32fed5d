"""``madoguchi sandbox …`` reaches the stand-ins of this installation, and each of them takes its own faults."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portal.running import sandbox as module
from sandbox.__main__ import main
from sandbox.provision import provision


def test_the_command_looks_where_serve_has_put_the_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADOGUCHI_VAR", str(tmp_path))
    called: list[list[str]] = []
    monkeypatch.setattr(subprocess, "call", lambda command: called.append(command) or 0)
    assert CliRunner().invoke(module.sandbox, ["fault", "hub", "down"]).exit_code == 0
    assert called == [
        [sys.executable, "-m", "sandbox", "fault", "hub", "down", "--var", str(tmp_path / "sandbox")]
    ]


@pytest.fixture
def pki(tmp_path: Path) -> Iterator[tuple[Path, list[tuple[str, str, Any]]]]:
    """A world, and something that listens where its card authority would."""
    heard: list[tuple[str, str, Any]] = []

    class Desk(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard.append((self.path, self.headers["Authorization"], body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"result":"done"}')

        def log_message(self, *_words: object) -> None:
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    provision(tmp_path, "postgresql:///none", ports={"pki": server.server_port})
    yield tmp_path, heard
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_card_authority_takes_its_own_faults_with_the_token(pki: tuple[Path, list[Any]]) -> None:
    var, heard = pki
    token = f"Bearer {(var / 'admin-token').read_text()}"
    assert main(["fault", "pki", "wrong-signer", "--seconds", "5", "--var", str(var)]) == 0
    assert main(["fault", "pki", "none", "--var", str(var)]) == 0
    assert heard == [
        ("/admin/fault", token, {"kind": "wrong-signer", "seconds": 5.0}),
        ("/admin/fault", token, {"kind": "none"}),
    ]


@pytest.mark.parametrize(("system", "kind"), [("pki", "failover"), ("hub", "wrong-signer"), ("hub", "melt")])
def test_a_fault_the_system_does_not_know_is_refused_with_those_it_does(
    pki: tuple[Path, list[Any]], system: str, kind: str
) -> None:
    with pytest.raises(SystemExit, match="選べるもの"):
        main(["fault", system, kind, "--var", str(pki[0])])
    assert pki[1] == []

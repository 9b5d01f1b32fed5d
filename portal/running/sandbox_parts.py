"""The stand-ins as parts of a demonstration: their database, their world, their processes. Reached by command and socket only."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from portal.databases import embedded_server
from portal.running.provisioned import Provisioned
from portal.running.supervisor import Part, environment
from portal.settings import Settings
from storage.embedded import create_database, create_roles


class SandboxFailed(RuntimeError):
    """A command of the sandbox did not end well; the message carries its last words."""


def world(settings: Settings) -> Path:
    """The folder with the stand-ins' keys, population and configuration."""
    return settings.var / "sandbox"


def configuration(settings: Settings) -> dict[str, Any]:
    """What provisioning wrote down: host, ports, sites."""
    found: dict[str, Any] = json.loads((world(settings) / "sandbox.json").read_text("utf-8"))
    return found


def provision(settings: Settings) -> bool:
    """Make the world of the stand-ins, or complete it. What is whole and made by this release is left as it is.

    :returns: whether anything had to be made.
    :raises SandboxFailed: when the command fails.
    """
    server = embedded_server(settings)
    create_roles(server.admin_url(), ("sandbox",))
    create_database(server.admin_url(), "sandbox", owner="sandbox")
    url = server.url("sandbox", "sandbox")
    order = ("provision", "--database-url", url, "--first-port", str(settings.sandbox_port))
    made_by = Provisioned(world(settings), order)
    if made_by.still_whole():
        return False
    command(settings, *order)
    made_by.note()
    return True


def command(settings: Settings, *words: str) -> str:
    """Run ``python -m sandbox …`` and return what it printed.

    :raises SandboxFailed: when it fails.
    """
    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-m", "sandbox", *words, "--var", str(world(settings))],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise SandboxFailed(f"代役への命令「{' '.join(words[:2])}」がうまくいきませんでした。\n{last}")
    return done.stdout


def part(settings: Settings) -> Part:
    """The processes of the stand-ins, started together."""
    written = configuration(settings)
    return Part(
        "sandbox",
        [sys.executable, "-m", "sandbox", "serve", "all", "--var", str(world(settings))],
        ready=lambda: all(answers(written["host"], port) for port in written["ports"].values()),
    )


def taken_ports(settings: Settings) -> list[int]:
    """Ports of the stand-ins on which somebody else already answers."""
    written = configuration(settings)
    return [port for port in written["ports"].values() if answers(written["host"], port)]


def answers(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False

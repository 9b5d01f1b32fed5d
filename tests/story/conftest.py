"""The whole house, started as a person starts it, on ports and in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_ports
from tests.waiting import PATIENCE

READY = 300.0


@dataclass
class RunningHouse:
    """``madoguchi serve`` and what it was told."""

    environment: dict[str, str]
    var: Path
    process: subprocess.Popen[str] | None = None
    output: str = ""

    @property
    def origin(self) -> str:
        """Where the portal answers."""
        return self.environment["MADOGUCHI_ORIGIN"]

    def start(self) -> float:
        """Start it; returns the seconds until it said that it is ready."""
        told = self.var.parent / "serve.out"
        with told.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal.cli", "serve"],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        began = time.monotonic()
        while time.monotonic() - began < READY:
            self.output = told.read_text("utf-8")
            if "準備ができました" in self.output:
                return time.monotonic() - began
            if self.process.poll() is not None:
                raise AssertionError(f"serve ended: {self.output}{self._logs()}")
            time.sleep(0.2)
        self.stop()
        raise AssertionError(f"serve was not ready: {self.output}{self._logs()}")

    def stop(self) -> int:
        """Ctrl-C, and wait for the end."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(PATIENCE)
        self.process = None
        return status

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A ``madoguchi`` command beside it."""
        return subprocess.run(
            [sys.executable, "-m", "portal.cli", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def children(self) -> list[int]:
        """Processes that carry our folder in their command or environment."""
        marker = str(self.var)
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                try:
                    told = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
                except OSError:
                    continue
                if re.search(re.escape(marker.encode()) + rb"(\0|/)", told):
                    found.append(int(folder.name))
        return found

    def _logs(self) -> str:
        tails = [
            f"\n== {log.name}\n{log.read_text('utf-8', 'replace')[-2000:]}"
            for log in (self.var / "log").glob("*.log")
        ]
        return "".join(tails)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """A house that was never started."""
    var = tmp_path_factory.mktemp("house") / "var"
    first = free_ports(8)[0]
    environment = {
        **{
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("MADOGUCHI_", "DATABASE_URL"))
        },
        "MADOGUCHI_VAR": str(var),
        "MADOGUCHI_BIND": f"127.0.0.1:{first + 6}",
        "MADOGUCHI_ORIGIN": f"http://localhost:{first + 6}",
        "MADOGUCHI_SANDBOX_PORT": str(first),
    }
    running = RunningHouse(environment, var)
    yield running
    if running.process is not None:
        running.stop()

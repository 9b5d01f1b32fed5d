"""The parts of the house: what they inherit, how one that ends is named, and that all of them are stopped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from portal.running.prepare import newest_migration
from portal.running.supervisor import Part, PartFailed, Supervisor
from storage.migrations import run
from tests.waiting import PATIENCE, eventually


def test_parts_keep_their_compiled_code_whatever_the_shell_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    told = tmp_path / "told"
    code = f"import sys, pathlib; pathlib.Path({str(told)!r}).write_text(str(sys.dont_write_bytecode))"
    supervisor = Supervisor(tmp_path / "log")
    supervisor.start(Part("one", [sys.executable, "-c", code], ready=told.exists))
    _, process = supervisor._running[0]
    process.wait(PATIENCE)
    assert told.read_text() == "False"


def test_a_part_that_ends_is_named_with_its_log(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "log")
    supervisor.start(Part("broken", [sys.executable, "-c", "raise SystemExit(3)"], ready=lambda: False))
    with pytest.raises(PartFailed, match=r"broken.*3.*broken\.log"):
        supervisor.wait_ready(PATIENCE)


def test_stopping_ends_every_part_and_its_children(tmp_path: Path) -> None:
    child = tmp_path / "child"
    code = (
        "import os, pathlib, subprocess, sys, time;"
        "c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        f"pathlib.Path({str(child)!r}).write_text(str(c.pid)); c.wait()"
    )
    supervisor = Supervisor(tmp_path / "log")
    supervisor.start(
        Part("family", [sys.executable, "-c", code], ready=lambda: child.exists() and child.read_text() != "")
    )
    supervisor.wait_ready(PATIENCE)
    supervisor.stop()
    number = int(child.read_text())
    assert eventually(lambda: not alive(number))


def test_parts_end_with_the_one_that_started_them_even_when_it_is_killed(tmp_path: Path) -> None:
    """Else they would hold their ports, and the next start would find another program there."""
    part = tmp_path / "part"
    code = (
        "import pathlib, sys, time\n"
        "from portal.running.supervisor import Part, Supervisor\n"
        f"part = pathlib.Path({str(part)!r})\n"
        "own = f'import os, pathlib, time; pathlib.Path({str(part)!r}).write_text(str(os.getpid())); time.sleep(600)'\n"
        f"Supervisor(pathlib.Path({str(tmp_path / 'log')!r})).start(Part('part', [sys.executable, '-c', own]))\n"
        "time.sleep(600)\n"
    )
    serving = subprocess.Popen([sys.executable, "-c", code])
    assert eventually(lambda: part.exists() and part.read_text() != "")
    number = int(part.read_text())
    assert alive(number)
    serving.kill()
    serving.wait()
    assert eventually(lambda: not alive(number))


def alive(number: int) -> bool:
    """Whether the process runs (one that has ended and was not yet collected does not)."""
    try:
        return "State:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except FileNotFoundError:
        return False


def test_the_newest_migration_is_known_without_the_library() -> None:
    assert newest_migration() == run.head()

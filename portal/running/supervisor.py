"""Starts the parts of the house as processes of their own, watches them, and stops them: all of them, and only them.

Should it be killed itself, the kernel asks the parts to stop in its place: else they would hold their ports against the next start.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Looked up before any process parts: between fork and exec nothing may be loaded. Other kernels than Linux have no such call.
_PRCTL = getattr(ctypes.CDLL(None), "prctl", None)
_PR_SET_PDEATHSIG = 1


class PartFailed(RuntimeError):
    """A part ended by itself or never became ready; the message names it and its log."""


@dataclass(frozen=True)
class Part:
    """One process of the house.

    :param name: short name, also that of its log file.
    :param command: program and arguments.
    :param environment: added to ours.
    :param ready: asks once whether the part answers.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True


class Supervisor:
    """The parts that were started, in the order of their start.

    :param logs: folder for one log file a part.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[tuple[Part, subprocess.Popen[bytes]]] = []

    def start(self, *parts: Part) -> None:
        """Start parts side by side; ``wait_ready`` waits for them."""
        self._logs.mkdir(parents=True, exist_ok=True)
        for part in parts:
            with (self._logs / f"{part.name}.log").open("ab") as log:
                process = subprocess.Popen(  # noqa: S603 (the commands are our own)
                    list(part.command),
                    env={**environment(), **part.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # A group of its own: Ctrl-C reaches us alone, and we stop the parts in order.
                    start_new_session=True,
                    preexec_fn=_end_with_us,
                )
            self._running.append((part, process))

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until every part answers.

        :raises PartFailed: when one ends or does not answer in time.
        """
        waiting = [part for part, _ in self._running]
        end = time.monotonic() + timeout
        while waiting:
            self.check()
            waiting = [part for part in waiting if not part.ready()]
            if waiting and time.monotonic() > end:
                raise PartFailed(
                    f"「{waiting[0].name}」が{timeout:.0f}秒たっても答えません。記録: {self._log_of(waiting[0])}"
                )
            if waiting:
                time.sleep(0.1)

    def check(self) -> None:
        """Look whether every part still runs.

        :raises PartFailed: when one has ended.
        """
        for part, process in self._running:
            if process.poll() is not None:
                raise PartFailed(
                    f"「{part.name}」が終わってしまいました（終了の番号 {process.returncode}）。記録: {self._log_of(part)}"
                )

    def watch(self, also: Callable[[], None] = lambda: None) -> None:
        """Stay until a part ends or somebody interrupts.

        :param also: looks after what is not a part; raises when it is gone.
        :raises PartFailed: naming the part.
        """
        while True:
            self.check()
            also()
            time.sleep(0.5)

    def stop(self, patience: float = 10.0) -> None:
        """Stop the parts, last started first: ask, wait, and end those that do not listen."""
        for _, process in reversed(self._running):
            _signal(process, signal.SIGTERM)
        end = time.monotonic() + patience
        for _, process in reversed(self._running):
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()
        self._running.clear()

    def _log_of(self, part: Part) -> Path:
        return self._logs / f"{part.name}.log"


def environment() -> dict[str, str]:
    """What a part inherits: our environment, but its code is kept compiled between starts.

    Without that every start reads all source text anew, in every part at once, which takes three times as long.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _end_with_us() -> None:
    """Said by a part of itself, before its program begins (prctl(2))."""
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the group that the process leads, which holds only what it started itself."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return

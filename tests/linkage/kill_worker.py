"""Kills the worker at random moments while inquiries are on their way, as often as asked: `python -m tests.linkage.kill_worker --kills 50`."""

from __future__ import annotations

import argparse
import random
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.linkage.house import KONO, House
from tests.waiting import PATIENCE

PEOPLE = ("hanako", "taro", "sakura", "ichiro", "yoshiko")


class DoomedWorker:
    """The worker process, started again after every kill."""

    def __init__(self, house: House, master_key: Path) -> None:
        url = house.worker.url
        self._command = [
            sys.executable,
            "-m",
            "tests.linkage.worker_process",
            str(house.stand_ins.var),
            str(master_key),
            url,
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line != b"ready\n":
            raise RuntimeError("the worker did not start")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


def run(
    house: House, master_key: Path, kills: int, each: int, chance: random.Random, patience: float = PATIENCE
) -> None:
    """Ask, kill, ask, kill …; then let the worker finish, and look that everything happened exactly once."""
    worker = DoomedWorker(house, master_key)
    cases: list[Any] = []
    for _ in range(kills):
        worker.start()
        cases += [house.ask(house.apply_for(PEOPLE[len(cases) % 5])).case_id for _ in range(each)]
        time.sleep(chance.uniform(0.0, 0.8))
        worker.kill()
    worker.start()
    try:
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if all(house.state(KONO, case) == "answered" for case in cases):
                break
            time.sleep(0.3)
        time.sleep(1.0)
    finally:
        worker.kill()
    house.check_once(cases)


def main() -> None:
    """Set up a country of its own and kill away."""
    from bench.link_world import world

    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    wish = parser.parse_args()
    print(f"seed {wish.seed}")
    with world(timing={"lease": 3}) as (house, folder, _):
        run(house, folder / "master.key", wish.kills, wish.each, random.Random(wish.seed), 300.0)
    print(
        f"{wish.kills} kills, {wish.kills * wish.each} inquiries: each answered once, each recorded once on both sides"
    )


if __name__ == "__main__":
    main()

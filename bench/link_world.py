"""A whole link on this machine for measuring: embedded database with fsync, stand-ins as processes, workers as processes."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from storage.database import Database
from storage.embedded import EmbeddedServer, create_database, create_roles
from storage.encryption import FileMasterKey, KeyRing
from storage.memory import keep_loaded
from storage.migrations.run import migrate
from tests.linkage.house import House, StandIns

NAME = "bench_link"


@dataclass(frozen=True)
class Roles:
    """The database of the product, by role."""

    web: Database
    worker: Database
    vault: Database


def open_roles(server_url: str) -> Roles:
    """Open the database for each role.

    :param server_url: the owner's address of the database.
    """
    return Roles(
        *(
            Database(server_url.replace("postgres:@", f"madoguchi_{role}:@", 1), role, pool_size=8)  # type: ignore[arg-type]
            for role in ("web", "worker", "vault")
        )
    )


@contextmanager
def world(timing: dict[str, float] | None = None) -> Iterator[tuple[House, Path, str]]:
    """Everything furnished: (house, folder, the owner's address of the product's database)."""
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-bench-"))
    server = EmbeddedServer(folder / "pg")
    stand_ins: StandIns | None = None
    try:
        create_roles(server.admin_url())
        create_database(server.admin_url(), NAME)
        migrate(server.url(NAME, "migrator"))
        address = server.admin_url(NAME)
        with psycopg.connect(address) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            connection.execute(
                "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES"
                " ('992011', '甲野市', 'Kono City', 'こうのし'), ('992020', '乙川市', 'Otsukawa City', 'おつかわし')"
            )
        stand_ins = StandIns(folder / "country", server.admin_url("bench_sandbox"), timing)
        stand_ins.start()
        keys = KeyRing(FileMasterKey.create(folder / "master.key"))
        house = House.build(open_roles(address), stand_ins, keys)
        house.furnish()
        keep_loaded()  # as the worker does
        yield house, folder, address
        house.close()
    finally:
        if stand_ins is not None:
            stand_ins.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def workers(folder: Path, address: str, tenants: tuple[str, ...]) -> Iterator[None]:
    """One worker process for each tenant, as a busy centre would run them."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.link_worker", str(folder), address, tenant], stdin=subprocess.PIPE
        )
        for tenant in tenants
    ]
    try:
        yield
    finally:
        for process in running:
            assert process.stdin is not None
            process.stdin.close()
        for process in running:
            process.wait(60)


def machine() -> str:
    """A short name of this machine for the printed line."""
    cpu = "unknown"
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return f"{cpu}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"

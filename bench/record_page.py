"""`record-page`: the resident's list out of 10 thousand and 1 million records (--full: 10 million, --quick: 100
thousand), beside its raw limit.

Both servers are up at once (granian, two processes of one blocking thread, each on a port of its own as behind a front
server); rounds alternate between them, so that a machine whose speed drifts drifts for both. Prints a JSON line for each size.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg

from bench import http_load, record_rows
from bench.http_load import Load
from bench.settled import settled
from portal.identity.policy import cookie_name
from portal.identity.sessions import open_session
from portal.settings import Settings
from storage.database import Database, Scope
from storage.embedded import EmbeddedServer, create_database, create_roles
from storage.encryption import FileMasterKey
from storage.migrations.run import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE = {"--full": 10_000_000, "--quick": 100_000}
PROCESSES = 2
ROUNDS = 3
SECONDS = 4.0
VISITORS = 40


@dataclass
class Size:
    """One table: its two servers and what was asked of them."""

    rows: int
    ours: list[int]
    raw: list[int]
    page: list[bytes]
    bare: list[bytes]
    filled: float
    rounds: list[tuple[Load, Load]] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """One round of both."""
        ours = http_load.closed("127.0.0.1", self.ours, self.page, seconds)
        self.rounds.append((ours, http_load.closed("127.0.0.1", self.raw, self.bare, seconds)))

    def line(self) -> dict[str, object]:
        """The JSON line of this size; latencies of both are taken now."""
        top = statistics.median(one.rate for one, _ in self.rounds)
        calm, bare = _calm(self.ours, self.page), _calm(self.raw, self.bare)
        return {
            "bench": "record-page",
            "ours": round(top),
            "limit": round(statistics.median(other.rate for _, other in self.rounds)),
            "ratio": round(statistics.median(one.rate / other.rate for one, other in self.rounds), 3),
            "unit": "requests/s",
            "rows": self.rows,
            "p50_ms": round(calm.p50, 2),
            "p99_ms": round(calm.p99, 2),
            "p99_over_p50": round(calm.p99 / calm.p50, 2),
            "limit_p99_over_p50": round(bare.p99 / bare.p50, 2),
            "bytes": self.rounds[0][0].size,
            "limit_bytes": self.rounds[0][1].size,
            "memory_mb": round(_memory(), 1),
            "fill_seconds": round(self.filled, 1),
            "machine": _machine(),
        }


def _calm(ports: list[int], requests: list[bytes]) -> Load:
    """A run at four fifths of the rate that can be had now: the middle one of some by p99 / p50."""
    runs = []
    for _ in range(ROUNDS):
        now = http_load.closed("127.0.0.1", ports, requests, SECONDS / 2).rate
        runs.append(http_load.open_loop("127.0.0.1", ports, requests, SECONDS, now * 0.8))
    return sorted(runs, key=lambda one: one.p99 / one.p50)[ROUNDS // 2]


def main(arguments: list[str]) -> int:
    """Measure; both sizes are up at once, so that their rounds alternate too. Returns 0 when all ran."""
    with tempfile.TemporaryDirectory(prefix="madoguchi-bench-") as folder, ExitStack() as stack:
        server = EmbeddedServer(Path(folder) / "database")
        create_roles(server.admin_url())
        rows = (10_000, next((most for option, most in LARGE.items() if option in arguments), 1_000_000))
        sizes = [_size(server, Path(folder), count, stack) for count in rows]
        for size in sizes:
            size.run(2.0)
            size.rounds.clear()
        for _ in range(ROUNDS):
            for size in sizes:
                size.run(SECONDS)
        for size in sizes:
            print(json.dumps(size.line()), flush=True)
        small, large = sizes
        slower = statistics.median(
            one.rate / other.rate for (one, _), (other, _) in zip(small.rounds, large.rounds, strict=True)
        )
        growth = {
            "bench": "record-page-growth",
            "ours": round(slower, 3),
            "limit": 1.0,
            "ratio": round(1 / slower, 3),
            "unit": f"times slower from {small.rows} to {large.rows} rows",
            "rows": large.rows,
            "machine": _machine(),
        }
        print(json.dumps(growth), flush=True)
        stack.close()
        server.stop()
    return 0


def _size(server: EmbeddedServer, folder: Path, rows: int, stack: ExitStack) -> Size:
    """Make a table of this size and start its two servers."""
    name = f"bench_{rows}"
    create_database(server.admin_url(), name)
    migrate(server.url(name, "migrator"))
    with psycopg.connect(server.admin_url(name), autocommit=True) as owner:
        owner.execute(
            "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES ('992011', '甲野市', 'Kono City',"
            " 'こうのし') ON CONFLICT DO NOTHING"
        )
    filled = record_rows.fill(server.admin_url(name), rows)
    settings = _settings(server, folder, name)
    visitors = _visitors(server, name, rows, settings)
    settled(server.admin_url(name))
    ours = _serve(stack, "portal.wsgi:application", True, _environment(settings))
    return Size(
        rows=rows,
        ours=ours,
        raw=_serve(
            stack, "bench.record_page_raw:application", False, {"BENCH_DATABASE": server.admin_url(name)}
        ),
        page=[_request("/my/records", f"Cookie: {_kept(ours[0], cookie)}\r\n") for _, cookie in visitors],
        bare=[_request(f"/?{person}") for person, _ in visitors],
        filled=filled,
    )


def _settings(server: EmbeddedServer, folder: Path, name: str) -> Settings:
    environ = {
        "MADOGUCHI_VAR": str(folder / "var"),
        "MADOGUCHI_DATABASE_WEB": server.url(name, "web"),
        "MADOGUCHI_DATABASE_WORKER": server.url(name, "worker"),
        "MADOGUCHI_DATABASE_VAULT": server.url(name, "vault"),
        "DATABASE_URL": server.url(name, "migrator"),
    }
    settings = Settings.from_env(environ)
    if not settings.master_key.exists():
        settings.master_key.parent.mkdir(parents=True, exist_ok=True)
        FileMasterKey.create(settings.master_key)
    return settings


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "MADOGUCHI_VAR": str(settings.var),
        "MADOGUCHI_DATABASE_WEB": settings.web_url,
        "MADOGUCHI_DATABASE_WORKER": settings.worker_url,
        "MADOGUCHI_DATABASE_VAULT": settings.vault_url,
        "DATABASE_URL": settings.database_url,
    }


def _visitors(server: EmbeddedServer, name: str, rows: int, settings: Settings) -> list[tuple[str, str]]:
    """(addressee, cookie) of signed-in residents, spread over the table."""
    people = record_rows.people_in(rows)
    # Every fifth person has receipts in her rows: as many of each kind whatever the size.
    chosen = sorted({number * people // VISITORS // 5 * 5 + number % 5 for number in range(VISITORS)})
    web = Database(server.url(name, "web"), "web")
    found = []
    for number in chosen:
        account = uuid4()
        with psycopg.connect(server.admin_url(name), autocommit=True) as owner:
            _account(owner, account)
        with web.transaction(Scope(account=account)) as tx:
            opened = open_session(
                tx, account=account, kind="resident", method="card", device="bench", now=datetime.now(UTC)
            )
        person = record_rows.addressee(number)
        with psycopg.connect(server.admin_url(name), autocommit=True) as owner:
            owner.execute(
                "UPDATE identity.session SET addressees = %s WHERE id = %s",
                ([f"{record_rows.TENANT}:{person}"], opened.session_id),
            )
        found.append((person, f"{cookie_name(settings.secure)}={opened.token}"))
    web.close()
    return found


def _account(owner: psycopg.Connection, account: object) -> None:
    owner.execute(
        "INSERT INTO identity.account (id, kind, created_at) VALUES (%s, 'resident', now())", (account,)
    )


def _serve(stack: ExitStack, target: str, factory: bool, environ: dict[str, str]) -> list[int]:
    """Two processes with one blocking thread each; returns their ports."""
    ports = [stack.enter_context(_process(target, factory, environ)) for _ in range(PROCESSES)]
    time.sleep(1)  # the first request of a process must not be among those counted
    return ports


@contextmanager
def _process(target: str, factory: bool, environ: dict[str, str]) -> Iterator[int]:
    """A granian of one process; yields its port."""
    port = _free_port()
    command = [
        *(
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--workers",
            "1",
            "--blocking-threads",
            "1",
        ),
        *("--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "error"),
        *(("--factory",) if factory else ()),
        target,
    ]
    process = subprocess.Popen(command, env=os.environ | environ, cwd=Path(__file__).parent.parent)
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("the server ended before it was ready")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("the server did not come up in a minute")


def _kept(port: int, cookie: str) -> str:
    """The cookies of a browser that has opened a page before: its session, and what the portal set."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/my/records", headers={"Host": "localhost", "Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"the list answers {answer.status}")
    given = [value.partition(";")[0] for name, value in answer.getheaders() if name == "Set-Cookie"]
    connection.close()
    return "; ".join((cookie, *given))


def _request(path: str, headers: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _memory() -> float:
    """Resident memory of the largest web process that is ours, in MB."""
    largest = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if b"portal.wsgi:application" in command:
            line = next((line for line in text.splitlines() if line.startswith("VmRSS")), "VmRSS: 0")
            largest = max(largest, int(line.split()[1]))
    return largest / 1024


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

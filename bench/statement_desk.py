"""A 全項目 of real size in an application of this process, asked as the web server asks it, for the measurements of the editor."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import psycopg
from pyramid.request import Request

from portal.app import make_app
from portal.settings import Settings
from storage.clock import SystemClock
from storage.database import Database, Scope
from storage.embedded import EmbeddedServer, create_database, create_roles
from storage.encryption import FileMasterKey
from storage.migrations.run import migrate
from storage.tenants import check_digit
from tests.privacy_assessment.samples import real_size
from tests.privacy_assessment.world import Office
from tests.web.conftest import TEST_PARTS
from tests.web.people import CLERK, ENVIRON_KEY

ROUNDS, WARM = 40, 5
TENANT = "99201" + check_digit("99201")
COOKIE = "c" * 32


@dataclass
class Portal:
    """The application with a statement of real size in it."""

    app: Any
    worker: Database
    statement: UUID
    file: str

    @property
    def path(self) -> str:
        """The largest part: a file with its entrustments and recipients."""
        return f"/staff/assessments/{self.statement}/forms/form4/sections/2@{self.file}"

    def ask(self, fields: dict[str, str] | None = None) -> bytes:
        """One request; a save when there are fields."""
        body = urlencode(fields).encode() if fields else b""
        environ = Request.blank(self.path, method="POST" if fields else "GET").environ
        environ |= {
            "wsgi.input": BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": "localhost:6543",
        }
        environ |= {"CONTENT_TYPE": "application/x-www-form-urlencoded", ENVIRON_KEY: CLERK}
        environ |= {"HTTP_COOKIE": f"madoguchi-form={COOKIE}", "HTTP_ORIGIN": "http://localhost:6543"}
        environ |= {"HTTP_ACCEPT": "application/json" if fields else "text/html"}
        status: list[str] = []
        answer = self.app(environ, lambda code, headers, exc=None: status.append(code))
        found = b"".join(answer)
        if status[0][:3] != "200":
            raise RuntimeError(f"{self.path}: {status[0]}")
        return found


@contextmanager
def portal() -> Iterator[tuple[Portal, EmbeddedServer]]:
    """The application on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="madoguchi-bench-") as folder:
        server = EmbeddedServer(Path(folder) / "database")
        try:
            found = furnish(server, Path(folder))
            yield found, server
            found.worker.close()
            found.app.registry["database"].close()
        finally:
            server.stop()


def furnish(server: EmbeddedServer, folder: Path) -> Portal:
    """A municipality with one statement: 2 files, 5 entrustments and 20 recipients each."""
    create_roles(server.admin_url())
    create_database(server.admin_url(), "bench")
    migrate(server.url("bench", "migrator"))
    with psycopg.connect(server.admin_url("bench"), autocommit=True) as owner:
        owner.execute(
            "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES (%s, '甲野市', 'Kono City', 'こうのし')",
            (TENANT,),
        )
    worker, web = (
        Database(server.url("bench", "worker"), "worker"),
        Database(server.url("bench", "web"), "web"),
    )
    clock = SystemClock()
    office = Office(clock)  # type: ignore[arg-type]
    with worker.transaction(Scope(tenant=TENANT)) as tx:
        statement = office.drafting(tx, "full")
        office.put(tx, statement, "form4", real_size())
        file = office.file(tx, statement, "form4")
    settings = Settings.from_env({"MADOGUCHI_VAR": str(folder / "var")})
    app = make_app(settings, database=web, clock=clock, parts=TEST_PARTS)
    settings.master_key.parent.mkdir(parents=True, exist_ok=True)
    FileMasterKey.create(settings.master_key)
    return Portal(app, worker, statement.id, file)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def median(values: list[float]) -> float:
    """The middle one, for printing."""
    return round(statistics.median(values), 2)


def tell(name: str, ours: list[float], limit: list[float], target: float, **more: object) -> None:
    """Print the line: time is better the smaller, so the ratio is the limit's time over ours."""
    line = {
        "bench": name,
        "ours": median(ours),
        "limit": median(limit),
        "ratio": round(statistics.median(b / a for a, b in zip(ours, limit, strict=True)), 3),
        "unit": "ms",
        "p95_ms": round(sorted(ours)[int(len(ours) * 0.95)], 2),
        "target_ms": target,
        **more,
        "machine": f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}",
    }
    print(json.dumps(line), flush=True)


def rounds_of(arguments: list[str]) -> int:
    """How often to measure; ``--quick`` for a quarter."""
    return ROUNDS // 4 if "--quick" in arguments else ROUNDS

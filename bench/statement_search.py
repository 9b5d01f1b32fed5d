"""``statement-search``: one page of results over 10,000 published statements, beside the same question in raw psycopg.

The statements are made from a small language of invented sentences, three lengths as in life: most are 基礎, some 重点, few 全項目. ``ours`` is
the whole page as the portal makes it (address, two questions in one trip, snippets, HTML); ``limit`` asks the index for the same keys and nothing
else. Options: --rows N (default 10000).
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import psycopg

from bench.record_page import _machine
from portal.app import make_app
from portal.settings import Settings
from privacy_assessment.publication.folding import read_query
from privacy_assessment.publication.rows import index_lines
from storage.clock import FixedClock
from storage.database import Database
from storage.embedded import EmbeddedServer, create_database, create_roles
from storage.migrations.run import migrate

TARGET_MS = 100.0
# Words of 2, 3 and more characters: in nearly all statements, in some, in a handful, in none; two words; a word whose pairs are common.
QUERIES = (
    "個人",
    "税",
    "再委託",
    "特定個人情報",
    "生体認証 委託",
    "鶴亀装置",
    "龘龘",
    "は操作の資格",
    "",
    "国民健康保険 端末",
    "提供先管理",
)
WHO = (
    "甲野市は",
    "乙川市は",
    "市民課は",
    "税務課は",
    "福祉課は",
    "担当の職員は",
    "委託先は",
    "評価実施機関は",
)
WHAT = (
    "個人住民税",
    "国民健康保険",
    "児童手当",
    "介護保険",
    "生活保護",
    "特定個人情報ファイル",
    "課税資料",
    "申告書",
    "被保険者の資格",
    "操作の記録",
)
HOW = (
    "生体認証を経た端末から",
    "情報提供ネットワークシステムを通じて",
    "紙の届出により",
    "専用線により",
    "月に一度",
    "再委託の許諾を得て",
    "権限を持つ者だけが",
)
DOES = (
    "照会する。",
    "管理する。",
    "提供する。",
    "消去する。",
    "点検する。",
    "記録する。",
    "突き合わせる。",
    "保管する。",
)
# lines of a statement -> how many of a hundred statements have so many
LENGTHS = ((25, 75), (110, 15), (420, 10))
COLUMNS = (
    "tenant, body, number, stage, ordinal, assessment_id, body_name, title, kind, publication, forms, affairs, shown_on, closes, review_by,"
    " redo_by, network, entrusted, incident, persons, content, tokens, folded, starts, anchors, addresses, lines, current, changed_at"
)
ROUNDS = 15


def main(arguments: list[str]) -> int:
    """Measure; returns 0 when it ran."""
    rows = int(arguments[arguments.index("--rows") + 1]) if "--rows" in arguments else 10_000
    with tempfile.TemporaryDirectory(prefix="madoguchi-bench-") as folder:
        server = EmbeddedServer(Path(folder) / "database")
        create_roles(server.admin_url())
        create_database(server.admin_url(), "bench")
        migrate(server.url("bench", "migrator"))
        start = time.perf_counter()
        characters = fill(server.admin_url("bench"), rows)
        filled = time.perf_counter() - start
        web = Database(server.url("bench", "web"), "web")
        clock = FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
        app = make_app(Settings.from_env({}), database=web, clock=clock)
        with psycopg.connect(server.url("bench", "web"), autocommit=True) as bare:
            pages, raws = measure(app, bare)
        every, limit = sorted(chain(*pages.values())), sorted(chain(*raws.values()))
        slowest = max(pages, key=lambda query: statistics.median(pages[query]))
        line = {
            "bench": "statement-search",
            "ours": round(statistics.median(every), 2),
            "limit": round(statistics.median(limit), 2),
            "ratio": round(statistics.median(limit) / statistics.median(every), 3),
            "unit": "ms a page of results",
            "p95_ms": round(every[int(len(every) * 0.95)], 2),
            "slowest_ms": round(statistics.median(pages[slowest]), 2),
            "slowest_words": slowest,
            "target_ms": TARGET_MS,
            "statements": rows,
            "characters": characters,
            "fill_seconds": round(filled, 1),
            "machine": _machine(),
        }
        print(json.dumps(line, ensure_ascii=False), flush=True)
        if "--each" in arguments:
            for query in QUERIES:
                print(
                    f"# {query or '(none)':12} {statistics.median(pages[query]):8.2f} ms {statistics.median(raws[query]):8.2f}",
                    file=sys.stderr,
                )
        web.close()
        server.stop()
    return 0


def fill(admin_url: str, rows: int) -> int:
    """Put statements into an empty, migrated database. :returns: characters in all."""
    chance = random.Random(42)
    characters = 0
    with psycopg.connect(admin_url, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) SELECT lpad((990000 + n)::text, 6, '0'), '見本市' || n,"
            " 'City ' || n, 'みほんし' FROM generate_series(1, 50) AS n ON CONFLICT DO NOTHING"
        )
        owner.execute("ALTER TABLE madoguchi.public_statement NO FORCE ROW LEVEL SECURITY")
        known = owner.execute(
            "SELECT pg_get_indexdef('madoguchi.ix_public_statement_tokens'::regclass)"
        ).fetchone()
        owner.execute("DROP INDEX madoguchi.ix_public_statement_tokens")
        with (
            owner.cursor() as cursor,
            cursor.copy(f"COPY madoguchi.public_statement ({COLUMNS}) FROM STDIN") as copy,
        ):
            for row in made(chance, rows):
                characters += len(row[22])
                copy.write_row(row)
        owner.execute("SET maintenance_work_mem = '256MB'")
        owner.execute(known[0] if known else "")
        owner.execute("ALTER TABLE madoguchi.public_statement FORCE ROW LEVEL SECURITY")
        owner.execute("VACUUM ANALYZE madoguchi.public_statement")
    return characters


def made(chance: random.Random, rows: int) -> Iterator[tuple[Any, ...]]:
    """Rows of statements."""
    for number in range(rows):
        length = chance.choices([lines for lines, _ in LENGTHS], [share for _, share in LENGTHS])[0]
        lines = [sentence(chance) for _ in range(length)]
        if number % 1000 == 7:
            lines[length // 2] = "鶴亀装置を使う。" + lines[length // 2]
        title = f"{chance.choice(WHAT)}に関する事務"
        found = index_lines(
            [*lines, title, "見本市長", "見本市", str(number)],
            [*(f"form2#I-{at}" for at in range(length)), "", "", "", ""],
            [*(f"Ⅰ-{at}" for at in range(length)), "", "", "", ""],
        )
        day = date(2016, 1, 1) + timedelta(days=chance.randrange(3900))
        kind = {25: "basic", 110: "focused", 420: "full"}[length]
        yield (
            str(990001 + number % 50), "mayor", str(number), "published", 1, UUID(int=number), "見本市長", title, kind,
            chance.choice(("first", "amended")), ["form2"], ["child-allowance"], day, None, None, None, chance.random() < 0.7,
            chance.random() < 0.6, chance.random() < 0.02, "2", "{}", found.tokens, found.folded, found.starts, found.anchors,
            found.addresses, found.lines, True, datetime(2026, 1, 1, tzinfo=UTC),
        )  # fmt: skip


def sentence(chance: random.Random) -> str:
    """A line of about a hundred characters, each with a number of its own, so that texts differ."""
    parts = [
        chance.choice(WHO) + chance.choice(WHAT) + "を" + chance.choice(HOW) + chance.choice(DOES)
        for _ in range(4)
    ]
    return "".join(parts) + f"記載{chance.randrange(10**6)}。"


def measure(app: Any, bare: psycopg.Connection[Any]) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Rounds of every query, ours and the raw question one after the other. :returns: milliseconds by query."""
    pages: dict[str, list[float]] = {query: [] for query in QUERIES}
    raws: dict[str, list[float]] = {query: [] for query in QUERIES}
    for number in range(ROUNDS + 2):
        for query in QUERIES:
            start = time.perf_counter()
            ask_page(app, query)
            middle = time.perf_counter()
            ask_raw(bare, query)
            end = time.perf_counter()
            if number >= 2:  # the first rounds warm caches on both sides
                pages[query].append((middle - start) * 1000)
                raws[query].append((end - middle) * 1000)
    return pages, raws


def ask_page(app: Any, query: str) -> bytes:
    """One page of results through the whole application."""
    status: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/statements/", "QUERY_STRING": f"q={quote(query)}", "SERVER_NAME": "localhost",
        "SERVER_PORT": "6543", "HTTP_HOST": "localhost:6543", "wsgi.url_scheme": "http", "wsgi.input": BytesIO(), "SCRIPT_NAME": "",
        "wsgi.errors": sys.stderr, "wsgi.version": (1, 0), "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    body = b"".join(app(environ, lambda line, *_: status.append(line)))
    assert status == ["200 OK"], status
    return body


def ask_raw(bare: psycopg.Connection[Any], query: str) -> list[Any]:
    """The keys of the first page, by the same index."""
    found = read_query(query)
    where, values = ("AND tokens @> %s", (found.tokens,)) if found.words else ("", ())
    return bare.execute(
        f"SELECT tenant, body, number, stage, shown_on FROM madoguchi.public_statement WHERE current::int = 1 {where}"
        " ORDER BY shown_on DESC, tenant, body, number, stage LIMIT 21",
        values,
    ).fetchall()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

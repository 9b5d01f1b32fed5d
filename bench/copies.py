"""`copies`: copies of tax data from the tax system's file to sealed, versioned rows, and on through the signed link to a result for each row.

Two lines. `copies`: staging (read, validate, seal, fingerprint, upsert, one commit with fsync) beside its limit, COPY of rows of the same size into a staging table and an
upsert. `copies-link`: the same rows through the link in batches (manifest with Merkle root, signed parts, commit, per-row results), beside staging itself.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from datetime import date

import psycopg

from bench.link_world import machine, world
from bench.settled import settled
from tests.linkage.house import OTSUKAWA, House
from workflows.linkage.copies.batches import CopySender
from workflows.linkage.copies.staging import CopyStager
from workflows.linkage.copies.tax_csv import COLUMNS, ITEM

ROWS = 20_000


def tax_file(numbers: list[str], year: int) -> bytes:
    """A file as the tax system writes it."""
    lines = [",".join(COLUMNS)]
    for place, number in enumerate(numbers):
        figures = (3_000_000 + place, 3_000_000, 4_000_000, 120_000, 3_000, 80_000, place % 4)
        lines.append(f"{number},{year},1,{year}-06-01,{','.join(map(str, figures))},無,課税")
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def people(house: House, count: int) -> list[str]:
    """Addressees with a business number, as many as asked."""
    numbers = [f"B{place:07d}" for place in range(count)]
    with house.tx(OTSUKAWA, "vault") as tx:
        from workflows.addressees.models import NewAddressee

        new = [NewAddressee("resident", None, {}, business=(("juki", number),)) for number in numbers]
        house.register.open_many(tx, new, actor="system:bench")
    return numbers


def staged(house: House, content: bytes, count: int) -> float:
    """Rows a second into sealed copies."""
    start = time.perf_counter()
    with house.tx(OTSUKAWA) as tx:
        report = CopyStager(house.parts).stage_tax(tx, content)
    seconds = time.perf_counter() - start
    assert report.changed == count, report
    return count / seconds


def sent(house: House, count: int) -> float:
    """Rows a second through the link, each with its result."""
    gateway = house.parts.offices.gateway(OTSUKAWA)
    assert gateway is not None
    sender = CopySender(house.parts)
    start, accepted = time.perf_counter(), 0
    while (batch := sender.send_next(house.worker, OTSUKAWA, gateway, ITEM)) is not None:
        accepted += batch.accepted
    seconds = time.perf_counter() - start
    assert accepted == count, (accepted, count)
    return count / seconds


def limit(address: str, count: int) -> float:
    """COPY to a staging table, then upsert, of rows as large as ours; nothing read, sealed or checked."""
    body = secrets.token_urlsafe(480)
    with psycopg.connect(address) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS bench_copy (tenant text, item text, addressee text, version bigint, as_of date, layout text,"
            " state text, digest bytea, sealed text, updated_at timestamptz, PRIMARY KEY (tenant, item, addressee))"
        )
        connection.execute("TRUNCATE bench_copy")
        connection.commit()
        start = time.perf_counter()
        connection.execute("CREATE TEMP TABLE staged (LIKE bench_copy) ON COMMIT DROP")
        with connection.cursor() as cursor, cursor.copy("COPY staged FROM STDIN") as copy:
            for place in range(count):
                copy.write_row(
                    (
                        "992020",
                        "x",
                        f"{place:015d}",
                        1,
                        date(2026, 6, 1),
                        "l",
                        "valid",
                        b"d" * 32,
                        body,
                        "now()",
                    )
                )
        connection.execute(
            "INSERT INTO bench_copy SELECT * FROM staged ON CONFLICT (tenant, item, addressee) DO UPDATE SET version = excluded.version"
        )
        connection.commit()
        return count / (time.perf_counter() - start)


def main(arguments: list[str]) -> None:
    """Measure and print two JSON lines."""
    count = 2_000 if "--quick" in arguments else ROWS
    with world() as (house, _, address):
        numbers = people(house, count)
        limits, rates = [], []
        for turn in range(3):
            settled(address)
            limits.append(limit(address, count))
            rates.append(staged(house, tax_file(numbers, 2023 + turn), count))
        settled(address)
        over_link = sent(house, count)
    ours, most = sorted(rates)[1], sorted(limits)[1]
    common = {"unit": "rows/s", "rows": count, "machine": machine()}
    print(
        json.dumps(
            {
                "bench": "copies",
                "ours": round(ours),
                "limit": round(most),
                "ratio": round(ours / most, 3),
                **common,
            },
            ensure_ascii=False,
        )
    )
    line = {
        "bench": "copies-link",
        "ours": round(over_link),
        "limit": round(ours),
        "ratio": round(over_link / ours, 3),
    }
    print(json.dumps({**line, **common}, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])

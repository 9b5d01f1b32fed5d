"""Provision records in bulk, for the benches: made by the database itself, about invented numbers of people.

Every person has 200 records whatever the size of the table, spread over it as time would spread them.
"""

from __future__ import annotations

import sys
import time

import psycopg

PER_PERSON = 200
TENANT = "992011"

ROWS = """
INSERT INTO madoguchi.provision_record (tenant, record_id, exchange_id, addressee, side, asker_code, asker_name,
    asker_office, holder_code, holder_name, holder_office, requested_at, provided_at, affair_code, affair_name, items,
    law_row, law_clause, law_table_version, outcome, purpose, application_receipt, disclosure, salt, recorded_at, keep_until)
SELECT %(tenant)s, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'EX' || lpad(n::text, 12, '0'),
    'P' || lpad((n %% %(people)s)::text, 9, '0'), 'asker', '992011-01', '甲野市', '子育て支援課', '992020-01', '乙川市', '税務課',
    timestamptz '2020-01-01' + (n / %(people)s) * interval '12 hours' + (n %% %(people)s) * interval '1 millisecond',
    timestamptz '2020-01-01' + (n / %(people)s) * interval '12 hours' + interval '40 seconds',
    (ARRAY['child-allowance', 'public-housing', 'long-term-care'])[1 + n %% 3],
    (ARRAY['児童手当の支給に関する事務', '公営住宅の管理に関する事務', '介護保険に関する事務'])[1 + n %% 3],
    '[{"code": "local-tax", "name": "地方税関係情報"}]', '081-01', '番号法19条8号・別表81の項', '2026-11-01.1',
    CASE WHEN n %% 9 = 0 THEN 'NO_SUCH_SUBJECT' ELSE 'OK' END, '児童手当の審査のため',
    CASE WHEN n %% 5 = 0 THEN '甲子-' || n END, 'visible',
    decode(md5(n::text) || md5((-n)::text), 'hex'), now(), date '2033-01-01'
FROM generate_series(%(from)s::bigint, %(to)s::bigint) AS n
"""
PEOPLE = """
INSERT INTO madoguchi.provision_person (tenant, addressee, visible_salt, hidden_key, visible_count)
SELECT %(tenant)s, 'P' || lpad(n::text, 9, '0'), decode(md5(n::text) || md5((-n)::text), 'hex'), sha256(n::text::bytea), %(each)s
FROM generate_series(0, %(people)s - 1) AS n
"""


def people_in(rows: int) -> int:
    """How many people a table of this size is about."""
    return max(1, rows // PER_PERSON)


def addressee(number: int) -> str:
    """The addressee number of the numbered person."""
    return f"P{number:09d}"


def fill(admin_url: str, rows: int) -> float:
    """Put `rows` records into an empty, migrated database; returns seconds. Indexes are made once the rows are in."""
    start = time.perf_counter()
    with psycopg.connect(admin_url, autocommit=True) as owner:
        indexes = owner.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'madoguchi' AND tablename = 'provision_record'"
            " AND indexname NOT LIKE 'pk%'"
        ).fetchall()
        for name, _ in indexes:
            owner.execute(f'DROP INDEX madoguchi."{name}"')
        people = people_in(rows)
        batch = 500_000
        for begin in range(0, rows, batch):
            end = min(rows, begin + batch) - 1
            owner.execute(ROWS, {"tenant": TENANT, "people": people, "from": begin, "to": end})
            print(f"\r# {end + 1:,} / {rows:,}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        owner.execute(PEOPLE, {"tenant": TENANT, "people": people, "each": rows // people})
        owner.execute("SET maintenance_work_mem = '1GB'")
        for _, definition in indexes:
            owner.execute(definition)
        owner.execute("CHECKPOINT")
    return time.perf_counter() - start

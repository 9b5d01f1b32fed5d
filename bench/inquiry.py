"""`inquiry`: inquiries a second from the clerk's button to the sealed answer, through the stand-ins over mutual TLS, all on this machine.

What is counted: the case opened and checked against law, statement and freezes; the signed request; the permit of the core; the holder's case, its copy opened and
sealed to the asker; the answer checked, opened and sealed again; a provision record on both sides and at hub and core; every step journalled, fsync on.
The limit beside it is the bare cryptography of one such exchange (two permits made and checked, one copy opened, one answer signed, sealed, opened and
checked) on all cores, with nothing stored and nothing sent.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime

from bench.link_world import machine, workers, world
from bench.settled import settled
from tests.linkage.house import KONO, OTSUKAWA, House
from workflows.linkage.copies.sealing import OwnSealer
from workflows.linkage.wire import permit, sealing
from workflows.linkage.wire.keys import Directory, PartyKeys, new_party

COUNT = 1500
PEOPLE = ("hanako", "taro", "sakura", "ichiro", "yoshiko", "katsuragi", "watanabe")
WARM = 30
PATIENCE = 300.0


def ours(house: House, folder: object, address: str, count: int) -> tuple[float, dict[str, float]]:
    """Inquiries a second, and how long one took in the middle and at the slow end."""
    applications = [house.apply_for(PEOPLE[place % len(PEOPLE)]) for place in range(count)]
    with workers(folder, address, (KONO, OTSUKAWA)):  # type: ignore[arg-type]
        _warm_up(house, address)
        start = time.perf_counter()
        for application in applications:
            house.ask(application)
        asked = time.perf_counter() - start
        end = time.monotonic() + PATIENCE
        while _answered(house) < count + WARM and time.monotonic() < end:
            time.sleep(0.05)
        seconds = time.perf_counter() - start
        done = _answered(house) - WARM
    if done != count:
        raise SystemExit(f"{count}件のうち{done}件しか回答がありませんでした。")
    return count / seconds, {"asked_per_second": count / asked, **_latency(house)}


def _warm_up(house: House, address: str) -> None:
    """A few inquiries, so that everything is loaded and the tables have something to count."""
    for place in range(WARM):
        house.ask(house.apply_for(PEOPLE[place % len(PEOPLE)]))
    end = time.monotonic() + PATIENCE
    while _answered(house) < WARM and time.monotonic() < end:
        time.sleep(0.05)
    settled(address)


def _answered(house: House) -> int:
    with house.tx(KONO) as tx:
        row = tx.raw.execute(
            "SELECT count(*) FROM madoguchi.case_file WHERE kind = 'inquiry' AND state = 'answered'"
        ).fetchone()
    return int(row[0])


def _latency(house: House) -> dict[str, float]:
    with house.tx(KONO) as tx:
        row = tx.raw.execute(
            "SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM updated_at - opened_at))"
            " FROM madoguchi.case_file WHERE kind = 'inquiry' AND state = 'answered'"
        ).fetchone()
    return {"p50_seconds": round(row[0][0], 3), "p99_seconds": round(row[0][1], 3)}


def limit(seconds: float = 3.0) -> float:
    """Exchanges a second on all cores if there were nothing but their cryptography."""
    parties = [
        new_party("core", "core", None, ""),
        new_party("992011-01", "tenant", KONO, ""),
        new_party("992020-01", "tenant", OTSUKAWA, ""),
    ]
    directory = Directory.from_dict({"parties": [public for _, public in parties]})
    core, asker, holder = (PartyKeys.from_dict(private) for private, _ in parties)
    copy_key = sealing.own_key(b"k" * 32)
    content = json.dumps({"years": {"2026": {"総所得金額等": 3_000_000, "課税区分": "課税"}}}).encode()
    copy = OwnSealer("copy-1", b"k" * 32).seal("000000000000018", "local-tax", 1, "2026-06-01", content)
    recipient = directory.sealing_key("992011-01")
    context = {"exchange_id": "x", "asker": "992011-01", "holder": "992020-01"}
    copy_context = {"danban": "000000000000018", "item": "local-tax", "version": "1", "as_of": "2026-06-01"}
    now = datetime.now(UTC)
    made, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        for audience in ("992011-01", "992020-01"):
            token = permit.issue(
                core,
                audience=audience,
                exchange_id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
                subject=None,
                asker="992011-01",
                holder="992020-01",
                affair="child-allowance",
                procedure="child-allowance",
                items=["local-tax"],
                law={"row": "081-01", "clause": "c", "table_version": "v"},
                request_digest="d" * 43,
                recipient_jwk={**recipient.key.as_dict(private=False), "kid": recipient.kid},
                certificate="",
                now=now,
            )
            permit.verify(token, directory, audience=audience, now=now)
        opened = sealing.open_own(copy, copy_context, {"copy-1": copy_key})
        sealed = sealing.seal_for(opened, context, holder, recipient.key, recipient.kid)
        sealing.open_from(sealed, context, asker, directory, "992020-01")
        made += 1
    return made / seconds * len(os.sched_getaffinity(0))


def main(arguments: list[str]) -> None:
    """Measure and print one JSON line."""
    count = 200 if "--quick" in arguments else COUNT
    with world() as (house, folder, address):
        before = limit()
        rate, more = ours(house, folder, address, count)
        most = (before + limit()) / 2
    line = {
        "bench": "inquiry",
        "ours": round(rate, 1),
        "limit": round(most, 1),
        "ratio": round(rate / most, 3),
        "unit": "inquiries/s",
        "count": count,
        **{name: round(value, 3) for name, value in more.items()},
        "machine": machine(),
    }
    print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])

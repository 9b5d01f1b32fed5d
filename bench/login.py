"""The whole server side of a card login beside the bare check of a card, in the same run, on one thread.

*ours*: everything the portal does from "make a challenge" to "here is your session": challenge row, nonce used up, certificate and
signature checked, OCSP asked over a kept-alive connection, account found, session opened, all committed with fsync on.

*limit*: the bare check of the same cards: certificate, path, signature, and the same OCSP question over the same kind of
connection; no database, no session. A second line compares with the check alone, the OCSP answer lying in memory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from bench.settled import settled
from portal.identity.card.anchors import Anchors
from portal.identity.card.asker import HttpAsker
from portal.identity.card.login import CardVerifier
from portal.identity.card.revocation import RevocationCheck, RevocationRules
from portal.identity.secrets import network_hash
from portal.identity.service import CardDesk
from sandbox.pki import Pki, keys, provision
from sandbox.pki.ocsp import Responder
from sandbox.pki.subject import Holder
from storage.clock import SystemClock
from storage.database import Database
from storage.embedded import EmbeddedServer, create_database, create_roles
from storage.migrations.run import migrate

HOLDER = Holder(
    "見本　花子", date(1984, 2, 17), "2", "甲野市本町一丁目1番1号", "Mihon-ken", "Kono-shi", "99201"
)
CARDS = 8
ROUNDS = 5


class SoftCard:
    """A key and its certificate, in memory."""

    def __init__(self, pki: Pki, at: datetime) -> None:
        self._key = keys.new_key()
        self.der = pki.auth.issue(self._key.public_key(), HOLDER, at).public_bytes(serialization.Encoding.DER)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def serve_ocsp(folder: str, ready: Any) -> None:
    """The responder, a process of its own as in production."""
    pki = provision(Path(folder), datetime.now(UTC))
    responder = Responder(pki.auth, pki.sign)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536

        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            body = responder.answer(question, datetime.now(UTC))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: this is a measurement."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ready.send(server.server_port)
    server.serve_forever()


class InHand:
    """The answer lies in memory: what is left is the check itself."""

    def __init__(self, pki: Pki) -> None:
        self._responder = Responder(pki.auth, pki.sign)

    def prepare(self, questions: list[bytes]) -> list[bytes]:
        return [self._responder.answer(question, datetime.now(UTC)) for question in questions]


def measure(seconds: float) -> list[dict[str, Any]]:
    """Both lines."""
    with tempfile.TemporaryDirectory(prefix="madoguchi-bench-") as scratch:
        folder = Path(scratch)
        now = datetime.now(UTC)
        pki = provision(folder, now)
        cards = [SoftCard(pki, now - timedelta(days=30)) for _ in range(CARDS)]
        here, there = multiprocessing.Pipe()
        responder = multiprocessing.get_context("spawn").Process(target=serve_ocsp, args=(scratch, there))
        responder.start()
        server = EmbeddedServer(folder / "database")
        try:
            url = f"http://127.0.0.1:{here.recv()}/ocsp/auth"
            return _compare(pki, cards, url, _database(server), server.admin_url("bench"), seconds)
        finally:
            responder.terminate()
            responder.join()
            server.stop()


def _database(server: EmbeddedServer) -> Database:
    create_roles(server.admin_url())
    create_database(server.admin_url(), "bench")
    migrate(server.url("bench", "migrator"))
    return Database(server.url("bench", "web"), "web", pool_size=1)


def _verifier(pki: Pki, asker: Any) -> CardVerifier:
    return CardVerifier(
        Anchors.from_folder(pki.anchors, production=False), RevocationCheck(asker, RevocationRules())
    )


def _compare(
    pki: Pki, cards: list[SoftCard], url: str, database: Database, admin: str, seconds: float
) -> list[dict[str, Any]]:
    bare, asker = _verifier(pki, HttpAsker({"auth": url})), HttpAsker({"auth": url})
    desk = CardDesk(database, _verifier(pki, asker), SystemClock(), "https://madoguchi.example")
    message = b"the bytes that a card signs, as many as a challenge has: " + bytes(120)
    signed = [card.sign(message) for card in cards]
    number = 0

    def whole(_: int) -> None:
        nonlocal number
        number += 1
        card = cards[number % CARDS]
        # As many networks as people, so that the throttle counts as it would for a crowd.
        home = network_hash(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
        started = desk.start(network=home, device="Windows・Chrome", next_path="/my/")
        signing.append(-time.perf_counter())
        signature = card.sign(started.message.to_bytes())
        signing[-1] += time.perf_counter()
        desk.answer(started.code, card.der, signature, home)
        assert desk.finish(started.entry) is not None

    def check(turn: int) -> None:
        card = cards[turn % CARDS]
        bare.signed(card.der, signed[turn % CARDS], message, datetime.now(UTC))

    in_hand = _in_hand(pki, cards, signed, message)
    signing: list[float] = []
    for turn in range(2 * CARDS):
        whole(turn)
    _known_at_the_office(admin)
    lines = [_stretch((whole, check, in_hand), signing, seconds) for _ in range(ROUNDS)]
    asker.close()
    database.close()
    return [_line("login", lines, 1), _line("login (OCSP in hand)", lines, 2)]


def _stretch(
    works: Sequence[Callable[[int], None]], signing: list[float], seconds: float
) -> tuple[float, ...]:
    """Pieces of work a second of each, taken in turn, so that the machine's moods fall on all alike."""
    signing.clear()
    spent = [0.0] * len(works)
    turns, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        for number, work in enumerate(works):
            start = time.perf_counter()
            work(turns)
            spent[number] += time.perf_counter() - start
        turns += 1
    # The card's own work is not the server's: its time is taken out.
    spent[0] -= sum(signing)
    return tuple(turns / time_of_one for time_of_one in spent)


def _known_at_the_office(admin_url: str) -> None:
    """The people come again: their accounts are bound, so that no login starts a job."""
    with psycopg.connect(admin_url) as connection:
        connection.execute(
            "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES ('992011', '甲野市', 'Kono City', 'こうのし')"
        )
        connection.execute(
            "INSERT INTO madoguchi.addressee (tenant, number, kind, state, opened_at, updated_at)"
            " SELECT '992011', lpad(row_number() OVER ()::text, 15, '9'), 'resident', 'active', now(), now()"
            " FROM identity.account"
        )
        connection.execute(
            "INSERT INTO madoguchi.account_addressee SELECT '992011', id, lpad(row_number() OVER ()::text, 15, '9'),"
            " decode('00', 'hex'), now() FROM identity.account"
        )
        connection.execute("UPDATE identity.account SET bound_at = now()")
    settled(admin_url)


def _in_hand(pki: Pki, cards: list[SoftCard], signed: list[bytes], message: bytes) -> Callable[[int], None]:
    check = RevocationCheck(HttpAsker({}), RevocationRules())
    verifier = _verifier(pki, HttpAsker({}))
    moment = datetime.now(UTC)
    responder = InHand(pki)
    prepared = []
    for card in cards:
        found = verifier.certificate(card.der, moment)
        question = check.question(found.anchor, found.serial)
        (answer,) = responder.prepare([question.der])
        prepared.append((question.nonce, answer))

    def work(turn: int) -> None:
        card = cards[turn % CARDS]
        nonce, answer = prepared[turn % CARDS]
        found = verifier.certificate(card.der, moment)
        found.check_signature(signed[turn % CARDS], message)
        check.judge(answer, found.anchor, found.serial, nonce, moment)

    return work


def _line(name: str, lines: list[tuple[float, ...]], limit: int) -> dict[str, Any]:
    ratios = [line[0] / line[limit] for line in lines]
    return {
        "bench": name,
        "ours": round(statistics.median(line[0] for line in lines)),
        "limit": round(statistics.median(line[limit] for line in lines)),
        "ratio": round(statistics.median(ratios), 3),
        "unit": "logins/s, one thread",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one stretch")
    parser.add_argument("--quick", action="store_true", help="short stretches, for trying it out")
    options, _ = parser.parse_known_args()
    for line in measure(0.5 if options.quick else options.seconds):
        print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()

"""The 住基ネット CS as a WSGI application.

It is the one peer that is told a number, sealed to its own key. A link-code request is only acknowledged here; its
result travels over the other network, core to hub (番号法21条の2第2項).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx
from psycopg.types.json import Jsonb

from sandbox.card_desk import certificates
from sandbox.config import SandboxConfig
from sandbox.database import Connection, Store
from sandbox.web import Call, Reply, Route, SignedApp
from workflows.linkage.wire import envelope, sealing
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted
from workflows.linkage.wire.signatures import Now, utc_now

from .numbers import is_synthetic, synthetic_number

TENANT = frozenset({"tenant", "portal"})


class Juki:
    """The desks of the CS.

    :param secret: makes the core's name for a person out of her 住民票コード, so that the core never holds that either.
    """

    def __init__(
        self, store: Store, config: SandboxConfig, core: LinkClient, secret: bytes, now: Now
    ) -> None:
        self._store = store
        self._config = config
        self._keys = config.keys("juki")
        self._core = core
        self._secret = secret
        self._now = now
        self._load(json.loads(config.path("population.json").read_text("utf-8"))["people"])

    def _load(self, people: list[dict[str, Any]]) -> None:
        with self._store.transaction() as tx, tx.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO juki.person VALUES (%s, %s, %s, %s) ON CONFLICT (key) DO UPDATE SET profile = EXCLUDED.profile",
                [(p["key"], p["juki_code"], p["number"], Jsonb(p["profile"])) for p in people],
            )

    def _enter_cards(self, tx: Connection) -> None:
        known = {row[0] for row in tx.execute("SELECT key FROM juki.person").fetchall()}
        with tx.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO juki.certificate VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [
                    (serial, issuer, key, self._now())
                    for serial, issuer, key in certificates(self._config.var)
                    if key in known
                ],
            )

    def fugo_request(self, call: Call) -> Reply:
        """``POST /v1/juki/fugo-requests``: 202 once the CS has taken it; NOT_FOUND for an unknown number or token."""
        message = call.message("juki.fugo-request")
        token = message["payload"]["token"]
        try:
            number = sealing.open_from(
                message["payload_jwe"], {"token": token}, self._keys, self._config.directory, call.party.id
            )["text"]
        except sealing.SealBroken as broken:
            raise Problem(
                "SCHEMA_INVALID", f"the sealed number {broken}", [{"pointer": "/payload_jwe", "kind": "seal"}]
            ) from None
        if not isinstance(number, str) or not is_synthetic(number):
            raise Problem(
                "SCHEMA_INVALID",
                "not a number of this regime",
                [{"pointer": "/payload_jwe", "kind": "number"}],
            )
        row = call.tx.execute(
            "SELECT juki_code FROM juki.person WHERE number = %s UNION SELECT p.juki_code FROM juki.former_number f JOIN"
            " juki.person p USING (key) WHERE f.number = %s",
            (number, number),
        ).fetchone()
        if row is None:
            raise Problem("NOT_FOUND", "no such number")
        person = envelope.digest_bytes(hmac.new(self._secret, row[0].encode(), hashlib.sha256).digest())
        link = envelope.build(
            "juki.link",
            tenant=message["tenant"],
            org="juki",
            created=call.now,
            payload={"token": token, "person": person},
        )
        try:
            self._core.call("POST", "/v1/core/juki-links", link)
        except (LinkUnreachable, LinkUntrusted):
            raise Problem("UNAVAILABLE", "the core does not answer", retry_after=5) from None
        self._note(call, message["id"], "fugo", "ACCEPTED")
        return Reply({"status": "ACCEPTED"}, 202)

    def identify(self, call: Call) -> Reply:
        """``POST /v1/juki/identity-confirmations``: certificate serial to person, sealed to the asker."""
        message = call.message("juki.identity")
        self._enter_cards(call.tx)
        row = call.tx.execute(
            "SELECT p.number, p.profile FROM juki.certificate c JOIN juki.person p USING (key) WHERE"
            " c.serial = %s",
            (message["payload"]["serial"].lower(),),
        ).fetchone()
        self._note(call, message["id"], "identity", "FOUND" if row else "NOT_FOUND")
        if row is None:
            return Reply({"status": "NOT_FOUND"})
        recipient = self._config.directory.sealing_key(call.party.id)
        sealed = sealing.seal_for(
            {"number": row[0], "profile": row[1]},
            {"request": message["id"]},
            self._keys,
            recipient.key,
            recipient.kid,
        )
        return Reply({"status": "FOUND", "payload_jwe": sealed})

    @staticmethod
    def _note(call: Call, id_: str, kind: str, status: str) -> None:
        call.tx.execute(
            "INSERT INTO juki.request VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (id_, call.party.id, kind, status, call.now),
        )

    def command(self, name: str, wish: Mapping[str, Any]) -> Mapping[str, Any]:
        """``certificates`` enters ``{"person": key, "issuer", "serial"}``; ``number-change`` gives a person a new number.

        :raises ValueError: unknown command, person or serial.
        """
        with self._store.transaction() as tx:
            person = tx.execute(
                "SELECT juki_code, number FROM juki.person WHERE key = %s", (wish.get("person"),)
            ).fetchone()
            if person is None:
                raise ValueError("no such person key in the population")
            if name == "certificates":
                serial = str(wish["serial"]).lower()
                if not re.fullmatch(r"[0-9a-f]{2,40}", serial):
                    raise ValueError("a serial is 2 to 40 hex digits")
                tx.execute(
                    "INSERT INTO juki.certificate VALUES (%s, %s, %s, %s) ON CONFLICT (serial) DO UPDATE SET key ="
                    " EXCLUDED.key, issuer = EXCLUDED.issuer",
                    (serial, str(wish.get("issuer", "")), wish["person"], self._now()),
                )
                return {"serial": serial, "person": wish["person"]}
            if name == "number-change":
                turn = tx.execute(
                    "SELECT count(*) + 1 FROM juki.former_number WHERE key = %s", (wish["person"],)
                ).fetchone()
                fresh = synthetic_number(person[0], turn=turn[0] if turn else 1)
                tx.execute(
                    "INSERT INTO juki.former_number VALUES (%s, %s, %s)",
                    (person[1], wish["person"], self._now()),
                )
                tx.execute("UPDATE juki.person SET number = %s WHERE key = %s", (fresh, wish["person"]))
                return {"person": wish["person"], "changed": True}
        raise ValueError(f"unknown command {name!r}")


def make_app(
    config: SandboxConfig,
    system: str = "juki",
    now: Now = utc_now,
    core_transport: httpx.BaseTransport | None = None,
) -> SignedApp:
    """The application of the CS."""
    store = Store(config.database_url, "juki")
    keys = config.keys("juki")
    core = LinkClient(
        keys,
        config.directory,
        [config.url("core")],
        "core",
        config.tls("juki"),
        now,
        transport=core_transport,
    )
    desk = Juki(store, config, core, config.path("keys", "juki-person.bin").read_bytes(), now)

    def health(_: Call) -> Reply:
        return Reply({"status": "OK", "site": system})

    routes = [
        Route("POST", "/v1/juki/fugo-requests", desk.fugo_request, TENANT),
        Route("POST", "/v1/juki/identity-confirmations", desk.identify, TENANT),
        Route("GET", "/v1/health", health, TENANT),
    ]
    app = SignedApp(
        store,
        keys,
        config.directory,
        config.url("juki"),
        routes,
        config.admin_token,
        now=now,
        admin=desk.command,
    )
    app.links.append(core)
    return app

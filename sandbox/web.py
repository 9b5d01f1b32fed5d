"""The signed WSGI shell every stand-in wears: routing, signatures both ways, idempotency, problems, faults.

A handler gets a :class:`Call` inside one database transaction and returns a :class:`Reply`; its effect and its stored
answer commit together, so a repeated request finds either both or neither.
"""

import hmac
import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from workflows.linkage.wire import envelope, linter
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.keys import Directory, Party, PartyKeys
from workflows.linkage.wire.problems import CONTENT_TYPE, Problem
from workflows.linkage.wire.signatures import Now, Request, Response, Signer, Verifier, utc_now

from .config import MARKER
from .database import Connection, Store
from .faults import Faults
from .wsgi import headers_of, read, send

log = logging.getLogger("sandbox")
_SEGMENT = r"[A-Za-z0-9._~-]+"
_NUMBER = re.compile(r"[0-9]{1,19}")
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass
class Reply:
    """What a handler answers."""

    body: Mapping[str, Any]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after: Callable[[], None] | None = None  # runs once the transaction is committed


@dataclass
class Call:
    """One verified request inside its transaction."""

    tx: Connection
    party: Party
    path: dict[str, str]
    query: dict[str, str]
    body: Any
    now: datetime

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number of the query, clipped to 0..most.

        :raises Problem: not a number.
        """
        text = self.query.get(name, str(default))
        if not _NUMBER.fullmatch(text):
            raise Problem("SCHEMA_INVALID", f"{name} must be a whole number")
        return min(int(text), most)

    def message(self, *types: str) -> dict[str, Any]:
        """The body as one message of these types from the party that signed it.

        :raises Problem: SCHEMA_INVALID, MESSAGE_EXPIRED, FORBIDDEN_CONTENT or TENANT_MISMATCH.
        """
        return accept(self.body, self.party, self.now, *types)


def accept(message: Any, party: Party, now: datetime, *types: str) -> dict[str, Any]:
    """Check one message of a party: schema, expiry, linter, and that it speaks for itself only."""
    envelope.validate(message, types or None, now)
    linter.lint(message)
    if party.tenant is not None and (message["tenant"] != party.tenant or message["org"] != party.id):
        raise Problem("TENANT_MISMATCH")
    return message


Handler = Callable[[Call], Reply]


@dataclass(frozen=True)
class Route:
    """A path template with ``{names}``, the roles that may use it, and whether it polls outside a transaction."""

    method: str
    template: str
    handler: Handler
    roles: frozenset[str]
    polling: bool = False
    guarded: bool = True

    def pattern(self) -> re.Pattern[str]:
        return re.compile(
            "^" + re.sub(r"\\{(\w+)\\}", rf"(?P<\1>{_SEGMENT})", re.escape(self.template)) + "$"
        )


class PgNonces:
    """Nonces in the system's schema: survives a restart, and does not wait for the disk."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now
        self._count = 0

    def remember(self, keyid: str, nonce: str, until: datetime) -> bool:
        with self._store.transaction() as tx, tx.pipeline():
            tx.execute("SET LOCAL synchronous_commit = off")
            row = tx.execute(
                "INSERT INTO nonce VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1",
                (keyid, nonce, until),
            )
            self._count += 1
            if self._count % 2000 == 0:
                tx.execute("DELETE FROM nonce WHERE until < %s", (self._now(),))
            return row.fetchone() is not None


class SignedApp:
    """A WSGI application that speaks MSL/1.

    :param base_url: how the peers address this system; the signed target must start with it.
    :param guard: called with each verified call before its handler (a hub site on standby refuses here).
    """

    def __init__(
        self,
        store: Store,
        keys: PartyKeys,
        directory: Directory,
        base_url: str,
        routes: Iterable[Route],
        admin_token: str,
        faults: Faults | None = None,
        now: Now = utc_now,
        idempotency_days: float = 15,
        guard: Callable[[Call], None] | None = None,
        admin: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] | None = None,
    ) -> None:
        self.store = store
        self.now = now
        self.faults = faults or Faults()
        self._base = base_url.rstrip("/")
        self._routes = [(route.pattern(), route) for route in routes]
        self._signer = Signer(keys, now)
        self._verifier = Verifier(directory, PgNonces(store, now), now)
        self._token = admin_token
        self._guard = guard
        self._admin_extra = admin
        self._keep = timedelta(days=idempotency_days)
        self.pump: Any = None
        self.links: list[LinkClient] = []
        self._last: dict[str, tuple[int, dict[str, str], bytes]] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        path, query = environ.get("PATH_INFO", "/"), environ.get("QUERY_STRING", "")
        method = environ["REQUEST_METHOD"]
        if path.startswith("/admin/"):
            status, headers, content = self._admin(environ, path)
            return send(start_response, status, headers, content)
        if slow := self.faults.now("slow", path):
            time.sleep(min(float(slow.options.get("delay", 3)), 60))
        if self.faults.now("down", path):
            return send(start_response, 503, {"Content-Type": "text/plain"}, b"")
        request = Request(method, self._base + path + (f"?{query}" if query else ""), headers_of(environ))
        reply_after: Callable[[], None] | None = None
        try:
            body = read(environ)
            reply = self._work(request, path, query, body)
            status, content, extra, reply_after = (
                reply.status,
                envelope.dumps(reply.body),
                reply.headers,
                reply.after,
            )
            kind = "application/json"
        except Problem as problem:
            problem.trace = problem.trace or uuid.uuid4().hex
            status, content, kind, extra = problem.status, envelope.dumps(problem.to_dict()), CONTENT_TYPE, {}
            if problem.retry_after is not None:
                extra["Retry-After"] = str(int(problem.retry_after))
        except Exception as failure:
            trace = uuid.uuid4().hex
            log.exception("trace %s: %s", trace, type(failure).__name__)
            status, kind, extra = 500, CONTENT_TYPE, {}
            content = envelope.dumps(Problem("INTERNAL", trace=trace).to_dict())
        if reply_after is not None:
            reply_after()
        if self.faults.now("lose-answer", path):
            return send(start_response, 502, {"Content-Type": "text/plain"}, b"")
        headers = {"Content-Type": kind, "MSL-Sandbox": MARKER, **extra}
        self._signer.sign_response(Response(status, headers, request), content)
        status, headers, content = self._maybe_lie(path, status, headers, content)
        return send(start_response, status, headers, content)

    def _work(self, request: Request, path: str, query: str, body: bytes) -> Reply:
        verified = self._verifier.verify_request(request, body)
        media = request.headers.get("content-type", "").partition(";")[0]
        if media.strip().lower() != "application/json":
            raise Problem("MEDIA_TYPE")
        route, names = self._find(request.method, path)
        if verified.key.party.role not in route.roles:
            raise Problem("FORBIDDEN")
        document = envelope.loads(body) if body else None
        values = {name: found[-1] for name, found in parse_qs(query).items()}
        if any("\x00" in value for value in values.values()):
            raise Problem("SCHEMA_INVALID", "a NUL character in the query")
        with self.store.transaction() as tx:
            call = Call(tx, verified.key.party, names, values, document, self.now())
            if self._guard is not None and route.guarded:
                self._guard(call)
            if request.method == "GET":
                if not route.polling:
                    return route.handler(call)
            else:
                return self._once(call, route, request, body)
        # A long poll must not hold a transaction while it waits; its handler opens its own.
        return route.handler(call)

    def _once(self, call: Call, route: Route, request: Request, body: bytes) -> Reply:
        schema, party = self.store.schema, call.party.id
        key = request.headers["idempotency-key"]
        if not _KEY.fullmatch(key):
            raise Problem(
                "SCHEMA_INVALID", "an idempotency key has 1 to 64 characters of A-Z a-z 0-9 . _ : -"
            )
        # Without the host: the same request may come again at the other site.
        target = request.url.removeprefix(self._base)
        digest = envelope.digest_bytes(f"{request.method} {target}\n".encode() + body)
        with call.tx.pipeline():
            lock = call.tx.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 7))", (f"{schema}:{party}:{key}",)
            )
            stored = call.tx.execute(
                "SELECT digest, status, body FROM idempotency WHERE party = %s AND key = %s",
                (party, key),
            )
            got, row = lock.fetchone(), stored.fetchone()
        if not got or not got[0]:
            raise Problem("IDEMPOTENCY_RUNNING", retry_after=1)
        if row is not None:
            if row[0] != digest:
                raise Problem("IDEMPOTENCY_CONFLICT")
            return Reply(json.loads(bytes(row[2])), row[1], {"Idempotency-Replayed": "true"})
        reply = route.handler(call)
        call.tx.execute(
            "INSERT INTO idempotency VALUES (%s, %s, %s, %s, %s, %s)",
            (party, key, digest, reply.status, envelope.dumps(reply.body), call.now),
        )
        return reply

    def endpoints(self) -> list[tuple[str, str]]:
        """Method and path template of every route."""
        return [(route.method, route.template) for _, route in self._routes]

    def close(self) -> None:
        """Let the database go (a process that serves simply ends)."""
        for link in self.links:
            link.close()
        self.store.close()

    def forget(self) -> None:
        """Drop stored answers older than the keeping time (called by a system's pump now and then)."""
        with self.store.transaction() as tx:
            tx.execute(
                "DELETE FROM idempotency WHERE at < %s",
                (self.now() - self._keep,),
            )

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        known = False
        for pattern, route in self._routes:
            if match := pattern.match(path):
                known = True
                if route.method == method:
                    return route, match.groupdict()
        raise Problem("METHOD_NOT_ALLOWED" if known else "NOT_FOUND")

    def _maybe_lie(
        self, path: str, status: int, headers: dict[str, str], content: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        earlier = self._last.get(path)
        self._last[path] = (status, dict(headers), content)
        fault = self.faults.now("lie", path)
        if fault is None:
            return status, headers, content
        how = fault.options["how"]
        if how == "swapped" and earlier is not None:
            return earlier
        if how == "wrong-digest":
            return status, headers, content + b" "
        name, value = headers["Signature"].split("=:", 1)
        flipped = ("B" if value[0] == "A" else "A") + value[1:]
        return status, {**headers, "Signature": f"{name}=:{flipped}"}, content

    def _admin(self, environ: dict[str, Any], path: str) -> tuple[int, dict[str, str], bytes]:
        """``GET/POST/DELETE /admin/faults`` and the system's own commands, for who holds the token file."""
        headers = {"Content-Type": "application/json", "MSL-Sandbox": MARKER}
        if not hmac.compare_digest(environ.get("HTTP_AUTHORIZATION", ""), f"Bearer {self._token}"):
            return 403, headers, b'{"error":"token"}'
        method = environ["REQUEST_METHOD"]
        try:
            wish = envelope.loads(read(environ) or b"{}")
            if path == "/admin/faults" and method == "POST":
                fault = self.faults.start(wish["kind"], float(wish.get("seconds", 60)), wish.get("options"))
                if fault.kind == "failover" and self._admin_extra:
                    self._admin_extra("failover", {"seconds": wish.get("seconds", 60)})
            elif path == "/admin/faults" and method == "DELETE":
                self.faults.stop()
            elif path != "/admin/faults" and method == "POST" and self._admin_extra:
                return 200, headers, envelope.dumps(self._admin_extra(path.removeprefix("/admin/"), wish))
            return 200, headers, envelope.dumps({"faults": self.faults.listing()})
        except (ValueError, KeyError, TypeError, Problem) as wrong:
            return 400, headers, envelope.dumps({"error": str(wrong)})

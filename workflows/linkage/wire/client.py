"""A small signed HTTP client for MSL/1, the same for the product and the stand-ins.

It dials out only, over TLS 1.3 with a client certificate; lints and signs every request; takes an answer only when
the peer signed it for this very request; turns refusals into :class:`Problem`; and moves on to the next site of a
peer when one is down or on standby. It does not loop on retries: that belongs to the outbox of the caller.
"""

import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from . import envelope, linter, problems
from .keys import Directory, PartyKeys
from .retry import LinkUnreachable, LinkUntrusted
from .signatures import MemoryNonces, NonceStore, Now, Request, Response, Signer, Verifier, utc_now

CONNECT = 5.0
READ = 30.0
LONG_POLL = 25
LONG_POLL_GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of one side of mutual TLS (PEM): the peer's root, own certificate, own key."""

    ca: Path
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """A client context: TLS 1.3 only, the given root only."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(cafile=str(self.ca))
        context.load_cert_chain(str(self.certificate), str(self.key))
        return context


@dataclass(frozen=True, slots=True)
class Answer:
    """A verified answer: HTTP status, JSON body, and whether it is a stored one (``Idempotency-Replayed``)."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


class LinkClient:
    """Calls one peer (hub, juki CS, core) that may have several sites.

    :param keys: own keys; also name the party and tenant we speak as.
    :param directory: who may sign the answers.
    :param sites: base URLs in order of preference; a request goes to the next when one is down or on standby.
    :param peer_role: role the signer of answers must have, e.g. ``"hub"``.
    :param tls: mutual TLS files; None only for plain loopback tests.
    """

    def __init__(
        self,
        keys: PartyKeys,
        directory: Directory,
        sites: Sequence[str],
        peer_role: str,
        tls: Tls | None = None,
        now: Now = utc_now,
        nonces: NonceStore | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if not sites:
            raise ValueError("a peer needs at least one site")
        self.keys = keys
        self.directory = directory
        self.now = now
        self._sites = [site.rstrip("/") for site in sites]
        self._preferred = 0
        self._peer_role = peer_role
        self._signer = Signer(keys, now)
        self._verifier = Verifier(directory, nonces or MemoryNonces(now), now)
        self._lock = threading.Lock()
        verify: ssl.SSLContext | bool = tls.context() if tls else False
        self._http = httpx.Client(
            verify=verify,
            timeout=httpx.Timeout(READ, connect=CONNECT),
            transport=transport,
            trust_env=False,
            limits=httpx.Limits(max_connections=32, keepalive_expiry=60),
        )

    def __enter__(self) -> "LinkClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        message_id: str | None = None,
        read_timeout: float = READ,
        known: Sequence[str] = (),
    ) -> Answer:
        """Send one request, to each site in turn until one answers.

        :param path: absolute path with query; identifiers only, never a number or a name.
        :param body: an envelope, a batch or another wire document; linted before it is signed.
        :param message_id: the idempotency key; by default the body's own id, else a fresh one. Send the same again
            to repeat a request safely.
        :param known: forbidden values the caller knows of (see the linter).
        :raises Problem: the peer refused (already verified as its word), or our own linter did (FORBIDDEN_CONTENT).
        :raises LinkUnreachable: no site answered.
        :raises LinkUntrusted: an answer that the peer did not sign for this request.
        """
        if body is not None:
            linter.lint(body, known)
        content = b"" if body is None else envelope.dumps(body)
        key = message_id or (str(body["id"]) if body and "id" in body else envelope.new_id(self.now()))
        last: Exception = LinkUnreachable("no site")
        for step in range(len(self._sites)):
            index = (self._preferred + step) % len(self._sites)
            try:
                answer = self._once(self._sites[index], method, path, content, key, read_timeout)
            except LinkUnreachable as failure:
                last = failure
                continue
            except problems.Problem as problem:
                if problem.code != "SITE_STANDBY":
                    raise
                # A site that did not answer may have done the work: that is the truer word than another's standby.
                last = last if isinstance(last, LinkUnreachable) and step else problem
                continue
            with self._lock:
                self._preferred = index
            return answer
        raise last

    def _once(
        self, site: str, method: str, path: str, content: bytes, key: str, read_timeout: float
    ) -> Answer:
        request = Request(
            method,
            site + path,
            {
                "Content-Type": "application/json",
                "Idempotency-Key": key,
                "MSL-Message-Id": key,
                "MSL-Tenant": self.keys.tenant or "-",
            },
        )
        self._signer.sign_request(request, content)
        try:
            raw = self._http.request(
                method,
                request.url,
                content=content,
                headers=request.headers,
                timeout=httpx.Timeout(read_timeout, connect=CONNECT),
            )
        except httpx.HTTPError as failure:
            raise LinkUnreachable(type(failure).__name__) from None
        headers = {name.lower(): value for name, value in raw.headers.items()}
        if raw.status_code in (502, 503, 504) and "signature" not in headers:
            # A proxy or a dying process spoke, not the peer; nothing of it is believed but that nobody is there.
            raise LinkUnreachable(f"HTTP {raw.status_code}")
        try:
            self._verifier.verify_response(
                Response(raw.status_code, headers, request), raw.content, {"role": self._peer_role}
            )
        except problems.Problem as problem:
            raise LinkUntrusted(problem) from None
        try:
            body = envelope.loads(raw.content) if raw.content else {}
        except problems.Problem as problem:
            raise LinkUntrusted(problem) from None
        if not isinstance(body, dict):
            raise LinkUntrusted(problems.Problem("SCHEMA_INVALID", "the answer is no object"))
        if raw.status_code >= 400:
            raise problems.parse(raw.status_code, body, headers.get("retry-after"))
        return Answer(raw.status_code, body, headers.get("idempotency-replayed") == "true")

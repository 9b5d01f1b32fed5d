"""A small signed HTTP client for MSL/1, the same for the product and the stand-ins.

It dials out only, over TLS 1.3 with a client certificate; lints and signs every request; takes an answer only when
the peer signed it for this very request and it is JSON of a bearable size; turns refusals into :class:`Problem`; and
moves on to the next site of a peer when one is down or on standby. It does not loop on retries: that belongs to the
outbox of the caller.
"""

import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from . import answers, envelope, linter, problems
from .keys import Directory, PartyKeys
from .retry import LinkUnreachable, LinkUntrusted
from .signatures import MemoryNonces, NonceStore, Now, Request, Response, Signer, Verifier, utc_now

CONNECT = 5.0
READ = 30.0
LONG_POLL = 25
LONG_POLL_GRACE = 5.0
WHOLE = 60.0
"""Seconds in which an answer that has begun must have come: a peer that sends a byte now and then holds nobody up for ever."""
TYPES = ("application/json", problems.CONTENT_TYPE)


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
        status, headers, received = self._exchange(request, content, read_timeout)
        try:
            self._verifier.verify_response(
                Response(status, headers, request), received, {"role": self._peer_role}
            )
            media = headers.get("content-type", "").partition(";")[0].strip().lower()
            if media not in TYPES:
                raise problems.Problem("MEDIA_TYPE", "the answer is not JSON")
            body = envelope.loads(received) if received else {}
        except problems.Problem as problem:
            raise LinkUntrusted(problem) from None
        if not isinstance(body, dict):
            raise LinkUntrusted(problems.Problem("SCHEMA_INVALID", "the answer is no object"))
        if status >= 400:
            answers.believe("problem", body)
            raise problems.parse(status, body, headers.get("retry-after"))
        if not 200 <= status < 300:
            raise LinkUntrusted(problems.Problem("SCHEMA_INVALID", "neither an answer nor a refusal"))
        return Answer(status, body, headers.get("idempotency-replayed") == "true")

    def _exchange(
        self, request: Request, content: bytes, read_timeout: float
    ) -> tuple[int, dict[str, str], bytes]:
        """Send, and take what comes back as it is: status, headers with small names, body."""
        # Nothing compressed: what a peer may make us unpack has no bound, and the digest is over what was sent.
        sent = {**request.headers, "Accept-Encoding": "identity"}
        timeout = httpx.Timeout(read_timeout, connect=CONNECT)
        try:
            with self._http.stream(
                request.method, request.url, content=content, headers=sent, timeout=timeout
            ) as raw:
                headers = {name.lower(): value for name, value in raw.headers.items()}
                if raw.status_code in (502, 503, 504) and "signature" not in headers:
                    # A proxy or a dying process spoke, not the peer; nothing of it is believed but that nobody is there.
                    raise LinkUnreachable(f"HTTP {raw.status_code}")
                if headers.get("content-encoding", "identity") != "identity":
                    raise LinkUntrusted(problems.Problem("MEDIA_TYPE", "the answer is compressed"))
                return raw.status_code, headers, _bounded(raw)
        except httpx.HTTPError as failure:
            raise LinkUnreachable(type(failure).__name__) from None


def _bounded(raw: httpx.Response) -> bytes:
    """The body, as long as it comes in time and stays within what a body may be.

    :raises LinkUnreachable: it does not come to its end. :raises LinkUntrusted: it is too large.
    """
    end = time.monotonic() + WHOLE
    received = bytearray()
    for chunk in raw.iter_bytes():
        received += chunk
        if len(received) > envelope.MAX_BODY:
            raise LinkUntrusted(problems.Problem("BODY_TOO_LARGE"))
        if time.monotonic() > end:
            raise LinkUnreachable("the answer does not end")
    return bytes(received)

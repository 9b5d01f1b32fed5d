"""HTTP message signatures of MSL/1 (RFC 9421, Ed25519) with body digests (RFC 9530), both ways.

A request covers ``@method @target-uri content-digest content-type idempotency-key msl-message-id msl-tenant``; an
answer covers ``@status content-digest content-type`` and the request's own ``signature``, so an answer cannot be
swapped for another one's. Every signature carries created, expires (at most 300 s apart), nonce, keyid and
``tag="msl1"``; anything missing is refused. The library leaves replay to its caller: :class:`NonceStore`.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519
from http_message_signatures.digests import ContentDigest
from http_message_signatures.exceptions import HTTPMessageSignaturesException, InvalidSignature

from .keys import Directory, PartyKeys, PublicKey
from .problems import Problem

TAG = "msl1"
#: Tag of an answer to a request that carried no signature at all: it cannot be bound to one.
TAG_UNBOUND = "msl1-unbound"
REQUEST_COMPONENTS = (
    "@method",
    "@target-uri",
    "content-digest",
    "content-type",
    "idempotency-key",
    "msl-message-id",
    "msl-tenant",
)
RESPONSE_COMPONENTS = ("@status", "content-digest", "content-type", '"signature";req')
UNBOUND_COMPONENTS = ("@status", "content-digest", "content-type")
WINDOW = timedelta(seconds=300)
SKEW = timedelta(seconds=60)
#: Fewer characters of a nonce could come again by chance; more are only meant to fill a memory.
NONCE = (16, 128)

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The machine's clock; servers and clients pass it in so that tests can pass another."""
    return datetime.now(UTC)


@dataclass
class Request:
    """A request as far as its signature sees it."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Response:
    """An answer and the request it answers."""

    status_code: int
    headers: dict[str, str]
    request: Request


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verified signature proves: which key, with which nonce, and until when it could be replayed."""

    key: PublicKey
    nonce: str
    expires: datetime


class NonceStore(Protocol):
    """Remembers nonces until their signatures are no longer valid."""

    def remember(self, keyid: str, nonce: str, until: datetime) -> bool:
        """Store a nonce; False when this key used it before."""


class MemoryNonces:
    """Nonces in this process; enough for one client or one server process."""

    def __init__(self, now: Now = utc_now) -> None:
        self._now = now
        self._seen: dict[tuple[str, str], datetime] = {}
        self._lock = threading.Lock()
        self._sweep_at = 4096

    def remember(self, keyid: str, nonce: str, until: datetime) -> bool:
        with self._lock:
            if (keyid, nonce) in self._seen:
                return False
            self._seen[(keyid, nonce)] = until
            if len(self._seen) > self._sweep_at:
                now = self._now()
                self._seen = {k: v for k, v in self._seen.items() if v > now}
                self._sweep_at = max(4096, 2 * len(self._seen))
            return True


class _Resolver(HTTPSignatureKeyResolver):
    def __init__(self, directory: Directory | None, keys: PartyKeys | None) -> None:
        self._directory = directory
        self._keys = keys

    def resolve_public_key(self, key_id: str) -> Any:
        return self._directory.ed25519(key_id) if self._directory else None

    def resolve_private_key(self, key_id: str) -> Any:
        if self._keys is None or key_id != self._keys.signing_kid:
            raise KeyError("not our key")
        return self._keys.signing


class _Verifier(HTTPMessageVerifier):
    """The library's verifier with the profile's stricter window and an injected clock."""

    def __init__(self, directory: Directory, now: Now) -> None:
        super().__init__(signature_algorithm=ED25519, key_resolver=_Resolver(directory, None))
        self._clock = now

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        params = sig_input.params
        for name in ("created", "expires", "nonce", "keyid", "tag"):
            if name not in params:
                raise Problem("SIGNATURE_INVALID", f"signature parameter {name} is missing")
        nonce = params["nonce"]
        if not isinstance(nonce, str) or not NONCE[0] <= len(nonce) <= NONCE[1]:
            raise Problem("SIGNATURE_INVALID", f"a nonce has {NONCE[0]} to {NONCE[1]} characters")
        created = self._parse_integer_timestamp(params["created"], field_name="created")
        expires = self._parse_integer_timestamp(params["expires"], field_name="expires")
        now = self._clock()
        if expires - created > WINDOW or expires <= created:
            raise Problem("SIGNATURE_INVALID", f"the signature window must be 1 to {WINDOW.seconds} s")
        if created > now + SKEW:
            raise Problem("SIGNATURE_EXPIRED", "the signature was made in the future by our clock")
        if expires < now - SKEW:
            raise Problem("SIGNATURE_EXPIRED", "the signature is too old")


class Signer:
    """Signs requests and answers with one party's key."""

    def __init__(self, keys: PartyKeys, now: Now = utc_now, window: timedelta = WINDOW) -> None:
        self._keys = keys
        self._now = now
        self._window = window
        self._signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=_Resolver(None, keys))

    def _sign(self, message: Any, components: tuple[str, ...], tag: str) -> None:
        created = self._now()
        self._signer.sign(
            message,
            key_id=self._keys.signing_kid,
            created=created,
            expires=created + self._window,
            nonce=secrets.token_urlsafe(18),
            label="msl",
            tag=tag,
            covered_component_ids=components,
            use_existing_digest=True,
        )

    def sign_request(self, request: Request, body: bytes) -> None:
        """Add Content-Digest, Signature-Input and Signature; the other covered headers must be there already."""
        request.headers["Content-Digest"] = ContentDigest.create(body)
        self._sign(request, REQUEST_COMPONENTS, TAG)

    def sign_response(self, response: Response, body: bytes) -> None:
        """Sign an answer, bound to the request's signature when the request had one."""
        response.headers["Content-Digest"] = ContentDigest.create(body)
        names = {name.lower() for name in response.request.headers}
        bound = {"signature", "signature-input"} <= names
        try:
            self._sign(
                response, RESPONSE_COMPONENTS if bound else UNBOUND_COMPONENTS, TAG if bound else TAG_UNBOUND
            )
        except HTTPMessageSignaturesException:
            # The request's signature header is not even a header value: answer unbound rather than not at all.
            self._sign(response, UNBOUND_COMPONENTS, TAG_UNBOUND)


def _checked(
    verifier: _Verifier, directory: Directory, message: Any, components: tuple[str, ...], body: bytes
) -> Verified:
    digest = next((v for k, v in message.headers.items() if k.lower() == "content-digest"), None)
    if digest is None:
        raise Problem("SIGNATURE_INVALID", "Content-Digest is missing")
    try:
        results = verifier.verify(message, max_age=None, expect_tag=TAG, require_components=components)
        if len(results) != 1:
            raise Problem("SIGNATURE_INVALID", "exactly one msl1 signature is wanted")
    except InvalidSignature as refused:
        text = str(refused)
        if "resolve verification key" in text:
            raise Problem("UNKNOWN_KEY") from None
        raise Problem("SIGNATURE_INVALID", "the signature does not verify") from None
    except HTTPMessageSignaturesException:
        raise Problem("SIGNATURE_INVALID", "the signature headers are malformed") from None
    try:
        if not ContentDigest.verify_components(results[0].covered_components, body):
            raise Problem("DIGEST_MISMATCH", "the digest is not covered")
    except InvalidSignature:
        raise Problem("DIGEST_MISMATCH") from None
    params = results[0].parameters
    key = directory.signer(str(params["keyid"]))
    if key is None:
        raise Problem("UNKNOWN_KEY")
    expires = datetime.fromtimestamp(int(params["expires"]), UTC)
    if key.not_after and datetime.fromtimestamp(key.not_after, UTC) < datetime.fromtimestamp(
        int(params["created"]), UTC
    ):
        raise Problem("UNKNOWN_KEY", "the signing key is retired")
    return Verified(key, str(params["nonce"]), expires)


class Verifier:
    """Verifies requests (server side) and answers (client side) against a directory."""

    def __init__(self, directory: Directory, nonces: NonceStore, now: Now = utc_now) -> None:
        self._directory = directory
        self._nonces = nonces
        self._verifier = _Verifier(directory, now)

    def verify_request(self, request: Request, body: bytes) -> Verified:
        """Check a request completely, its nonce last so that a forged message cannot burn a good nonce.

        :raises Problem: SIGNATURE_MISSING, SIGNATURE_INVALID, SIGNATURE_EXPIRED, UNKNOWN_KEY, DIGEST_MISMATCH,
            NONCE_REPLAYED or TENANT_MISMATCH.
        """
        names = {name.lower(): value for name, value in request.headers.items()}
        if "signature" not in names or "signature-input" not in names:
            raise Problem("SIGNATURE_MISSING")
        verified = _checked(self._verifier, self._directory, request, REQUEST_COMPONENTS, body)
        tenant = verified.key.party.tenant
        if tenant is not None and names.get("msl-tenant") != tenant:
            raise Problem("TENANT_MISMATCH")
        self._burn(verified)
        return verified

    def verify_response(
        self, response: Response, body: bytes, expect: Mapping[str, Any] | None = None
    ) -> Verified:
        """Check that an answer was signed by the expected party and answers exactly this request.

        :param expect: ``{"role": ...}`` or ``{"party": ...}`` the signer must have.
        :raises Problem: as for requests; a swapped answer fails as SIGNATURE_INVALID.
        """
        verified = _checked(self._verifier, self._directory, response, RESPONSE_COMPONENTS, body)
        party = verified.key.party
        for name, wanted in (expect or {}).items():
            if (party.id if name == "party" else party.role) != wanted:
                raise Problem("SIGNATURE_INVALID", "the answer was signed by somebody else")
        self._burn(verified)
        return verified

    def _burn(self, verified: Verified) -> None:
        if not self._nonces.remember(verified.key.kid, verified.nonce, verified.expires + SKEW):
            raise Problem("NONCE_REPLAYED")

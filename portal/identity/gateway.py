"""What is believed of the front server (nginx): its headers count only when they come with the shared secret."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyramid.request import Request

from portal.identity.card.certificate import UNREADABLE
from portal.identity.card.reasons import CardReason, CardRefused
from portal.identity.devices import device_kind
from portal.identity.secrets import network_hash
from portal.web.front import from_front

MAX_HEADER = 12 * 1024


def network(request: Request) -> bytes:
    """A hash of where the request comes from."""
    address = (
        request.headers.get("X-Real-IP", "")
        if from_front(request)
        else request.environ.get("REMOTE_ADDR", "")
    )
    return network_hash(address, request.portal.gateway_secret)


def device(request: Request) -> str:
    """The kind of device that asks."""
    return device_kind(request.user_agent or "")


def client_certificate(request: Request) -> bytes:
    """The certificate whose key the browser has proved to hold in the TLS handshake, in DER.

    nginx is told ``optional_no_ca``: it proves possession and leaves the whole judgement to :mod:`portal.identity.card`.

    :raises CardRefused: ``no_certificate`` or ``unreadable``.
    """
    verdict = request.headers.get("X-Client-Verify", "NONE")
    escaped = request.headers.get("X-Client-Cert", "")
    if verdict == "NONE" or not escaped:
        raise CardRefused(CardReason.NO_CERTIFICATE)
    if len(escaped) > MAX_HEADER:
        raise CardRefused(CardReason.UNREADABLE)
    try:
        return x509.load_pem_x509_certificate(unquote_to_bytes(escaped)).public_bytes(Encoding.DER)
    except UNREADABLE:
        raise CardRefused(CardReason.UNREADABLE) from None

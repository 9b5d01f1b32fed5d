"""Time stamps (RFC 3161) on checkpoints: somebody else says when.

When the authority cannot be reached the log goes on and the checkpoint stays unstamped; the next stamp covers all before
it, because checkpoints are chained and the tree only grows. An alarm is raised when nothing was stamped for too long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

MAX_ANSWER = 64 * 1024


class StampUnavailable(Exception):
    """The authority did not answer, or not with a stamp that holds. Nothing is lost; it is tried again."""


class StampBroken(ValueError):
    """These bytes are not a valid stamp on that message by a trusted authority."""


class TimeStamper(Protocol):
    """Whoever stamps."""

    def stamp(self, message: bytes) -> bytes:
        """The DER answer of the authority for this message. Errors: StampUnavailable."""
        ...


@dataclass(frozen=True)
class HttpTimeStamper:
    """A time-stamp authority over HTTP. Args: client: with its time-outs; url; roots: authorities we trust."""

    client: httpx.Client
    url: str
    roots: Sequence[x509.Certificate]

    def stamp(self, message: bytes) -> bytes:
        """See `TimeStamper`; the answer is verified before it is accepted."""
        request = (
            TimestampRequestBuilder()
            .data(message)
            .hash_algorithm(HashAlgorithm.SHA256)
            .cert_request(cert_request=True)
            .build()
        )
        try:
            answer = self.client.post(
                self.url, content=request.as_bytes(), headers={"content-type": "application/timestamp-query"}
            )
            answer.raise_for_status()
            if len(answer.content) > MAX_ANSWER:
                raise StampUnavailable("the answer of the time-stamp authority is too long")
            verify_stamp(answer.content, message, self.roots, request.nonce)
        except (httpx.HTTPError, StampBroken) as broken:
            raise StampUnavailable(f"no usable time stamp: {type(broken).__name__}") from broken
        return answer.content


def verify_stamp(
    token: bytes, message: bytes, roots: Sequence[x509.Certificate], nonce: int | None = None
) -> datetime:
    """When the authority says this message existed (aware, UTC).

    Args: roots: trusted root certificates; nonce: of our own request, when we have just asked.
    Errors: StampBroken.
    """
    if not roots:
        raise StampBroken("no time-stamp authority is trusted")
    try:
        response = decode_timestamp_response(token)
        builder = VerifierBuilder(roots=list(roots), nonce=nonce)
        builder.build().verify_message(response, message)
        return response.tst_info.gen_time
    except (VerificationError, ValueError, AssertionError) as broken:
        raise StampBroken(str(broken)) from broken

"""The bytes a card signs to log in, and the code two screens show so that a person can compare them.

``domain tag ‖ origin ‖ SHA-256(session id) ‖ nonce ‖ purpose ‖ expiry``: every field has a fixed length or is preceded
by it, so no two challenges share their bytes, and a signature made for one site, session or purpose is of no use at another.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from datetime import datetime

from storage.clock import from_second_text, second_text

DOMAIN_TAG = b"madoguchi card login v1\x00"
PURPOSES = ("login", "step-up")


@dataclass(frozen=True)
class ChallengeMessage:
    """What is asked of the card.

    :param origin: scheme, host and port of the site, e.g. ``https://madoguchi.example``.
    :param session_hash: SHA-256 of the browser's secret, 32 bytes.
    :param nonce: 32 random bytes, good once.
    :param purpose: ``login`` or ``step-up``.
    :param expires_at: aware; whole seconds count.
    """

    origin: str
    session_hash: bytes
    nonce: bytes
    purpose: str
    expires_at: datetime

    def to_bytes(self) -> bytes:
        """The bytes to sign.

        :raises ValueError: when a field has not its length, or the purpose is unknown.
        """
        if len(self.session_hash) != 32 or len(self.nonce) != 32 or self.purpose not in PURPOSES:
            raise ValueError("a challenge has a session hash and a nonce of 32 bytes and a known purpose")
        origin, purpose = self.origin.encode(), self.purpose.encode()
        return b"".join(
            (
                DOMAIN_TAG,
                struct.pack(">H", len(origin)),
                origin,
                self.session_hash,
                self.nonce,
                struct.pack(">H", len(purpose)),
                purpose,
                struct.pack(">q", int(self.expires_at.timestamp())),
            )
        )

    def matching_code(self) -> str:
        """Six digits both screens show, e.g. ``274-906``, made from all the bytes that are signed."""
        number = (
            int.from_bytes(hashlib.sha256(b"matching\x00" + self.to_bytes()).digest()[:8], "big") % 1_000_000
        )
        return f"{number // 1000:03d}-{number % 1000:03d}"

    def to_json(self) -> dict[str, str]:
        """What the client fetches."""
        return {
            "origin": self.origin,
            "session_hash": self.session_hash.hex(),
            "nonce": self.nonce.hex(),
            "purpose": self.purpose,
            "expires_at": second_text(self.expires_at),
        }

    @classmethod
    def from_json(cls, fields: dict[str, str]) -> ChallengeMessage:
        """What the client makes of it.

        :raises ValueError, KeyError: when a field is missing or malformed.
        """
        return cls(
            fields["origin"],
            bytes.fromhex(fields["session_hash"]),
            bytes.fromhex(fields["nonce"]),
            fields["purpose"],
            from_second_text(fields["expires_at"]),
        )

"""Sealing copies to ourselves, many at a time: the same compact JWE (RFC 7516, dir + A256GCM) as `wire.sealing.seal_own` makes.

The header is the same for every copy of a key, so it is encoded once; what is left for each row is one AES-GCM call. A test opens what this makes with
the wire's own function.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def _b64(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


class OwnSealer:
    """Seals copies under one key.

    :param kid: the key's id.
    :param secret: its 32 bytes.
    """

    def __init__(self, kid: str, secret: bytes) -> None:
        self._header = _b64(orjson.dumps({"alg": "dir", "enc": "A256GCM", "kid": kid}))
        self._aead = AESGCM(secret)
        self._secret = secret

    def digest(self, addressee: str, item: str, as_of: str, plain: bytes) -> bytes:
        """A keyed fingerprint of a copy's content, to see whether it changed."""
        mark = f"copy\x00{addressee}\x00{item}\x00{as_of}\x00".encode()
        return hmac.digest(self._secret, mark + plain, hashlib.sha256)

    def seal(self, addressee: str, item: str, version: int, as_of: str, plain: bytes) -> str:
        """Seal one copy.

        :param plain: the content as JSON.
        """
        context = orjson.dumps({"danban": addressee, "item": item, "version": str(version), "as_of": as_of})
        body = b'{"context":' + context + b',"content":' + plain + b"}"
        nonce = secrets.token_bytes(12)
        sealed = self._aead.encrypt(nonce, body, self._header)
        return b"".join(
            (self._header, b"..", _b64(nonce), b".", _b64(sealed[:-16]), b".", _b64(sealed[-16:]))
        ).decode("ascii")

"""Sealing copies to ourselves, many at a time: the same compact JWE (RFC 7516, dir + A256GCM) as `wire.sealing.seal_own` makes.

The header is the same for every copy of a key, so it is encoded once; what is left for each row is one AES-GCM call. A test opens what this makes with
the wire's own function.
"""

from __future__ import annotations

import hashlib
import os
from binascii import b2a_base64

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _b64(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).rstrip(b"=")


class OwnSealer:
    """Seals copies under one key.

    :param kid: the key's id.
    :param secret: its 32 bytes.
    """

    def __init__(self, kid: str, secret: bytes) -> None:
        header = _b64(orjson.dumps({"alg": "dir", "enc": "A256GCM", "kid": kid}))
        self._header = header.translate(_URL_SAFE)
        self._aead = AESGCM(secret)
        # HMAC (RFC 2104) with both halves of the key hashed once: what is left for each row is half the work.
        padded = secret.ljust(64, b"\x00")
        self._inner, self._outer = (
            hashlib.sha256(bytes(one ^ pad for one in padded)) for pad in (0x36, 0x5C)
        )

    def digest(self, addressee: str, item: str, as_of: str, plain: bytes) -> bytes:
        """A keyed fingerprint of a copy's content, to see whether it changed."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(f"copy\x00{addressee}\x00{item}\x00{as_of}\x00".encode() + plain)
        outer.update(inner.digest())
        return outer.digest()

    def seal(self, addressee: str, item: str, version: int, as_of: str, plain: bytes) -> str:
        """Seal one copy.

        :param plain: the content as JSON.
        """
        context = orjson.dumps({"danban": addressee, "item": item, "version": str(version), "as_of": as_of})
        nonce = os.urandom(12)
        sealed = self._aead.encrypt(nonce, b'{"context":%b,"content":%b}' % (context, plain), self._header)
        joined = b"%b..%b.%b.%b" % (self._header, _b64(nonce), _b64(sealed[:-16]), _b64(sealed[-16:]))
        return joined.translate(_URL_SAFE).decode("ascii")

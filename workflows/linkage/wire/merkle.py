"""The Merkle root of RFC 9162 §2.1.1 over ready leaf hashes, used by record checkpoints and copy manifests."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence


def leaf(data: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def root_bytes(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; the hash of nothing when there are none."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    # Pairing level by level and lifting an odd last node gives the same tree as the RFC's split at a power of two.
    level = list(leaves)
    while len(level) > 1:
        pairs = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)
        ]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]


def root(leaves: Sequence[bytes]) -> str:
    """The root as base64url without padding."""
    return urlsafe_b64encode(root_bytes(leaves)).rstrip(b"=").decode("ascii")

"""The edge of a growing Merkle tree (RFC 9162): its root after n leaves from about log2(n) hashes, so that checking does not grow with the log."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable


def append(edge: list[bytes], size: int, leaves: Iterable[bytes]) -> tuple[list[bytes], int]:
    """Add leaf hashes.

    :param edge: hashes of the perfect subtrees, largest first; `size` leaves in all.
    :returns: the new edge and size.
    """
    stack = list(edge)
    for leaf in leaves:
        stack.append(leaf)
        size += 1
        low = size
        while low % 2 == 0:
            right = stack.pop()
            stack[-1] = hashlib.sha256(b"\x01" + stack[-1] + right).digest()
            low //= 2
    return stack, size


def root(edge: list[bytes]) -> str:
    """The root as base64url without padding."""
    if not edge:
        value = hashlib.sha256(b"").digest()
    else:
        value = edge[-1]
        for left in reversed(edge[:-1]):
            value = hashlib.sha256(b"\x01" + left + value).digest()
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")

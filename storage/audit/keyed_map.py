"""A map committed with each checkpoint: person key -> (how many records, root of her own tree).

The log proves that a record is in it, not that a person was shown all of hers. So the checkpoint also signs this map: a tree
of 65,536 buckets by the first two bytes of the key; a bucket's hash covers all its entries in order, so a key can stand in
it once only, and showing the bucket shows that there is no second entry. Pure; storage is in `service`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

DEPTH = 16
KEY_BYTES = 32
Node = tuple[int, int]
"""(level, node): level 0 are the buckets, level 16 is the root."""


class Entry(NamedTuple):
    """One person: pseudonymous key, number of her records, root over their leaf hashes."""

    key: bytes
    count: int  # type: ignore[assignment]  # the word of the field; nobody counts in this tuple
    root: bytes


def bucket_of(key: bytes) -> int:
    """The bucket a key belongs to."""
    return int.from_bytes(key[: DEPTH // 8], "big")


def bucket_hash(entries: Iterable[Entry]) -> bytes:
    """The hash of a bucket.

    Errors: ValueError unless every entry is well formed, has records, belongs to one bucket and keys rise strictly.
    """
    digest = hashlib.sha256(b"\x00madoguchi/map/1")
    before = b""
    bucket = None
    for entry in entries:
        if len(entry.key) != KEY_BYTES or len(entry.root) != KEY_BYTES or not 0 < entry.count < 1 << 64:
            raise ValueError("an entry has a 32-byte key, a 32-byte root and at least one record")
        if entry.key <= before or bucket not in (None, bucket_of(entry.key)):
            raise ValueError("the entries of a bucket rise strictly and share the bucket")
        before, bucket = entry.key, bucket_of(entry.key)
        digest.update(entry.key + entry.count.to_bytes(8, "big") + entry.root)
    return digest.digest()


def pair_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two neighbours."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _empty() -> list[bytes]:
    found = [bucket_hash(())]
    for _ in range(DEPTH):
        found.append(pair_hash(found[-1], found[-1]))
    return found


EMPTY = _empty()
"""The hash of a wholly empty subtree at each level; `EMPTY[DEPTH]` is the root of a map without entries."""


def needed(dirty: Iterable[int]) -> set[Node]:
    """The stored nodes that must be read to recompute the root after these buckets changed."""
    wanted: set[Node] = set()
    nodes = set(dirty)
    for level in range(DEPTH):
        wanted |= {(level, node ^ 1) for node in nodes if node ^ 1 not in nodes}
        nodes = {node >> 1 for node in nodes}
    return wanted


def update(changed: Mapping[int, bytes], kept: Mapping[Node, bytes]) -> dict[Node, bytes]:
    """All nodes that change, up to the root, when buckets change.

    Args: changed: new hash by bucket; kept: stored nodes named by `needed` (missing ones are empty).
    """
    result: dict[Node, bytes] = {(0, bucket): value for bucket, value in changed.items()}
    nodes = set(changed)
    for level in range(DEPTH):
        parents = {node >> 1 for node in nodes}
        for parent in parents:
            pair = []
            for child in (parent * 2, parent * 2 + 1):
                place = (level, child)
                pair.append(result[place] if place in result else kept.get(place, EMPTY[level]))
            result[(level + 1, parent)] = pair_hash(*pair)
        nodes = parents
    return result


def siblings(bucket: int) -> list[Node]:
    """The nodes that prove a bucket, from the bucket up."""
    return [(level, (bucket >> level) ^ 1) for level in range(DEPTH)]


def root_from_bucket(bucket: int, entries: Sequence[Entry], path: Sequence[bytes]) -> bytes | None:
    """The root that a shown bucket and its siblings lead to; None when the proof is malformed."""
    if len(path) != DEPTH or not 0 <= bucket < 1 << DEPTH:
        return None
    try:
        found = bucket_hash(entries)
    except ValueError:
        return None
    if any(bucket_of(entry.key) != bucket for entry in entries):
        return None
    for level, sibling in enumerate(path):
        found = pair_hash(sibling, found) if bucket >> level & 1 else pair_hash(found, sibling)
    return found

"""The Merkle tree of RFC 9162 (Certificate Transparency 2.0) §2.1, pure: hashes, roots, inclusion and consistency proofs.

A leaf hash is SHA-256(0x00 ‖ entry), a node SHA-256(0x01 ‖ left ‖ right); a tree of n leaves splits at the largest power of
two below n. Everything takes and returns 32-byte hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes; the empty tree has the hash of nothing."""
    level = list(leaves)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


class Edge:
    """The right edge of a growing tree: the roots of its complete subtrees, largest first. Enough to append and to know
    the root, without the leaves (at most 64 hashes whatever the size)."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if size < 0 or len(hashes) != size.bit_count():
            raise ValueError("an edge has one hash for each bit of its size")
        self.size = size
        self.hashes = list(hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        carry, size = leaf, self.size
        while size & 1:
            carry = node_hash(self.hashes.pop(), carry)
            size >>= 1
        self.hashes.append(carry)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self.hashes:
            return EMPTY_ROOT
        found = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            found = node_hash(left, found)
        return found

    def to_bytes(self) -> bytes:
        """The hashes, one after another; the size is kept beside them."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, raw: bytes) -> Edge:
        """The edge that `to_bytes` wrote. Errors: ValueError when it does not belong to a tree of that size."""
        return cls(size, [raw[i : i + HASH_BYTES] for i in range(0, len(raw), HASH_BYTES)])


Range = Callable[[int, int], bytes]


def split(size: int) -> int:
    """Where a tree of `size` > 1 leaves splits: the largest power of two smaller than it."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_path(index: int, size: int, subroot: Range) -> list[bytes]:
    """The audit path of leaf `index` in a tree of `size` leaves, from the leaf up.

    Args: subroot(lo, hi): root over leaves lo..hi-1. Errors: IndexError when there is no such leaf.
    """
    if not 0 <= index < size:
        raise IndexError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            path.append(subroot(middle, high))
            high = middle
        else:
            path.append(subroot(low, middle))
            low = middle
    return path[::-1]


def consistency_path(old: int, size: int, subroot: Range) -> list[bytes]:
    """The proof that a tree of `old` leaves is the beginning of one of `size` leaves (RFC 9162 §2.1.4.1).

    Errors: IndexError unless 0 < old <= size.
    """
    if not 0 < old <= size:
        raise IndexError(f"a tree of {old} cannot be the beginning of a tree of {size}")

    def prove(target: int, low: int, high: int, whole: bool) -> list[bytes]:
        if target == high - low:
            return [] if whole else [subroot(low, high)]
        middle = split(high - low)
        if target <= middle:
            return [*prove(target, low, low + middle, whole), subroot(low + middle, high)]
        return [*prove(target - middle, low + middle, high, False), subroot(low, low + middle)]

    return prove(old, 0, size, True)


def root_from_path(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf and its audit path lead to, or None when the path has the wrong length (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return None
    node, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        node >>= 1
        last >>= 1
    return found if last == 0 else None


def verify_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], expected: bytes) -> bool:
    """Whether this leaf stands at this place of the tree with this root."""
    return root_from_path(index, size, leaf, path) == expected


def verify_consistency(old: int, size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the older tree is the beginning of the newer one (RFC 9162 §2.1.4.2)."""
    if old == size:
        return not path and old_root == new_root
    if not 0 < old < size or not path:
        return False
    steps = list(path)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    node, last = old - 1, size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    first = second = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root

"""The tree in tiles: leaf hashes in rows of 256, and above them only every eighth level.

A tile is 256 hashes (8 KiB). Ten million leaves are about forty thousand rows; a proof reads a handful of them and
computes the levels between. Nothing stored is ever changed: a tile only grows at its right end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from .merkle import EMPTY_ROOT, HASH_BYTES, consistency_path, inclusion_path, node_hash, root, split

HEIGHT = 8
WIDTH = 1 << HEIGHT
TILE_BYTES = WIDTH * HASH_BYTES

Place = tuple[int, int]
"""(level, tile): level 0 holds leaf hashes, level k the roots of complete subtrees of 256**k leaves."""


class MissingTile(LookupError):
    """A tile that the size of the tree promises is not there: the log is damaged. Nothing was changed."""


def right_edge(size: int) -> list[Place]:
    """The last, unfinished tile of each level of a tree of `size` leaves: all that appending has to read."""
    found: list[Place] = []
    level = 0
    while size:
        if size % WIDTH:
            found.append((level, size // WIDTH))
        size //= WIDTH
        level += 1
    return found


def append(size: int, edge: dict[Place, bytes], leaves: Sequence[bytes]) -> dict[Place, bytes]:
    """The tiles that change when leaves are added.

    Args: size: leaves so far; edge: content of the tiles `right_edge(size)` names; leaves: 32-byte hashes.
    Returns: new content by place; finished tiles among them are final.
    """
    changed: dict[Place, bytes] = {}
    level, fresh = 0, list(leaves)
    while fresh:
        tile, offset = divmod(size, WIDTH)
        held = edge.get((level, tile), b"") if offset else b""
        if len(held) != offset * HASH_BYTES:
            raise MissingTile(f"tile {level}/{tile} should hold {offset} hashes")
        raw = held + b"".join(fresh)
        upward: list[bytes] = []
        for start in range(0, len(raw), TILE_BYTES):
            part = raw[start : start + TILE_BYTES]
            changed[(level, tile)] = part
            tile += 1
            if len(part) == TILE_BYTES:
                upward.append(root(hashes(part)))
        size //= WIDTH
        level, fresh = level + 1, upward
    return changed


def hashes(tile: bytes) -> Iterator[bytes]:
    """The hashes of a tile, left to right."""
    return (tile[i : i + HASH_BYTES] for i in range(0, len(tile), HASH_BYTES))


class TileTree:
    """A tree of known size over stored tiles.

    Args: size: number of leaves; load: reads tiles that are not here yet, as a mapping of those found.
    """

    def __init__(self, size: int, load: Callable[[set[Place]], dict[Place, bytes]]) -> None:
        self.size = size
        self._load = load
        self._tiles: dict[Place, bytes] = {}

    def prefetch(self, indexes: Iterable[int]) -> None:
        """Read every tile the inclusion proofs of these leaves need, in one go."""
        wanted = set(right_edge(self.size))
        for index in indexes:
            level, place, size = 0, index, self.size
            while size:
                wanted.add((level, place // WIDTH))
                place //= WIDTH
                size //= WIDTH
                level += 1
        wanted = {(level, tile) for level, tile in wanted if self._exists(level, tile)} - self._tiles.keys()
        if wanted:
            self._tiles |= self._load(wanted)

    def root(self, size: int | None = None) -> bytes:
        """The root at `size` (default: now)."""
        size = self.size if size is None else size
        return self.subroot(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path of a leaf."""
        size = self.size if size is None else size
        self.prefetch([index])
        return inclusion_path(index, size, self.subroot)

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """The proof that the tree of `old` leaves is the beginning of this one."""
        return consistency_path(old, self.size if size is None else size, self.subroot)

    def leaf(self, index: int) -> bytes:
        """The leaf hash at a place."""
        return self._node(0, index)

    def subroot(self, low: int, high: int) -> bytes:
        """The root over leaves low..high-1; low is a multiple of a power of two at least as large as the range, as it
        always is inside a proof."""
        size = high - low
        if size & (size - 1) == 0:
            return self._node(size.bit_length() - 1, low // size)
        middle = low + split(size)
        return node_hash(self.subroot(low, middle), self.subroot(middle, high))

    def _node(self, height: int, index: int) -> bytes:
        """The root of the complete subtree of 2**height leaves that starts at index * 2**height."""
        level, rest = divmod(height, HEIGHT)
        first = index << rest
        tile, offset = divmod(first, WIDTH)
        raw = self._tile((level, tile))
        part = raw[offset * HASH_BYTES : (offset + (1 << rest)) * HASH_BYTES]
        if len(part) != (1 << rest) * HASH_BYTES:
            raise MissingTile(f"tile {level}/{tile} is shorter than the tree says")
        return part if rest == 0 else root(hashes(part))

    def _tile(self, place: Place) -> bytes:
        if place not in self._tiles:
            self._tiles |= self._load({place})
        try:
            return self._tiles[place]
        except KeyError:
            raise MissingTile(f"tile {place[0]}/{place[1]} is not there") from None

    def _exists(self, level: int, tile: int) -> bool:
        return tile * WIDTH < self.size >> (HEIGHT * level)

"""The tree against a naive one written straight from the text of RFC 9162, and every proof against every wrong use of it."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.audit import merkle, tiles


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def some(count: int) -> list[bytes]:
    return [merkle.leaf_hash(n.to_bytes(4, "big")) for n in range(count)]


class Store:
    """Tiles in memory, as the database would keep them."""

    def __init__(self) -> None:
        self.kept: dict[tiles.Place, bytes] = {}
        self.size = 0
        self.reads = 0

    def add(self, leaves: list[bytes]) -> None:
        edge = {place: self.kept[place] for place in tiles.right_edge(self.size)}
        for place, raw in tiles.append(self.size, edge, leaves).items():
            assert raw.startswith(self.kept.get(place, b"")), "a tile only grows"
            self.kept[place] = raw
        self.size += len(leaves)

    def load(self, wanted: set[tiles.Place]) -> dict[tiles.Place, bytes]:
        self.reads += len(wanted)
        return {place: self.kept[place] for place in wanted if place in self.kept}

    def tree(self, size: int | None = None) -> tiles.TileTree:
        return tiles.TileTree(self.size if size is None else size, self.load)


def test_the_hashes_are_those_of_the_rfc() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@settings(deadline=None)
@given(st.integers(0, 70), st.data())
def test_roots_and_paths_match_the_naive_tree(size: int, data: st.DataObject) -> None:
    leaves = some(size)
    assert merkle.root(leaves) == naive_root(leaves)
    edge = merkle.Edge()
    for leaf in leaves:
        edge.append(leaf)
    assert edge.root() == naive_root(leaves)
    assert merkle.Edge.from_bytes(size, edge.to_bytes()).root() == edge.root()
    if size:
        index = data.draw(st.integers(0, size - 1))
        path = merkle.inclusion_path(index, size, lambda lo, hi: naive_root(leaves[lo:hi]))
        assert path == naive_path(index, leaves)
        assert merkle.verify_inclusion(index, size, leaves[index], path, naive_root(leaves))


@settings(deadline=None)
@given(st.integers(1, 60), st.data())
def test_an_inclusion_proof_holds_for_nothing_but_its_own_leaf_place_and_size(
    size: int, data: st.DataObject
) -> None:
    leaves, index = some(size), data.draw(st.integers(0, size - 1))
    path, top = naive_path(index, leaves), naive_root(leaves)
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert not merkle.verify_inclusion(other, size, leaves[index], path, top)
        assert not merkle.verify_inclusion(index, size, leaves[other], path, top)
    assert not merkle.verify_inclusion(index, size, leaves[index], [*path, top], top)
    if path:
        assert not merkle.verify_inclusion(index, size, leaves[index], path[:-1], top)
        broken = [*path[:-1], bytes(32)]
        assert not merkle.verify_inclusion(index, size, leaves[index], broken, top)
    assert not merkle.verify_inclusion(size, size, leaves[index], path, top)
    assert not merkle.verify_inclusion(-1, size, leaves[index], path, top)


@settings(deadline=None)
@given(st.integers(1, 60), st.data())
def test_consistency_holds_exactly_for_a_beginning(size: int, data: st.DataObject) -> None:
    leaves, old = some(size), data.draw(st.integers(1, size))
    path = merkle.consistency_path(old, size, lambda lo, hi: naive_root(leaves[lo:hi]))
    before, after = naive_root(leaves[:old]), naive_root(leaves)
    assert merkle.verify_consistency(old, size, before, after, path)
    changed = [bytes(32), *leaves[1:]]
    assert not merkle.verify_consistency(old, size, naive_root(changed[:old]), after, path)
    assert not merkle.verify_consistency(old, size, before, naive_root(changed), path)
    assert not merkle.verify_consistency(old, size, before, after, [*path, bytes(32)])
    if old < size:
        assert not merkle.verify_consistency(old, size, before, after, path[:-1])


@settings(deadline=None)
@given(st.lists(st.integers(0, 600), max_size=6))
def test_tiles_give_the_same_root_and_paths_however_the_leaves_arrived(batches: list[int]) -> None:
    store, leaves = Store(), some(sum(batches))
    start = 0
    for count in batches:
        store.add(leaves[start : start + count])
        start += count
    assert store.tree().root() == merkle.root(leaves)
    for index in {0, len(leaves) // 2, len(leaves) - 1} if leaves else set():
        tree = store.tree()
        path = tree.inclusion(index)
        assert merkle.verify_inclusion(index, len(leaves), leaves[index], path, merkle.root(leaves))
        assert tree.leaf(index) == leaves[index]


def test_an_older_size_can_be_proven_from_the_same_tiles() -> None:
    store, leaves = Store(), some(70_000)
    store.add(leaves[:300])
    store.add(leaves[300:])
    now = merkle.root(leaves)
    assert store.tree().root() == now
    for old in (1, 255, 256, 257, 65_536, 65_537, 69_999):
        path = store.tree().consistency(old)
        assert merkle.verify_consistency(old, 70_000, merkle.root(leaves[:old]), now, path)
        assert store.tree().root(old) == merkle.root(leaves[:old])


def test_a_proof_reads_a_handful_of_tiles() -> None:
    store = Store()
    store.add(some(70_000))
    store.reads = 0
    store.tree().inclusion(12_345)
    assert store.reads <= 6


def test_a_missing_or_short_tile_is_named() -> None:
    store = Store()
    store.add(some(600))
    del store.kept[(0, 1)]
    with pytest.raises(tiles.MissingTile, match="0/1"):
        store.tree().inclusion(300)
    store.kept[(0, 1)] = bytes(64)
    with pytest.raises(tiles.MissingTile, match="shorter"):
        store.tree().inclusion(301)
    with pytest.raises(tiles.MissingTile):
        tiles.append(600, {}, some(1))


def test_an_edge_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="one hash"):
        merkle.Edge.from_bytes(3, bytes(32))

"""The map of persons: incremental updates equal a full rebuild, and a shown bucket leaves no room for a second entry."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.audit import keyed_map
from storage.audit.keyed_map import Entry


def entry(number: int, bucket: int | None = None, count: int = 1) -> Entry:
    key = hashlib.sha256(str(number).encode()).digest()
    if bucket is not None:
        key = bucket.to_bytes(2, "big") + key[2:]
    return Entry(key, count, hashlib.sha256(key + bytes([count % 256])).digest())


def full(entries: list[Entry]) -> dict[keyed_map.Node, bytes]:
    buckets: dict[int, list[Entry]] = {}
    for one in entries:
        buckets.setdefault(keyed_map.bucket_of(one.key), []).append(one)
    changed = {bucket: keyed_map.bucket_hash(sorted(held)) for bucket, held in buckets.items()}
    return keyed_map.update(changed, {})


def top(nodes: dict[keyed_map.Node, bytes]) -> bytes:
    return nodes.get((keyed_map.DEPTH, 0), keyed_map.EMPTY[keyed_map.DEPTH])


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 65535)), max_size=6), max_size=5))
def test_updates_batch_by_batch_equal_a_rebuild(batches: list[list[tuple[int, int]]]) -> None:
    held: dict[bytes, Entry] = {}
    stored: dict[keyed_map.Node, bytes] = {}
    for turn, batch in enumerate(batches):
        for number, bucket in batch:
            one = entry(number, bucket, turn + 1)
            held[one.key] = one
        dirty = {bucket for _, bucket in batch}
        changed = {
            b: keyed_map.bucket_hash(sorted(e for e in held.values() if keyed_map.bucket_of(e.key) == b))
            for b in dirty
        }
        kept = {place: stored[place] for place in keyed_map.needed(dirty) if place in stored}
        stored |= keyed_map.update(changed, kept)
    assert top(stored) == top(full(list(held.values())))


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(0, 65535))
def test_a_shown_bucket_leads_to_the_root_and_no_changed_one_does(count: int, bucket: int) -> None:
    mine = sorted(entry(n, bucket) for n in range(count))
    nodes = full([*mine, *(entry(n) for n in range(100, 120) if keyed_map.bucket_of(entry(n).key) != bucket)])
    path = [nodes.get(place, keyed_map.EMPTY[place[0]]) for place in keyed_map.siblings(bucket)]
    expected = top(nodes)
    assert keyed_map.root_from_bucket(bucket, mine, path) == expected
    assert keyed_map.root_from_bucket(bucket, mine[:-1], path) != expected
    assert keyed_map.root_from_bucket(bucket, [*mine, mine[-1]], path) is None
    assert keyed_map.root_from_bucket(bucket, mine[::-1], path) is None or count == 1
    assert keyed_map.root_from_bucket(bucket, [mine[0]._replace(count=2), *mine[1:]], path) != expected
    assert keyed_map.root_from_bucket(bucket ^ 1, mine, path) is None
    assert keyed_map.root_from_bucket(bucket, mine, path[:-1]) is None


def test_an_empty_bucket_can_be_shown_too() -> None:
    nodes = full([entry(1, 5)])
    path = [nodes.get(place, keyed_map.EMPTY[place[0]]) for place in keyed_map.siblings(6)]
    assert keyed_map.root_from_bucket(6, [], path) == top(nodes)


def test_a_key_cannot_stand_in_a_bucket_twice_whatever_its_count() -> None:
    one = entry(1, 7)
    with pytest.raises(ValueError, match="rise"):
        keyed_map.bucket_hash([one, one._replace(count=9)])


@pytest.mark.parametrize(
    "bad", [Entry(b"k", 1, bytes(32)), Entry(bytes(32), 0, bytes(32)), Entry(bytes(32), 1, b"")]
)
def test_a_malformed_entry_has_no_hash(bad: Entry) -> None:
    with pytest.raises(ValueError, match="32-byte"):
        keyed_map.bucket_hash([bad])

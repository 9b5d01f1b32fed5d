"""Three-way comparison: our own records, the hub's TKM record, and the core's, exchange by exchange, by digest.

番号法23条 makes asker, holder and core each keep the record; they must say the same. The comparison takes digests only, so a
nightly job can run over millions and no content moves. What differs becomes a finding, and a finding becomes a case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from .models import ProvisionRecord, canonical, instant

Keeper = Literal["own", "hub", "core"]
KEEPERS: tuple[Keeper, ...] = ("own", "hub", "core")


class Digest(NamedTuple):
    """One keeper's word on one exchange; `digest` is that of `common`."""

    exchange_id: str
    digest: bytes


class Difference(NamedTuple):
    """An exchange on which the keepers do not agree.

    missing: keepers without a record of it; apart: keepers whose record says something else than the majority (or than our
    own, when there is none).
    """

    exchange_id: str
    missing: tuple[Keeper, ...]
    apart: tuple[Keeper, ...]


def common(record: ProvisionRecord) -> bytes:
    """The digest of what all three must say alike: the fields of 番号法23条1項, without the keeper's own ids and addressee."""
    return common_digest(
        exchange_id=record.exchange_id,
        asker=record.asker.code,
        holder=record.holder.code,
        requested_at=instant(record.requested_at),
        provided_at=instant(record.provided_at) if record.provided_at else None,
        affair=record.affair_code,
        items=[item.code for item in record.items],
        outcome=record.outcome,
    )


def common_digest(
    *,
    exchange_id: str,
    asker: str,
    holder: str,
    requested_at: str,
    provided_at: str | None,
    affair: str,
    items: Iterable[str],
    outcome: str,
) -> bytes:
    """See `common`; times as RFC 3339 UTC with microseconds, items in any order."""
    value = {
        "exchange_id": exchange_id,
        "asker": asker,
        "holder": holder,
        "requested_at": requested_at,
        "provided_at": provided_at,
        "affair": affair,
        "items": sorted(items),
        "outcome": outcome,
    }
    return hashlib.sha256(b"madoguchi/exchange/1\x00" + canonical(value)).digest()


def compare(records: Mapping[Keeper, Iterable[Digest]]) -> Iterator[Difference]:
    """The exchanges on which keepers differ.

    Args: records: digests by keeper, each sorted by exchange id and without repeats; a keeper that is not in the mapping
    was not reachable and is left out of the comparison. Streams; memory does not grow.
    Errors: ValueError when a stream is not sorted (then its keeper cannot be compared).
    """
    streams = {keeper: _Stream(keeper, records[keeper]) for keeper in KEEPERS if keeper in records}
    while True:
        heads = {keeper: stream.head for keeper, stream in streams.items() if stream.head is not None}
        if not heads:
            return
        exchange_id = min(head.exchange_id for head in heads.values())
        said = {keeper: head.digest for keeper, head in heads.items() if head.exchange_id == exchange_id}
        missing = tuple(keeper for keeper in streams if keeper not in said)
        apart = _apart(said)
        if missing or apart:
            yield Difference(exchange_id, missing, apart)
        for keeper in said:
            streams[keeper].step()


def _apart(said: Mapping[Keeper, bytes]) -> tuple[Keeper, ...]:
    counts: dict[bytes, int] = {}
    for digest in said.values():
        counts[digest] = counts.get(digest, 0) + 1
    if len(counts) <= 1:
        return ()
    most = max(counts.values())
    leaders = [digest for digest, count in counts.items() if count == most]
    right = leaders[0] if len(leaders) == 1 else next(iter(said.values()))
    return tuple(keeper for keeper, digest in said.items() if digest != right)


class _Stream:
    """One keeper's digests, one at a time, held to their order."""

    def __init__(self, keeper: Keeper, digests: Iterable[Digest]) -> None:
        self.keeper, self._rest = keeper, iter(digests)
        self.head: Digest | None = next(self._rest, None)

    def step(self) -> None:
        """On to the next."""
        before, self.head = self.head, next(self._rest, None)
        if before and self.head and self.head.exchange_id <= before.exchange_id:
            raise ValueError(f"the records of {self.keeper} are not sorted by exchange")

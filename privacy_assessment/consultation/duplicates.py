"""Groups opinions that say the same: the same words exactly, or nearly (by runs of characters), each group counted once with its number.

Every text is read once and sketched (one smallest hash for each of a few bins); only the few that share most of a sketch are compared,
and only with the first of a group, so ten thousand copies of one letter cost no more than ten thousand different ones.
"""

from __future__ import annotations

import hashlib
import unicodedata
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

GRAM = 5
NEAR = 0.7
BINS = 24
BAND = 3
# How many of the likeliest groups a text is compared with.
TRIED = 30


@dataclass(frozen=True, slots=True)
class Group:
    """Opinions that go together.

    :param kind: ``single``, ``exact`` or ``near``. :param likeness: the smallest likeness to the first one, 0 to 1: why they are together.
    """

    receipts: tuple[str, ...]
    kind: str
    likeness: float


def group(texts: Mapping[str, str], near: float = NEAR) -> list[Group]:
    """Group texts by receipt, largest groups first.

    :param near: share of common runs of characters from which two texts count as nearly the same.
    """
    same: dict[bytes, list[str]] = {}
    for receipt, text in texts.items():
        same.setdefault(hashlib.sha256(bare(text).encode()).digest(), []).append(receipt)
    heads: list[tuple[frozenset[int], list[str], list[float]]] = []
    buckets: dict[tuple[int, ...], list[int]] = {}
    for receipts in same.values():
        grams = _grams(bare(texts[receipts[0]]))
        bands = _bands(grams)
        votes = Counter(number for band in bands for number in buckets.get(band, ()))
        best, likeness = -1, 0.0
        for number, _ in votes.most_common(TRIED):
            found = _likeness(grams, heads[number][0])
            if found >= near and found > likeness:
                best, likeness = number, found
        if best >= 0:
            heads[best][1].extend(receipts)
            heads[best][2].append(likeness)
            continue
        for band in bands:
            buckets.setdefault(band, []).append(len(heads))
        heads.append((grams, list(receipts), []))
    groups = [
        Group(tuple(receipts), _kind(receipts, likes), min(likes, default=1.0))
        for _, receipts, likes in heads
    ]
    return sorted(groups, key=lambda one: (-len(one.receipts), one.receipts))


def bare(text: str) -> str:
    """A text without what does not count: widths, spaces, punctuation, case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] not in "ZPC")


def _kind(receipts: list[str], likes: list[float]) -> str:
    if len(receipts) == 1:
        return "single"
    return "near" if likes else "exact"


def _grams(text: str) -> frozenset[int]:
    data = [text[n : n + GRAM] for n in range(max(1, len(text) - GRAM + 1))]
    return frozenset(zlib.crc32(one.encode()) for one in data)


def _bands(grams: frozenset[int]) -> list[tuple[int, ...]]:
    """A sketch cut into bands: two texts that are 0.7 alike share one with a probability of 96 %."""
    least = [-1] * BINS
    for one in grams:
        place, value = one % BINS, one // BINS
        if least[place] < 0 or value < least[place]:
            least[place] = value
    bands = [(start, *least[start : start + BAND]) for start in range(0, BINS, BAND)]
    return [band for band in bands if max(band[1:]) >= 0]


def _likeness(one: frozenset[int], other: frozenset[int]) -> float:
    small, large = sorted((len(one), len(other)))
    # Sets of very different sizes cannot be near; this spares the intersection.
    if small < large * NEAR / 2:
        return 0.0
    shared = len(one & other)
    return shared / (small + large - shared)

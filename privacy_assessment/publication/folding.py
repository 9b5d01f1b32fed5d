"""Texts made comparable for searching, and the tokens they are found by.

Width, case, variation selectors and spaces make no difference when searching; what is shown keeps every character as it was written.
Japanese has no spaces, so a text is found by its pairs of characters (and by single ones): a word of two characters is one token, a longer
one is all its pairs, looked for again in the text itself.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass

MAX_QUERY = 200
MAX_WORDS = 8
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－"), "-")
# Variation selectors, joiners and marks of direction: they change how a character looks, not which it is. And control characters.
_DROPPED = re.compile(
    "[\ufe00-\ufe0f\U000e0100-\U000e01ef\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u00ad\u0000-\u0020\u007f-\u00a0\u3000\u2000-\u200a]"
)
_SPACES = re.compile(r"[\s\u3000]+")


def fold(text: str) -> str:
    """A text as it is compared: NFKC, no case, no variation selectors, no spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_DASHES)
    return _DROPPED.sub("", folded)


def tokens(folded: str) -> set[str]:
    """The single characters and the pairs of a folded text; a line end belongs to no pair."""
    found: set[str] = set()
    for line in folded.split("\n"):
        found.update(line)
        found.update(map("".join, itertools.pairwise(line)))
    return found


@dataclass(frozen=True)
class Query:
    """What somebody looks for.

    :param words: folded words, all of which must occur. :param cut: part of what was typed was left aside (too long, too many words).
    """

    words: tuple[str, ...]
    cut: bool

    @property
    def tokens(self) -> list[str]:
        """What the index is asked for."""
        found: dict[str, None] = {}
        for word in self.words:
            pairs = [word[at : at + 2] for at in range(len(word) - 1)] or [word]
            found.update(dict.fromkeys(pairs))
        return list(found)

    @property
    def exact(self) -> bool:
        """Whether the tokens alone decide: no word is longer than a pair."""
        return all(len(word) <= 2 for word in self.words)


def read_query(typed: str) -> Query:
    """The words of what was typed; quotes keep a phrase with spaces together. Never fails, whatever was typed."""
    cut = len(typed) > MAX_QUERY
    text = typed[:MAX_QUERY]
    parts = re.findall(r'["“”「]([^"“”」]+)["“”」]|([^\s\u3000"“”]+)', text)
    words = [folded for phrase, word in parts if (folded := fold(phrase or word))]
    unique = list(dict.fromkeys(words))
    return Query(tuple(unique[:MAX_WORDS]), cut or len(unique) > MAX_WORDS)


@dataclass(frozen=True, slots=True)
class Part:
    """A run of a snippet; ``found`` when it is a word that was looked for."""

    text: str
    found: bool


def snippet(text: str, words: tuple[str, ...], around: int = 40, longest: int = 160) -> list[Part]:
    """A piece of a text around the first word that occurs in it, with every occurrence marked; characters as written.

    :param around: characters before the first occurrence. :param longest: characters in all.
    """
    spans = _marked(text, words)
    if not spans:
        shown = _SPACES.sub(" ", text[:longest])
        return [Part(shown + ("…" if len(text) > longest else ""), False)] if shown else []
    begin = max(0, spans[0][0] - around)
    end = min(len(text), begin + longest)
    found = [Part("…", False)] if begin else []
    at = begin
    for starts, ends in spans:
        if starts >= end:
            break
        if starts > at:
            found.append(Part(text[at:starts], False))
        found.append(Part(text[max(at, starts) : ends], True))
        at = ends
    if at < end:
        found.append(Part(text[at:end], False))
    if max(at, end) < len(text):
        found.append(Part("…", False))
    return [Part(_SPACES.sub(" ", one.text), one.found) for one in found if one.text]


def places_of(text: str, folded_word: str) -> list[tuple[int, int]]:
    """Where a folded word stands in a text, in characters of the text as written."""
    return _marked(text, (folded_word,))


def _marked(text: str, words: tuple[str, ...]) -> list[tuple[int, int]]:
    folded, where = _mapped(text)
    found: list[tuple[int, int]] = []
    for first, last in _spans(folded, words):
        starts, ends = where[first][0], where[last - 1][1]
        # Two words may share a character that folds to several (㍿).
        found.append((max(starts, found[-1][1]) if found else starts, ends))
    return [one for one in found if one[0] < one[1]]


def _spans(folded: str, words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where the words occur, in order, overlapping ones joined."""
    raw = sorted(
        (match.start(), match.end()) for word in words for match in re.finditer(re.escape(word), folded)
    )
    spans: list[tuple[int, int]] = []
    for first, last in raw:
        if spans and first < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    return spans


def _mapped(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The folded text, and for each of its characters from where to where it stands in the text as written.

    Characters that combine with the one before (ｶ and ﾞ, か and ゛, a kanji and its selector) are folded together.
    """
    folded: list[str] = []
    where: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and _joins(text[end]):
            end += 1
        piece = text[at] if end == at + 1 and _plain(text[at]) else fold(text[at:end])
        folded.append(piece)
        where += [(at, end)] * len(piece)
        at = end
    return "".join(folded), where


def _plain(char: str) -> bool:
    """Kanji and kana of the common blocks: folding leaves them as they are, which most characters of a text are."""
    return "\u4e00" <= char <= "\u9fff" or "\u3041" <= char <= "\u3096" or "\u30a1" <= char <= "\u30fc"


def _joins(char: str) -> bool:
    return (
        unicodedata.combining(char) != 0
        or char in "ﾞﾟ"
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
    )

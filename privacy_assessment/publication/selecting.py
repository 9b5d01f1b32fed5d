"""Choosing the words to leave out, and looking whether they stand somewhere else as well.

Words are chosen by typing or pasting them, by ticking sentences, or by the numbers of the first and last character: none of it needs a
script. What is pasted may differ from the text in width, spaces and line ends; the characters of the text are what is left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from privacy_assessment.forms import Document, Place
from privacy_assessment.publication.folding import fold, places_of
from privacy_assessment.redaction import Redaction

_SENTENCE = re.compile(r"[^。\n]*[。\n]|[^。\n]+$")
# A run shorter than this occurs by chance all over a Japanese text.
TELLING = 3
# A whole item longer than this is not looked for word by word.
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a text, from ``starts`` up to ``ends``."""

    starts: int
    ends: int
    text: str

    @property
    def code(self) -> str:
        """How a form names it."""
        return f"{self.starts}-{self.ends}"


@dataclass(frozen=True, slots=True)
class Left:
    """Words that are left out at one place and still stand at another.

    :param form: the form and :param place: the field where they stand. :param source: the place where they were left out.
    :param words: as they are written in the source. :param digest: what they are known by, whatever their width and spaces.
    """

    form: str
    place: str
    source_form: str
    source: str
    words: str
    digest: str


def sentences(text: str) -> list[Span]:
    """The sentences of a text; joined they are the text. Empty lines belong to none."""
    found = [Span(one.start(), one.end(), one[0]) for one in _SENTENCE.finditer(text)]
    return [one for one in found if one.text.strip()]


def occurrences(text: str, words: str) -> list[Span]:
    """Every place where words stand in a text, exactly if they do, else whatever their width, case and spaces."""
    bare = words.strip()
    if not bare:
        return []
    exact = [Span(one.start(), one.end(), one[0]) for one in re.finditer(re.escape(bare), text)]
    if exact:
        return exact
    folded = fold(bare)
    return (
        [Span(starts, ends, text[starts:ends]) for starts, ends in places_of(text, folded)] if folded else []
    )


def chosen(text: str, codes: Sequence[str]) -> list[Span]:
    """Spans from what a form sent; what lies outside the text or is no span is left aside."""
    found = []
    for code in codes:
        starts, _, ends = code.partition("-")
        if (
            starts.isdecimal()
            and ends.isdecimal()
            and len(code) < 20
            and 0 <= int(starts) < int(ends) <= len(text)
        ):
            found.append(Span(int(starts), int(ends), text[int(starts) : int(ends)]))
    return found


def joined(spans: Sequence[Span], text: str) -> list[Span]:
    """Spans in order, those that touch or overlap made one."""
    kept: list[Span] = []
    for one in sorted(spans, key=lambda span: (span.starts, span.ends)):
        if kept and one.starts <= kept[-1].ends:
            ends = max(kept[-1].ends, one.ends)
            kept[-1] = Span(kept[-1].starts, ends, text[kept[-1].starts : ends])
        else:
            kept.append(one)
    return kept


def left_standing(
    documents: Mapping[str, Document],
    redactions: Mapping[str, Sequence[Redaction]],
    shown: Mapping[str, Mapping[str, str]],
) -> list[Left]:
    """Where words that are left out somewhere can still be read.

    :param documents: the full documents by form. :param shown: the public texts by form and place.
    """
    folded = {form: {place: fold(text) for place, text in texts.items()} for form, texts in shown.items()}
    found: dict[Left, None] = {}
    for source_form, group in redactions.items():
        for one in group:
            for words, folded_words in _told(documents[source_form], one):
                digest = hashlib.sha256(folded_words.encode()).hexdigest()[:32]
                for form, texts in folded.items():
                    for place, text in texts.items():
                        if folded_words in text:
                            found[Left(form, place, source_form, str(one.place), words, digest)] = None
    return list(found)


def _told(document: Document, one: Redaction) -> list[tuple[str, str]]:
    text = document.get(Place.parse(str(one.place)))
    if not isinstance(text, str):
        return []
    words = text if one.starts is None else text[one.starts : one.ends]
    folded = fold(words)
    return [(words, folded)] if TELLING <= len(folded) <= LONGEST else []

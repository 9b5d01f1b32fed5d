"""The public rendering of a document: what is left out is taken away, not covered, and the gap says on which ground.

The full document goes to the commission and to the third party whole; the public one is another document, made here, in which the
words left out do not exist (規則10条).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from privacy_assessment.forms import Document, Form, Place, check_place, citation, plain
from privacy_assessment.redaction.grounds import allowed, grounds


class BadRedaction(ValueError):
    """A redaction that cannot be made; nothing was stored. Holds a text for the person who makes it."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """Something to leave out: a whole item, or the characters from ``starts`` up to ``ends`` of its text.

    :param digest: SHA-256 of the item's text the span was marked in; a span of another text is stale.
    """

    place: Place
    ground: str
    reason: str
    starts: int | None = None
    ends: int | None = None
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class PublicDocument:
    """What anyone may see.

    :param texts: what stands at each place, in words, with a gap mark where something was left out.
    :param document: the same as values, for export; items that were left out in part hold the text with its gaps.
    :param gaps: the article of each gap by place.
    """

    document: Document
    texts: dict[str, str]
    gaps: dict[str, tuple[str, ...]]


def text_digest(text: str) -> bytes:
    """The fingerprint of the text a span was marked in."""
    return hashlib.sha256(text.encode()).digest()


def gap(article: str) -> str:
    """What stands in place of words left out."""
    return f"［非公表（{article}）］"


def check(document: Document, form: Form, one: Redaction, publication: str) -> None:
    """Refuse a redaction the law does not allow, or that does not fit the text.

    :raises BadRedaction: naming the article.
    """
    item = check_place(document, form, one.place)
    where = citation(form, item, document, one.place.rows)
    known = grounds().get(one.ground)
    codes, article = allowed(form.id, publication)
    if known is None or one.ground not in codes:
        names = "、".join(sorted(grounds()[code].article for code in codes)) or "なし"
        raise BadRedaction(
            f"{where}：この根拠では非公表にできません（{article}）。使える根拠：{names}。何も変更していません。"
        )
    if not one.reason.strip():
        raise BadRedaction(f"{where}：非公表の理由が要ります。何も変更していません。理由を書いてください。")
    if one.starts is None:
        if not known.whole:
            raise BadRedaction(
                f"{where}：{known.article}で非公表にできるのは一部だけです。非公表にする語句を選んでください。"
            )
        return
    text = document.get(one.place)
    if not isinstance(text, str) or item.type not in ("text", "longtext"):
        raise BadRedaction(f"{where}：語句を選んで非公表にできるのは文章の項目だけです。")
    if one.ends is None or not 0 <= one.starts < one.ends <= len(text):
        raise BadRedaction(f"{where}：選んだ範囲が文章の外にあります。選び直してください。")
    if one.starts == 0 and one.ends == len(text) and not known.whole:
        raise BadRedaction(
            f"{where}：{known.article}では項目の全部を非公表にできません。範囲を絞ってください。"
        )
    if one.digest and one.digest != text_digest(text):
        raise BadRedaction(
            f"{where}：範囲を選んだ後に文章が変わりました。前の選択は残してあります。選び直してください。"
        )


def problems(document: Document, form: Form, found: Sequence[Redaction], publication: str) -> list[str]:
    """Everything that stands against publishing with these redactions."""
    told = []
    for one in found:
        try:
            check(document, form, one, publication)
        except ValueError as refused:
            told.append(str(refused))
    return told


def public(document: Document, form: Form, found: Sequence[Redaction], publication: str) -> PublicDocument:
    """Make the public document.

    :raises BadRedaction: when one of the redactions is not allowed or stale; nothing is rendered then.
    """
    for one in found:
        check(document, form, one, publication)
    shown = document.copy()
    texts: dict[str, str] = {}
    gaps: dict[str, tuple[str, ...]] = {}
    by_place: dict[str, list[Redaction]] = {}
    for one in found:
        by_place.setdefault(str(one.place), []).append(one)
    for text_place in document.values:
        place = Place.parse(text_place)
        item = form.by_key.get(place.key)
        if item is None:
            # Not an item of this form: nobody judged it, so nobody sees it.
            shown.values.pop(text_place)
            continue
        here = by_place.get(text_place, [])
        texts[text_place] = plain(item, document.get(place))
        if here:
            articles = tuple(dict.fromkeys(grounds()[one.ground].article for one in here))
            texts[text_place] = _without(texts[text_place], here)
            shown.values[text_place] = texts[text_place]
            gaps[text_place] = articles
    return PublicDocument(shown, texts, gaps)


def _without(text: str, found: Sequence[Redaction]) -> str:
    for one in found:
        if one.starts is None:
            return gap(grounds()[one.ground].article)
    kept, at = [], 0
    for starts, ends, article in _spans(found):
        kept += [text[at:starts], gap(article)]
        at = ends
    return "".join([*kept, text[at:]])


def _spans(found: Sequence[Redaction]) -> Iterator[tuple[int, int, str]]:
    """Spans in order, overlapping ones made one (the article of the first)."""
    spans = sorted((one.starts or 0, one.ends or 0, grounds()[one.ground].article) for one in found)
    current: tuple[int, int, str] | None = None
    for starts, ends, article in spans:
        if current is not None and starts < current[1]:
            current = (current[0], max(current[1], ends), current[2])
            continue
        if current is not None:
            yield current
        current = (starts, ends, article)
    if current is not None:
        yield current

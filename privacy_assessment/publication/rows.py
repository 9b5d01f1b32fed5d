"""Makes the row that anybody may read, from public renderings only: a text that was left out has no way into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from privacy_assessment.forms import FILE, Document, Form, Place, load_form
from privacy_assessment.forms.document import answers
from privacy_assessment.publication.folding import fold, tokens
from privacy_assessment.reading import Line, Reading, read_document

# What the filters ask, by form: the item and the answer that means yes; the 基礎 is asked first because it is always published.
NETWORK = {"form2": "f2.1.4.1", "form3": "f3.1.5.1", "form4": "f4.1.6.1"}
ENTRUSTED = {"form3": "f3.2.4", "form4": "f4.2.4"}
NOT_ENTRUSTED = "f2.4.4n"
INCIDENT = {"form2": "f2.2.3"}
PERSONS = {"form2": "f2.2.1", "form3": "f3.1.1.3", "form4": "f4.1.1.3"}
YES, NO = "1", "2"


@dataclass(frozen=True)
class PublicForm:
    """One form as anybody may read it.

    :param texts: what stands at each place, with gap marks. :param gaps: articles by place.
    """

    document: Document
    texts: dict[str, str]
    gaps: dict[str, tuple[str, ...]]

    @property
    def form(self) -> Form:
        """The form in the edition it is written on."""
        return load_form(self.document.form_id, self.document.edition)

    def reading(self, language: str = "ja") -> Reading:
        """The form ready to be read."""
        return read_document(self.document, self.form, language, texts=self.texts, gaps=self.gaps)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as a frozen version keeps it."""
        return {"document": self.document.to_json(), "texts": self.texts, "gaps": self.gaps}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PublicForm:
        """From what a frozen version keeps."""
        gaps = {place: tuple(articles) for place, articles in data["gaps"].items()}
        return cls(Document.from_json(data["document"]), dict(data["texts"]), gaps)


@dataclass(frozen=True, slots=True)
class Found:
    """What the search keeps of a statement: lines with where they stand, folded text and tokens.

    :param starts: where each line begins in ``folded``, from 1. :param anchors: ``form4#III-2-r1``; empty for the title.
    """

    tokens: list[str]
    folded: str
    starts: list[int]
    anchors: list[str]
    addresses: list[str]
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the filters ask; None when the statement does not say (or left it out)."""

    network: bool | None
    entrusted: bool | None
    incident: bool | None
    persons: str


def facts_of(forms: Mapping[str, PublicForm]) -> Facts:
    """Answers for the filters."""
    return Facts(
        _yes(forms, NETWORK), _entrusted(forms), _yes(forms, INCIDENT), next(iter(_codes(forms, PERSONS)), "")
    )


def searchable(heads: tuple[str, ...], forms: Mapping[str, PublicForm]) -> Found:
    """What the search keeps.

    :param heads: title, number and names of the body, found without belonging to an item.
    """
    anchors: list[str] = []
    addresses: list[str] = []
    lines: list[str] = []
    for form_id in sorted(forms, reverse=True):
        for line in forms[form_id].reading().lines:
            if text := _text(line):
                anchors.append(f"{form_id}#{line.anchor}")
                addresses.append(line.address)
                lines.append(text)
    # Last, so that a word is shown in an item rather than in the title when it stands in both.
    blank = [""] * len(heads)
    return index_lines([*lines, *heads], anchors + blank, addresses + blank)


def index_lines(lines: list[str], anchors: list[str], addresses: list[str]) -> Found:
    """What the search keeps of lines of text."""
    folded = [fold(line) for line in lines]
    starts, at = [], 1
    for one in folded:
        starts.append(at)
        at += len(one) + 1
    joined = "\n".join(folded)
    return Found(sorted(tokens(joined)), joined, starts, anchors, addresses, lines)


def _text(line: Line) -> str:
    if line.kind == "heading":
        return ""
    if line.rows:
        return "\n".join(cell.text for row in line.rows for cell in row if cell.text)
    return "、".join(line.values) if line.values else line.text


def _codes(forms: Mapping[str, PublicForm], keys: Mapping[str, str]) -> Iterator[str]:
    """The answer's code from the first form that has one; a choice that was left out is no code of the form."""
    for form_id in sorted(forms):
        key = keys.get(form_id)
        if key is None or key not in forms[form_id].form.by_key:
            continue
        item, document = forms[form_id].form.item(key), forms[form_id].document
        rows = [(row,) for row in document.rows_of(FILE)] if item.repeats else [()]
        found = {
            code for row in rows for code in answers(document.get(Place(key, row))) if code in item.choices
        }
        if found:
            yield min(found)


def _yes(forms: Mapping[str, PublicForm], keys: Mapping[str, str]) -> bool | None:
    code = next(_codes(forms, keys), None)
    return {YES: True, NO: False}.get(code) if code else None


def _entrusted(forms: Mapping[str, PublicForm]) -> bool | None:
    found = _yes(forms, ENTRUSTED)
    basic = forms.get("form2")
    if found is not None or basic is None or NOT_ENTRUSTED not in basic.form.by_key:
        return found
    if NOT_ENTRUSTED in basic.gaps:
        return None
    return basic.document.get(NOT_ENTRUSTED) is not True

"""What a form of the editor sends, as values of a document. Names of fields: ``v:`` and the place; ``t:`` place and code for the
text beside a choice; ``m:`` and the place says that a group of boxes was on the page, so that none ticked means none chosen; ``s:``
and the place is the version in which the page saved that field last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from privacy_assessment.forms import Document, Form, Item, Place
from privacy_assessment.forms.document import Value


@dataclass
class Typed:
    """Values by place; ``strangers`` are texts for items this form does not have."""

    values: dict[str, Value | None] = field(default_factory=dict)
    strangers: dict[str, str] = field(default_factory=dict)
    later: dict[str, int] = field(default_factory=dict)


def read_typed(pairs: Iterable[tuple[str, str]], document: Document, form: Form) -> Typed:
    """Read the fields of a form; what is not a field of ours is left alone.

    :param pairs: names and texts, as sent. :param document: as it stands now, to keep the order of choices made elsewhere.
    """
    found = Typed()
    single: dict[str, list[str]] = {}
    notes: dict[str, dict[str, str]] = {}
    for name, text in pairs:
        prefix, _, rest = name.partition(":")
        if prefix == "v" and rest:
            single.setdefault(rest, []).append(_lines(text))
        elif prefix == "m" and rest:
            single.setdefault(rest, [])
        elif prefix == "s" and text.isascii() and text.isdecimal() and len(text) < 9:
            found.later[rest] = int(text)
        elif prefix == "t" and rest:
            place, _, code = rest.rpartition(":")
            notes.setdefault(place, {})[code] = _lines(text)
    for place in {**single, **notes}:
        item = form.by_key.get(Place.parse(place).key)
        texts = single.get(place, [])
        if item is None or not item.stored:
            if any(texts):
                found.strangers[place] = "\n".join(texts)
        elif item.type == "multicheck":
            found.values[place] = _several(item, texts, notes.get(place, {}), document.get(place))
        elif item.type == "check":
            found.values[place] = True if texts else None
        elif texts:
            found.values[place] = texts[-1] or None
    return found


def _several(
    item: Item, codes: list[str], notes: dict[str, str], now: Value | None
) -> dict[str, object] | None:
    """The value of a multiple choice. A text beside a choice that is not taken is kept: somebody may only have unticked it."""
    kept = {code: text for code, text in notes.items() if text.strip()}
    order = [one.code for one in item.options]
    chosen = sorted(set(codes), key=lambda code: (order.index(code) if code in order else len(order), code))
    if isinstance(now, dict) and set(map(str, now.get("chosen", ()))) == set(chosen):
        chosen = list(now.get("chosen", ()))
    return {"chosen": chosen, "texts": kept} if chosen or kept else None


def _lines(text: str) -> str:
    """One kind of line ends, so that a text compares equal to itself after a trip through a browser."""
    return text.replace("\r\n", "\n").replace("\r", "\n")

"""Items the form fills by itself: the edition on the cover, and the result of しきい値判断 from the answers above it."""

from __future__ import annotations

from privacy_assessment.forms import Document, Form, Item
from privacy_assessment.forms.document import answers
from privacy_assessment.threshold.table import tables

_RESULT = {"basic": "1", "focused": "2", "full": "3", "none": "4"}
_STRICT = "1"


def computed(document: Document, form: Form, item: Item) -> str:
    """What stands at a computed item, in words; empty when its answers are not there yet."""
    if item.key == "c.edition":
        return form.cover_mark
    if item.key == "f2.3":
        persons = answers(document.get("f2.2.1"))
        owed = tables()[-1].owed.get(next(iter(persons), ""))
        if owed is None:
            return ""
        strict = any(_STRICT in answers(document.get(key)) for key in ("f2.2.2", "f2.2.3"))
        option = item.choices.get(_RESULT[owed["strict" if strict else "quiet"]])
        return option.label if option else ""
    return ""

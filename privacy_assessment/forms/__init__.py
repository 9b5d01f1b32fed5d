"""The four forms (様式1–4) as dated data, and the generic model of what is written on them."""

from privacy_assessment.forms.address import address, anchor, citation, resolve
from privacy_assessment.forms.document import (
    BadPlace,
    Document,
    Place,
    answers,
    check_place,
    choice,
    places,
    plain,
)
from privacy_assessment.forms.loader import KIND_FORM, edition_on, editions, load_form
from privacy_assessment.forms.model import FILE, Edition, Form, FormError, Item, Option, Section
from privacy_assessment.forms.validation import Problem, SectionState, completion, validate

__all__ = [
    "FILE",
    "KIND_FORM",
    "BadPlace",
    "Document",
    "Edition",
    "Form",
    "FormError",
    "Item",
    "Option",
    "Place",
    "Problem",
    "Section",
    "SectionState",
    "address",
    "anchor",
    "answers",
    "check_place",
    "choice",
    "citation",
    "completion",
    "edition_on",
    "editions",
    "load_form",
    "places",
    "plain",
    "resolve",
    "validate",
]

"""The page of a part as pure data: what it shows and what comes back from it, for every form and any text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy_assessment.editing.guidance import _known, guidance
from privacy_assessment.editing.model import Field
from privacy_assessment.editing.parts import anchor_of, blocks, part_of, parts
from privacy_assessment.editing.sentences import fits, shipped
from privacy_assessment.editing.typed import read_typed
from privacy_assessment.forms import FILE, Document, Form, Place, choice, load_form, places
from tests.privacy_assessment.samples import filled, real_size

FORMS = ("form2", "form3", "form4")
EDITIONS = ("H26.4", "H28.1", "H29.5", "H30.5", "R6.10")
TEXTS = st.text(
    alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\r\x00"), min_size=1, max_size=40
)


def fields(document: Document, form: Form) -> Iterator[Field]:
    """Every field of every part."""
    for part in parts(document, form):
        for block in blocks(document, form, part):
            yield from block.fields
            for row in block.rows:
                yield from row.fields


def sent(document: Document, form: Form) -> list[tuple[str, str]]:
    """What a browser sends when nothing was touched."""
    pairs = []
    for one in fields(document, form):
        if one.kind == "multicheck":
            pairs.append((f"m:{one.place}", "1"))
            pairs += [(f"v:{one.place}", each.code) for each in one.choices if each.chosen]
            pairs += [(f"t:{one.place}:{each.code}", each.note) for each in one.choices if each.open]
        elif one.kind == "check":
            pairs += [(f"m:{one.place}", "1"), *([(f"v:{one.place}", "1")] if one.text else [])]
        elif one.kind not in ("file", "computed"):
            pairs.append((f"v:{one.place}", one.text.replace("\n", "\r\n")))
    return pairs


def after(document: Document, form: Form) -> dict[str, object]:
    """The values a document has when its own page is sent back."""
    again = document.copy()
    for place, value in read_typed(sent(document, form), document, form).values.items():
        again.set(place, value)
    return again.values


@pytest.mark.parametrize("form_id", FORMS)
@pytest.mark.parametrize("edition", EDITIONS)
def test_every_field_of_every_edition_stands_on_exactly_one_part_and_changes_nothing_when_sent_back(
    form_id: str, edition: str
) -> None:
    document, form = filled(form_id, edition, files=2, rows=2), load_form(form_id, edition)
    shown = [one.place for one in fields(document, form)]
    assert len(shown) == len(set(shown))
    assert set(shown) == {str(place) for _, place in places(document, form)}
    assert after(document, form) == document.values


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, st.lists(st.sampled_from("1234567"), unique=True, min_size=1), st.booleans())
def test_any_text_and_choice_comes_back_from_its_page(
    text: str, note: str, codes: list[str], tick: bool
) -> None:
    form, document = load_form("form4", "R6.10"), filled("form4")
    row = document.rows_of("f4.1.2")[0]
    document.set("f4.1.1.2", text)
    document.set("f4.1.1.1", text)
    document.set(Place("f4.1.2.links", (row,)), choice(*codes, **{"7": f"{note}."}))
    document.set("f4.6.5", tick)
    assert after(document, form) == document.values


def test_each_place_leads_to_the_part_and_the_element_it_stands_in() -> None:
    form, document = load_form("form4", "R6.10"), real_size()
    keys = {one.key for one in parts(document, form)}
    anchors = [anchor_of(document, form, place) for _, place in places(document, form)]
    assert len(anchors) == len(set(anchors))
    assert {part_of(document, form, place) for _, place in places(document, form)} == keys - {"a3"}
    assert part_of(document, form, Place("nothing")) == "c"
    assert anchor_of(document, form, Place("nothing")) == ""


def test_a_document_without_a_file_has_no_part_for_one() -> None:
    form, document = load_form("form4", "R6.10"), Document("form4", "R6.10")
    assert [one.key for one in parts(document, form)] == ["c", "1", "a1", "4", "5", "6", "a3"]
    document.add_row(FILE)
    assert len(parts(document, form)) == 10


def test_there_are_words_beside_every_item_and_none_for_items_that_do_not_exist() -> None:
    labels = set()
    for form_id in FORMS:
        for edition in EDITIONS:
            for item in load_form(form_id, edition).all_items:
                assert guidance(item.key, item.label, item.type, item.note), item.key
                labels |= {item.label, item.label.rpartition(" - ")[2]}
    assert not set(_known()["labels"]) - labels


def test_each_sentence_that_comes_with_the_product_is_for_an_item_and_found_on_its_twin_form() -> None:
    full, focused = load_form("form4", "R6.10"), load_form("form3", "R6.10")
    for one in shipped():
        assert any(fits(one, item) for item in full.all_items), one.title
    declaration = next(one for one in shipped() if one.item == "c.declaration")
    assert [item.key for item in focused.all_items if fits(declaration, item)] == ["c.declaration"]
    risk = next(one for one in shipped() if one.item == "f4.3.3.3a")
    assert [item.key for item in full.all_items if fits(risk, item)] == ["f4.3.3.3a"]

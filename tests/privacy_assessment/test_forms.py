"""Forms as data: every edition loads, keys stay while numbers move, addresses lead back to the field they came from."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_assessment.forms import (
    FILE,
    BadPlace,
    Document,
    FormError,
    Place,
    address,
    anchor,
    check_place,
    choice,
    citation,
    completion,
    edition_on,
    editions,
    load_form,
    places,
    plain,
    resolve,
    validate,
)
from privacy_assessment.forms.dates import NoSuchDay, in_japanese, parse_day
from privacy_assessment.forms.loader import FORM_IDS, _lists, build_form, edition
from tests.privacy_assessment.samples import filled, real_size

TODAY = date(2026, 11, 22)
USABLE = [one.id for one in editions() if one.usable]


@pytest.mark.parametrize("edition_id", USABLE)
@pytest.mark.parametrize("form_id", FORM_IDS)
def test_every_form_loads_in_every_edition_with_an_anchor_of_its_own_for_each_item(form_id, edition_id):
    form = load_form(form_id, edition_id)
    doubled = [
        name for name, count in Counter(anchor(form, one) for one in form.all_items).items() if count > 1
    ]
    assert doubled == []
    assert all(" " not in anchor(form, one) for one in form.all_items)


def test_the_four_forms_hold_the_items_of_the_outline():
    counts = {form_id: len(load_form(form_id, "R6.10").all_items) for form_id in FORM_IDS}
    assert counts == {"form1": 19, "form2": 55, "form3": 136, "form4": 239}


def test_a_renumbered_item_keeps_its_key():
    old, new = load_form("form2", "H30.5"), load_form("form2", "R6.10")
    assert address(old, old.item("f2.4.9")) == "Ⅳ-8"
    assert address(new, new.item("f2.4.9")) == "Ⅳ-9"


def test_a_section_stands_only_in_the_editions_that_have_it():
    assert "4" not in load_form("form2", "H26.4").by_section
    assert "4" in load_form("form2", "H30.5").by_section
    assert "f2.4.11a" not in load_form("form2", "H30.5").by_key


def test_the_cover_names_the_commission_as_it_was_called_then():
    assert "特定個人情報保護委員会" in load_form("form4", "H26.4").item("c.approved_on").label
    assert load_form("form4", "H28.1").item("c.approved_on").label.startswith("個人情報保護委員会")
    assert load_form("form4", "H28.1").cover_mark == "[平成28年1月 様式4]"


def test_only_what_is_marked_is_material():
    form = load_form("form4", "R6.10")
    assert form.item("f4.1.1.2").material
    assert not form.item("f4.3.7.1.9").material
    assert not form.item("f4.3.7.1.9.d1").material
    assert not any(one.material for one in load_form("form2", "R6.10").all_items)
    assert not load_form("form3", "R6.10").item("f3.1.1.2").material
    inside = [one for one in form.all_items if one.section == "3" and not one.material]
    assert {one.key for one in inside} == {"f4.3.1", "f4.3.7.1.9", "f4.3.7.1.9.d1", "f4.3.7.1.9.d2"}


def test_two_scales_of_persons_are_two_lists():
    form = load_form("form4", "R6.10")
    assert form.item("f4.1.1.3").options != form.item("f4.2.2.2").options


def test_the_edition_is_chosen_by_the_day_and_unknown_ones_are_refused():
    assert edition_on(date(2015, 3, 1)).id == "H26.4"
    assert edition_on(date(2026, 11, 22)).id == "R6.10"
    with pytest.raises(FormError, match="in force"):
        edition_on(date(2013, 1, 1))
    with pytest.raises(FormError, match="not known well enough"):
        load_form("form4", "R7.7")
    with pytest.raises(FormError, match="no edition"):
        load_form("form4", "R99")
    with pytest.raises(FormError, match="no form"):
        load_form("form9", "R6.10")


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        ({"key": "x", "label": "x", "type": "longtxt", "certainty": "found"}, "type is one of"),
        ({"key": "x", "label": "x", "type": "text", "certainty": "sure"}, "certainty"),
        ({"key": "x", "label": "x", "type": "select", "options": "none", "certainty": "found"}, "no list"),
        ({"key": "x", "label": "x", "type": "select", "certainty": "found"}, "needs its options"),
        ({"key": "x", "label": "x", "type": "text", "certainty": "found", "colour": 1}, "unknown keys"),
        ({"key": "x", "label": "x", "type": "text", "certainty": "found", "since": "R99"}, "unknown edition"),
        ({"label": "x", "type": "text", "certainty": "found"}, "no key"),
        (
            {
                "key": "x",
                "label": "x",
                "type": "text",
                "certainty": "found",
                "when": {"item": "y", "has": ["1"]},
            },
            "does not exist",
        ),
    ],
)
def test_a_wrong_form_file_is_refused_naming_the_item(item, complaint):
    data = {
        "form": "form9",
        "kind": "full",
        "number": "様式9",
        "name": "試験",
        "rule": "なし",
        "sections": [{"key": "1", "number": "Ⅰ", "title": "試験", "items": [item]}],
    }
    with pytest.raises(FormError, match=complaint):
        build_form(data, _lists(), edition("R6.10"), editions())


def test_addresses_are_those_people_cite():
    form = load_form("form4", "R6.10")
    document = filled("form4", files=2, rows=3)
    file = document.rows_of(FILE)[1]
    row = document.rows_of("f4.2.4n", (file,))[2]
    assert address(form, form.item("f4.3.7.1.9")) == "Ⅲ-7-リスク1⑨"
    assert citation(form, form.item("f4.2.2.3b")) == "Ⅱ-2③ その必要性"
    assert address(form, form.item("f4.2.4n.who"), document, (file, row)) == "Ⅱ(2)-4-委託事項3⑥"


@pytest.mark.parametrize("written", ["Ⅲ-7-リスク1⑨", "III-7-リスク1⑨", "Ⅲ 7 リスク１⑨", "Ⅲ－7．リスク1⑨"])
def test_an_address_is_understood_however_it_is_written(written):
    assert resolve(load_form("form4", "R6.10"), written)[0] == Place("f4.3.7.1.9")


def test_an_address_that_points_at_nothing_gives_nothing():
    form = load_form("form4", "R6.10")
    assert resolve(form, "Ⅸ-99") == []
    assert resolve(form, "  ") == []


@pytest.mark.parametrize("form_id", FORM_IDS)
def test_every_citation_leads_back_to_its_field(form_id):
    document = filled(form_id, files=2, rows=2)
    form = load_form(form_id, "R6.10")
    for item, place in list(places(document, form))[::7]:
        assert resolve(form, citation(form, item, document, place.rows), document)[0] == place


def test_rows_keep_their_names_when_one_before_them_goes():
    form = load_form("form4", "R6.10")
    document = filled("form4", rows=3)
    file = document.rows_of(FILE)[0]
    first, second, third = document.rows_of("f4.2.4n", (file,))
    document.set(Place("f4.2.4n.who", (file, third)), "見本情報サービス")
    document.remove_row(form, "f4.2.4n", first, (file,))
    assert document.rows_of("f4.2.4n", (file,)) == [second, third]
    assert document.get(Place("f4.2.4n.who", (file, third))) == "見本情報サービス"
    assert not any(place.endswith(f".{first}") and place.startswith("f4.2.4n") for place in document.values)
    assert document.add_row("f4.2.4n", (file,)) not in (first, second, third)


def test_a_file_goes_with_everything_in_it():
    form = load_form("form4", "R6.10")
    document = filled("form4", files=2, rows=2)
    gone, kept = document.rows_of(FILE)
    document.remove_row(form, FILE, gone)
    left = [Place.parse(one) for one in (*document.values, *document.rows) if "@" in one]
    assert {place.rows[0] for place in left if form.by_key[place.key].repeats[0] == FILE} == {kept}


def test_a_place_that_is_not_there_is_refused():
    form, document = load_form("form4", "R6.10"), filled("form4")
    for wrong in ("f4.9.9", "f4.2.1", "f4.2.1@77", "f4.1.1.1@1", "f4.2.4n@1"):
        with pytest.raises(BadPlace):
            check_place(document, form, Place.parse(wrong))


@pytest.mark.parametrize("form_id", ["form2", "form3", "form4"])
def test_a_filled_document_has_no_problems_and_is_complete(form_id):
    document = filled(form_id)
    form = load_form(form_id, "R6.10")
    assert validate(document, form, TODAY) == []
    assert {one.state for one in completion(document, form, TODAY)} <= {"done"}


def test_an_empty_document_says_what_is_missing_where():
    form = load_form("form4", "R6.10")
    problems = validate(Document("form4", "R6.10"), form, TODAY)
    assert {one.level for one in problems} == {"error"}
    assert "no_file" in {one.code for one in problems}
    assert any(one.where == "Ⅰ-1①" and "事務の名称" in one.text for one in problems)
    assert completion(Document("form4", "R6.10"), form, TODAY)[1].state == "empty"


def test_what_only_the_procedure_brings_is_asked_for_at_submission():
    form, document = load_form("form4", "R6.10"), filled("form4")
    document.set("f4.6.3.3", None)
    assert validate(document, form, TODAY, "draft") == []
    assert [one.code for one in validate(document, form, TODAY)] == ["missing"]


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("f4.6.1.1", "2026-02-30", "not_a_day"),
        ("f4.6.1.1", "平成31年5月1日", "not_a_day"),
        ("f4.6.1.1", "2027-01-01", "future_day"),
        ("f4.6.1.1", "1996-01-01", "old_day"),
        ("f4.1.1.3", "9", "not_a_choice"),
        ("f4.1.1.3", choice("1"), "not_a_choice"),
        ("f4.1.1.1", "一行目\n二行目", "line_break"),
        ("f4.1.1.2", "\x07鐘", "control_character"),
        ("f4.1.1.2", "文字\ufffd化け", "broken_character"),
        ("f4.1.1.2", "長" * 5001, "long"),
        ("f4.1.1.2", "長" * 200_001, "too_long"),
        ("f4.1.1.2", True, "wrong_type"),
        ("f4.9.9.9", "どこにもない", "no_such_field"),
    ],
)
def test_a_wrong_value_is_kept_and_named(key, value, code):
    form, document = load_form("form4", "R6.10"), filled("form4")
    document.set(key, value)
    found = [one for one in validate(document, form, TODAY) if one.place == key]
    assert code in {one.code for one in found}
    assert document.get(key) == value


@pytest.mark.parametrize("text", ["葛󠄀城市長", "髙﨑 𠮷子", "㊞", "ｶﾀｶﾅ", "あ\nい"])
def test_rare_characters_and_variation_selectors_are_right(text):
    form, document = load_form("form4", "R6.10"), filled("form4")
    document.set("f4.1.1.2", text)
    assert validate(document, form, TODAY) == []
    assert Document.from_json(document.to_json()).get("f4.1.1.2") == text


def test_other_without_text_is_a_warning():
    form, document = load_form("form4", "R6.10"), filled("form4")
    row = document.rows_of("f4.1.2")[0]
    document.set(Place("f4.1.2.links", (row,)), choice("1", "7"))
    assert [one.code for one in validate(document, form, TODAY)] == ["other_without_text"]
    document.set(Place("f4.1.2.links", (row,)), {"chosen": ["1", "7"], "texts": {"7": "税務LAN"}})
    assert validate(document, form, TODAY) == []
    assert plain(form.item("f4.1.2.links"), document.get(Place("f4.1.2.links", (row,)))).endswith(
        "その他（税務LAN）"
    )


def test_rows_and_the_answer_above_them_must_agree():
    form, document = load_form("form4", "R6.10"), filled("form4")
    file = document.rows_of(FILE)[0]
    document.set(Place("f4.2.4", (file,)), "2")
    assert "rows_not_applicable" in {one.code for one in validate(document, form, TODAY)}
    document.set(Place("f4.2.4", (file,)), "1")
    document.remove_row(form, "f4.2.4n", document.rows_of("f4.2.4n", (file,))[0], (file,))
    assert "no_rows" in {one.code for one in validate(document, form, TODAY)}


def test_one_answer_makes_the_next_item_needed():
    form, document = load_form("form4", "R6.10"), filled("form4")
    file = document.rows_of(FILE)[0]
    document.set(Place("f4.3.7.1.9", (file,)), "2")
    assert "not_applicable" in {one.code for one in validate(document, form, TODAY)}
    document.set(Place("f4.3.7.1.9", (file,)), "1")
    document.set(Place("f4.3.7.1.9.d1", (file,)), None)
    assert [one.code for one in validate(document, form, TODAY)] == ["missing"]


def test_a_document_comes_back_from_json_as_it_was():
    document = real_size()
    again = Document.from_json(document.to_json())
    assert again == document
    assert document.copy() == document
    with pytest.raises(BadPlace):
        Document.from_json({"form": "form4"})


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("平成27年4月15日", date(2015, 4, 15)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("R8.11.22", date(2026, 11, 22)),
        ("２０２６年１１月２２日（日）", date(2026, 11, 22)),
        ("昭和64年1月7日", date(1989, 1, 7)),
    ],
)
def test_days_are_read_as_officials_write_them(text, day):
    assert parse_day(text) == day


@pytest.mark.parametrize(
    "text", ["", "平成31年5月1日", "昭和64年1月8日", "令和0年1月1日", "2026-13-01", "あす", "1/2/3/4"]
)
def test_days_that_do_not_exist_are_refused(text):
    with pytest.raises(NoSuchDay):
        parse_day(text)


@given(st.dates(min_value=date(1927, 1, 1), max_value=date(2099, 12, 31)))
def test_every_day_comes_back_from_its_era(day):
    assert parse_day(in_japanese(day)) == parse_day(day.isoformat()) == day

"""Numbers: the official check, the synthetic regime, and silence about digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.addressees.numbers import (
    NumberRefused,
    Regime,
    addressee_number,
    is_addressee_number,
    parse_corporate,
    parse_individual,
    synthetic_individual,
)

BODIES = st.text(alphabet="0123456789", min_size=11, max_size=11)


def test_the_ministry_example_passes_the_official_check():
    assert parse_individual("123456789018", Regime.OFFICIAL).reveal() == "123456789018"


def test_full_width_digits_and_separators_are_accepted():
    assert parse_individual("１２３４ ５６７８-9018", Regime.OFFICIAL).reveal() == "123456789018"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "NUMBER_MISSING"),
        ("12345678901X", "NUMBER_NOT_DIGITS"),
        ("12345678901", "NUMBER_LENGTH"),
        ("1234567890188", "NUMBER_LENGTH"),
        ("123456789012", "NUMBER_CHECK_DIGIT"),
        ("一二三四五六七八九〇一八", "NUMBER_NOT_DIGITS"),
    ],
)
def test_a_wrong_number_is_refused_with_its_reason_and_without_its_digits(text, code):
    with pytest.raises(NumberRefused) as refused:
        parse_individual(text, Regime.OFFICIAL)
    assert refused.value.code == code
    assert "何も登録していません" in str(refused.value)
    assert not text or text not in str(refused.value)


@given(BODIES)
def test_no_number_is_good_in_both_regimes(body):
    number = synthetic_individual(body)
    assert parse_individual(number, Regime.SYNTHETIC).reveal() == number
    with pytest.raises(NumberRefused):
        parse_individual(number, Regime.OFFICIAL)


def test_a_number_that_could_be_real_is_refused_in_a_training_system():
    with pytest.raises(NumberRefused) as refused:
        parse_individual("123456789018", Regime.SYNTHETIC)
    assert refused.value.code == "NUMBER_REAL_IN_SANDBOX"


def test_a_number_never_shows_itself():
    number = parse_individual("123456789018", Regime.OFFICIAL)
    assert "1234" not in f"{number} {number!r} {[number]}"


def test_the_tax_agency_s_own_corporate_number_passes_and_a_slip_does_not():
    assert parse_corporate("7000012050002").reveal() == "7000012050002"
    with pytest.raises(NumberRefused) as refused:
        parse_corporate("8000012050002")
    assert refused.value.code == "NUMBER_CHECK_DIGIT"


@given(st.integers(min_value=1, max_value=10**14 - 1), st.integers(0, 14), st.integers(1, 9))
def test_one_mistyped_digit_of_an_addressee_number_is_noticed(serial, place, shift):
    number = addressee_number(serial)
    assert is_addressee_number(number)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not is_addressee_number(wrong)

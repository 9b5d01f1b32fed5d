"""Every text a page can show has its English; what has none would silently stay Japanese."""

from __future__ import annotations

import re

import pytest

from portal.web.language import LANGUAGES, catalogue, readings, texts
from tests.web.texts import NOT_ON_PAGES, loose, of_modules, of_templates

FIELD = re.compile(r"\{\w+\}|%\{\w+\}")


def on_pages() -> dict[str, str]:
    """Every text that a page can show."""
    modules = {text: place for text, place in of_modules().items() if place not in NOT_ON_PAGES}
    return modules | of_templates()


def test_every_text_of_a_page_has_its_english() -> None:
    english = catalogue("en")
    missing = {text: place for text, place in on_pages().items() if text not in english}
    assert not missing


def test_no_text_stands_in_a_template_where_it_cannot_be_translated() -> None:
    found = loose()
    found.pop("components/forms.jinja2", None)
    assert not found


@pytest.mark.parametrize("language", ["en", "ja_easy"])
def test_a_translation_keeps_the_blanks_of_its_text(language: str) -> None:
    for text, translated in catalogue(language).items():
        assert set(FIELD.findall(text)) >= set(FIELD.findall(translated)), text
        if language == "ja_easy":
            assert set(FIELD.findall(text)) == set(FIELD.findall(translated)), text


def test_the_english_catalogue_keeps_no_text_that_is_gone() -> None:
    known = of_modules() | of_templates()
    assert not [text for text in catalogue("en") if text not in known]


def test_easy_japanese_is_made_of_short_sentences() -> None:
    for translated in catalogue("ja_easy").values():
        for sentence in re.split("[。！？]", translated):
            assert len(re.sub(r"\{\w+\}|\s", "", sentence)) <= 50, sentence


def test_a_text_without_translation_is_shown_in_japanese_and_values_are_escaped() -> None:
    for language in LANGUAGES:
        found = texts(language, False)
        assert found.plain("この文はどの目録にもない") == "この文はどの目録にもない"
        assert "<script>" not in found.marked("{name}さんのホーム", name="<script>")


def test_readings_are_kana() -> None:
    _, words = readings()
    assert all(re.fullmatch("[ぁ-んー]+", reading) for reading in words.values())

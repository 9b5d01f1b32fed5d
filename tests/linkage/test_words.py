"""Whoever is refused at a desk of the link is told in her own language, and every code that is raised has its words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import workflows.linkage
from workflows.linkage.dead_letters import DeadLetterRefused
from workflows.linkage.inquiry.service import InquiryRefused
from workflows.linkage.refusals import ASKING, LETTERS

ROOT = Path(workflows.linkage.__file__).parent


def raised(name: str) -> set[str]:
    """The codes with which a class is raised anywhere in the package."""
    return {
        node.args[0].value
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == name
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_code_has_words_and_every_word_its_code() -> None:
    assert raised(InquiryRefused.__name__) == set(ASKING)
    assert raised(DeadLetterRefused.__name__) == set(LETTERS)


def test_a_refusal_says_what_was_kept_and_what_to_do_in_both_languages() -> None:
    for code, (japanese, english) in [*ASKING.items(), *LETTERS.items()]:
        assert re.search("何も(送って|変えて)いません|残っています", japanese), code
        assert re.search("Nothing was (sent|changed)|is kept", english), code
        assert english.isascii(), code
        assert japanese.count("。") >= 2, code


def test_a_refusal_is_read_in_the_language_of_who_reads() -> None:
    refused = DeadLetterRefused("SAME_PERSON")
    assert str(refused) == refused.text("ja") == refused.text("ja_easy")
    assert refused.text("en").startswith("Closing takes two persons")

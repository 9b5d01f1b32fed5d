"""The table of refusals in docs/card-login.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent.parent
PAGE = TESTS.parent / "docs" / "card-login.md"


def test_every_test_the_page_names_exists() -> None:
    table = PAGE.read_text("utf-8").split("## What is refused")[1]
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", table))
    written = {
        name
        for folder in ("identity", "web", "storage")
        for path in (TESTS / folder).glob("test_*.py")
        for name in re.findall(r"def (test_[a-z0-9_]+)\(", path.read_text("utf-8"))
    }
    assert len(named) > 40
    assert not named - written

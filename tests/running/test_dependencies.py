"""What the code imports, what the installation brings, and what the list of reasons says are the same."""

from __future__ import annotations

import re
import sys
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path

HOUSE = Path(__file__).parents[2]
OURS = ("portal", "privacy_assessment", "workflows", "storage", "sandbox", "templates")
# What a dependency promises to bring with it: its own extra, and what its requests and answers are.
COME_WITH = {"psycopg_pool": "psycopg", "webob": "pyramid"}
IMPORT = re.compile(r"^\s*(?:from|import) ([a-zA-Z_]\w*)", re.MULTILINE)


def normal(name: str) -> str:
    """A distribution's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required() -> set[str]:
    """The distributions that an installation brings without any extras."""
    setup = ConfigParser()
    setup.read(HOUSE / "setup.cfg", encoding="utf-8")
    lines = setup["options"]["install_requires"].split("\n")
    return {normal(re.split(r"[\[<>=]", line)[0]) for line in lines if line.strip()}


def test_what_runs_needs_nothing_that_only_the_tests_bring() -> None:
    imported = {
        name
        for ours in OURS
        for file in (HOUSE / ours).rglob("*.py")
        for name in IMPORT.findall(file.read_text("utf-8"))
    } - {*OURS, *sys.stdlib_module_names}
    brought_by = packages_distributions()
    foreign = {name: {normal(one) for one in brought_by[name]} for name in imported if name in brought_by}
    assert len(foreign) > 25
    assert {name for name, by in foreign.items() if not by & required()} == set(COME_WITH)
    assert set(COME_WITH.values()) <= required()


def test_every_dependency_stands_in_the_table_with_its_reason() -> None:
    rows = (HOUSE / "docs" / "dependencies.md").read_text("utf-8").split("\nTests:")[0].split("\n|")
    known = {
        normal(re.split("[<>= ]", name)[0]) for row in rows for name in row.split("|")[0].strip().split(", ")
    }
    assert required() - known == set()

"""No number and no name in a log line, however it gets there."""

from __future__ import annotations

import io
import json
import logging
import sys
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import logs

PLANTED = ["123456789018", "1234-5678-9018", "１２３４５６７８９０１８", "1234 5678 9018"]


@pytest.fixture
def lines(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    before = logging.getLogger().handlers[:], logging.getLogger().level
    logs.configure()
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().handlers[:], level = before
    logging.getLogger().setLevel(level)


@pytest.mark.parametrize("number", PLANTED)
def test_a_number_in_any_dress_is_masked(lines, number):
    logs.get_logger("t").info(
        "case.opened", note=f"番号は{number}です", deep={"list": [number]}, plain=number
    )
    logging.getLogger("library").warning("failed for %s", number)
    try:
        raise ValueError(number)
    except ValueError:
        logs.get_logger("t").exception("case.failed")
    text = json.dumps(lines(), ensure_ascii=False)
    assert len(lines()) == 3
    assert number not in text


NAME = "見本　花子"


def test_an_error_says_what_kind_it_was_and_where_and_never_in_its_own_words(lines, databases):
    """The database quotes the row it refused, and Python the value it could not read."""
    said = ""
    try:
        try:
            with databases.worker.transaction() as tx:
                tx.raw.execute("CREATE TEMP TABLE person (name text CONSTRAINT no_one CHECK (name IS NULL))")
                tx.raw.execute("INSERT INTO person VALUES (%s)", (NAME,))
        except psycopg.Error as refused:
            said = str(refused)
            raise KeyError(NAME) from refused
    except KeyError:
        logging.getLogger("library").exception("Job failed")
        logs.get_logger("t").exception("case.failed")
    try:
        Path(f"/{NAME}/none").read_text()
    except OSError:
        logs.get_logger("t").exception("file.failed")
    assert NAME in said
    found = lines()
    assert len(found) == 3
    for line in found[:2]:
        for word in ("builtins.KeyError", "CheckViolation 23514 person no_one", "test_logs.py:"):
            assert word in line["exception"]
    assert "FileNotFoundError ENOENT" in found[2]["exception"]
    assert NAME not in json.dumps(found, ensure_ascii=False)


def test_forbidden_keys_lose_their_value(lines):
    logs.get_logger("t").info("x", name="見本 花子", extra={"Birth": "2000-01-01"}, tenant="992011")
    (line,) = lines()
    assert "花子" not in str(line)
    assert "2000" not in str(line["extra"])
    assert line["tenant"] == "992011"


@given(st.from_regex(r"\A[0-9]{12}\Z"), st.text(alphabet="あいう .:-x", max_size=5))
def test_twelve_digits_never_pass(number, around):
    cleaned = logs.keep_people_out(None, "info", {"event": f"{around}x{number}x{around}", "n": int(number)})
    assert number not in str(cleaned)


def test_times_and_references_stay_readable():
    event = {"event": "2026-11-22T01:00:00Z", "case": "01936c7e-0000-7000-8000-000000000001", "rows": 20_000}
    assert logs.keep_people_out(None, "info", dict(event)) == event

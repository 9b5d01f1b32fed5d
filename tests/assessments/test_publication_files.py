"""Printed forms and Excel of public statements: made outside the request, tagged, readable, and without what was left out."""

from __future__ import annotations

import io
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from openpyxl import load_workbook
from weasyprint.urls import FatalURLFetchingError

from portal.public.statements.files_job import make_file
from portal.public.statements.printing import page, pdf
from privacy_assessment import publication
from privacy_assessment.exchange import from_json
from privacy_assessment.forms import Place
from privacy_assessment.publication.read import content_statement, forms_of, version_of, versions_statement
from privacy_assessment.redaction import Redaction
from privacy_assessment.statements.models import Statement
from privacy_assessment.statements.redactions import redact
from storage.clock import FixedClock
from storage.database import NOWHERE, Scope
from tests.conftest import Databases
from tests.privacy_assessment.world import CENTRE, Office
from tests.web.conftest import Counter, counter

__all__ = ["counter"]
SECRET = "装置番号丙寅九"
RARE = "葛󠄀城と𠮷野の班"


@pytest.fixture(scope="module")
def statement(databases: Databases) -> Statement:
    """A published 重点 with something left out."""
    office = Office(FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC)))
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        made = office.drafting(tx, "focused")
        text = f"申告を受け付ける。{SECRET}を使う。{RARE}。"
        office.write(tx, made, "form3", "f3.1.1.2", text)
        starts = text.index(SECRET)
        wanted = Redaction(Place("f3.1.1.2"), "10-2", "攻撃の手掛かり", starts, starts + len(SECRET))
        redact(tx, office.clock, made.id, "form3", wanted, CENTRE.id)
        office.procedure(tx, made)
    return made


def made(databases: Databases, clock: FixedClock, statement: Statement, form: str, media: str) -> str:
    return make_file(
        databases.worker, clock, "992011", statement.body, statement.number, "published", 1, form, media
    )


def address(statement: Statement) -> str:
    return f"/statements/992011/{statement.body}/{statement.number}/v1"


def test_before_the_worker_came_the_page_says_so_and_offers_nothing(
    counter: Counter, databases: Databases
) -> None:
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        fresh = Office(FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))).published(tx, "focused")
    browser = counter.of(None)
    assert "4個のうち0個" in browser.get(f"{address(fresh)}/files").text
    assert browser.get(f"{address(fresh)}/form3.pdf", status=404)


def test_the_printed_form_is_tagged_has_bookmarks_and_lacks_what_was_left_out(
    counter: Counter, databases: Databases, clock: FixedClock, statement: Statement, tmp_path: Path
) -> None:
    assert made(databases, clock, statement, "form3", "pdf") == "ready"
    answer = counter.of(None).get(f"{address(statement)}/form3.pdf")
    assert answer.content_type == "application/pdf"
    file = tmp_path / "form.pdf"
    file.write_bytes(answer.body)
    info = subprocess.run(["pdfinfo", file], capture_output=True, text=True, check=True).stdout
    assert "Tagged:          yes" in info
    words = "".join(
        subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout.split()
    )
    assert SECRET not in words
    assert SECRET.encode("utf-16-be") not in answer.body
    assert "非公表（規則10条2項）" in words
    assert "𠮷野の班" in words
    assert "特定個人情報保護評価書(重点項目評価書)" in words
    struct = subprocess.run(["pdfinfo", "-struct", file], capture_output=True, text=True, check=True).stdout
    assert "Table" in struct
    assert "H2" in struct


def test_the_workbook_and_the_data_lack_it_too(
    counter: Counter, databases: Databases, clock: FixedClock, statement: Statement
) -> None:
    assert made(databases, clock, statement, "form3", "xlsx") == "ready"
    browser = counter.of(None)
    book = load_workbook(io.BytesIO(browser.get(f"{address(statement)}/form3.xlsx").body))
    cells = "".join(str(cell.value) for sheet in book for row in sheet for cell in row if cell.value)
    assert SECRET not in cells
    assert RARE in cells
    body = browser.get(f"{address(statement)}/data.json").body
    documents, told = from_json(body)
    assert SECRET.encode() not in body
    assert {one.form_id for one in documents} == {"form2", "form3"}
    assert told["gaps"]["form3"] == {"f3.1.1.2": ["規則10条2項"]}
    assert orjson.loads(body)["statement"]["version"] == "v1"


def test_making_it_twice_does_no_harm(databases: Databases, clock: FixedClock, statement: Statement) -> None:
    made(databases, clock, statement, "form2", "xlsx")
    assert made(databases, clock, statement, "form2", "xlsx") == "gone"
    assert (
        make_file(databases.worker, clock, "992011", "nobody", "1", "published", 1, "form2", "pdf") == "gone"
    )


def test_what_failed_is_marked_and_can_be_asked_for_by_anyone(
    counter: Counter,
    databases: Databases,
    clock: FixedClock,
    statement: Statement,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> bytes:
        raise ValueError("a page the engine cannot print")

    monkeypatch.setattr("portal.public.statements.printing.make", broken)
    assert made(databases, clock, statement, "form2", "pdf") == "failed"
    monkeypatch.undo()
    shown = counter.of(None).get(f"{address(statement)}/files")
    assert "作れませんでした" in shown.text
    form = next(one for one in shown.forms.values() if one.action.endswith("/files"))
    assert "もう一度作り始めました" in form.submit().follow().text
    assert made(databases, clock, statement, "form2", "pdf") == "ready"
    assert counter.of(None).get(f"{address(statement)}/form2.pdf").content_type == "application/pdf"


def test_after_the_end_the_printed_title_says_so(
    databases: Databases, clock: FixedClock, statement: Statement
) -> None:
    with databases.worker.transaction(Scope(tenant="992011")) as tx:
        publication.ended(tx, statement, clock.today(), clock.now())
    key = ("992011", statement.body, statement.number)
    rows, content = databases.web.read(
        NOWHERE, versions_statement(*key), content_statement(*key, "published", 1)
    )
    html = page(version_of(rows[0]), forms_of(content[0][0])["form2"])
    assert "【令和8年11月22日 終了】" in html
    assert made(databases, clock, statement, "form2", "xlsx") == "ready", "asked for again"


def test_a_page_that_names_something_to_fetch_is_not_printed() -> None:
    with pytest.raises(FatalURLFetchingError, match="may not fetch"):
        pdf('<html><body><img src="http://192.0.2.1/x.png" alt=""></body></html>')

"""Files in and out at the desk: previewed with cell and line, taken once, never over somebody else's words, without loss."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import pytest
import xlwt
from openpyxl import Workbook, load_workbook
from webtest import TestApp, Upload

from privacy_assessment.exchange import from_json, to_json, write_workbook
from privacy_assessment.forms import FILE, Document, Place, load_form
from privacy_assessment.statements.store import read_draft
from storage.clock import FixedClock
from storage.database import Scope
from storage.encryption import KeyRing
from tests.assessments.desk import AFFAIR, BODY, Desk, actor, employ
from tests.conftest import Databases
from tests.privacy_assessment.samples import EDITION, filled, real_size
from tests.web.conftest import Counter, open_portal
from tests.web.people import CLERK, COORDINATOR, OPERATOR, SUPERVISOR

TENANT = "992011"


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def desk(databases: Databases, clock: FixedClock) -> Desk:
    found = Desk(clock)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        employ(tx, clock)
        found.statements.keep_body(tx, BODY, "甲野市長", "local", "総務部情報政策課", "内線1234")
    return found


@pytest.fixture(scope="module")
def counter(databases: Databases, clock: FixedClock, desk: Desk, key_ring: KeyRing) -> Counter:
    return open_portal(databases, clock, ring=key_ring)


@pytest.fixture
def browser(counter: Counter) -> TestApp:
    return counter.of(COORDINATOR)


@pytest.fixture
def statement(databases: Databases, desk: Desk) -> str:
    """A 全項目 being written."""
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        return str(desk.drafting(tx, "full").id)


def last_form(page):
    """The form that does something; a filter may stand above it."""
    return page.forms[max(key for key in page.forms if isinstance(key, int))]


def send(browser: TestApp, *files: tuple[str, bytes], text: str = ""):
    """Send files and open what was understood."""
    form = last_form(browser.get("/staff/assessments/import"))
    form["text"] = text
    form["files"] = [Upload(name, data) for name, data in files]
    return form.submit()


def understood(browser: TestApp, *files: tuple[str, bytes], text: str = ""):
    return send(browser, *files, text=text).follow()


def group_path(page, number: int = 1) -> str:
    return f"{page.request.path}/{number}"


def book(document: Document) -> bytes:
    return write_workbook(document, load_form(document.form_id, document.edition))


def numbered(form: str, number: str, title: str = "介護保険に関する事務") -> Document:
    document = filled(form)
    document.set("c.no", number)
    document.set("c.title", f"{title} 評価書")
    document.set("c.body", "甲野市長")
    return document


def old_book(rows: list[tuple[int, int, object]], sheet: str = "Ⅰ") -> bytes:
    """A small .xls as an office of 2015 would have it."""
    made = xlwt.Workbook(encoding="utf-8")
    page = made.add_sheet(sheet)
    for row, column, value in rows:
        page.write(row, column, value)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


OLD_ROWS: list[tuple[int, int, object]] = [
    (0, 0, "特定個人情報保護評価書(基礎項目評価書)"),
    (0, 5, "[平成26年4月 様式2]"),
    (2, 0, "①事務の名称"),
    (2, 1, "国民年金に関する事務"),
    (3, 0, "②事務の概要"),
    (4, 0, "届出の受付と保険料の免除申請。"),
    (6, 0, "③システムの名称"),
    (6, 1, xlwt.Formula('CONCATENATE("年金","システム")')),
    (9, 3, "欄の外の覚え書き"),
]


# --- a new plan --------------------------------------------------------------------------------------------------------


def plan_from(browser: TestApp, page, **fields: str):
    form = last_form(browser.get(group_path(page)))
    form["affairs"] = [AFFAIR]
    for name, value in fields.items():
        form[name] = value
    return form.submit()


def test_two_forms_with_one_number_become_one_plan_with_all_they_say(browser: TestApp, databases: Databases):
    documents = [numbered("form2", "701"), numbered("form4", "701")]
    page = understood(browser, ("様式2.xlsx", book(documents[0])), ("様式4.xlsx", book(documents[1])))
    assert len(page.html.select("section.md-card")) == 1
    done = plan_from(browser, page)
    assert done.status_code == 303
    made = done.location.rpartition("/")[2]
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        for document in documents:
            draft = read_draft(tx, made, document.form_id)
            assert draft.document.values == document.values
    again = browser.get(page.request.path)
    assert "すべて取り込みました" in again.text


def test_a_second_press_takes_nothing_twice(browser: TestApp):
    page = understood(browser, ("a.xlsx", book(numbered("form2", "702"))))
    form = last_form(browser.get(group_path(page)))
    form["affairs"] = [AFFAIR]
    first, second = form.submit(), form.submit()
    assert first.location == second.location


def test_what_is_missing_for_a_plan_is_said_and_what_was_typed_stays(browser: TestApp):
    page = understood(browser, ("a.xlsx", book(numbered("form2", "703"))))
    form = last_form(browser.get(group_path(page)))
    form["title"] = "打ち直した名前"
    answer = form.submit()
    assert "事務を1つ以上選んでください" in answer.text
    assert last_form(answer)["title"].value == "打ち直した名前"


def test_a_number_that_is_taken_is_refused_and_nothing_is_planned(browser: TestApp):
    for _ in range(2):
        page = understood(browser, ("a.xlsx", book(numbered("form2", "704"))))
        answer = plan_from(browser, page)
    assert "評価書番号は同じ評価実施機関で使われています" in answer.text


# --- into a statement being written ------------------------------------------------------------------------------------


def test_fields_of_the_file_go_in_and_the_others_stay(browser: TestApp, databases: Databases, statement: str):
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        before = read_draft(tx, statement, "form4")
    document = Document("form4", EDITION)
    file = document.add_row(FILE)
    document.set("f4.1.1.2", "新しい事務の内容")
    document.set(
        Place("f4.2.1", (file,)), before.document.get(Place("f4.2.1", (before.document.rows_of(FILE)[0],)))
    )
    page = understood(browser, ("a.json", to_json([document])))
    preview = browser.get(f"{group_path(page)}?into={statement}")
    row = preview.html.select_one(".ex-table tbody tr")
    assert row.select_one("th").get_text(strip=True) == "Ⅰ-1②"
    assert last_form(preview).submit().location.endswith(statement)
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        after = read_draft(tx, statement, "form4")
    assert after.document.get("f4.1.1.2") == "新しい事務の内容"
    assert {k: v for k, v in after.document.values.items() if k != "f4.1.1.2"} == {
        k: v for k, v in before.document.values.items() if k != "f4.1.1.2"
    }


def test_a_field_marked_not_to_be_taken_stays(browser: TestApp, databases: Databases, statement: str):
    document = Document("form4", EDITION, {"f4.1.1.2": "甲", "f4.1.1.1": "乙"})
    page = understood(browser, ("a.json", to_json([document])))
    form = last_form(browser.get(f"{group_path(page)}?into={statement}"))
    for box in form.fields["skip"]:
        if box._value == "form4|f4.1.1.1":
            box.checked = True
    form.submit()
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        after = read_draft(tx, statement, "form4").document
    assert (after.get("f4.1.1.2"), after.get("f4.1.1.1")) == ("甲", "個人住民税に関する事務")


def test_where_somebody_wrote_meanwhile_nothing_is_overwritten(
    browser: TestApp, databases: Databases, desk: Desk, statement: str
):
    document = Document("form4", EDITION, {"f4.1.1.2": "ファイルの文"})
    page = understood(browser, ("a.json", to_json([document])))
    form = last_form(browser.get(f"{group_path(page)}?into={statement}"))
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        draft = read_draft(tx, statement, "form4")
        desk.drafts.save(
            tx, draft.statement, "form4", draft.version, {"f4.1.1.2": "別の人の文"}, actor(CLERK)
        )
    answer = form.submit(status=409)
    assert "見ている間に、ほかの人が書きました" in answer.text
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        assert read_draft(tx, statement, "form4").document.get("f4.1.1.2") == "別の人の文"
    assert last_form(answer).submit().status_code == 303


def test_a_statement_that_may_not_be_written_now_is_not_offered_and_not_written(
    browser: TestApp, databases: Databases, desk: Desk
):
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        planned = str(desk.plan(tx, "full").id)
    page = understood(browser, ("a.json", to_json([Document("form4", EDITION, {"f4.1.1.2": "文"})])))
    assert planned not in browser.get(group_path(page)).text
    form = last_form(browser.get(f"{group_path(page)}?into={planned}"))
    answer = form.submit()
    assert "今の状態（計画）では記載を変えられません" in answer.text


def test_rows_moved_since_the_export_come_back_to_where_they_are(
    browser: TestApp, databases: Databases, desk: Desk, statement: str
):
    sent = browser.get(f"/staff/assessments/{statement}/export/xlsx?form=form4").body
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        draft = read_draft(tx, statement, "form4")
        file = draft.document.rows_of(FILE)[0]
        old = draft.document.rows_of("f4.2.5p", (file,))[0]
        title = draft.document.get(Place("f4.2.5p.to", (file, old)))
        _, new = desk.drafts.add_row(tx, draft.statement, "form4", "f4.2.5p", (file,), actor(CLERK))
        now = read_draft(tx, statement, "form4")
        document = now.document.copy()
        document.rows[f"f4.2.5p@{file}"] = [new, old]
        desk.drafts.replace(tx, draft.statement, "form4", now.version, document, actor(CLERK), "move")
    page = understood(browser, ("a.xlsx", sent))
    preview = browser.get(f"{group_path(page)}?into={statement}")
    assert (
        preview.html.select_one(".ex-counts")
        .get_text(" ", strip=True)
        .startswith("0 新しく入る 0 書き換わる")
    )
    last_form(preview).submit()
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        after = read_draft(tx, statement, "form4").document
    assert after.rows_of("f4.2.5p", (file,)) == [new, old]
    assert after.get(Place("f4.2.5p.to", (file, old))) == title


# --- what is read ------------------------------------------------------------------------------------------------------


def test_an_old_excel_file_is_read_and_its_formula_is_shown_with_its_cell(browser: TestApp):
    page = understood(browser, ("古い様式.xls", old_book(OLD_ROWS)))
    preview = browser.get(group_path(page))
    assert "国民年金に関する事務" in preview.text
    assert "届出の受付と保険料の免除申請。" in preview.text
    notes = {
        cells[0].get_text(strip=True): cells[2].get_text(strip=True)
        for row in preview.html.select(".ex-table tbody tr")
        if len(cells := row.select("th, td")) == 3
    }
    assert notes["Ⅰ!B7"] == "数式は取り込みません。値にしてください。"
    assert notes["Ⅰ!D10"] == "どの項目か分かりません。"


def test_a_number_of_a_person_is_not_taken_and_its_digits_are_on_no_page(
    browser: TestApp, databases: Databases
):
    document = numbered("form2", "711")
    document.set("f2.1.1.2", "連絡票の見本 123456789018 を使う。")
    document.set("f2.1.8", "電話000-000-0000（見本）")
    page = understood(browser, ("a.xlsx", book(document)))
    preview = browser.get(group_path(page))
    assert "個人番号（マイナンバー）と思われる12桁の数字がある" in preview.text
    assert "Ⅰ!C" in preview.text
    assert "123456789018" not in preview.text + page.text
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        rows = tx.raw.execute(
            "SELECT concat(body::text, notes::text, name) FROM madoguchi.assessment_import"
        ).fetchall()
    assert any("a.xlsx" in row[0] for row in rows)
    assert not [row for row in rows if "123456789018" in row[0]]


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("xl/workbook.xml", "<workbook/>")
        made.writestr("xl/media/big.bin", b"\0" * 60_000_000)
    return out.getvalue()


def macro() -> bytes:
    data = book(filled("form2"))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            new.writestr(part.filename, old.read(part))
        new.writestr("xl/vbaProject.bin", b"x")
    return out.getvalue()


def wrong_edition() -> bytes:
    made = Workbook()
    made.active["A1"] = "[平成99年1月 様式4]"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def old_macro() -> bytes:
    return old_book(OLD_ROWS) + "_VBA_PROJECT".encode("utf-16-le")


HOSTILE = {
    "bomb.xlsx": (bomb, "異常に圧縮された"),
    "macro.xlsx": (macro, "マクロ"),
    "edition.xlsx": (wrong_edition, "平成99年1月"),
    "macro.xls": (old_macro, "マクロ"),
    "broken.xls": (lambda: old_book(OLD_ROWS)[:700], "Excelで開いて"),
    "locked.xls": (lambda: old_book([]) + "EncryptedPackage".encode("utf-16-le"), "パスワード"),
    "page.pdf": (lambda: b"%PDF-1.7 ...", "PDFは読み取れません"),
    "empty.txt": (lambda: b"", "ファイルが空です"),
    "other.json": (lambda: b'{"format": "x"}', "この形式ではありません"),
    "picture.png": (lambda: b"\x89PNG\r\n\x1a\n\x00\x00", "文章のファイルではありません"),
    "letter.txt": (lambda: "ただの手紙です。".encode(), "様式の種類と版の表示"),
}


def test_every_wrong_or_hostile_file_is_told_by_name_and_stops_no_other(browser: TestApp):
    files = [(name, make()) for name, (make, _) in HOSTILE.items()]
    page = understood(browser, *files, ("good.xlsx", book(numbered("form2", "721"))))
    told = {
        one.select_one(".ex-file__name").get_text(strip=True): one.get_text(" ", strip=True)
        for one in page.html.select(".ex-file")
    }
    for name, (_, words) in HOSTILE.items():
        assert words in told[name], name
        assert "何も取り込んでいません" in told[name], name
    assert "読み取れた項目" in told["good.xlsx"]


def test_texts_in_mixed_encodings_are_read_and_the_broken_line_is_named(browser: TestApp):
    lines = [
        "特定個人情報保護評価書(基礎項目評価書)".encode(),
        "[平成26年4月 様式2]".encode("cp932"),
        "評価書番号\n31".encode(),
        b"\x80\x81\xff abc",
    ]
    page = understood(browser, ("mixed.txt", b"\n".join(lines)))
    assert "文字コードが混ざっていて" in browser.get(group_path(page)).text


def test_a_pasted_text_is_read_like_a_file(browser: TestApp):
    text = "[平成26年4月 様式2]\n評価書番号\n31000\n評価書名\n国民年金に関する事務 基礎項目評価書\n"
    page = understood(browser, text=text)
    assert "31000 国民年金に関する事務" in page.html.select_one("h2").get_text(" ", strip=True)


def test_nothing_chosen_and_too_much_chosen_are_said(browser: TestApp):
    assert "ファイルを選ぶか、文章を貼り付けてください" in send(browser).text
    many = send(browser, *((f"{n}.txt", b"x") for n in range(21)))
    assert "20個まで" in many.text


# --- who sees what -----------------------------------------------------------------------------------------------------


def test_what_one_person_sent_in_nobody_else_sees(counter: Counter, browser: TestApp):
    path = understood(browser, ("a.xlsx", book(numbered("form2", "731")))).request.path
    counter.of(SUPERVISOR).get(path, status=404)
    counter.of(SUPERVISOR).get(f"{path}/1", status=404)
    counter.of(OPERATOR).get("/staff/assessments/import", status=403)


def test_previews_can_be_thrown_away(browser: TestApp):
    page = understood(browser, ("a.xlsx", book(numbered("form2", "732"))))
    answer = last_form(page).submit().follow()
    assert "取り込まなかった分を消しました" in answer.text
    browser.get(page.request.path, status=404)


# --- out ---------------------------------------------------------------------------------------------------------------


def test_what_goes_out_comes_back_without_loss(
    browser: TestApp, databases: Databases, desk: Desk, statement: str
):
    document = real_size()
    with databases.worker.transaction(Scope(tenant=TENANT)) as tx:
        draft = read_draft(tx, statement, "form4")
        desk.drafts.replace(tx, draft.statement, "form4", draft.version, document, actor(CLERK), "import")
    excel = browser.get(f"/staff/assessments/{statement}/export/xlsx?form=form4")
    assert excel.headers["Content-Disposition"].endswith('-form4.xlsx"')
    assert "Ⅱ(2)" in load_workbook(io.BytesIO(excel.body)).sheetnames
    json = browser.get(f"/staff/assessments/{statement}/export/json")
    (basic, full), head = from_json(json.body)
    assert full == document
    assert basic.form_id == "form2"
    assert head["kind"] == "full"
    page = understood(browser, ("back.xlsx", excel.body))
    counts = (
        browser.get(f"{group_path(page)}?into={statement}")
        .html.select_one(".ex-counts")
        .get_text(" ", strip=True)
    )
    assert counts == f"0 新しく入る 0 書き換わる {len(document.values)} 同じ 0 取り込めない"


def test_the_page_of_files_shows_the_pictures_with_their_tables(browser: TestApp, statement: str):
    page = browser.get(f"/staff/assessments/{statement}/export")
    assert len(page.html.select("svg[role=img]")) == 6
    assert len(page.html.select("details table")) == 3


def test_files_of_a_statement_that_is_not_there_are_not_there(browser: TestApp, statement: str):
    for path in (
        "00000000-0000-0000-0000-000000000000/export",
        f"{statement}/export/xlsx?form=form1",
        f"{statement}/export/json?form=form4&version=99",
        f"{statement}/export/pdf",
    ):
        browser.get(f"/staff/assessments/{path}", status=404)

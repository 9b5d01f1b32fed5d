"""In and out: JSON and Excel without loss, previews that hide nothing, hostile files refused with what to do."""

from __future__ import annotations

import contextlib
import io
import random
import time
import warnings
import zipfile
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from privacy_assessment.exchange import (
    BadFile,
    decode,
    from_json,
    read_text,
    read_workbook,
    to_json,
    write_workbook,
)
from privacy_assessment.forms import FILE, Document, Place, choice, load_form, validate
from tests.privacy_assessment.samples import filled, real_size

EDITIONS = ["H26.4", "H28.1", "H29.5", "H30.5", "R6.10"]


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(data: bytes, change=None, **extra: bytes) -> bytes:
    """A workbook with parts put in, or changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            body = old.read(part)
            new.writestr(part.filename, change(part.filename, body) if change else body)
        for name, body in extra.items():
            new.writestr(name, body)
    return out.getvalue()


# --- without loss ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("form_id", ["form1", "form2", "form3", "form4"])
def test_every_form_of_every_edition_comes_back_from_excel_and_json(form_id, edition):
    document = filled(form_id, edition, files=2, rows=2)
    assert read_workbook(write_workbook(document, load_form(form_id, edition))).document == document
    (again,), head = from_json(to_json([document], {"number": "1"}))
    assert again == document
    assert head == {"number": "1"}


def test_a_statement_of_real_size_comes_back_with_nothing_left_over():
    document = real_size()
    started = time.process_time()
    preview = read_workbook(write_workbook(document, load_form("form4", "R6.10")), current=document)
    assert time.process_time() - started < 10
    assert preview.document == document
    assert preview.not_understood == []
    assert preview.changed == []
    assert len(preview.taken) == len(document.values)


TEXTS = st.text(
    alphabet=st.characters(
        exclude_categories=("Cs", "Cc"), include_characters="\n\t=+@'\"<>&[]○（）𠮷髙葛󠄀①Ⅲ※"
    ),
    min_size=1,
).filter(lambda text: text.strip() != "" and "\ufffe" not in text and "\uffff" not in text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, TEXTS, st.lists(st.sampled_from("1234567"), unique=True, min_size=1, max_size=7))
def test_any_text_and_any_choice_come_back(text, other, codes):
    document = filled("form3")
    row = document.rows_of("f3.1.2")[0]
    document.set("f3.1.1.2", text)
    document.set(Place("f3.1.2.links", (row,)), {"chosen": codes, "texts": {codes[0]: other}})
    (again,), _ = from_json(to_json([document]))
    assert again == document
    preview = read_workbook(write_workbook(document, load_form("form3", "R6.10")))
    assert preview.document.values == document.values


def test_a_text_longer_than_a_cell_goes_on_in_the_next_row():
    document = filled("form2")
    document.set("f2.1.1.2", "長い文。" * 30_000)
    assert read_workbook(write_workbook(document, load_form("form2", "R6.10"))).document == document


def test_a_text_that_begins_like_a_formula_stays_a_text():
    document = filled("form2")
    document.set("f2.1.1.2", '=HYPERLINK("http://x")')
    data = write_workbook(document, load_form("form2", "R6.10"))
    cells = [cell for row in load_workbook(io.BytesIO(data))["Ⅰ"].iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    assert read_workbook(data).document == document


# --- edited in Excel ---------------------------------------------------------------------------------------------------


def edited(change) -> tuple[Document, bytes]:
    document = filled("form4", rows=2)
    book = load_workbook(io.BytesIO(write_workbook(document, load_form("form4", "R6.10"))))
    change(book)
    return document, saved(book)


def cell_of(book, sheet: str, place: str) -> str:
    return next(f"C{row[4].row}" for row in book[sheet].iter_rows() if row[4].value == place)


def test_a_changed_cell_is_shown_with_what_was_there():
    def change(book):
        book["Ⅰ"][cell_of(book, "Ⅰ", "f4.1.1.2")] = "新しい内容"
        book["Ⅰ"][cell_of(book, "Ⅰ", "f4.1.1.3")] = "5) 30万人以上"

    document, data = edited(change)
    preview = read_workbook(data, current=document)
    assert [(one.where, one.after) for one in preview.changed] == [
        ("Ⅰ-1②", "新しい内容"),
        ("Ⅰ-1③", "30万人以上"),
    ]
    assert preview.changed[0].before == document.get("f4.1.1.2")
    assert preview.changed[0].at.startswith("Ⅰ!C")


@pytest.mark.parametrize(
    ("text", "why"),
    [("三十万くらい", "選択肢にありません"), ("=1+1", "数式は取り込みません")],
)
def test_what_is_not_understood_is_listed_with_its_cell(text, why):
    def change(book):
        book["Ⅰ"][cell_of(book, "Ⅰ", "f4.1.1.3")] = text

    _, data = edited(change)
    (found,) = read_workbook(data).not_understood
    assert why in found.why
    assert found.at.startswith("Ⅰ!C")


def test_moved_doubled_and_stray_cells_are_told_and_none_is_lost():
    def change(book):
        sheet = book["Ⅰ"]
        last = sheet.max_row
        sheet.cell(last + 1, 5, "f4.1.1.2").value = "f4.1.1.2"
        sheet.cell(last + 2, 3, "どこにも属さない文")
        sheet.cell(last + 3, 5, "f4.77.77")
        sheet.cell(last + 3, 3, "知らない項目")
        sheet.cell(last + 4, 8, "欄の外のメモ")

    _, data = edited(change)
    texts = {one.text: one.why for one in read_workbook(data).not_understood}
    assert "どの項目か分かりません。" in texts["どこにも属さない文"]
    assert "この様式にない項目" in texts["知らない項目"]
    assert "欄の外" in texts["欄の外のメモ"]


def test_a_tampered_hidden_sheet_is_not_believed():
    def change(book):
        book["_madoguchi"]["A1"] = '{"form": "form4", "edition": "R6.10", "rows": 5}'

    _, data = edited(change)
    preview = read_workbook(data)
    assert preview.form_id == "form4"
    assert preview.document.rows_of(FILE) == ["1"]


# --- forms of somebody else --------------------------------------------------------------------------------------------


def foreign() -> Workbook:
    book = Workbook()
    sheet = book.active
    sheet.title = "様式4"
    lines = [
        ("特定個人情報保護評価書(全項目評価書)", None),
        ("評価書番号", "7"),
        ("評価書名", "個人住民税に関する事務 全項目評価書"),
        ("評価実施機関名", "甲野市長"),
        ("公表日", date(2016, 4, 1)),
        ("[平成28年1月　様式４]", None),
        ("①事務の名称", "個人住民税に関する事務"),
        ("② 事務の内容 ※", "賦課徴収を行う。"),
        ("③対象人数", "[ 30万人以上 ]"),
        ("見慣れない欄", "見慣れない記載"),
    ]
    for number, (label, value) in enumerate(lines, 1):
        sheet.cell(number * 2, 2, label)
        if value is not None:
            sheet.cell(number * 2, 6, value)
    sheet.merge_cells("F14:K14")
    sheet.merge_cells("B16:D16")
    return book


def test_a_foreign_layout_is_read_by_its_labels_and_the_rest_is_listed():
    preview = read_workbook(saved(foreign()))
    assert (preview.form_id, preview.edition) == ("form4", "H28.1")
    values = preview.document.values
    assert values["c.no"] == "7"
    assert values["c.published_on"] == "2016-04-01"
    assert values["f4.1.1.1"] == "個人住民税に関する事務"
    assert values["f4.1.1.2"] == "賦課徴収を行う。"
    assert values["f4.1.1.3"] == "5"
    assert {one.text for one in preview.not_understood} == {"見慣れない欄", "見慣れない記載"}
    assert all("!" in one.at for one in preview.not_understood)


def test_an_unknown_edition_is_refused_and_may_be_chosen():
    book = foreign()
    book.active["B12"] = "[令和7年7月 様式4]"
    with pytest.raises(BadFile, match="近い版") as refused:
        read_workbook(saved(book))
    assert refused.value.code == "UNKNOWN_EDITION"
    book.active["B12"] = None
    with pytest.raises(BadFile, match="選んでください"):
        read_workbook(saved(book))
    assert read_workbook(saved(book), form_id="form4", edition="R6.10").edition == "R6.10"
    with pytest.raises(BadFile):
        read_workbook(saved(book), form_id="form4", edition="X9")


# --- hostile files -----------------------------------------------------------------------------------------------------


def bomb() -> bytes:
    return repacked(saved(foreign()), **{"xl/media/image1.png": b"\x00" * 60_000_000})


def entity(name: str, body: bytes) -> bytes:
    return body + b"<!DOCTYPE x [<!ENTITY a 'b'>]>" if name.endswith("workbook.xml") else body


def wide() -> bytes:
    book = foreign()
    book.active["XFD1048576"] = "x"
    return saved(book)


def heavy() -> bytes:
    book, chance = foreign(), random.Random(1)
    for number in range(1, 500):
        book.active.cell(number, 20, chance.randbytes(15_000).hex())
    return saved(book)


HOSTILE = {
    "bomb": (bomb, "BOMB"),
    "macro": (lambda: repacked(saved(foreign()), **{"xl/vbaProject.bin": b"x"}), "MACRO"),
    "macro type": (
        lambda: repacked(
            saved(foreign()),
            lambda name, body: (
                body.replace(b"sheet.main", b"sheet.macroEnabled.main") if "Types" in name else body
            ),
        ),
        "MACRO",
    ),
    "embedded": (lambda: repacked(saved(foreign()), **{"xl/embeddings/oleObject1.bin": b"x"}), "MACRO"),
    "entity": (lambda: repacked(saved(foreign()), entity), "ENTITY"),
    "entity in utf-16": (
        lambda: repacked(saved(foreign()), **{"xl/extra.xml": "<!DOCTYPE x>".encode("utf-16")}),
        "ENTITY",
    ),
    "outside": (lambda: repacked(saved(foreign()), **{"../../etc/passwd": b"x"}), "BAD_PACKAGE"),
    "parts": (lambda: repacked(saved(foreign()), **{f"x/{n}": b"" for n in range(2001)}), "BAD_PACKAGE"),
    "wide": (wide, "TOO_WIDE"),
    "heavy": (heavy, "TOO_MUCH_TEXT"),
    "old format": (lambda: bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600, "OLD_OR_LOCKED"),
    "large": (lambda: b"PK" + b"x" * (21 * 1024 * 1024), "TOO_LARGE"),
    "no zip": (lambda: "評価書".encode(), "NOT_A_WORKBOOK"),
    "empty": (lambda: b"", "NOT_A_WORKBOOK"),
    "other zip": (lambda: repacked(saved(foreign()))[:-30] + b"x" * 30, "NOT_A_WORKBOOK"),
    "no workbook": (lambda: zip_of("hello.txt", b"x"), "NOT_A_WORKBOOK"),
    "broken sheet": (
        lambda: repacked(saved(foreign()), lambda name, body: body[:-40] if "sheet1" in name else body),
        "BROKEN",
    ),
}


def zip_of(name: str, body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(name, body)
    return out.getvalue()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_broken_file_is_refused_with_what_to_do(name):
    make, code = HOSTILE[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = make()
    with pytest.raises(BadFile) as refused:
        read_workbook(data)
    assert refused.value.code == code
    assert str(refused.value).endswith("何も取り込んでいません。")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=40))
def test_a_workbook_with_bytes_changed_is_read_or_refused_but_never_worse(place, noise):
    data = bytearray(SMALL)
    at = place % len(data)
    data[at : at + len(noise)] = noise
    with contextlib.suppress(BadFile):
        read_workbook(bytes(data))


SMALL = saved(foreign())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "NOT_JSON"),
        ("評価書".encode("cp932"), "NOT_JSON"),
        (b"[]", "UNKNOWN_FORMAT"),
        (b'{"format": "other"}', "UNKNOWN_FORMAT"),
        (b'{"format": "madoguchi.assessment/1", "documents": 5, "statement": {}}', "UNKNOWN_FORMAT"),
        (b'{"format": "madoguchi.assessment/1", "documents": [5], "statement": {}}', "UNKNOWN_EDITION"),
        (to_json([Document("form4", "R7.7")]), "UNKNOWN_EDITION"),
        (to_json([Document("form4", "R6.10", {"f4.1.1.1": 5})]), "BAD_VALUE"),
        (b"[" * 100_000, "NOT_JSON"),
    ],
)
def test_json_of_another_kind_is_refused(data, code):
    with pytest.raises(BadFile) as refused:
        from_json(data)
    assert refused.value.code == code


# --- text --------------------------------------------------------------------------------------------------------------

DECLARATION = (
    "甲野市は、市税収納管理事務における特定個人情報ファイルの取扱いに",
    "あたり、特定個人情報ファイルの取扱いが個人のプライバシー等の権利利",
    "益に影響を及ぼしかねないことを認識し、もって個人のプライバシー等の権利利益の保護に取り組んでいることを宣言する。",
)
ORDERED = "\n".join(
    [
        "特定個人情報保護評価書(全項目評価書)", "評価書番号", "4", "評価書名", "市税収納管理事務 全項目評価書",
        "個人のプライバシー等の権利利益の保護の宣言", *DECLARATION, "特記事項", "-", "評価実施機関名", "甲野市長",
        "個人情報保護委員会 承認日 【行政機関等のみ】", "公表日", "平成29年1月21日", "[平成28年1月 様式4]", "1", "項目一覧",
        "Ⅰ 基本情報", "(別添1) 事務の内容", "2", "Ⅰ 基本情報", "1.特定個人情報ファイルを取り扱う事務", "①事務の名称",
        "市税収納管理事務", "②事務の内容 ※", "市税の収納を管理し、督促す", "る事務。", "①収納 ②督促", "③対象人数", "30万人以上",
    ]
)  # fmt: skip
SCRAMBLED = "\n\n".join(
    [
        "[平成26年4月 様式4]", "個人のプライバシー等の権利利益の保護の宣言", "評価書名", "市税収納管理事務 全項目評価書",
        "評価書番号", "3", "平成30年6月1日", *DECLARATION, "評価実施機関名", "特定個人情報保護評価書(全項目評価書)", "公表日",
        "甲野市長", "特定個人情報保護委員会 承認日 【行政機関等のみ】", "特記事項 収納の一部を外部に委託している。",
    ]
)  # fmt: skip


def test_a_text_in_order_is_read_item_by_item():
    preview = read_text(ORDERED)
    assert (preview.form_id, preview.edition) == ("form4", "H28.1")
    values = preview.document.values
    assert values["c.no"] == "4"
    assert values["c.declaration"] == "".join(DECLARATION)
    assert values["c.body"] == "甲野市長"
    assert values["c.published_on"] == "平成29年1月21日"
    assert "c.note" not in values
    assert values["f4.1.1.1"] == "市税収納管理事務"
    assert values["f4.1.1.2"].startswith("市税の収納を管理し、督促する事務。")
    assert values["f4.1.1.3"] == "5"
    kinds = {one.code for one in validate(preview.document, load_form("form4", "H28.1"), date(2026, 11, 22))}
    assert kinds == {"missing", "no_rows"}


def test_a_scrambled_cover_is_put_together_by_what_each_piece_looks_like():
    values = read_text(SCRAMBLED).document.values
    assert values["c.title"] == "市税収納管理事務 全項目評価書"
    assert values["c.no"] == "3"
    assert values["c.published_on"] == "平成30年6月1日"
    assert values["c.declaration"] == "".join(DECLARATION)
    assert values["c.body"] == "甲野市長"
    assert values["c.note"] == "収納の一部を外部に委託している。"


def test_a_page_that_came_as_one_line_is_cut_at_its_labels():
    one_line = ORDERED.replace("\n", " ").replace(
        "評価書名 市税収納管理事務 全項目評価書", "評価書名 市税収納管理事務 全項目評価書 5", 1
    )
    values = read_text(one_line.replace("評価書番号 4 ", "評価書番号 ", 1) + "。" * 400).document.values
    assert values["c.title"] == "市税収納管理事務 全項目評価書"
    assert values["c.no"] == "5"
    assert values["c.published_on"] == "平成29年1月21日"
    assert values["f4.1.1.1"] == "市税収納管理事務"


def test_what_a_text_has_beside_the_form_is_listed_with_its_line():
    found = read_text(ORDERED.replace("Ⅰ 基本情報\n1.", "Ⅰ 基本情報\n欄外の注記\n1.")).not_understood
    assert all(one.at.endswith("行") for one in found)


def test_a_text_that_does_not_say_what_it_is_is_refused():
    with pytest.raises(BadFile, match="見つかりません"):
        read_text("ただの文章です。")
    with pytest.raises(BadFile, match="読み方"):
        read_text("[令和99年1月 様式4]")


def test_texts_in_every_usual_encoding_are_read_and_mixed_ones_line_by_line():
    sentence = "評価書名\n甲野市長は宣言する。\n"
    for encoding in ("utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16"):
        assert decode(sentence.encode(encoding))[0] == sentence
    mixed = "評価書名\n".encode() + "甲野市長\n".encode("cp932") + b"\x81\x20\xff\n"
    text, doubtful = decode(mixed)
    assert text.startswith("評価書名\n甲野市長\n")
    assert doubtful == [3]
    for data in (b"a\x00b", b"x" * 12_000_001):
        with pytest.raises(BadFile):
            decode(data)


def test_ten_megabytes_of_text_do_not_hold_the_machine_up():
    started = time.process_time()
    read_text(ORDERED + "\n" + "あ" * 3_000_000)
    assert time.process_time() - started < 10


def test_choices_are_understood_as_they_are_printed():
    form = load_form("form4", "R6.10")
    from privacy_assessment.exchange.preview import read_value

    item = form.item("f4.2.3.2")
    assert read_value(item, "[○]紙\n[ ]フラッシュメモリ\n[○]その他（専用端末）") == choice(
        "1", "8", **{"8": "専用端末"}
    )
    assert read_value(item, "[○] 紙 [ ] 電子メール [○] 専用線") == choice("1", "5")
    assert read_value(item, "伝書鳩") is None
    assert read_value(form.item("f4.1.1.3"), "<30万人以上>") == "5"

"""Filled-in documents of an invented city: a small one of each form, and a 全項目 of real size (about 60 printed pages)."""

from __future__ import annotations

from stdnum.jp import in_

from privacy_assessment.forms import FILE, Document, Form, Item, Place, choice, load_form
from privacy_assessment.forms.document import applies, places

EDITION = "R6.10"
SENTENCE = (
    "甲野市は、個人住民税の賦課徴収に関する事務において、申告書及び給与支払報告書等の課税資料を個人番号により名寄せし、"
    "権限を持つ職員だけが生体認証を経て端末から照会できるよう制御する。操作の記録は毎月、責任者が点検する。"
)


def number(shift: int) -> str:
    """Twelve digits as a 個人番号 has them, of nobody.

    :param shift: how far its check digit is from the right one.
    """
    head = "12345678901"
    return head + str((int(in_.calc_check_digit(head)) + shift) % 10)


def filled(form_id: str, edition: str = EDITION, files: int = 1, rows: int = 1, words: int = 1) -> Document:
    """A document without errors.

    :param files: how many 特定個人情報ファイル. :param rows: rows of each repeat. :param words: sentences of each long item.
    """
    form = load_form(form_id, edition)
    document = Document(form_id, edition)
    if any(section.per_file for section in form.sections):
        for _ in range(files):
            document.add_row(FILE)
    # Answers first: they say which rows and items are wanted.
    _fill(document, form, words)
    for item in form.all_items:
        if item.type == "repeat" and not item.key.endswith("chg"):
            for around in [(one,) for one in document.rows_of(FILE)] if item.repeats else [()]:
                for _ in range(rows):
                    document.add_row(item.key, around)
    _fill(document, form, words)
    return document


def _fill(document: Document, form: Form, words: int) -> None:
    for item, place in places(document, form):
        if item.stored and item.type not in ("check", "file") and document.get(place) is None:
            value = answer(item, place, words)
            if value is not None and applies(document, item, place.rows):
                document.set(place, value)
    for item, place in places(document, form):
        if document.get(place) is not None and not applies(document, item, place.rows):
            document.set(place, None)


def answer(item: Item, place: Place, words: int):
    """Something fitting for an item; None where nothing is meant to stand."""
    if (
        item.key in ("c.published_on", "c.approved_on", "f2.4.6n", "f3.3.6.n", "f4.3.6.n")
        or not item.required
    ):
        return None
    match item.type:
        case "text":
            return f"{item.label[:20]} {'.'.join(place.rows)}".strip()
        case "longtext":
            return f"{item.label[:30]}。" + SENTENCE * words
        case "date":
            return "2026-04-01"
        case "select":
            return item.options[0].code
        case "multicheck":
            return (
                choice("1", "2") if item.key.endswith("2.5") else choice(item.options[0].code, **_text(item))
            )
    return None


def _text(item: Item) -> dict[str, str]:
    return {item.options[0].code: "説明"} if item.options[0].text else {}


def real_size() -> Document:
    """2 files, 5 entrustments and 20 recipients each."""
    document = filled("form4", files=2, rows=5, words=1)
    form = load_form("form4", EDITION)
    for file in document.rows_of(FILE):
        for _ in range(15):
            document.add_row("f4.2.5p", (file,))
    _fill(document, form, 1)
    return document

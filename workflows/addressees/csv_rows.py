"""Reading the file of the existing 住基 system: all of it or none of it.

A file that is half right is a file that nobody can trust: every fault of every row is reported, with its line, and nothing is stored until
the file has none. Names keep their characters: nothing here normalises a name (variation selectors and compatibility characters survive).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from workflows.addressees.numbers import Number, NumberRefused, Regime, parse_individual

COLUMNS = (
    "住基宛名番号",
    "個人番号",
    "氏名",
    "氏名カナ",
    "生年月日",
    "性別",
    "住所",
    "区分",
    "不開示該当",
    "自己情報提供不可",
)
KINDS = {"住民": "resident", "住登外": "non_resident"}
SEXES = {"男", "女", ""}
FLAGS = {"": False, "0": False, "1": True}
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Line ends and other control characters, and those that turn the direction of writing: a page or a list would not show what is stored.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
MAX_BYTES = 64 * 1024 * 1024
MAX_REPORTED = 500


@dataclass(frozen=True)
class RowFault:
    """What is wrong in one line. `line` counts from 1 with the heading; the text never repeats a number or a name."""

    line: int
    column: str
    code: str
    message: str


class ImportRefused(ValueError):
    """The file was not taken; nothing was stored. Carries every fault found (at most `MAX_REPORTED`)."""

    def __init__(self, faults: Sequence[RowFault], message: str) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


@dataclass(frozen=True)
class ResidentRow:
    """One person as the existing 住基 system knows her."""

    line: int
    business_number: str
    number: Number
    kind: str
    records_withheld: bool
    self_info_barred: bool
    person: dict[str, str] = field(repr=False)


def _file_fault(code: str, message: str) -> ImportRefused:
    fault = RowFault(0, "", code, message)
    return ImportRefused([fault], message)


def decode(content: bytes) -> str:
    """Return the text of the file: UTF-8, with or without a byte order mark.

    :raises ImportRefused: too large, empty, or in another encoding (Shift_JIS would lose characters of names).
    """
    if len(content) > MAX_BYTES:
        raise _file_fault(
            "FILE_TOO_LARGE",
            "ファイルが大きすぎます（64MBまで）。何も登録していません。分けて取り込んでください。",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = (
            f"ファイルの文字コードがUTF-8ではありません（{line}行目）。何も登録していません。"
            "住基システムの出力をUTF-8にして、もう一度取り込んでください。"
        )
        raise ImportRefused([RowFault(line, "", "FILE_ENCODING", message)], message) from None
    if "\x00" in text:
        raise _file_fault(
            "FILE_BINARY",
            "CSVではないファイルです。何も登録していません。住基システムから出力したCSVを選んでください。",
        )
    if not text.strip():
        raise _file_fault(
            "FILE_EMPTY", "ファイルが空です。何も登録していません。出力の条件を確かめてください。"
        )
    return text


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for record in reader:
            if record:
                yield reader.line_num, record
    except csv.Error:
        message = (
            f"CSVの形がくずれています（{reader.line_num}行目のあたり。引用符の閉じ忘れなど）。何も登録していません。"
            "住基システムから出力しなおしてください。"
        )
        raise ImportRefused([RowFault(reader.line_num, "", "FILE_BROKEN", message)], message) from None


def _date_ok(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return DAY.fullmatch(text) is not None


def _row(line: int, cells: dict[str, str], regime: Regime, faults: list[RowFault]) -> ResidentRow | None:
    before = len(faults)

    def fault(column: str, code: str, message: str) -> None:
        faults.append(RowFault(line, column, code, message))

    for column in COLUMNS:
        if UNSEEN.search(cells[column]):
            text = f"{column}に改行や制御文字が入っています。住基システムの登録を確かめてください。"
            fault(column, "VALUE_UNSEEN", text)
    number: Number | None = None
    try:
        number = parse_individual(cells["個人番号"], regime)
    except NumberRefused as refused:
        fault("個人番号", refused.code, str(refused))
    business = cells["住基宛名番号"].strip()
    if not business:
        fault(
            "住基宛名番号",
            "VALUE_MISSING",
            "住基宛名番号が空です。住基システムの番号を入れて出力しなおしてください。",
        )
    if not cells["氏名"].strip():
        fault("氏名", "VALUE_MISSING", "氏名が空です。住基システムの登録を確かめてください。")
    if not _date_ok(cells["生年月日"]):
        fault("生年月日", "VALUE_DATE", "生年月日が日付ではありません。2001-02-03 の形で出力してください。")
    if cells["性別"] not in SEXES:
        fault("性別", "VALUE_CHOICE", "性別は「男」「女」か空のどれかです。")
    if cells["区分"] not in KINDS:
        fault("区分", "VALUE_CHOICE", "区分は「住民」か「住登外」のどちらかです。")
    for column in ("不開示該当", "自己情報提供不可"):
        if cells[column] not in FLAGS:
            fault(column, "VALUE_CHOICE", f"{column}は 1 か 0（または空）です。")
    if len(faults) > before or number is None:
        return None
    return ResidentRow(
        line=line,
        business_number=business,
        number=number,
        kind=KINDS[cells["区分"]],
        records_withheld=FLAGS[cells["不開示該当"]],
        self_info_barred=FLAGS[cells["自己情報提供不可"]],
        person={
            "name": cells["氏名"],
            "kana": cells["氏名カナ"],
            "birth": cells["生年月日"],
            "sex": cells["性別"],
            "address": cells["住所"],
        },
    )


def read_residents(content: bytes, regime: Regime) -> list[ResidentRow]:
    """Read the whole file.

    :param content: the file as it came; UTF-8 CSV whose first line names `COLUMNS`, in any order.
    :param regime: which 個人番号 this system may hold.
    :raises ImportRefused: with every fault, when there is one; nothing may be stored then.
    """
    records = _records(decode(content))
    _, heading = next(records)
    missing = [column for column in COLUMNS if column not in heading]
    if missing or len(set(heading)) != len(heading):
        what = f"列がありません（{'、'.join(missing)}）" if missing else "同じ名前の列が二つあります"
        message = f"1行目の{what}。何も登録していません。出力の様式を確かめてください。"
        raise ImportRefused([RowFault(1, "", "FILE_COLUMNS", message)], message)
    faults: list[RowFault] = []
    rows: list[ResidentRow] = []
    first_number: dict[Number, int] = {}
    first_business: dict[str, int] = {}
    for line, record in records:
        if len(record) != len(heading):
            text = f"列の数が違います（{len(heading)}列のはずが{len(record)}列）。"
            faults.append(RowFault(line, "", "ROW_COLUMNS", text))
            continue
        row = _row(line, dict(zip(heading, record, strict=True)), regime, faults)
        if row is None:
            continue
        seen = first_number.setdefault(row.number, line)
        if seen != line:
            faults.append(
                RowFault(
                    line,
                    "個人番号",
                    "DUPLICATE",
                    f"{seen}行目と同じ個人番号です。どちらが正しいか確かめてください。",
                )
            )
        seen = first_business.setdefault(row.business_number, line)
        if seen != line:
            faults.append(RowFault(line, "住基宛名番号", "DUPLICATE", f"{seen}行目と同じ住基宛名番号です。"))
        rows.append(row)
    if faults:
        raise ImportRefused(
            faults[:MAX_REPORTED],
            f"{len(faults)}か所に誤りがあるため、取り込みをやめました。何も登録していません。"
            "下の行を住基システムで直し、出力しなおして、もう一度取り込んでください。",
        )
    if not rows:
        raise _file_fault(
            "FILE_NO_ROWS",
            "見出しだけで、人の行がありません。何も登録していません。出力の条件を確かめてください。",
        )
    return rows

"""Reading the existing tax system's file (課税情報): every fault named with its line, good rows and bad rows kept apart.

A data set must not wait for one bad row (副本の滞留): good rows go on, bad ones are reported and stay as they were before. A file that is not a
file of this kind at all is refused whole.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter

KEYS = ("住基宛名番号", "課税年度", "版", "異動日")
WORDS = {"控除対象配偶者": {"有", "無"}, "課税区分": {"課税", "非課税"}}
FIGURES = (
    "総所得金額等",
    "合計所得金額",
    "給与収入額",
    "市民税所得割額",
    "市民税均等割額",
    "県民税所得割額",
    "扶養親族数",
)
COLUMNS = (*KEYS, *FIGURES, *WORDS)
# Year, version, day and figures of a row, in plain figures only: what Python would also read as a number (full-width figures, "1_000",
# "+5", a day as "20260601") is a fault of the file.
READABLE = re.compile(r"[0-9]{4},[0-9]{1,9},[0-9]{4}-[0-9]{2}-[0-9]{2}" + len(FIGURES) * r",-?[0-9]{1,15}")
LAYOUT = "local-tax.2026-1"
ITEM = "local-tax"


class TaxFileRefused(ValueError):
    """Not a file of the tax system. Nothing was taken; the text says where and what to do."""


@dataclass(frozen=True)
class TaxFault:
    """What is wrong in one line (counted from 1 with the heading). Says nothing of the content."""

    line: int
    code: str
    message: str


@dataclass
class TaxFile:
    """The good rows by business number, and the faults.

    :param people: business number to (as of, content); content is ``{"years": {"2026": {...}}}``.
    """

    people: dict[str, tuple[date, dict[str, dict[str, dict[str, int | str]]]]] = field(default_factory=dict)
    faults: list[TaxFault] = field(default_factory=list)


def read_tax(content: bytes) -> TaxFile:
    """Read the export of the tax system.

    :param content: UTF-8 (with or without byte order mark) CSV whose first line names `COLUMNS`.
    :raises TaxFileRefused: wrong encoding, broken quoting, or other columns.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TaxFileRefused(
            f"税システムのファイルの文字コードがUTF-8ではありません（{line}行目）。何も取り込んでいません。出力しなおしてください。"
        ) from None
    if "\x00" in text:
        raise TaxFileRefused(
            "CSVではないファイルです。何も取り込んでいません。税システムから出力したCSVを選んでください。"
        )
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found = TaxFile()
    versions: dict[tuple[str, str], int] = {}
    try:
        heading = next(reader, [])
        if missing := [column for column in COLUMNS if column not in heading]:
            raise TaxFileRefused(
                f"列がありません（{'、'.join(missing)}）。何も取り込んでいません。税システムの出力の様式を確かめてください。"
            )
        if len(set(heading)) != len(heading):
            raise TaxFileRefused(
                "同じ名前の列が二つあります。何も取り込んでいません。税システムの出力の様式を確かめてください。"
            )
        places = {column: place for place, column in enumerate(heading)}
        pick = itemgetter(*(places[column] for column in COLUMNS))
        for record in reader:
            if len(record) == len(heading):
                _take(found, versions, reader.line_num, pick(record))
            elif record:
                found.faults.append(TaxFault(reader.line_num, "ROW_COLUMNS", "列の数が違います。"))
    except csv.Error:
        raise TaxFileRefused(
            f"CSVの形がくずれています（{reader.line_num}行目のあたり）。何も取り込んでいません。出力しなおしてください。"
        ) from None
    return found


def _take(found: TaxFile, versions: dict[tuple[str, str], int], line: int, cells: tuple[str, ...]) -> None:
    """Take one row in.

    :param cells: in the order of `COLUMNS`.
    """
    number, year, version_text, day = cells[: len(KEYS)]
    words = cells[-len(WORDS) :]
    try:
        if READABLE.fullmatch(",".join(cells[1 : -len(WORDS)])) is None:
            raise ValueError
        as_of, version = date.fromisoformat(day), int(version_text)
    except ValueError:
        found.faults.append(TaxFault(line, "ROW_VALUE", "年度か日付か金額として読めないところがあります。"))
        return
    figures = map(int, cells[len(KEYS) : -len(WORDS)])
    content: dict[str, int | str] = dict(zip(FIGURES, figures, strict=True))
    number = number.strip()
    if not number or any(word not in allowed for word, allowed in zip(words, WORDS.values(), strict=True)):
        found.faults.append(TaxFault(line, "ROW_VALUE", "決まった言葉でないところか、空のところがあります。"))
        return
    if versions.get((number, year), -1) >= version:
        return  # an older version of the same year: the newest counts
    versions[number, year] = version
    content.update(zip(WORDS, words, strict=True))
    before = found.people.get(number)
    if before is None:
        found.people[number] = (as_of, {"years": {year: content}})
    else:
        found.people[number] = (max(as_of, before[0]), {"years": {**before[1]["years"], year: content}})

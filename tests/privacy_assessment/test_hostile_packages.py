"""Packages made to harm: what they say of themselves is not believed, each is refused in plain words, and little memory is taken.

Whether a file is refused is looked at in this process; how much memory it takes, in one of its own.
"""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import openpyxl
import pytest

from privacy_assessment.exchange import BadFile
from privacy_assessment.exchange.any_file import read_file

SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
FOOT = b"</sheetData></worksheet>"
MEGABYTES = 200


def plain() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["A3"], sheet["B3"] = "[平成26年4月 様式2]", "①事務の名称", "国民年金に関する事務"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


PLAIN = plain()


def parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as package:
        return {one.filename: package.read(one) for one in package.infolist()}


def packed(changed: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, body in {**parts(), **changed}.items():
            made.writestr(name, body)
    return out.getvalue()


def sheet(body: bytes) -> bytes:
    return packed({SHEET: HEAD + body + FOOT})


def in_headers(entry: int, local: int, change: Callable[[int], int]) -> bytes:
    """The plain package with a byte of every header changed: in the list of parts, and before each part."""
    data = bytearray(PLAIN)
    for mark, offset in ((b"PK\x01\x02", entry), (b"PK\x03\x04", local)):
        at = data.find(mark)
        while at >= 0 and offset >= 0:
            data[at + offset] = change(data[at + offset])
            at = data.find(mark, at + 4)
    return bytes(data)


@cache
def lying(size: int = 260) -> bytes:
    """A sheet that says it has a thousand bytes and unpacks to 260 megabytes; its sum is right for the thousand."""
    press = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(1 << 20)
    body = b"".join([*(press.compress(zeros) for _ in range(size)), press.flush()])
    named = {**parts(), "xl/worksheets/sheet9.xml": b""}
    out, entries = bytearray(), bytearray()
    for name, content in named.items():
        if name.endswith("sheet9.xml"):
            raw, length, total = body, 1_000, zlib.crc32(bytes(1_000))
        else:
            press = zlib.compressobj(9, zlib.DEFLATED, -15)
            raw, length, total = press.compress(content) + press.flush(), len(content), zlib.crc32(content)
        at, written = len(out), name.encode()
        head = (8, 0, 33, total, len(raw), length, len(written), 0)
        out += struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", 20, 0, *head) + written + raw
        entries += (
            struct.pack("<4sHHHHHHLLLHHHHHLL", b"PK\x01\x02", 20, 20, 0, *head, 0, 0, 0, 0, at) + written
        )
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, len(named), len(named), len(entries), len(out), 0)
    return bytes(out + entries + end)


@cache
def many_entries() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(20_000):
            made.writestr(f"{number}", b"")
    return out.getvalue()


def twice() -> bytes:
    out = io.BytesIO(PLAIN)
    with zipfile.ZipFile(out, "a") as made, pytest.warns(UserWarning, match="Duplicate"):
        made.writestr("xl/workbook.xml", b"<x/>")
    return out.getvalue()


def linked() -> bytes:
    out, link = io.BytesIO(PLAIN), zipfile.ZipInfo("xl/worksheets/link.xml")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(out, "a") as made:
        made.writestr(link, "/etc/passwd")
    return out.getvalue()


def nested() -> bytes:
    data = bytes(10_000_000)
    for _ in range(6):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr("inner.zip", data)
        data = out.getvalue()
    return data


@cache
def one_row(cells: int) -> bytes:
    """A single row of cells that cannot be packed well, so that nothing but their number stands out."""
    chance = random.Random(7)
    return sheet(
        b"<row>"
        + b"".join(
            b'<c s="%d" t="%d"/>' % (chance.getrandbits(30), chance.getrandbits(30)) for _ in range(cells)
        )
        + b"</row>"
    )


def relations(target: str, mode: str = "") -> bytes:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
    line = f'<Relationship Id="rId1" Type="{kind}" Target="{target}"{mode}/>'
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return packed(
        {"xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{space}">{line}</Relationships>'.encode()}
    )


def declared(encoding: str) -> bytes:
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'
    return packed({SHEET: text.encode(encoding)})


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "megabytes of zeros": (lambda: packed({"xl/a.xml": bytes(30_000_000)}), "BOMB"),
    "a size that is a lie": (lying, ""),
    "twenty thousand parts": (many_entries, "BAD_PACKAGE"),
    "a zip in a zip in a zip": (nested, "NOT_A_WORKBOOK"),
    "the same name twice": (twice, "BAD_PACKAGE"),
    "a name in other letters twice": (lambda: packed({"XL/Workbook.xml": b"<x/>"}), "BAD_PACKAGE"),
    "a link": (linked, "BAD_PACKAGE"),
    "a path to the outside": (lambda: packed({"xl\\..\\..\\x.xml": b"<x/>"}), "BAD_PACKAGE"),
    "an absolute path": (lambda: packed({"/etc/x.xml": b"<x/>"}), "BAD_PACKAGE"),
    "a packing nobody knows": (lambda: in_headers(10, 8, lambda byte: 99), "BAD_PACKAGE"),
    "bzip2, which has no end": (
        lambda: packed({"xl/b.xml": bytes(5_000_000)}, zipfile.ZIP_BZIP2),
        "BAD_PACKAGE",
    ),
    "lzma": (lambda: packed({}, zipfile.ZIP_LZMA), "BAD_PACKAGE"),
    "encrypted parts": (lambda: in_headers(8, 6, lambda byte: byte | 1), "LOCKED"),
    "wrong sums": (lambda: in_headers(16, -1, lambda byte: byte ^ 255), "BROKEN"),
    "sizes cut short": (lambda: in_headers(24, -1, lambda byte: max(1, byte) - 1), "BROKEN"),
    "names that differ": (lambda: in_headers(46, -1, lambda byte: byte ^ 1), "NOT_A_WORKBOOK"),
    "a far row": (lambda: sheet(b'<row r="99999999999"><c><v>1</v></c></row>'), "TOO_WIDE"),
    "a far column": (lambda: sheet(b'<row r="1"><c r="XFDZZ1"><v>1</v></c></row>'), "BROKEN"),
    "deep tags": (lambda: sheet(b"<a>" * 120_000 + b"</a>" * 120_000), "BOMB"),
    "a tag of attributes": (
        lambda: sheet(b"<row " + b" ".join(b'a%d="1"' % n for n in range(100_000)) + b"/>"),
        "BOMB",
    ),
    "tags of a thousand names": (
        lambda: sheet(b"".join(b'<a%x b%x="1"/>' % (n, n) for n in range(50_000))),
        "BOMB",
    ),
    "cells without end": (lambda: one_row(201_000), "BOMB"),
    "a million formats": (
        lambda: packed({"xl/styles.xml": b"<styleSheet>" + b"<xf/>" * 70_000 + b"</styleSheet>"}),
        "BOMB",
    ),
    "entities in utf-16": (lambda: declared("utf-16"), "ENTITY"),
    "entities in utf-7": (lambda: declared("utf-7"), "ENTITY"),
    "an encoding nobody checks": (
        lambda: packed({SHEET: '<?xml version="1.0" encoding="euc-jp"?><worksheet/>'.encode("euc-jp")}),
        "ENTITY",
    ),
    "a sheet on another machine": (
        lambda: relations("http://127.0.0.1:9/x.xml", ' TargetMode="External"'),
        "UNKNOWN_FORM",
    ),
    "a sheet in the folder of the machine": (lambda: relations("/../../etc/passwd"), "UNKNOWN_FORM"),
    "macros by another name": (lambda: packed({"xl/VBAProject2.BIN": b"x"}), "MACRO"),
    "json of empty lists": (lambda: b'{"a":[' + b"[]," * 400_000 + b"[]]}", "TOO_MUCH"),
    "json that goes down": (lambda: b'{"a":' + b"[" * 200_000, "NOT_JSON"),
    "json without end": (lambda: b'{"a":"' + b"x" * 9_000_000 + b'"}', "TOO_LARGE"),
    "text without end": (lambda: "あ\n".encode() * 2_000_000, "TOO_LARGE"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_package_made_to_harm_is_refused_with_what_to_do(name: str) -> None:
    make, code = REFUSED[name]
    data = make()
    if not code:
        # What it claims is believed no further than it goes: the good sheets are read, the rest never unpacked.
        (preview,) = read_file(data)
        assert preview.document.values == {"f2.1.1.1": "国民年金に関する事務"}
        return
    with pytest.raises(BadFile) as refused:
        read_file(data)
    assert refused.value.code == code, str(refused.value)
    assert str(refused.value).endswith("何も取り込んでいません。")


def test_what_is_no_harm_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures, other folders and a wrong statement of the sheet's size are no reason to refuse."""
    found = parts()[SHEET]
    data = packed(
        {
            SHEET: found.replace(b'ref="A1:B3"', b'ref="A1:A1"'),
            "xl/media/image1.png": random.Random(1).randbytes(200_000),
            "docProps/thumbnail.jpeg": b"x",
        }
    )
    assert b'ref="A1:B3"' in found
    (preview,) = read_file(data)
    assert preview.document.values == {"f2.1.1.1": "国民年金に関する事務"}


WORK = """
import sys
from pathlib import Path
from privacy_assessment.exchange import BadFile
from privacy_assessment.exchange.any_file import read_file

for path in sys.argv[1:]:
    try:
        read_file(Path(path).read_bytes())
    except BadFile:
        pass
print(int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
"""


def test_no_file_takes_more_than_two_hundred_megabytes(tmp_path: Path) -> None:
    files = {
        "lying": lying(),
        "cells": one_row(198_000),
        "text": ("[平成26年4月 様式2]\n②事務の概要\n" + "あ1234-" * 300_000).encode(),
        "json": b'{"a":[' + b"[]," * 250_000 + b"[]]}",
        "entries": many_entries(),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", WORK, *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert int(done.stdout) < MEGABYTES

"""Looks at a file before anything opens it: what is not a plain workbook of sane size is refused with what it is and what to do.

What a package says of itself (sizes, names, sums) is not believed. Each part that is needed is unpacked here, piece by piece and
never beyond what it claims, and written into a package of our own: the library that reads workbooks sees that one only.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib

MAX_FILE = 20 * 1024 * 1024
MAX_UNPACKED = 120 * 1024 * 1024
MAX_PARTS = 2_000
MAX_RATIO = 150
SMALL_PART = 1024 * 1024
# Of the parts that are read, all together: bytes, tags, attributes. A form of an office has some 50,000 cells; what a parser makes of
# each tag and attribute is many times as large as the tag.
MAX_XML = 24 * 1024 * 1024
MAX_TAGS = 200_000
MAX_ATTRIBUTES = 450_000
# Different names of tags and attributes in one part; the whole of the format has fewer in any kind of part.
MAX_NAMES = 500
# Of everything that is no sheet and no text of sheets; a workbook has at most some 64,000 formats.
MAX_OTHER_TAGS = 60_000
# A start tag with more in it than this is no cell and no row.
MAX_TAG = 20_000
PIECE = 64 * 1024
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENTRY = b"PK\x01\x02"
_ACTIVE = ("vbaproject", "xl/activex", "xl/embeddings", "xl/macrosheets", "xl/ctrlprops")
_TYPES = (b"macroEnabled", b"vbaProject")
_TEXTS = ("xl/worksheets/", "xl/sharedstrings.xml")
_TAG = re.compile(rb"<[^<>]*>?")
_NAME = re.compile(rb"[<\s]([^\s<>=/?!\"']{1,80})(?=[\s>/=])")
_LONG_TAG = re.compile(rb"<[^<>]{%d}" % MAX_TAG)
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"']{1,40})[\"']")
_OUR_ENCODINGS = frozenset({b"utf-8", b"utf8", b"utf-16", b"us-ascii", b"ascii"})
# What `zipfile` raises for bytes that are no sound package; NotImplementedError for a way of packing it does not know.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, EOFError, ValueError, RuntimeError, OverflowError, MemoryError,
)  # fmt: skip


class BadFile(ValueError):
    """A file that is not taken. Nothing was read from it or saved. Holds a code and a text for the person who sent it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message}何も取り込んでいません。")
        self.code = code


def check_package(data: bytes) -> bytes:
    """A package with the parts of a workbook that are read, when they can be opened without harm.

    :param data: the file as it was sent.
    :returns: a package of our own making.
    :raises BadFile: too large, not a workbook, old format or locked, a bomb, with macros, or with a document type of its own.
    """
    check_size(data)
    if data.startswith(_OLE):
        raise BadFile(
            "OLD_OR_LOCKED",
            "旧形式（.xls）か、パスワードの付いたファイルです。パスワードを外し、Excelブック（.xlsx）で保存し直してください。",
        )
    # The list of parts is read whole by the library, so it is counted first.
    if data.count(_ENTRY) > MAX_PARTS:
        raise BadFile("BAD_PACKAGE", "ファイルの中身が多すぎるか、同じ名前の部品が二つあります。")
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        parts = package.infolist()
    except _BROKEN as broken:
        raise BadFile(
            "NOT_A_WORKBOOK", "Excelブック（.xlsx）として開けません。壊れていないか確かめてください。"
        ) from broken
    _check_parts(parts)
    names = {one.filename for one in parts}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise BadFile(
            "NOT_A_WORKBOOK", "Excelブック（.xlsx）ではありません。様式のファイルを選び直してください。"
        )
    return _rebuilt(
        package, [one for one in parts if one.filename.lower().endswith((".xml", ".rels", ".vml"))]
    )


def check_size(data: bytes) -> None:
    """Refuse a file that is larger than any statement.

    :raises BadFile: ``TOO_LARGE``.
    """
    if len(data) > MAX_FILE:
        raise BadFile(
            "TOO_LARGE", f"ファイルが{MAX_FILE // 1024 // 1024}MBを超えています。図を外して送ってください。"
        )


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    if len({one.filename.lower() for one in parts}) != len(parts):
        raise BadFile("BAD_PACKAGE", "ファイルの中身が多すぎるか、同じ名前の部品が二つあります。")
    if sum(one.file_size for one in parts) > MAX_UNPACKED:
        raise BadFile("BOMB", "展開すると大きくなりすぎるファイルです。作り直したものを送ってください。")
    for one in parts:
        if one.file_size > SMALL_PART and one.file_size > MAX_RATIO * max(1, one.compress_size):
            raise BadFile("BOMB", "異常に圧縮されたファイルです。作り直したものを送ってください。")
        if one.flag_bits & 1:
            raise BadFile("LOCKED", "暗号化されたファイルです。パスワードを外して送ってください。")
        # Spreadsheets know these two ways of packing; the others are unpacked without a limit.
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadFile(
                "BAD_PACKAGE",
                "Excelブックでは使わない圧縮のしかたです。Excelで開いて保存し直したものを送ってください。",
            )
        name = one.filename.replace("\\", "/")
        if name.startswith("/") or ".." in name.split("/") or stat.S_ISLNK(one.external_attr >> 16):
            raise BadFile(
                "BAD_PACKAGE", "ファイルの中に外を指す名前があります。作り直したものを送ってください。"
            )
        if any(name.lower().startswith(bad) or bad in name.lower() for bad in _ACTIVE):
            raise BadFile(
                "MACRO",
                "マクロや埋め込みの部品が入っています。マクロなしのExcelブック（.xlsx）で保存し直してください。",
            )


def _rebuilt(package: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> bytes:
    if sum(one.file_size for one in parts) > MAX_XML:
        raise _heavy()
    made, tags, attributes, others = io.BytesIO(), 0, 0, 0
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as clean:
        for one in parts:
            content = _content(package, one)
            here = content.count(b"<")
            tags, attributes = tags + here, attributes + content.count(b"=")
            others += 0 if one.filename.lower().startswith(_TEXTS) else here
            if tags > MAX_TAGS or attributes > MAX_ATTRIBUTES or others > MAX_OTHER_TAGS:
                raise _heavy()
            clean.writestr(one.filename, content)
    return made.getvalue()


def _content(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """A part, unpacked in pieces and no further than the size it was counted with."""
    pieces, left = [], part.file_size
    try:
        with package.open(part) as source:
            while left > 0 and (piece := source.read(min(PIECE, left))):
                pieces.append(piece)
                left -= len(piece)
            # At its end the sum is compared.
            source.read(1)
    except _BROKEN as broken:
        raise BadFile(
            "BROKEN", "ファイルの一部が壊れています。元のファイルから送り直してください。"
        ) from broken
    content = b"".join(pieces)
    # A declaration hides as well in UTF-16 as in UTF-8; without zero bytes both look the same.
    plain = content.replace(b"\x00", b"") if b"\x00" in content else content
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain or not _readable(plain):
        raise BadFile("ENTITY", "ファイルの中に独自の文書型があります。Excelで開いて保存し直してください。")
    if part.filename.lower() == "[content_types].xml" and any(one in plain for one in _TYPES):
        raise BadFile(
            "MACRO", "マクロ有効ブックです。マクロなしのExcelブック（.xlsx）で保存し直してください。"
        )
    if _LONG_TAG.search(plain) or _many_names(plain):
        raise _heavy()
    return content


def _readable(plain: bytes) -> bool:
    """Whether the part is written in an encoding in which a declaration would have been seen."""
    found = _ENCODING.search(plain[:400])
    return found is None or found[1].lower() in _OUR_ENCODINGS


def _many_names(plain: bytes) -> bool:
    """Whether tags and attributes have more names than any workbook's; outside of tags words are no names."""
    names: set[bytes] = set()
    for tag in _TAG.finditer(plain):
        names.update(_NAME.findall(tag[0]))
        if len(names) > MAX_NAMES:
            return True
    return False


def _heavy() -> BadFile:
    return BadFile(
        "BOMB",
        "ファイルの中身が、様式としては大きすぎます。使っていない行・列・書式を削除して保存し直してください。",
    )

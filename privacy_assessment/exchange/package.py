"""Looks at a file before anything opens it: what is not a plain workbook of sane size is refused with what it is and what to do."""

from __future__ import annotations

import io
import zipfile
import zlib

MAX_FILE = 20 * 1024 * 1024
MAX_UNPACKED = 120 * 1024 * 1024
MAX_PARTS = 2_000
MAX_RATIO = 150
SMALL_PART = 1024 * 1024
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ACTIVE = ("vbaproject", "xl/activex", "xl/embeddings", "xl/macrosheets", "xl/ctrlprops")
_TYPES = (b"macroEnabled", b"vbaProject")


class BadFile(ValueError):
    """A file that is not taken. Nothing was read from it or saved. Holds a code and a text for the person who sent it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message}何も取り込んでいません。")
        self.code = code


def check_package(data: bytes) -> zipfile.ZipFile:
    """A workbook's parts, when they can be opened without harm.

    :param data: the file as it was sent.
    :raises BadFile: too large, not a workbook, old format or locked, a bomb, with macros, or with a document type of its own.
    """
    if len(data) > MAX_FILE:
        raise BadFile(
            "TOO_LARGE", f"ファイルが{MAX_FILE // 1024 // 1024}MBを超えています。図を外して送ってください。"
        )
    if data.startswith(_OLE):
        raise BadFile(
            "OLD_OR_LOCKED",
            "旧形式（.xls）か、パスワードの付いたファイルです。パスワードを外し、Excelブック（.xlsx）で保存し直してください。",
        )
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        parts = package.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as broken:
        raise BadFile(
            "NOT_A_WORKBOOK", "Excelブック（.xlsx）として開けません。壊れていないか確かめてください。"
        ) from broken
    _check_parts(parts)
    names = {one.filename for one in parts}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise BadFile(
            "NOT_A_WORKBOOK", "Excelブック（.xlsx）ではありません。様式のファイルを選び直してください。"
        )
    for one in parts:
        _check_content(package, one)
    return package


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MAX_PARTS or len({one.filename.lower() for one in parts}) != len(parts):
        raise BadFile("BAD_PACKAGE", "ファイルの中身が多すぎるか、同じ名前の部品が二つあります。")
    if sum(one.file_size for one in parts) > MAX_UNPACKED:
        raise BadFile("BOMB", "展開すると大きくなりすぎるファイルです。作り直したものを送ってください。")
    for one in parts:
        if one.file_size > SMALL_PART and one.file_size > MAX_RATIO * max(1, one.compress_size):
            raise BadFile("BOMB", "異常に圧縮されたファイルです。作り直したものを送ってください。")
        if one.flag_bits & 1:
            raise BadFile("LOCKED", "暗号化されたファイルです。パスワードを外して送ってください。")
        name = one.filename.replace("\\", "/")
        if name.startswith("/") or ".." in name.split("/"):
            raise BadFile(
                "BAD_PACKAGE", "ファイルの中に外を指す名前があります。作り直したものを送ってください。"
            )
        if any(name.lower().startswith(bad) or bad in name.lower() for bad in _ACTIVE):
            raise BadFile(
                "MACRO",
                "マクロや埋め込みの部品が入っています。マクロなしのExcelブック（.xlsx）で保存し直してください。",
            )


def _check_content(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    name = part.filename.lower()
    if not name.endswith((".xml", ".rels", ".vml")):
        return
    try:
        content = package.read(part)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        NotImplementedError,
        EOFError,
        ValueError,
        RuntimeError,
    ) as broken:
        raise BadFile(
            "BROKEN", "ファイルの一部が壊れています。元のファイルから送り直してください。"
        ) from broken
    # A declaration hides as well in UTF-16 as in UTF-8; without zero bytes both look the same.
    plain = content.replace(b"\x00", b"")
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise BadFile("ENTITY", "ファイルの中に独自の文書型があります。Excelで開いて保存し直してください。")
    if name == "[content_types].xml" and any(one in plain for one in _TYPES):
        raise BadFile(
            "MACRO", "マクロ有効ブックです。マクロなしのExcelブック（.xlsx）で保存し直してください。"
        )

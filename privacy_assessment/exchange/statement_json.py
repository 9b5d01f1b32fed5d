"""A statement as JSON and back, without loss: documents, redactions and attachments' digests in one file with a name of its format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from privacy_assessment.exchange.package import BadFile
from privacy_assessment.forms import BadPlace, Document, FormError, load_form

FORMAT = "madoguchi.assessment/1"
MAX_BYTES = 8 * 1024 * 1024
# Of brackets and commas, texts included: what is made of an empty list is twenty times as large as the list.
MAX_MARKS = 300_000


def to_json(documents: Sequence[Document], head: dict[str, Any] | None = None) -> bytes:
    """Documents of one statement as a file.

    :param head: number, title and the like; plain values only.
    """
    body = {"format": FORMAT, "statement": head or {}, "documents": [one.to_json() for one in documents]}
    return orjson.dumps(body, option=orjson.OPT_INDENT_2)


def from_json(data: bytes) -> tuple[list[Document], dict[str, Any]]:
    """Read what ``to_json`` wrote.

    :raises BadFile: not JSON, not this format, an unknown form or edition, or values of a wrong kind.
    """
    if len(data) > MAX_BYTES:
        raise BadFile(
            "TOO_LARGE",
            f"ファイルが大きすぎます（{MAX_BYTES // 1024 // 1024}MBまで）。書き出したファイルを送ってください。",
        )
    if sum(data.count(mark) for mark in (b"[", b"{", b",")) > MAX_MARKS:
        raise BadFile("TOO_MUCH", "ファイルの項目が多すぎます。書き出したファイルを送ってください。")
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as broken:
        raise BadFile(
            "NOT_JSON", "JSONとして読めません。文字コード（UTF-8）と中身を確かめてください。"
        ) from broken
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise BadFile("UNKNOWN_FORMAT", f"この形式ではありません（{FORMAT}が要ります）。")
    if not isinstance(body.get("documents"), list) or not isinstance(body.get("statement"), dict):
        raise BadFile("UNKNOWN_FORMAT", "評価書の中身がありません。")
    found = []
    for one in body["documents"]:
        try:
            document = Document.from_json(one)
            load_form(document.form_id, document.edition)
        except (BadPlace, FormError, TypeError) as wrong:
            raise BadFile(
                "UNKNOWN_EDITION", "知らない様式か版、又は形の違う評価書が入っています。"
            ) from wrong
        if not all(isinstance(value, str | bool | dict) for value in document.values.values()):
            raise BadFile("BAD_VALUE", "評価書の項目に、読めない形の値があります。")
        found.append(document)
    return found, body["statement"]

"""The 特定個人情報ファイル of a document by name, and the numbers they get in pictures."""

from __future__ import annotations

from collections.abc import Mapping

from privacy_assessment.forms import FILE, Document, Form, Place

_NUMBERS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


def file_names(document: Document, form: Form, say: Mapping[str, str]) -> dict[str, str]:
    """Row of each file to its name as written in Ⅱ-1."""
    key = f"f{form.id[-1]}.2.1"
    if key not in form.by_key:
        return {}
    return {row: str(document.get(Place(key, (row,))) or say["unnamed"]) for row in document.rows_of(FILE)}


def numbered(index: int) -> str:
    """The mark of a file, from 0: ①, ②, …"""
    return _NUMBERS[index] if index < len(_NUMBERS) else f"({index + 1})"

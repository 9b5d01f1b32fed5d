"""Attachments with their bytes: looked at before they are taken, sealed in pieces under the office's key, opened whole or not at all.

What a file is, its content says, not its name: a program that calls itself a PDF is refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from privacy_assessment.statements.models import NoSuchStatement, StatementRefused
from privacy_assessment.statements.notes import Notes
from storage.database import Transaction
from storage.encryption import KeyRing

PIECE = 512 * 1024
MOST = 20 * 1024 * 1024
NAMES = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "text/csv": (".csv",),
    "text/plain": (".txt",),
}
_MARKUP = ("<", "%!", "#!")


@dataclass(frozen=True, slots=True)
class Attached:
    """What is known about an attachment."""

    id: UUID
    statement: UUID
    form: str
    place: str
    name: str
    media_type: str
    size: int
    sha256: bytes


def media_type_of(name: str, data: bytes) -> str:
    """What a file is.

    :raises StatementRefused: none of the kinds that are taken, or its name says something else than its content.
    """
    found = _by_content(name.lower(), data)
    if found is None:
        raise StatementRefused(
            "BAD_MEDIA",
            "添付できるのは、PDF、PNG、JPEG、文字（.txt、.csv）のファイルです。このファイルの中身はどれでもありません。"
            "保存していません。PDFか画像にしてから、もう一度選んでください。",
        )
    if not name.lower().endswith(NAMES[found]):
        raise StatementRefused(
            "OTHER_NAME",
            f"ファイルの名前の終わりと中身が合いません（中身は{NAMES[found][0]}です）。保存していません。"
            "正しい名前にするか、別のファイルを選んでください。",
        )
    return found


def attach(
    tx: Transaction,
    ring: KeyRing,
    notes: Notes,
    statement: UUID,
    form: str,
    place: str,
    name: str,
    data: bytes,
    by: str,
) -> UUID:
    """Take a file.

    :raises StatementRefused: too large, empty, or of a kind that is not taken; nothing was kept then.
    """
    if not 0 < len(data) <= MOST:
        raise StatementRefused(
            "BAD_SIZE",
            f"添付できるのは1バイト以上{MOST // 1024 // 1024}MBまでのファイルです。保存していません。分けるか、小さくしてください。",
        )
    media = media_type_of(name, data)
    key = notes.attach(tx, statement, form, place, name, media, len(data), hashlib.sha256(data).digest(), by)
    with tx.raw.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO madoguchi.assessment_attachment_part (tenant, attachment_id, seq, sealed) VALUES (%s, %s, %s, %s)",
            [
                (
                    tx.tenant,
                    key,
                    seq,
                    ring.seal(tx, tx.tenant, data[at : at + PIECE], piece_context(key, seq)),
                )
                for seq, at in enumerate(range(0, len(data), PIECE))
            ],
        )
    return key


def open_attachment(
    tx: Transaction, ring: KeyRing, statement: UUID, attachment: UUID
) -> tuple[Attached, bytes]:
    """An attachment with its bytes, proved to be the ones that were taken.

    :raises NoSuchStatement: there is none on this statement, or it was taken off. :raises SealBroken: its bytes were changed.
    """
    row = tx.raw.execute(
        "SELECT id, assessment_id, form, place, name, media_type, size, sha256 FROM madoguchi.assessment_attachment"
        " WHERE tenant = %s AND assessment_id = %s AND id = %s AND removed_at IS NULL",
        (tx.tenant, statement, attachment),
    ).fetchone()
    if row is None:
        raise NoSuchStatement("この添付は見つかりません。")
    values: tuple[Any, ...] = (*row[:7], bytes(row[7]))
    found = Attached(*values)
    pieces = tx.raw.execute(
        "SELECT seq, sealed FROM madoguchi.assessment_attachment_part WHERE tenant = %s AND attachment_id = %s ORDER BY seq",
        (tx.tenant, attachment),
    ).fetchall()
    data = b"".join(
        ring.open(tx, tx.tenant, bytes(sealed), piece_context(attachment, seq)) for seq, sealed in pieces
    )
    if hashlib.sha256(data).digest() != found.sha256:
        raise NoSuchStatement("この添付は見つかりません。")
    return found, data


def _by_content(name: str, data: bytes) -> str | None:
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(ord(char) < 32 and char not in "\t\n\r" for char in text) or text.lstrip().startswith(_MARKUP):
            return None
        return "text/csv" if name.endswith(".csv") else "text/plain"
    return None


def piece_context(attachment: object, seq: object) -> str:
    """The context under which a piece of an attachment is sealed."""
    return f"assessment_attachment_part.sealed:{attachment}:{seq}"

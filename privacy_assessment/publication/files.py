"""Printed and Excel forms of public statements: asked for with the publication, made by the worker, fetched by anyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.database import Transaction
from storage.jobs import defer

TASK = "statements.make_file"
MEDIA = ("pdf", "xlsx")
# Somebody may be waiting at a screen for the other things that are printed.
LATER = -10


@dataclass(frozen=True, slots=True)
class File:
    """One file of a public version.

    :param state: ``waiting``, ``making``, ``ready`` or ``failed``.
    """

    form: str
    media: str
    state: str
    asked_at: datetime
    made_at: datetime | None
    size: int


def ask_for(
    tx: Transaction,
    body: str,
    number: str,
    stage: str,
    ordinal: int,
    forms: Sequence[str],
    at: datetime,
    again: Sequence[str] = ("failed",),
) -> None:
    """Put the files of a version on the list, in the transaction of its publication; those that failed are asked for again.

    :param again: the states in which a file that was asked for before is made again.
    """
    for form in forms:
        for media in MEDIA:
            asked = tx.raw.execute(
                "INSERT INTO madoguchi.public_statement_file AS f (tenant, body, number, stage, ordinal, form, media, state,"
                " asked_at) VALUES (%s, %s, %s, %s, %s, %s, %s, 'waiting', %s)"
                " ON CONFLICT (tenant, body, number, stage, ordinal, form, media)"
                " DO UPDATE SET state = 'waiting', asked_at = excluded.asked_at WHERE f.state = ANY(%s)",
                (tx.tenant, body, number, stage, ordinal, form, media, at, list(again)),
            )
            if asked.rowcount:
                defer(
                    tx, TASK, queue="print", priority=LATER, tenant=tx.tenant, body=body, number=number, stage=stage, ordinal=ordinal,
                    form=form, media=media,
                )  # fmt: skip


def files_statement(
    tenant: str, body: str, number: str, stage: str, ordinal: int
) -> tuple[str, tuple[object, ...]]:
    """The statement that lists the files of a version (readable by anyone)."""
    return (
        (
            "SELECT form, media, state, asked_at, made_at, coalesce(octet_length(content), 0) FROM madoguchi.public_statement_file"
            " WHERE tenant = %s AND body = %s AND number = %s AND stage = %s AND ordinal = %s ORDER BY form DESC, media"
        ),
        (tenant, body, number, stage, ordinal),
    )


def content_statement(
    tenant: str, body: str, number: str, stage: str, ordinal: int, form: str, media: str
) -> tuple[str, tuple[object, ...]]:
    """The statement that reads one file that is ready."""
    return (
        (
            "SELECT content FROM madoguchi.public_statement_file WHERE tenant = %s AND body = %s AND number = %s AND stage = %s"
            " AND ordinal = %s AND form = %s AND media = %s AND state = 'ready'"
        ),
        (tenant, body, number, stage, ordinal, form, media),
    )

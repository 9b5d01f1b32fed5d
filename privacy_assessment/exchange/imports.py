"""Files sent in, kept as previews until a person takes them: into a new plan, or into a statement that is being written.

Nothing is written into a statement by sending a file. Taking asks for the version the person saw; where somebody wrote meanwhile,
nothing is overwritten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any
from uuid import UUID

import orjson

from privacy_assessment.exchange.any_file import read_file
from privacy_assessment.exchange.merging import Merged, merge
from privacy_assessment.exchange.package import BadFile
from privacy_assessment.exchange.preview import NotUnderstood
from privacy_assessment.forms import Document, Form, load_form
from privacy_assessment.statements.drafts import DraftService
from privacy_assessment.statements.models import Draft, NoSuchStatement, Statement
from privacy_assessment.statements.store import read_draft
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id

MAX_FILES = 20
NAME_LENGTH = 120
# More than this many notes about one file help nobody; how many there were is said.
MAX_NOTES = 2_000
_SELECT = (
    "SELECT id, batch, position, name, size, form, edition, own, body, cells, notes, problem, by_whom, at, taken_by, taken_at,"
    " taken_into, taken_version FROM madoguchi.assessment_import WHERE tenant = %s"
)


@dataclass(frozen=True)
class Incoming:
    """One form that was sent in, or one file that could not be read (then ``problem`` says why and what to do).

    :param cells: cell or line of each value, by place. :param taken_into: the statement it was taken into, if it was.
    """

    id: UUID
    batch: UUID
    position: int
    name: str
    size: int
    form_id: str | None
    edition: str | None
    own: bool
    document: Document | None
    cells: dict[str, str]
    notes: tuple[NotUnderstood, ...]
    problem: str | None
    by: str
    at: datetime
    taken_by: str | None
    taken_at: datetime | None
    taken_into: UUID | None
    taken_version: int | None

    @property
    def form(self) -> Form | None:
        """The form it is written on."""
        return load_form(self.form_id, self.edition) if self.form_id and self.edition else None

    @property
    def number(self) -> str:
        """評価書番号 on its cover."""
        return self._cover("c.no")

    @property
    def title(self) -> str:
        """評価書名 on its cover."""
        return self._cover("c.title")

    def _cover(self, key: str) -> str:
        value = self.document.get(key) if self.document is not None else None
        return value.strip() if isinstance(value, str) else ""


class ImportService:
    """Receives files and takes them in.

    :param drafts: takes documents into statements that may be edited.
    """

    def __init__(self, clock: Clock, drafts: DraftService) -> None:
        self.clock = clock
        self._drafts = drafts

    def receive(self, tx: Transaction, files: Sequence[tuple[str, bytes]], by: str) -> UUID:
        """Read files and keep what was understood of each; a file that cannot be read does not stop the others.

        :param files: name and content of each.
        :returns: the batch.
        :raises BadFile: no file, or too many at once.
        """
        if not files or len(files) > MAX_FILES:
            raise BadFile("COUNT", f"ファイルは1つから{MAX_FILES}個まで、一度に送れます。")
        batch, position = new_id(), 0
        for name, data in files:
            for row in self._read(data):
                position += 1
                self._keep(tx, batch, position, name, data, row, by)
        return batch

    def _read(self, data: bytes) -> list[dict[str, Any]]:
        try:
            previews = read_file(data)
        except BadFile as refused:
            return [{"problem": str(refused)}]
        return [
            {
                "form": one.form_id,
                "edition": one.edition,
                "own": one.own,
                "body": one.document.to_json(),
                "cells": one.cells,
                "notes": [[n.at, n.text, n.why] for n in one.not_understood[:MAX_NOTES]],
            }
            for one in previews
        ]

    def _keep(
        self,
        tx: Transaction,
        batch: UUID,
        position: int,
        name: str,
        data: bytes,
        row: dict[str, Any],
        by: str,
    ) -> None:
        tx.raw.execute(
            "INSERT INTO madoguchi.assessment_import (tenant, id, batch, position, name, size, sha256, form, edition, own, body,"
            " cells, notes, problem, by_whom, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                tx.tenant,
                new_id(),
                batch,
                position,
                _plain_name(name),
                len(data),
                hashlib.sha256(data).digest(),
                row.get("form"),
                row.get("edition"),
                row.get("own", False),
                _json(row["body"]) if "body" in row else None,
                _json(row.get("cells", {})),
                _json(row.get("notes", [])),
                row.get("problem"),
                by,
                self.clock.now(),
            ),
        )  # fmt: skip

    def batch(self, tx: Transaction, batch: UUID, by: str) -> list[Incoming]:
        """What one person sent in at once, in the order of the files; empty for anybody else's."""
        rows = tx.raw.execute(
            f"{_SELECT} AND batch = %s AND by_whom = %s ORDER BY position",
            (tx.tenant, batch, by),
        ).fetchall()
        return [_incoming(row) for row in rows]

    def lately(self, tx: Transaction, by: str, limit: int = 10) -> list[tuple[UUID, datetime, int, int]]:
        """The newest batches of a person: batch, when, how many forms, how many of them taken."""
        return tx.raw.execute(
            "SELECT batch, min(at), count(*), count(taken_at) FROM madoguchi.assessment_import WHERE tenant = %s AND by_whom = %s"
            " GROUP BY batch ORDER BY min(at) DESC LIMIT %s",
            (tx.tenant, by, limit),
        ).fetchall()

    def forget(self, tx: Transaction, batch: UUID, by: str) -> int:
        """Throw away the previews of a batch that were not taken. Returns how many there were."""
        done = tx.raw.execute(
            "DELETE FROM madoguchi.assessment_import WHERE tenant = %s AND batch = %s AND by_whom = %s AND taken_at IS NULL",
            (tx.tenant, batch, by),
        )
        return done.rowcount

    def compare(self, draft: Draft | None, one: Incoming, skip: Collection[str] = ()) -> Merged:
        """What taking it would do to a draft, or to an empty document of its own edition."""
        form = one.form
        assert form is not None
        assert one.document is not None
        if draft is None:
            return merge(Document(form.id, form.edition.id), form, one.document, form, own=True)
        return merge(draft.document, draft.form, one.document, form, own=one.own, skip=skip)

    def take(
        self,
        tx: Transaction,
        one: Incoming,
        statement: Statement,
        seen: int,
        actor: Any,
        skip: Collection[str] = (),
        *,
        beginning: bool = False,
    ) -> Draft:
        """Take a form into the draft of a statement.

        :param seen: the version of the draft the person compared with. :param skip: values not to take, by their place in the file.
        :param beginning: the statement was planned in this very transaction, so this is the text it begins with.
        :raises Conflict: somebody wrote the same fields since; nothing was taken.
        :raises StatementRefused: the statement cannot be written now. :raises NoSuchStatement: it has no such form.
        """
        if one.form_id is None or one.form_id not in statement.forms:
            raise NoSuchStatement("この評価書には、この様式がありません。")
        drafts = DraftService(self.clock) if beginning else self._drafts
        draft = read_draft(tx, statement.id, one.form_id, lock=True)
        merged = self.compare(draft, one, skip)
        if beginning:
            merged.document.set("c.no", statement.number)
        done = drafts.replace(tx, statement.id, one.form_id, seen, merged.document, actor, "import")
        tx.raw.execute(
            "UPDATE madoguchi.assessment_import SET taken_by = %s, taken_at = %s, taken_into = %s, taken_version = %s"
            " WHERE tenant = %s AND id = %s",
            (actor.id, self.clock.now(), statement.id, done.version, tx.tenant, one.id),
        )
        return done


def _plain_name(name: str) -> str:
    """The name of a file without folders and marks nobody sees."""
    bare = PurePath(name.replace("\\", "/")).name
    return "".join(char for char in bare if char.isprintable())[:NAME_LENGTH] or "（名前なし）"


def _incoming(row: tuple[Any, ...]) -> Incoming:
    values = list(row)
    values[8] = None if row[8] is None else Document.from_json(row[8])
    values[10] = tuple(NotUnderstood(*note) for note in row[10])
    return Incoming(*values)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()

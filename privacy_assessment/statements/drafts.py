"""Writing on a form: fields saved one section at a time, with version numbers, a history of every field, and nothing ever lost.

Two people may write at once. A save says which version it saw; fields nobody else touched since are taken, and where somebody did,
both texts come back (HTTP 409 on the page) and a person chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from privacy_assessment.forms import Document, Place, check_place, citation, plain
from privacy_assessment.forms.document import BadPlace, Value
from privacy_assessment.statements.models import Draft, StatementRefused
from privacy_assessment.statements.store import read_draft
from storage.clock import Clock
from storage.database import Transaction

MAX_FIELD = 1_000_000
_ROWS = "rows:"


@dataclass(frozen=True, slots=True)
class Clash:
    """A field two people changed: both texts, and who wrote the other one."""

    place: str
    where: str
    theirs: Value | None
    mine: Value | None
    theirs_text: str
    mine_text: str
    by: str
    at: datetime


class Conflict(Exception):
    """Somebody else changed the same fields meanwhile. Nothing was overwritten; ``clashes`` holds both texts."""

    def __init__(self, version: int, clashes: tuple[Clash, ...]) -> None:
        super().__init__(f"{len(clashes)} fields were changed by somebody else up to version {version}")
        self.version = version
        self.clashes = clashes


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry of a field's history."""

    version: int
    place: str
    before: Value | None
    after: Value | None
    kind: str
    by: str
    at: datetime


class DraftService:
    """Reads and writes working copies.

    :param guard: asked before every write: raises when this actor may not edit the statement as it stands.
    """

    def __init__(self, clock: Clock, guard: Callable[[Transaction, UUID, Any], None] | None = None) -> None:
        self.clock = clock
        self._guard = guard

    def save(
        self,
        tx: Transaction,
        statement: UUID,
        form: str,
        seen: int,
        values: Mapping[str, Value | None],
        actor: Any,
        kind: str = "edit",
    ) -> Draft:
        """Save fields.

        :param seen: the version the writer had before them. :param values: value by place; None empties a field.
        :raises Conflict: somebody else changed the same fields since; nothing was saved, both texts come along.
        :raises StatementRefused: a place that does not exist, or a value that cannot be kept.
        """
        self._may(tx, statement, actor)
        draft = read_draft(tx, statement, form, lock=True)
        document = draft.document.copy()
        changed: dict[str, tuple[Any, Any]] = {}
        for place, value in values.items():
            self._check(draft, place, value)
            # A browser sends line ends in the way of old teleprinters; a text has one kind of them.
            value = value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value
            before = document.get(place)
            document.set(place, value)
            if document.get(place) != before:
                changed[place] = (before, document.get(place))
        self._clashes(tx, draft, seen, changed)
        return self._write(tx, draft, document, changed, actor.id, kind)

    def add_row(
        self, tx: Transaction, statement: UUID, form: str, repeat: str, around: tuple[str, ...], actor: Any
    ) -> tuple[Draft, str]:
        """Add a row to a repeat (``file`` for another 特定個人情報ファイル). Returns the draft and the row's name."""
        self._may(tx, statement, actor)
        draft = read_draft(tx, statement, form, lock=True)
        document = draft.document.copy()
        before = list(document.rows_of(repeat, around))
        try:
            row = document.add_row(repeat, self._around(draft, repeat, around))
        except BadPlace as wrong:
            raise StatementRefused("BAD_ROW", "これ以上は追加できません。何も変更していません。") from wrong
        place = f"{_ROWS}{Place(repeat, around)}"
        after = document.rows_of(repeat, around)
        return self._write(tx, draft, document, {place: (before, list(after))}, actor.id, "add_row"), row

    def remove_row(
        self,
        tx: Transaction,
        statement: UUID,
        form: str,
        repeat: str,
        row: str,
        around: tuple[str, ...],
        actor: Any,
    ) -> Draft:
        """Take a row out; everything that stood in it stays in the history and comes back with ``undo``."""
        self._may(tx, statement, actor)
        draft = read_draft(tx, statement, form, lock=True)
        document = draft.document.copy()
        try:
            document.remove_row(draft.form, repeat, row, around)
        except BadPlace as gone:
            raise StatementRefused(
                "BAD_ROW", "その行はもうありません。画面を読み直してください。何も変更していません。"
            ) from gone
        return self._write(tx, draft, document, _difference(draft.document, document), actor.id, "remove_row")

    def replace(
        self,
        tx: Transaction,
        statement: UUID,
        form: str,
        seen: int,
        document: Document,
        actor: Any,
        kind: str,
    ) -> Draft:
        """Take a whole document in (an import), field by field into the history.

        :raises Conflict: somebody wrote since ``seen``.
        """
        self._may(tx, statement, actor)
        draft = read_draft(tx, statement, form, lock=True)
        changed = _difference(draft.document, document)
        self._clashes(tx, draft, seen, changed)
        return self._write(tx, draft, document, changed, actor.id, kind)

    def history(
        self, tx: Transaction, statement: UUID, form: str, place: str | None = None, limit: int = 200
    ) -> list[Edit]:
        """What was written, newest first; of one field when ``place`` is given."""
        rows = tx.raw.execute(
            "SELECT version, place, before, after, kind, by_whom, at FROM madoguchi.assessment_edit"
            " WHERE tenant = %s AND assessment_id = %s AND form = %s AND (%s::text IS NULL OR place = %s)"
            " ORDER BY version DESC, place LIMIT %s",
            (tx.tenant, statement, form, place, place, limit),
        ).fetchall()
        return [Edit(*row) for row in rows]

    def restore(
        self, tx: Transaction, statement: UUID, form: str, place: str, version: int, actor: Any
    ) -> Draft:
        """Put a field back to what it was after a version.

        :raises StatementRefused: when the field has no entry of that version, or its row is gone.
        """
        row = tx.raw.execute(
            "SELECT after FROM madoguchi.assessment_edit WHERE tenant = %s AND assessment_id = %s AND form = %s"
            " AND place = %s AND version <= %s ORDER BY version DESC LIMIT 1",
            (tx.tenant, statement, form, place, version),
        ).fetchone()
        if row is None or place.startswith(_ROWS):
            raise StatementRefused(
                "NO_SUCH_ENTRY",
                "その版の記録がありません。何も変更していません。履歴から選び直してください。",
            )
        current = read_draft(tx, statement, form, lock=True)
        return self.save(tx, statement, form, current.version, {place: row[0]}, actor, "restore")

    def undo(self, tx: Transaction, statement: UUID, form: str, version: int, actor: Any) -> Draft:
        """Take back everything one version did, rows included.

        :raises StatementRefused: when something was written on top of it since.
        """
        self._may(tx, statement, actor)
        draft = read_draft(tx, statement, form, lock=True)
        edits = [one for one in self.history(tx, statement, form, limit=5000) if one.version == version]
        document = draft.document.copy()
        for one in edits:
            now = _stored(document, one.place)
            if now != one.after:
                raise StatementRefused(
                    "WRITTEN_SINCE",
                    "その後に書き換えられた項目があります。何も変更していません。項目ごとに戻してください。",
                )
            _put(document, one.place, one.before)
        if not edits:
            raise StatementRefused("NO_SUCH_ENTRY", "その版の記録がありません。何も変更していません。")
        return self._write(
            tx, draft, document, {one.place: (one.after, one.before) for one in edits}, actor.id, "undo"
        )

    def _may(self, tx: Transaction, statement: UUID, actor: Any) -> None:
        if self._guard is not None:
            self._guard(tx, statement, actor)

    def _around(self, draft: Draft, repeat: str, around: tuple[str, ...]) -> tuple[str, ...]:
        item = draft.form.by_key.get(repeat)
        repeats = () if item is None else item.repeats
        known = repeat == "file" or (item is not None and item.type == "repeat")
        if (
            not known
            or len(repeats) != len(around)
            or any(r not in draft.document.rows_of("file") for r in around[:1])
        ):
            raise StatementRefused("BAD_ROW", "行を追加できる項目ではありません。何も変更していません。")
        return around

    def _check(self, draft: Draft, place: str, value: Value | None) -> None:
        try:
            check_place(draft.document, draft.form, Place.parse(place))
        except BadPlace as wrong:
            raise StatementRefused(
                "BAD_PLACE",
                "この様式にない項目か、なくなった行です。何も保存していません。画面を読み直してください。",
            ) from wrong
        shape = (
            value is None
            or isinstance(value, str | bool)
            or (isinstance(value, dict) and set(value) <= {"chosen", "texts"})
        )
        text = value if isinstance(value, str) else orjson.dumps(value).decode() if shape else ""
        if not shape or len(text) > MAX_FIELD or not _storable(text):
            raise StatementRefused(
                "BAD_VALUE",
                f"一つの項目に書けるのは{MAX_FIELD:,}字までの文字です。何も保存していません。別添に分けるか、文字を直してください。",
            )

    def _clashes(
        self, tx: Transaction, draft: Draft, seen: int, changed: Mapping[str, tuple[Any, Any]]
    ) -> None:
        if seen == draft.version or not changed:
            return
        rows = tx.raw.execute(
            "SELECT DISTINCT ON (place) place, by_whom, at FROM madoguchi.assessment_edit"
            " WHERE tenant = %s AND assessment_id = %s AND form = %s AND version > %s AND place = ANY(%s)"
            " ORDER BY place, version DESC",
            (tx.tenant, draft.statement, draft.form_id, seen, list(changed)),
        ).fetchall()
        if rows:
            clashes = tuple(_clash(draft, place, *changed[place], by, at) for place, by, at in rows)
            raise Conflict(draft.version, clashes)

    def _write(
        self,
        tx: Transaction,
        draft: Draft,
        document: Document,
        changed: Mapping[str, tuple[Any, Any]],
        by: str,
        kind: str,
    ) -> Draft:
        if not changed:
            return draft
        version, at = draft.version + 1, self.clock.now()
        tx.raw.execute(
            "UPDATE madoguchi.assessment_draft SET version = %s, body = %s, edition = %s, updated_at = %s, updated_by = %s"
            " WHERE tenant = %s AND assessment_id = %s AND form = %s",
            (
                version,
                _json(document.to_json()),
                document.edition,
                at,
                by,
                tx.tenant,
                draft.statement,
                draft.form_id,
            ),
        )
        entries = [
            {"place": place, "before": before, "after": after} for place, (before, after) in changed.items()
        ]
        tx.raw.execute(
            "INSERT INTO madoguchi.assessment_edit (tenant, assessment_id, form, version, place, before, after, kind,"
            " by_whom, at) SELECT %s, %s, %s, %s, e ->> 'place', NULLIF(e -> 'before', 'null'), NULLIF(e -> 'after', 'null'),"
            " %s, %s, %s FROM jsonb_array_elements(%s::jsonb) AS e",
            (tx.tenant, draft.statement, draft.form_id, version, kind, by, at, _json(entries)),
        )
        return Draft(draft.statement, draft.form_id, version, document, at, by)


def _clash(draft: Draft, place: str, theirs: Any, mine: Any, by: str, at: datetime) -> Clash:
    if place.startswith(_ROWS):
        return Clash(place, place, theirs, mine, str(theirs), str(mine), by, at)
    at_place = Place.parse(place)
    item = draft.form.item(at_place.key)
    where = citation(draft.form, item, draft.document, at_place.rows)
    return Clash(place, where, theirs, mine, plain(item, theirs), plain(item, mine), by, at)


def _difference(old: Document, new: Document) -> dict[str, tuple[Any, Any]]:
    changed: dict[str, tuple[Any, Any]] = {}
    for place in {**old.values, **new.values}:
        if old.values.get(place) != new.values.get(place):
            changed[place] = (old.values.get(place), new.values.get(place))
    for place in {**old.rows, **new.rows}:
        if old.rows.get(place, []) != new.rows.get(place, []):
            changed[f"{_ROWS}{place}"] = (old.rows.get(place, []), new.rows.get(place, []))
    return changed


def _stored(document: Document, place: str) -> Any:
    if place.startswith(_ROWS):
        return document.rows.get(place.removeprefix(_ROWS), [])
    return document.get(place)


def _put(document: Document, place: str, value: Any) -> None:
    if place.startswith(_ROWS):
        document.rows[place.removeprefix(_ROWS)] = list(value or [])
    else:
        document.set(place, value)


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()

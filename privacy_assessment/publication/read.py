"""Reading what is public: one version by its address, the list of a statement's versions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from privacy_assessment.publication.rows import PublicForm
from storage.database import Statement

STAGES = {"v": "published", "c": "consulted"}
LETTERS = {stage: letter for letter, stage in STAGES.items()}
_EDITION = re.compile(r"^([vc])([1-9][0-9]{0,5})$")
_COLUMNS = (
    "tenant", "body", "number", "stage", "ordinal", "assessment_id", "body_name", "title", "kind", "publication", "forms", "affairs",
    "shown_on", "closes", "review_by", "redo_by", "persons", "current", "ended_on", "kept_until", "left_on", "withdrawn_on",
    "withdrawn_why", "changed_at",
)  # fmt: skip


def read_columns(prefix: str = "") -> str:
    """``SELECT`` with the columns of a version, in the order of its fields."""
    return "SELECT " + ", ".join(prefix + name for name in _COLUMNS)


_HEAD = read_columns()
_FROM = " FROM madoguchi.public_statement WHERE tenant = %s AND body = %s AND number = %s"


@dataclass(frozen=True)
class Version:
    """One version as anyone may know of it, without its text.

    :param stage: ``published`` or ``consulted``. :param publication: ``first`` (after a whole procedure) or ``amended``.
    """

    tenant: str
    body: str
    number: str
    stage: str
    ordinal: int
    assessment: UUID
    body_name: str
    title: str
    kind: str
    publication: str
    forms: Sequence[str]
    affairs: Sequence[str]
    shown_on: date
    closes: date | None
    review_by: date | None
    redo_by: date | None
    persons: str
    current: bool
    ended_on: date | None
    kept_until: date | None
    left_on: date | None
    withdrawn_on: date | None
    withdrawn_why: str | None
    changed_at: datetime

    @property
    def edition(self) -> str:
        """The last part of its address: ``v2`` for the second publication, ``c1`` for the first text laid open."""
        return f"{LETTERS[self.stage]}{self.ordinal}"

    @property
    def path(self) -> str:
        """Its own address, which never changes."""
        return f"{statement_path(self.tenant, self.body, self.number)}/{self.edition}"

    @property
    def gone(self) -> bool:
        """Whether its text is not shown any more."""
        return self.withdrawn_on is not None or self.left_on is not None

    def state(self, today: date) -> str:
        """``consulting``, ``consulted``, ``published``, ``amended``, ``ended``, ``withdrawn`` or ``left``."""
        if self.gone:
            return "withdrawn" if self.withdrawn_on is not None else "left"
        if self.stage == "consulted":
            return (
                "consulting"
                if self.closes is not None and self.shown_on <= today <= self.closes
                else "consulted"
            )
        if self.ended_on is not None:
            return "ended"
        return "amended" if self.publication == "amended" else "published"


def statement_path(tenant: str, body: str, number: str) -> str:
    """The stable address of a statement."""
    return f"/statements/{tenant}/{quote(body, safe='')}/{quote(number, safe='')}"


def read_edition(text: str) -> tuple[str, int] | None:
    """Stage and number behind the last part of an address; None for anything else."""
    found = _EDITION.match(text)
    return (STAGES[found[1]], int(found[2])) if found else None


def versions_statement(tenant: str, body: str, number: str) -> Statement:
    """The statement that reads every version, newest first; its rows are ``version_of``'s."""
    return f"{_HEAD}{_FROM} ORDER BY shown_on DESC, stage DESC, ordinal DESC", (tenant, body, number)


def content_statement(tenant: str, body: str, number: str, stage: str, ordinal: int) -> Statement:
    """The statement that reads the text of one version."""
    return f"SELECT content{_FROM} AND stage = %s AND ordinal = %s", (tenant, body, number, stage, ordinal)


def version_of(row: Sequence[Any]) -> Version:
    """A version from a row of ``versions_statement``."""
    return Version(*row)


def forms_of(content: Mapping[str, Any]) -> dict[str, PublicForm]:
    """The forms of a version from its content."""
    return {form: PublicForm.from_json(data) for form, data in content.items()}

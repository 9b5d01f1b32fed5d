"""The engine's tables for those who read them with SQLAlchemy; the engine itself writes them with its own statements."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Integer, LargeBinary, String, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import Base, tenant_column

_MOMENT = DateTime(timezone=True)


class CaseFile(Base):
    """One case as it stands now. Only the engine's ``apply`` changes it."""

    __tablename__ = "case_file"

    tenant: Mapped[str] = tenant_column()
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    definition_version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(String(15))
    parent: Mapped[UUID | None] = mapped_column(Uuid)
    office: Mapped[str] = mapped_column(Text)
    assignee: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(_MOMENT)
    opened_by: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(_MOMENT)
    last_by: Mapped[str] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    due_at: Mapped[datetime] = mapped_column(_MOMENT)
    steps: Mapped[int] = mapped_column(Integer)
    head_hash: Mapped[bytes] = mapped_column(LargeBinary)
    subject_may_read: Mapped[bool]


class Step(Base):
    """One step of one case: added, never changed."""

    __tablename__ = "step"
    __table_args__ = (UniqueConstraint("tenant", "request_key", name="uq_step_request_key"),)

    tenant: Mapped[str] = tenant_column()
    case_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    definition_version: Mapped[int] = mapped_column(Integer)
    trigger: Mapped[str] = mapped_column(Text)
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(_MOMENT)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str] = mapped_column(Text)
    actor_office: Mapped[str | None] = mapped_column(Text)
    on_behalf_of: Mapped[str | None] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    article: Mapped[str | None] = mapped_column(Text)
    input: Mapped[dict[str, Any]] = mapped_column(JSONB)
    request_key: Mapped[str] = mapped_column(Text)
    request_digest: Mapped[bytes] = mapped_column(LargeBinary)
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Deadline(Base):
    """One armed deadline, with the counting it came from."""

    __tablename__ = "deadline"

    tenant: Mapped[str] = tenant_column()
    case_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    armed_by: Mapped[int] = mapped_column(Integer, primary_key=True)
    trigger: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(_MOMENT)
    rule: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    settled_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    settled_by: Mapped[int | None] = mapped_column(Integer)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))

"""The few values that go into the engine and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

# A date that no office will live to see stands for "no deadline", so that one index sorts all cases.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    :param kind: ``staff``, ``resident``, ``proxy``, ``reviewer``, ``system`` (the product itself) or ``clock``.
    :param id: a reference to the account or office, never a number or a name.
    :param roles: roles given by the office; the kinds ``system`` and ``clock`` and the subject of a case have theirs by nature.
    :param office: code of the actor's office, or None for the whole municipality.
    :param addressees: ``"tenant:addressee"`` of each person a resident (or proxy) stands for.
    """

    kind: str
    id: str
    roles: frozenset[str] = frozenset()
    office: str | None = None
    addressees: frozenset[str] = frozenset()


CLOCK = Actor(kind="clock", id="clock")


class Reason:
    """Why a step is refused: a code the definition or the engine has a text for, and what to fill in there."""

    __slots__ = ("code", "params")

    def __init__(self, code: str, /, **params: Any) -> None:
        self.code = code
        self.params = params

    def __repr__(self) -> str:
        shown = "".join(f", {key}={value!r}" for key, value in self.params.items())
        return f"Reason({self.code!r}{shown})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reason) and (self.code, self.params) == (other.code, other.params)

    def __hash__(self) -> int:
        return hash(self.code)


class Refused(Exception):
    """The step was not taken and nothing was changed; ``reasons`` says everything that stood in the way."""

    def __init__(self, reasons: tuple[Reason, ...], case_id: UUID | None = None, trigger: str = "") -> None:
        super().__init__(f"{trigger} on case {case_id}: {', '.join(reason.code for reason in reasons)}")
        self.reasons = reasons
        self.case_id = case_id
        self.trigger = trigger


class CaseNotFound(Refused):
    """There is no such case in this tenant (or it may not be seen: the two are not told apart)."""

    def __init__(self, case_id: UUID, trigger: str = "") -> None:
        super().__init__((Reason("case_not_found"),), case_id, trigger)


@dataclass(frozen=True, slots=True)
class Command:
    """A wish to move one case.

    :param trigger: the trigger's name in the definition.
    :param purpose: why, in plain words for the journal; no names or numbers.
    :param request_key: the caller's key; the same key gives the same answer, however often it is sent.
    :param input: references and codes that the definition declares, nothing else.
    :param on_behalf_of: reference of the person a proxy acts for.
    """

    case_id: UUID
    trigger: str
    actor: Actor
    purpose: str
    request_key: str
    input: Mapping[str, Any] = field(default_factory=dict)
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """One row of ``case_file`` as it stood when it was read."""

    tenant: str
    id: UUID
    kind: str
    definition_version: int
    state: str
    subject: str | None
    parent: UUID | None
    office: str
    assignee: str | None
    opened_at: datetime
    opened_by: str
    updated_at: datetime
    last_by: str
    due_at: datetime
    steps: int
    head_hash: bytes


@dataclass(frozen=True, slots=True)
class Applied:
    """A step that was taken (now, or when the same request came before: ``replayed``)."""

    tenant: str
    case_id: UUID
    kind: str
    seq: int
    trigger: str
    before: str
    after: str
    at: datetime
    step_hash: bytes
    input: Mapping[str, Any]
    subject: str | None
    parent: UUID | None
    actor: Actor
    purpose: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One trigger as the case page shows it: allowed, or with every reason why not."""

    trigger: str
    allowed: bool
    reasons: tuple[Reason, ...]
    label: Mapping[str, str]

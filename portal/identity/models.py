"""Who is at the counter, as every page and permission sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

Kind = Literal["anonymous", "resident", "staff", "reviewer"]

# The commission stands above all offices; its people and its own records stand under this code.
COMMISSION = "000000"

ROLES = {
    "caseworker": "審査担当",
    "approver": "決裁者",
    "linkage_operator": "情報連携の担当",
    "records_officer": "記録の担当",
    "tenant_admin": "職員の登録の担当",
    "assessment_coordinator": "評価の取りまとめ担当",
    "outside_reviewer": "外部の点検者",
    "commission_reviewer": "委員会の審査担当",
    "commission_member": "委員会の決裁者",
}

UNBOUND_NAME = "利用者"


@dataclass(frozen=True)
class Identity:
    """The person of one request.

    :param addressees: pairs (tenant, addressee number) of a resident; empty until the register has answered.
    :param bound: whether the register has answered since the account was made.
    :param step_up_at: when she last proved herself; the sign-in counts.
    :param session_id: public number of the session, not its secret.
    :param idle: how long the session may stand unused, as it was opened: at a terminal of the counter it is shorter.
    """

    kind: Kind
    account_id: UUID | None = None
    tenant: str | None = None
    roles: frozenset[str] = frozenset()
    office: str | None = None
    addressees: tuple[tuple[str, str], ...] = ()
    session_id: UUID | None = None
    step_up_at: datetime | None = None
    bound: bool = True
    method: str = ""
    last_seen_at: datetime | None = None
    expires_at: datetime | None = None
    idle: timedelta | None = None
    plain_name: str | None = None
    profile: bytes | None = field(default=None, repr=False)
    profile_tenant: str | None = None
    opener: Callable[[Identity], str] | None = field(default=None, repr=False, compare=False)

    @property
    def display_name(self) -> str:
        """The name on the screen; a resident's is opened from her session's sealed profile, when a page shows it."""
        if self.plain_name is not None:
            return self.plain_name
        if self.profile is None or self.opener is None:
            return UNBOUND_NAME
        return self.opener(self)

    def fresh(self, now: datetime, window: timedelta) -> bool:
        """Whether she proved herself recently enough for something weighty."""
        return self.step_up_at is not None and now - self.step_up_at <= window


ANONYMOUS = Identity("anonymous")


@dataclass(frozen=True)
class SessionLine:
    """One session in a person's own list.

    :param current: whether it is the one that asks.
    """

    id: UUID
    method: str
    device: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


@dataclass(frozen=True)
class OperationLine:
    """One line of a person's own history of signing in."""

    at: datetime
    event: str
    method: str
    device: str


@dataclass(frozen=True)
class Asked:
    """A challenge for the browser.

    :param entry: the browser's secret, for its cookie.
    :param options: JSON for ``navigator.credentials``.
    """

    entry: str
    options: str


@dataclass(frozen=True)
class KeyLine:
    """One key in a person's own list."""

    credential: bytes
    label: str
    created_at: datetime
    last_used_at: datetime | None

    @property
    def short(self) -> str:
        """What names the key in an address."""
        return self.credential.hex()[:32]

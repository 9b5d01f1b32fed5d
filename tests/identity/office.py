"""An office whose staff signs in with keys in software."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

import pytest

from portal.identity.models import Identity
from portal.identity.passkey_reasons import PasskeyReason, PasskeyRefused
from portal.identity.passkeys import PasskeyDesk
from portal.identity.sessions import OpenedSession, identity_from_row, session_statement
from portal.identity.staff import StaffRegister
from sandbox.cards.passkey import SoftwarePasskey
from storage.clock import FixedClock
from storage.database import NOWHERE
from tests.conftest import Databases
from tests.identity.desk import HOME

ORIGIN = "https://madoguchi.example"
DEVICE = "Windows・Chrome"


@dataclass
class Office:
    """Register and desk over one database."""

    desk: PasskeyDesk
    register: StaffRegister
    clock: FixedClock
    databases: Databases

    def invite(self, *roles: str, tenant: str = "992011") -> tuple[UUID, str]:
        made = self.register.invite(tenant, f"{tenant}-01", roles or ("caseworker",), "見本 太郎")
        return made.account, made.code

    def enrol(self, code: str, key: SoftwarePasskey, origin: str = ORIGIN) -> OpenedSession:
        asked = self.desk.ask_enrolment(code, HOME, DEVICE)
        made = key.register(json.loads(asked.options), origin)
        return self.desk.enrol(asked.entry, code, json.dumps(made), "机のキー", HOME, DEVICE)

    def sign_in(self, key: SoftwarePasskey, origin: str = ORIGIN) -> OpenedSession:
        asked = self.desk.ask(HOME, DEVICE)
        return self.desk.sign_in(
            asked.entry, json.dumps(key.authenticate(json.loads(asked.options), origin)), HOME, DEVICE
        )

    def identity(self, token: str) -> Identity | None:
        rows = self.databases.web.read(NOWHERE, session_statement(token, self.clock.now()))[0]
        return identity_from_row(rows[0]) if rows else None


def refused(action) -> PasskeyReason:  # type: ignore[no-untyped-def]
    with pytest.raises(PasskeyRefused) as caught:
        action()
    return caught.value.reason

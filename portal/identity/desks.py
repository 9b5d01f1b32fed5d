"""The desks of signing in, as one request finds them: made when first used, so that a portal without cards still starts."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

from portal.identity.config import CardSettings
from portal.identity.limits import counter_limits, limits
from portal.identity.models import Identity
from portal.identity.passkeys import PasskeyDesk
from portal.identity.service import CardDesk
from portal.settings import Settings
from storage.clock import Clock
from storage.database import Database, Scope, Transaction
from storage.encryption import FileMasterKey, KeyRing
from workflows.addressees.models import display_context


class Desks:
    """All desks of one process."""

    def __init__(self, settings: Settings, database: Database, clock: Clock, verifier: Any = None) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._verifier = verifier
        self._lock = threading.Lock()
        if settings.production:
            # Wrong or missing authorities stop the start, not the first login.
            _ = self.card

    @cached_property
    def card(self) -> CardDesk:
        """The card desk.

        :raises AnchorRefused: when the pinned authorities are missing or may not be trusted here.
        """
        verifier = self._verifier or CardSettings.from_env(self._settings).verifier(self._settings.production)
        rules = counter_limits if self._settings.counter else limits
        return CardDesk(self._database, verifier, self._clock, self._settings.origin, rules)

    @cached_property
    def passkey(self) -> PasskeyDesk:
        """The desk for staff's security keys."""
        return PasskeyDesk(self._database, self._clock, self._settings.origin)

    @cached_property
    def ring(self) -> KeyRing:
        """The ring that opens a session's sealed profile."""
        return KeyRing(FileMasterKey(self._settings.master_key))

    def open_name(self, identity: Identity) -> str:
        """A resident's own name, from her session's sealed profile. The key is fetched once for each tenant."""
        assert identity.profile is not None
        assert identity.profile_tenant is not None
        assert identity.account_id is not None
        with _WhenNeeded(self._database, Scope(tenant=identity.profile_tenant)) as tx:
            opened = self.ring.open(
                tx,  # type: ignore[arg-type]
                identity.profile_tenant,
                identity.profile,
                display_context(identity.account_id),
            )
        return opened.decode()


class _WhenNeeded:
    """A transaction that is opened only if the key ring really has to read: usually it has the key already."""

    def __init__(self, database: Database, scope: Scope) -> None:
        self._maker = database.transaction(scope)
        self._tx: Transaction | None = None

    def __enter__(self) -> _WhenNeeded:
        return self

    @property
    def raw(self) -> Any:
        """The connection."""
        if self._tx is None:
            self._tx = self._maker.__enter__()
        return self._tx.raw

    def __exit__(self, *problem: Any) -> None:
        if self._tx is not None:
            self._maker.__exit__(*problem)

"""The whole portal over a test database, with the sandbox's authorities and no socket between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from webtest import TestApp

import portal.app
from portal.identity.desks import Desks
from portal.settings import Settings
from sandbox.pki import Pki
from storage.clock import FixedClock
from tests.conftest import Databases
from tests.pki.world import DirectAsker, verifier

ORIGIN = "http://localhost"
SECRET = "a secret of the front server"


@dataclass
class Portal:
    """The application and what it stands on."""

    app: Any
    asker: DirectAsker
    clock: FixedClock
    settings: Settings

    def browser(self, agent: str = "Mozilla/5.0 (Windows NT 10.0) Chrome/156.0") -> TestApp:
        """A fresh browser."""
        return TestApp(self.app, extra_environ={"HTTP_HOST": "localhost", "HTTP_USER_AGENT": agent})


def make_portal(pki: Pki, databases: Databases, clock: FixedClock, var: Path, **settings: Any) -> Portal:
    asker = DirectAsker(pki, clock.now())
    made = replace(
        Settings.from_env({}), **{"origin": ORIGIN, "var": var, "master_key": var / "master.key", **settings}
    )
    app = portal.app.make_app(made, database=databases.web, clock=clock)
    app.registry["desks"] = Desks(made, databases.web, clock, verifier(pki, asker))
    return Portal(app, asker, clock, made)

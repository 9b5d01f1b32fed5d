"""The whole portal over a test database, with the sandbox's authorities and no socket between."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from webtest import TestApp

import portal.app
from portal.identity.card.message import ChallengeMessage
from portal.identity.desks import Desks
from portal.settings import Settings
from sandbox.pki import Pki
from storage.clock import FixedClock
from tests.conftest import Databases
from tests.pki.world import NOW, DirectAsker, SoftCard, verifier

ORIGIN = "http://localhost"
SECRET = "a secret of the front server"
JSON = {"Accept": "application/json"}


@dataclass
class Portal:
    """The application and what it stands on."""

    app: Any
    asker: Any
    clock: FixedClock
    settings: Settings

    def browser(self, agent: str = "Mozilla/5.0 (Windows NT 10.0) Chrome/156.0") -> TestApp:
        """A fresh browser."""
        return TestApp(self.app, extra_environ={"HTTP_HOST": "localhost", "HTTP_USER_AGENT": agent})


def make_portal(databases: Databases, var: Path, **settings: Any) -> Portal:
    """An application; :func:`anew` puts it where a test begins."""
    made = replace(
        Settings.from_env({}), **{"origin": ORIGIN, "var": var, "master_key": var / "master.key", **settings}
    )
    clock = FixedClock(NOW)
    return Portal(portal.app.make_app(made, database=databases.web, clock=clock), None, clock, made)


def anew(found: Portal, pki: Pki, databases: Databases, clock: FixedClock) -> Iterator[Portal]:
    """The application as if it had just been started, by this clock, and after the test with no failure counted. Building one takes
    longer than most tests; what it stands on is made for each."""
    asker, registry = DirectAsker(pki, clock.now()), found.app.registry
    registry["clock"] = clock
    registry.pop("keys", None)
    registry["desks"] = Desks(found.settings, databases.web, clock, verifier(pki, asker))
    yield replace(found, asker=asker, clock=clock)
    with databases.worker.transaction() as tx:
        tx.raw.execute("DELETE FROM identity.throttle")


def waiting(portal: Portal, following: str = "/my/sessions") -> tuple[Any, str]:
    """A browser whose page waits for a card, and the code it shows."""
    browser = portal.browser()
    form = browser.get("/login", {"next": following}).forms[0]
    page = form.submit().follow()
    return browser, page.text.split(f'href="{ORIGIN}/login/card/c/')[1].split('"')[0]


def signed(portal: Portal, code: str, found: SoftCard) -> dict[str, str]:
    """What a card answers to the challenge behind a code."""
    offered = portal.browser().get(f"/login/card/c/{code}", headers=JSON).json
    message = ChallengeMessage.from_json(offered)
    return {
        "certificate": base64.b64encode(found.der).decode(),
        "signature": base64.b64encode(found.sign(message.to_bytes())).decode(),
    }


def post(portal: Portal, code: str, body: Any, **more: Any) -> Any:
    """Send an answer, as the card client does."""
    return portal.browser().post_json(f"/login/card/c/{code}", body, headers=JSON, expect_errors=True, **more)

"""A challenge is used up before anybody looks at what came of the certificate, even when the check itself breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portal.identity.card.login import CardVerifier
from portal.identity.card.reasons import CardReason, CardRefused
from sandbox.pki import Pki
from storage.clock import FixedClock
from tests.conftest import Databases
from tests.identity.desk import Desk, make_desk
from tests.pki.world import card


class Broken(CardVerifier):
    """A check that meets a certificate nobody foresaw."""

    def parsed(self, *_args: Any, **_more: Any) -> Any:
        raise RuntimeError("unforeseen")


@pytest.fixture
def desk(pki: Pki, databases: Databases, clock: FixedClock) -> Iterator[Desk]:
    yield make_desk(pki, databases.web, clock)
    with databases.worker.transaction() as tx:
        tx.raw.execute("DELETE FROM identity.throttle")


def test_a_check_that_breaks_uses_the_challenge_up_and_costs_no_connection(desk: Desk, pki: Pki) -> None:
    good, started, sound = card(pki.auth), desk.start(), desk.desk._verifier
    message = desk.desk.fetch(started.code, b"network").message
    open_before = desk.database.engine.pool.checkedout()
    desk.desk._verifier = Broken(sound._anchors, sound._revocation)
    with pytest.raises(RuntimeError):
        desk.desk.answer(started.code, good.der, good.sign(message.to_bytes()), b"network")
    assert desk.database.engine.pool.checkedout() == open_before
    desk.desk._verifier = sound
    with pytest.raises(CardRefused) as caught:
        desk.desk.answer(started.code, good.der, good.sign(message.to_bytes()), b"network")
    assert caught.value.reason is CardReason.CHALLENGE_USED
    assert desk.desk.finish(started.entry) is None

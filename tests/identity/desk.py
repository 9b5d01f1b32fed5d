"""A card desk over a test database and the sandbox's authorities."""

from __future__ import annotations

from dataclasses import dataclass

from portal.identity.secrets import network_hash
from portal.identity.service import CardDesk, Finished, Started
from sandbox.pki import Pki
from storage.clock import FixedClock
from storage.database import Database
from tests.pki.world import DirectAsker, SoftCard, verifier

ORIGIN = "https://madoguchi.example"
HOME = network_hash("192.0.2.10")
ELSEWHERE = network_hash("198.51.100.7")


@dataclass
class Desk:
    """The desk and the world around it."""

    desk: CardDesk
    asker: DirectAsker
    clock: FixedClock
    database: Database

    def start(self, **more) -> Started:  # type: ignore[no-untyped-def]
        return self.desk.start(**{"network": HOME, "device": "Windows・Chrome", "next_path": "/my/", **more})

    def answer(self, started: Started, card: SoftCard, network: bytes = HOME) -> None:
        message = self.desk.fetch(started.code, network).message
        self.desk.answer(started.code, card.der, card.sign(message.to_bytes()), network)

    def login(self, card: SoftCard) -> Finished:
        started = self.start()
        self.answer(started, card)
        finished = self.desk.finish(started.entry)
        assert finished is not None
        return finished


def make_desk(pki: Pki, database: Database, clock: FixedClock) -> Desk:
    asker = DirectAsker(pki, clock.now())
    return Desk(CardDesk(database, verifier(pki, asker), clock, ORIGIN), asker, clock, database)

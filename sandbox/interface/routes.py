"""Data sending and receiving towards intermediate servers (中間SV向け) in front of the core's services.

It runs inside the core's process in this stand-in; being its own package it shows which calls cross that border.
"""

from sandbox.core.link_codes import LinkCodes, results
from sandbox.core.permits import Permits, report_many, word_to
from sandbox.web import Call, Reply, Route
from workflows.linkage.wire import core_word
from workflows.linkage.wire.envelope import check, validate
from workflows.linkage.wire.keys import PartyKeys
from workflows.linkage.wire.linter import lint

HUB = frozenset({"hub"})


class Interface:
    """The hub-facing side of the national systems."""

    def __init__(self, permits: Permits, codes: LinkCodes, keys: PartyKeys) -> None:
        self._permits = permits
        self._keys = keys
        self._codes = codes

    def routes(self) -> list[Route]:
        """Its endpoints, all under ``/if/v1``."""
        return [
            Route("POST", "/if/v1/permits:batch", self.permits, HUB),
            Route("POST", "/if/v1/reports:batch", self.reports, HUB),
            Route("POST", "/if/v1/fugo-acquisitions", self.acquire, HUB),
            Route("GET", "/if/v1/fugo-results", self.acquired, HUB),
            Route("GET", "/if/v1/records/{org}", self.records, HUB),
        ]

    def _messages(self, call: Call, type_: str) -> list[dict]:
        check("batch", call.body)
        lint(call.body)
        for message in call.body["messages"]:
            validate(message, type_, call.now)
        return list(call.body["messages"])

    def permits(self, call: Call) -> Reply:
        """``permits:batch``: decisions in order."""
        return Reply(
            {"results": self._permits.decide_many(call.tx, self._messages(call, "permit.request"), call.now)}
        )

    def reports(self, call: Call) -> Reply:
        """``reports:batch``: how exchanges ended."""
        return Reply({"taken": report_many(call.tx, self._messages(call, "exchange.report"))})

    def acquire(self, call: Call) -> Reply:
        """``fugo-acquisitions``: an acquisition number for an organisation."""
        message = call.message("fugo.open")
        acquisition = message["payload"]["acquisition_id"]
        token = self._codes.open(call.tx, acquisition, message["org"], call.party.id, call.now)
        return Reply({"acquisition_id": acquisition, "token": token}, 202)

    def acquired(self, call: Call) -> Reply:
        """``fugo-results?after=``: what the 住基ネット said meanwhile."""
        after, limit = call.number("after", 0, 2**62), call.number("limit", 500, 1000)
        return Reply({"results": results(call.tx, call.party.id, after, limit)})

    def records(self, call: Call) -> Reply:
        """``records/{org}?after=``: the core's signed word to a body, for the server to pass on as it is."""
        after, limit = call.number("after", 0, 2**62), call.number("limit", 1000, core_word.MOST) or 1
        return Reply({"word": word_to(call.tx, self._keys, call.path["org"], after, limit, call.now)})

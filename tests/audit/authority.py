"""A time-stamp authority that answers without a socket."""

from __future__ import annotations

import httpx

from sandbox.pki.tsa import TimeStampAuthority
from storage.clock import FixedClock


class Answer(httpx.BaseTransport):
    """A time-stamp authority over HTTP in this process, with faults."""

    def __init__(self, authority: TimeStampAuthority, clock: FixedClock) -> None:
        self.authority, self.clock, self.fault = authority, clock, ""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.fault == "down":
            raise httpx.ConnectError("refused")
        if self.fault == "500":
            return httpx.Response(500)
        if self.fault == "noise":
            return httpx.Response(200, content=b"\x30\x03\x02\x01\x00")
        if self.fault == "long":
            return httpx.Response(200, content=bytes(100_000))
        body = request.read()
        if self.fault == "replay":
            body = self.held
        self.held = body
        return httpx.Response(200, content=self.authority.stamp(body, self.clock.now()))

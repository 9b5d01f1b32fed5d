"""Calls to the 住基ネット CS: the only peer that is told a 個人番号, and only sealed to its key (番号法21条の2第2項)."""

from typing import Any

from . import answers, envelope, sealing
from .client import LinkClient

#: What a party that belongs to no tenant (the portal) writes where a tenant stands.
NATIONAL = "000000"


class JukiClient:
    """The tenant's side of the juki-facing endpoints.

    :param link: a :class:`LinkClient` whose peer role is ``juki``.
    :param peer: party id of the CS in the directory.
    """

    def __init__(self, link: LinkClient, peer: str = "juki") -> None:
        self.link = link
        self.peer = peer

    def _envelope(
        self, type_: str, payload: dict[str, Any], payload_jwe: str | None = None
    ) -> dict[str, Any]:
        keys = self.link.keys
        return envelope.build(
            type_,
            tenant=keys.tenant or NATIONAL,
            org=keys.party,
            created=self.link.now(),
            payload=payload,
            payload_jwe=payload_jwe,
        )

    def request_fugo(self, token: str, number: str) -> dict[str, Any]:
        """Send an acquisition token with the person's number; ``{"status": "ACCEPTED"}``.

        The result comes back over the other network, to the hub; there is nothing to wait for here.

        :param number: 個人番号; sealed here, never in a path, a log or an exception.
        :raises Problem: NOT_FOUND when no such number or token exists (nothing is kept).
        """
        sealed = sealing.seal_text(
            number, {"token": token}, self.link.keys, self.link.directory.sealing_key(self.peer)
        )
        message = self._envelope("juki.fugo-request", {"token": token}, sealed)
        body = self.link.call("POST", "/v1/juki/fugo-requests", message).body
        answers.believe("jukiFugoRequest", body)
        return body

    def identify(self, issuer: str, serial: str) -> dict[str, Any]:
        """Who holds a certificate: ``{"status": "FOUND", "number", "profile"}`` or ``{"status": "NOT_FOUND"}``.

        :param issuer: what names the issuer: SHA-256 of its name in hex, or RFC 4514 text.
        :param serial: serial number in hex.
        :returns: the opened content; ``profile`` is ``{"name", "kana", "birth_date", "address", "sex"}``.
        :raises SealBroken: the answer was not written by the CS for us.
        """
        message = self._envelope("juki.identity", {"issuer": issuer, "serial": serial})
        body = self.link.call("POST", "/v1/juki/identity-confirmations", message).body
        answers.believe("identify", body)
        if body["status"] != "FOUND":
            return {"status": body["status"]}
        content = sealing.open_from(
            body["payload_jwe"], {"request": message["id"]}, self.link.keys, self.link.directory, self.peer
        )
        return {"status": "FOUND", **content}

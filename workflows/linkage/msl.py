"""The MSL/1 connector: `LinkageGateway` over the signed HTTP client of the wire package."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from workflows.linkage.gateway import ContentRefused, Envelope, Leased, Outcome, PermitFacts
from workflows.linkage.wire import core_word, problems, sealing
from workflows.linkage.wire import permit as permits
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.hub_client import HubClient
from workflows.linkage.wire.juki_client import JukiClient
from workflows.linkage.wire.problems import Problem

# Permits live for minutes; remembering more than the busiest minutes bring is of no use.
REMEMBERED = 4096


class MslGateway:
    """One organisation's connector.

    :param hub: client whose peer is the intermediate server.
    :param juki: client whose peer is the 住基ネット CS; only in processes of the vault role.
    """

    def __init__(self, hub: LinkClient, juki: LinkClient | None = None) -> None:
        self._link = hub
        self._hub = HubClient(hub)
        self._juki_link = juki
        self._juki = JukiClient(juki) if juki is not None else None
        self._permits: dict[str, permits.Permit] = {}
        self.keys = hub.keys
        self.directory = hub.directory

    def inquire(self, messages: Sequence[Envelope], batch: str) -> list[Outcome]:
        """See `LinkageGateway.inquire`."""
        return self._many(self._hub.inquire_many, messages, batch)

    def answer(self, messages: Sequence[Envelope], batch: str) -> list[Outcome]:
        """See `LinkageGateway.answer`."""
        return self._many(self._hub.answer_many, messages, batch)

    def cancel(self, message: Envelope) -> Outcome:
        """See `LinkageGateway.cancel`."""
        return Outcome(str(message["id"]), self._hub.cancel(message).body)

    def tell(self, message: Envelope) -> Outcome:
        """See `LinkageGateway.tell`."""
        ways = {
            "freeze": self._hub.freeze,
            "record.nondisclosure": self._hub.mark_nondisclosure,
            "subject.change": self._hub.change_subject,
        }
        return Outcome(str(message["id"]), ways[str(message["type"])](message).body)

    def acquire_link_code(self, message: Envelope) -> Outcome:
        """See `LinkageGateway.acquire_link_code`."""
        return Outcome(str(message["id"]), self._hub.acquire_fugo(message))

    def cancel_link_code(self, message: Envelope) -> Outcome:
        """See `LinkageGateway.cancel_link_code`."""
        return Outcome(str(message["id"]), self._hub.cancel_fugo(message).body)

    def request_link_code(self, message_id: str, token: str, number: str) -> Outcome:
        """See `LinkageGateway.request_link_code`."""
        if self._juki is None:
            raise RuntimeError("only a process of the vault role speaks to the CS")
        return Outcome(message_id, self._juki.request_fugo(token, number))

    def link_code_status(self, acquisition_id: str) -> str:
        """See `LinkageGateway.link_code_status`."""
        return str(self._hub.fugo(acquisition_id)["status"])

    def identify(self, issuer: str, serial: str) -> str | None:
        """See `LinkageGateway.identify`."""
        if self._juki is None:
            raise RuntimeError("only a process of the vault role speaks to the CS")
        found = self._juki.identify(issuer, serial)
        return str(found["number"]) if found["status"] == "FOUND" else None

    def inbox(self, families: Sequence[str], most: int, wait: int) -> list[Leased]:
        """See `LinkageGateway.inbox`."""
        return [Leased(one["lease"], one["message"]) for one in self._hub.inbox(families, most, wait)]

    def ack(self, leases: Sequence[str], back: Sequence[str] = ()) -> None:
        """See `LinkageGateway.ack`."""
        self._hub.ack(leases, back)

    def records(self, after: int, limit: int) -> list[dict[str, Any]]:
        """See `LinkageGateway.records`."""
        return list(self._hub.records(after, limit)["records"])

    def checkpoint(self) -> dict[str, Any]:
        """See `LinkageGateway.checkpoint`."""
        return self._hub.checkpoint()

    def core_records(self, after: int, limit: int, now: datetime) -> core_word.CoreWord:
        """See `LinkageGateway.core_records`."""
        token = self._hub.core_records(after, limit)
        return core_word.verify(token, self.directory, audience=self.keys.party, after=after, now=now)

    def put_copies(self, step: str, message: Envelope) -> Outcome:
        """See `LinkageGateway.put_copies`."""
        calls = {
            "open": self._hub.open_copy_batch,
            "part": self._hub.put_copy_part,
            "commit": self._hub.commit_copy_batch,
        }
        return Outcome(str(message["id"]), calls[step](message).body)

    def copy_results(self, batch_id: str, after: int, limit: int) -> dict[str, Any]:
        """See `LinkageGateway.copy_results`."""
        return self._hub.copy_results(batch_id, after, limit)

    def verify_permit(self, token: str, now: datetime, request_digest: str | None = None) -> PermitFacts:
        """See `LinkageGateway.verify_permit`."""
        found = self._permit(token, now, request_digest)
        return PermitFacts(
            exchange_id=found.exchange_id,
            asker=found.asker,
            holder=found.holder,
            affair=found.affair,
            procedure=found.procedure,
            items=found.items,
            law_row=found.law_row,
            law_clause=found.law_clause,
            table_version=found.table_version,
            expires=found.expires,
        )

    def seal_answer(self, content: Mapping[str, Any], exchange_id: str, permit: str, now: datetime) -> str:
        """See `LinkageGateway.seal_answer`."""
        # An answer that staff had to check may leave after the permit ran out: that a check was needed was said in time.
        found = self._permit(permit, now, None, allow_expired=True)
        context = _context(exchange_id, found.asker, found.holder)
        return sealing.seal_for(content, context, self.keys, found.recipient, found.recipient_kid)

    def open_answer(self, sealed: str, exchange_id: str, holder: str) -> dict[str, Any]:
        """See `LinkageGateway.open_answer`."""
        context = _context(exchange_id, self.keys.party, holder)
        try:
            return sealing.open_from(sealed, context, self.keys, self.directory, holder)
        except sealing.SealBroken as broken:
            raise ContentRefused("SEAL_BROKEN", str(broken)) from None

    def close(self) -> None:
        """See `LinkageGateway.close`."""
        self._link.close()
        if self._juki_link is not None:
            self._juki_link.close()

    def _permit(
        self, token: str, now: datetime, request_digest: str | None, allow_expired: bool = False
    ) -> permits.Permit:
        """Check a permit; one whose signature was checked a moment ago is only looked at for its time."""
        known = self._permits.get(token)
        if known is not None and request_digest is None:
            if allow_expired or known.expires >= now - permits.SKEW:
                return known
            raise ContentRefused("PERMIT_EXPIRED")
        try:
            found = permits.verify(
                token,
                self.directory,
                audience=self.keys.party,
                now=now,
                request_digest=request_digest,
                allow_expired=allow_expired,
            )
        except Problem as problem:
            raise ContentRefused(problem.code, problem.detail) from None
        if len(self._permits) >= REMEMBERED:
            self._permits.clear()
        self._permits[token] = found
        return found

    def _many(
        self,
        send: Callable[[Sequence[Envelope], str | None], list[dict[str, Any]]],
        messages: Sequence[Envelope],
        batch: str,
    ) -> list[Outcome]:
        """Send together; the results come in the order of the messages."""
        results = send(messages, batch)
        outcomes = []
        for message, result in zip(messages, results, strict=True):
            status = int(result["status"])
            failure = problems.parse(status, result["problem"]) if status >= 400 else None
            outcomes.append(Outcome(str(message["id"]), result, failure))
        return outcomes


def _context(exchange_id: str, asker: str, holder: str) -> dict[str, str]:
    """What an answer is bound to inside its seal."""
    return {"exchange_id": exchange_id, "asker": asker, "holder": holder}

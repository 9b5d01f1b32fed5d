"""The port between the back office and the intermediate server (中間サーバー).

Everything above this file speaks in these few words, so a municipality's real connector can take the place of the MSL/1 one
(`workflows.linkage.msl`). A gateway belongs to one organisation, keeps no state that must survive, and may be called from many threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from workflows.linkage.wire.core_word import CoreWord

Envelope = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of one message: taken (`failure` is None), or refused by the peer or by our own linter.

    :param body: the peer's answer to this message.
    :param failure: the problem that speaks of this message alone.
    """

    message_id: str
    body: Mapping[str, Any]
    failure: Exception | None = None


@dataclass(frozen=True)
class Leased:
    """One message of the inbox, ours until the lease ends."""

    lease: str
    message: dict[str, Any]


@dataclass(frozen=True)
class PermitFacts:
    """What a verified permit (情報提供許可証) says."""

    exchange_id: str
    asker: str
    holder: str
    affair: str
    procedure: str
    items: tuple[str, ...]
    law_row: str
    law_clause: str
    table_version: str
    expires: datetime


class ContentRefused(Exception):
    """A permit or a sealed content is not what it must be. `code` says what; the text holds nothing of the content."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class LinkageGateway(Protocol):
    """What the back office asks of a connector. Calls raise the wire's own failures; `wire.retry.judge` knows what to do with them."""

    def inquire(self, messages: Sequence[Envelope], batch: str) -> list[Outcome]:
        """Send inquiries under one key; one outcome each, in order. The same key and messages may be sent again."""
        ...

    def cancel(self, message: Envelope) -> Outcome:
        """Send a cancellation."""
        ...

    def answer(self, messages: Sequence[Envelope], batch: str) -> list[Outcome]:
        """Send answers and decisions of the holding side under one key; one outcome each, in order."""
        ...

    def tell(self, message: Envelope) -> Outcome:
        """Tell the server what stands here: a freeze, a mark of 不開示, a subject opened, closed or merged."""
        ...

    def acquire_link_code(self, message: Envelope) -> Outcome:
        """Open the acquisition of a link code; the body has ``acquisition_id`` and ``token``."""
        ...

    def cancel_link_code(self, message: Envelope) -> Outcome:
        """Give an acquisition up; its number is wiped there too."""
        ...

    def request_link_code(self, message_id: str, token: str, number: str) -> Outcome:
        """Hand the token with the person's number to the 住基ネット CS."""
        ...

    def link_code_status(self, acquisition_id: str) -> str:
        """Ask how an acquisition stands (符号紐付け結果確認)."""
        ...

    def identify(self, issuer: str, serial: str) -> str | None:
        """Ask the CS for the 個人番号 of a certificate's holder."""
        ...

    def inbox(self, families: Sequence[str], most: int, wait: int) -> list[Leased]:
        """Lease messages, waiting up to `wait` seconds for the first."""
        ...

    def ack(self, leases: Sequence[str], back: Sequence[str] = ()) -> None:
        """Acknowledge messages, and give others back."""
        ...

    def records(self, after: int, limit: int) -> list[dict[str, Any]]:
        """Return the hub's records of this tenant after a sequence number, in order."""
        ...

    def checkpoint(self) -> dict[str, Any]:
        """Return how many records the hub has and their Merkle root."""
        ...

    def core_records(self, after: int, limit: int, now: datetime) -> CoreWord:
        """Return what the core itself says of its records of this body, after a place in its list.

        :raises Problem: ``SIGNATURE_INVALID``, it is not the core's word to us.
        """
        ...

    def put_copies(self, step: str, message: Envelope) -> Outcome:
        """Take a bulk registration one step further: ``open``, ``part`` or ``commit``."""
        ...

    def copy_results(self, batch_id: str, after: int, limit: int) -> dict[str, Any]:
        """Return the per-row results of a bulk registration."""
        ...

    def verify_permit(self, token: str, now: datetime, request_digest: str | None = None) -> PermitFacts:
        """Check a permit made out to us.

        :raises ContentRefused: ``PERMIT_INVALID`` or ``PERMIT_EXPIRED``.
        """
        ...

    def seal_answer(self, content: Mapping[str, Any], exchange_id: str, permit: str, now: datetime) -> str:
        """Sign content and seal it to the asker that the permit names."""
        ...

    def open_answer(self, sealed: str, exchange_id: str, holder: str) -> dict[str, Any]:
        """Open an answer sealed to us, and check that the holder wrote it for this exchange.

        :raises ContentRefused: ``SEAL_BROKEN``.
        """
        ...

    def close(self) -> None:
        """Let the connections go."""
        ...

"""Every call a tenant makes at the hub (中間サーバー), by its own name. The paths stand in ``openapi.yaml``."""

from collections.abc import Mapping, Sequence
from typing import Any

from . import envelope
from .client import LONG_POLL, LONG_POLL_GRACE, READ, Answer, LinkClient
from .problems import Problem
from .retry import LinkUntrusted

Message = Mapping[str, Any]


def _part(body: Mapping[str, Any], name: str, kind: type) -> Any:
    """A part of an answer that must be there.

    :raises LinkUntrusted: it is not; an answer that has not its shape says nothing about what was done.
    """
    found = body.get(name)
    if not isinstance(found, kind):
        raise LinkUntrusted(Problem("SCHEMA_INVALID", f"the answer has no {name}"))
    return found


def _rows(body: Mapping[str, Any], name: str, **kinds: type) -> list[dict[str, Any]]:
    """A list of objects in an answer, each with these parts.

    :raises LinkUntrusted: as `_part`.
    """
    rows = _part(body, name, list)
    for row in rows:
        for part, kind in kinds.items():
            _part(row if isinstance(row, dict) else {}, part, kind)
    return list(rows)


def _results(answer: Answer, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """One result for each message, in the order of the messages whatever the order of the answer.

    :raises LinkUntrusted: one is missing, twice, or about something else.
    """
    rows = _rows(answer.body, "results", id=str, status=int)
    found = {row["id"]: row for row in rows}
    asked = [str(message["id"]) for message in messages]
    if len(rows) != len(asked) or set(found) != set(asked):
        raise LinkUntrusted(Problem("SCHEMA_INVALID", "the results are not about these messages"))
    return [found[one] for one in asked]


class HubClient:
    """The tenant's side of the hub-facing endpoints.

    :param link: a :class:`LinkClient` whose peer role is ``hub``.
    """

    def __init__(self, link: LinkClient) -> None:
        self.link = link

    # --- SKI: inquiries
    def inquire(self, inquiry: Message) -> Answer:
        """Send one ``inquiry.request``; 202 ``{"inquiry_id", "status"}``."""
        return self.link.call("POST", "/v1/inquiries", inquiry)

    def inquire_many(
        self, inquiries: Sequence[Message], message_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Send up to 500; one result each in order: ``{"id", "status": 202}`` or ``{"id", "status", "problem"}``.

        :param message_id: idempotency key of the batch; the same key and messages may be sent again.
        """
        answer = self.link.call(
            "POST", "/v1/inquiries:batch", envelope.batch(inquiries), message_id=message_id, read_timeout=60
        )
        return _results(answer, inquiries)

    def inquiry(self, inquiry_id: str) -> dict[str, Any]:
        """Where an inquiry stands: ``{"inquiry_id", "status", "exchange_id", "code"}``."""
        return self.link.call("GET", f"/v1/inquiries/{inquiry_id}").body

    def cancel(self, message: Message) -> Answer:
        """Cancel by an ``inquiry.cancel``; EXCHANGE_CLOSED when it is already over."""
        return self.link.call("POST", f"/v1/inquiries/{message['payload']['inquiry_id']}/cancel", message)

    # --- inbox: leases of many
    def inbox(
        self, families: Sequence[str] = (), most: int = 100, wait: int = LONG_POLL
    ) -> list[dict[str, Any]]:
        """Lease up to ``most`` messages for 60 s, waiting up to ``wait`` s for the first.

        :returns: ``[{"lease", "deliveries", "leased_until", "message": envelope}]``, oldest first. At least once:
            deduplicate by ``message["id"]``.
        """
        path = f"/v1/inbox?families={','.join(families)}&max={most}&wait={wait}"
        answer = self.link.call("GET", path, read_timeout=max(READ, wait + LONG_POLL_GRACE))
        return _rows(answer.body, "messages", lease=str, message=object)

    def ack(self, leases: Sequence[str], back: Sequence[str] = ()) -> dict[str, Any]:
        """Acknowledge leases and give others back; ``{"acked": n, "returned": n, "lost": [leases]}``."""
        body = {"msl": 1, "type": "acks", "ack": list(leases), "nack": list(back)}
        return self.link.call("POST", "/v1/inbox:ack", body).body

    # --- TKY: provisions
    def answer(self, message: Message) -> Answer:
        """Send a ``provision.answer``."""
        return self.link.call("POST", f"/v1/provisions/{message['payload']['provision_id']}/answer", message)

    def decide(self, message: Message) -> Answer:
        """Send a ``provision.decision`` (refuse, or more time)."""
        return self.link.call(
            "POST", f"/v1/provisions/{message['payload']['provision_id']}/decision", message
        )

    def answer_many(self, messages: Sequence[Message], message_id: str | None = None) -> list[dict[str, Any]]:
        """Send ``provision.answer`` and ``provision.decision`` messages together; one result each in order."""
        answer = self.link.call(
            "POST", "/v1/provisions:batch", envelope.batch(messages), message_id=message_id, read_timeout=60
        )
        return _results(answer, messages)

    # --- FGU: link codes and subjects
    def acquire_fugo(self, message: Message) -> dict[str, Any]:
        """Open an acquisition with a ``fugo.acquire``; ``{"acquisition_id", "token", "expires"}``."""
        body = self.link.call("POST", "/v1/fugo-acquisitions", message).body
        _part(body, "token", str)
        return body

    def fugo(self, acquisition_id: str) -> dict[str, Any]:
        """``{"acquisition_id", "status": NUMBERED|LINKED|DUPLICATE|REJECTED|CANCELLED|EXPIRED}``."""
        body = self.link.call("GET", f"/v1/fugo-acquisitions/{acquisition_id}").body
        _part(body, "status", str)
        return body

    def cancel_fugo(self, message: Message) -> Answer:
        """Cancel by a ``fugo.cancel``; the token is wiped."""
        return self.link.call(
            "POST", f"/v1/fugo-acquisitions/{message['payload']['acquisition_id']}/cancel", message
        )

    def change_subject(self, message: Message) -> Answer:
        """Send a ``subject.change`` (open, close, merge, split)."""
        return self.link.call("POST", "/v1/subjects", message)

    # --- DBM: copies
    def put_copy(self, message: Message) -> Answer:
        """Register one copy with a ``copy.put``; STALE_VERSION when ``base_version`` is not the current one."""
        danban, item = message["subject"]["danban"], message["payload"]["item"]
        return self.link.call("PUT", f"/v1/copies/{danban}/{item}", message)

    def open_copy_batch(self, manifest: Message) -> Answer:
        """Open a bulk registration with a ``copy.batch``."""
        return self.link.call("POST", "/v1/copy-batches", manifest)

    def put_copy_part(self, part: Message) -> Answer:
        """Send a ``copy.part`` (at most 20,000 rows)."""
        payload = part["payload"]
        path = f"/v1/copy-batches/{payload['batch_id']}/parts/{payload['part']}"
        return self.link.call("PUT", path, part, read_timeout=120)

    def commit_copy_batch(self, commit: Message) -> Answer:
        """Commit with a ``copy.commit`` once all parts are there."""
        path = f"/v1/copy-batches/{commit['payload']['batch_id']}/commit"
        return self.link.call("POST", path, commit, read_timeout=120)

    def copy_results(self, batch_id: str, after: int = 0, limit: int = 20_000) -> dict[str, Any]:
        """``{"status", "results": [{"row", "danban", "status", "code"}], "next"}``."""
        body = self.link.call("GET", f"/v1/copy-batches/{batch_id}/results?after={after}&limit={limit}").body
        _part(body, "status", str)
        _rows(body, "results", danban=str, status=str)
        if body.get("next") is not None:
            _part(body, "next", int)
        return body

    def copy_digest(self, item: str, bucket: int) -> dict[str, Any]:
        """``{"rows", "root"}`` of one of 256 buckets, for reconciliation."""
        return self.link.call("GET", f"/v1/copies/digest?item={item}&bucket={bucket}").body

    # --- TKM: records
    def records(self, after: int = 0, limit: int = 1000) -> dict[str, Any]:
        """``{"records": [...], "last": seq}`` in order, gap-free from ``after`` + 1."""
        body = self.link.call("GET", f"/v1/records?after={after}&limit={limit}").body
        _rows(body, "records")
        return body

    def checkpoint(self) -> dict[str, Any]:
        """``{"seq", "root", "at"}``: how many records there are and their Merkle root (RFC 9162)."""
        return self.link.call("GET", "/v1/records/checkpoints").body

    def core_records(self, after: int = 0, limit: int = 1000) -> str:
        """The core's signed word on its records of us after a place, for :func:`core_word.verify`."""
        body = self.link.call("GET", f"/v1/records/core?after={after}&limit={limit}").body
        return str(_part(body, "word", str))

    def mark_nondisclosure(self, message: Message) -> Answer:
        """Send a ``record.nondisclosure`` (番号法23条2項)."""
        return self.link.call("POST", f"/v1/records/{message['payload']['record_id']}/nondisclosure", message)

    # --- SCM and SYM
    def freeze(self, message: Message) -> Answer:
        """Send a ``freeze``."""
        return self.link.call("POST", "/v1/freezes", message)

    def health(self) -> dict[str, Any]:
        """``{"status", "site", "active", "queue": {"length", "age"}}``."""
        return self.link.call("GET", "/v1/health").body

    def calendar(self) -> dict[str, Any]:
        """``{"maintenance": [{"from", "until"}]}``."""
        return self.link.call("GET", "/v1/calendar").body

    def jwks(self) -> dict[str, Any]:
        """The directory document of all parties, for :meth:`Directory.from_dict`."""
        return self.link.call("GET", "/v1/jwks").body

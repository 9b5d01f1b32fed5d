"""Every call a tenant makes at the hub (中間サーバー), by its own name. Paths, operations and answers stand in ``openapi.yaml``."""

from collections.abc import Mapping, Sequence
from typing import Any

from . import answers, envelope
from .client import LONG_POLL, LONG_POLL_GRACE, READ, Answer, LinkClient
from .problems import Problem
from .retry import LinkUntrusted

Message = Mapping[str, Any]


class HubClient:
    """The tenant's side of the hub-facing endpoints. Every answer is checked against the schema of its operation.

    :param link: a :class:`LinkClient` whose peer role is ``hub``.
    """

    def __init__(self, link: LinkClient) -> None:
        self.link = link

    def _ask(
        self, operation: str, method: str, path: str, body: Message | None = None, **more: Any
    ) -> Answer:
        answer = self.link.call(method, path, body, **more)
        answers.believe(operation, answer.body)
        return answer

    # --- SKI: inquiries
    def inquire(self, inquiry: Message) -> Answer:
        """Send one ``inquiry.request``; 202 ``{"inquiry_id", "status"}``."""
        return self._ask("inquire", "POST", "/v1/inquiries", inquiry)

    def inquire_many(
        self, inquiries: Sequence[Message], message_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Send up to 500; one result each in order: ``{"id", "status": 202}`` or ``{"id", "status", "problem"}``.

        :param message_id: idempotency key of the batch; the same key and messages may be sent again.
        """
        answer = self._ask(
            "inquireMany",
            "POST",
            "/v1/inquiries:batch",
            envelope.batch(inquiries),
            message_id=message_id,
            read_timeout=60,
        )
        return answers.results(answer.body, inquiries)

    def inquiry(self, inquiry_id: str) -> dict[str, Any]:
        """Where an inquiry stands: ``{"inquiry_id", "status", "exchange_id", "code"}``."""
        return self._ask("inquiry", "GET", f"/v1/inquiries/{inquiry_id}").body

    def cancel(self, message: Message) -> Answer:
        """Cancel by an ``inquiry.cancel``; EXCHANGE_CLOSED when it is already over."""
        return self._ask(
            "cancelInquiry", "POST", f"/v1/inquiries/{message['payload']['inquiry_id']}/cancel", message
        )

    # --- inbox: leases of many
    def inbox(
        self, families: Sequence[str] = (), most: int = 100, wait: int = LONG_POLL
    ) -> list[dict[str, Any]]:
        """Lease up to ``most`` messages for 60 s, waiting up to ``wait`` s for the first.

        :returns: ``[{"lease", "deliveries", "leased_until", "message": envelope}]``, oldest first. At least once:
            deduplicate by ``message["id"]``.
        """
        path = f"/v1/inbox?families={','.join(families)}&max={most}&wait={wait}"
        answer = self._ask("inbox", "GET", path, read_timeout=max(READ, wait + LONG_POLL_GRACE))
        return list(answer.body["messages"])

    def ack(self, leases: Sequence[str], back: Sequence[str] = ()) -> dict[str, Any]:
        """Acknowledge leases and give others back; ``{"acked": n, "returned": n, "lost": [leases]}``."""
        body = {"msl": 1, "type": "acks", "ack": list(leases), "nack": list(back)}
        return self._ask("acknowledge", "POST", "/v1/inbox:ack", body).body

    # --- TKY: provisions
    def answer(self, message: Message) -> Answer:
        """Send a ``provision.answer``."""
        return self._ask(
            "answer", "POST", f"/v1/provisions/{message['payload']['provision_id']}/answer", message
        )

    def decide(self, message: Message) -> Answer:
        """Send a ``provision.decision`` (refuse, or more time)."""
        return self._ask(
            "decide", "POST", f"/v1/provisions/{message['payload']['provision_id']}/decision", message
        )

    def answer_many(self, messages: Sequence[Message], message_id: str | None = None) -> list[dict[str, Any]]:
        """Send ``provision.answer`` and ``provision.decision`` messages together; one result each in order."""
        answer = self._ask(
            "answerMany",
            "POST",
            "/v1/provisions:batch",
            envelope.batch(messages),
            message_id=message_id,
            read_timeout=60,
        )
        return answers.results(answer.body, messages)

    # --- FGU: link codes and subjects
    def acquire_fugo(self, message: Message) -> dict[str, Any]:
        """Open an acquisition with a ``fugo.acquire``; ``{"acquisition_id", "token", "expires"}``."""
        body = self._ask("acquireLinkCode", "POST", "/v1/fugo-acquisitions", message).body
        answers.about(body, "acquisition_id", str(message["id"]))
        return body

    def fugo(self, acquisition_id: str) -> dict[str, Any]:
        """``{"acquisition_id", "status": NUMBERED|LINKED|DUPLICATE|REJECTED|CANCELLED|EXPIRED}``."""
        body = self._ask("linkCode", "GET", f"/v1/fugo-acquisitions/{acquisition_id}").body
        answers.about(body, "acquisition_id", acquisition_id)
        return body

    def cancel_fugo(self, message: Message) -> Answer:
        """Cancel by a ``fugo.cancel``; the token is wiped."""
        return self._ask(
            "cancelLinkCode",
            "POST",
            f"/v1/fugo-acquisitions/{message['payload']['acquisition_id']}/cancel",
            message,
        )

    def change_subject(self, message: Message) -> Answer:
        """Send a ``subject.change`` (open, close, merge, split)."""
        return self._ask("changeSubject", "POST", "/v1/subjects", message)

    # --- DBM: copies
    def put_copy(self, message: Message) -> Answer:
        """Register one copy with a ``copy.put``; STALE_VERSION when ``base_version`` is not the current one."""
        danban, item = message["subject"]["danban"], message["payload"]["item"]
        return self._ask("putCopy", "PUT", f"/v1/copies/{danban}/{item}", message)

    def open_copy_batch(self, manifest: Message) -> Answer:
        """Open a bulk registration with a ``copy.batch``."""
        return self._ask("openCopyBatch", "POST", "/v1/copy-batches", manifest)

    def put_copy_part(self, part: Message) -> Answer:
        """Send a ``copy.part`` (at most 20,000 rows)."""
        payload = part["payload"]
        path = f"/v1/copy-batches/{payload['batch_id']}/parts/{payload['part']}"
        return self._ask("putCopyPart", "PUT", path, part, read_timeout=120)

    def commit_copy_batch(self, commit: Message) -> Answer:
        """Commit with a ``copy.commit`` once all parts are there."""
        path = f"/v1/copy-batches/{commit['payload']['batch_id']}/commit"
        return self._ask("commitCopyBatch", "POST", path, commit, read_timeout=120)

    def copy_results(self, batch_id: str, after: int = 0, limit: int = 20_000) -> dict[str, Any]:
        """``{"status", "results": [{"row", "danban", "status", "code"}], "next"}``."""
        body = self._ask(
            "copyResults", "GET", f"/v1/copy-batches/{batch_id}/results?after={after}&limit={limit}"
        ).body
        answers.about(body, "batch_id", batch_id)
        if body["next"] is not None and body["next"] <= after:
            raise LinkUntrusted(Problem("SCHEMA_INVALID", "the results do not go on"))
        return body

    def copy_digest(self, item: str, bucket: int) -> dict[str, Any]:
        """``{"rows", "root"}`` of one of 256 buckets, for reconciliation."""
        return self._ask("copyDigest", "GET", f"/v1/copies/digest?item={item}&bucket={bucket}").body

    # --- TKM: records
    def records(self, after: int = 0, limit: int = 1000) -> dict[str, Any]:
        """``{"records": [...], "last": seq}`` in order, gap-free from ``after`` + 1."""
        return self._ask("records", "GET", f"/v1/records?after={after}&limit={limit}").body

    def checkpoint(self) -> dict[str, Any]:
        """``{"seq", "root", "at"}``: how many records there are and their Merkle root (RFC 9162)."""
        return self._ask("recordCheckpoint", "GET", "/v1/records/checkpoints").body

    def core_records(self, after: int = 0, limit: int = 1000) -> str:
        """The core's signed word on its records of us after a place, for :func:`core_word.verify`."""
        body = self._ask("coreRecords", "GET", f"/v1/records/core?after={after}&limit={limit}").body
        return str(body["word"])

    def mark_nondisclosure(self, message: Message) -> Answer:
        """Send a ``record.nondisclosure`` (番号法23条2項)."""
        return self._ask(
            "markNondisclosure",
            "POST",
            f"/v1/records/{message['payload']['record_id']}/nondisclosure",
            message,
        )

    # --- SCM and SYM
    def freeze(self, message: Message) -> Answer:
        """Send a ``freeze``."""
        return self._ask("freeze", "POST", "/v1/freezes", message)

    def health(self) -> dict[str, Any]:
        """``{"status", "site", "active", "queue": {"length", "age"}}``."""
        return self._ask("health", "GET", "/v1/health").body

    def calendar(self) -> dict[str, Any]:
        """``{"maintenance": [{"from", "until"}]}``."""
        return self._ask("calendar", "GET", "/v1/calendar").body

    def jwks(self) -> dict[str, Any]:
        """The directory document of all parties, for :meth:`Directory.from_dict`."""
        return self._ask("directory", "GET", "/v1/jwks").body

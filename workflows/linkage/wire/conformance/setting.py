"""What the suite is told about the implementation under test."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflows.linkage.wire import envelope, sealing
from workflows.linkage.wire.client import LinkClient, Tls
from workflows.linkage.wire.hub_client import HubClient
from workflows.linkage.wire.keys import Directory, PartyKeys
from workflows.linkage.wire.signatures import Now, utc_now


@dataclass(frozen=True)
class Body:
    """One of the two bodies the suite speaks as.

    :ivar danban: the shared person's 団体内統合宛名番号 at this body, already linked.
    """

    keys: PartyKeys
    tls: Tls | None
    danban: str

    @property
    def tenant(self) -> str:
        return self.keys.tenant or ""

    @property
    def org(self) -> str:
        return self.keys.party


@dataclass
class Setting:
    """The implementation under test and the two bodies.

    :ivar inquiry: ``{"affair", "procedure", "items", "law_row", "table_version"}`` that the core permits.
    """

    hub: str
    directory: Directory
    asker: Body
    holder: Body
    inquiry: Mapping[str, Any]
    now: Now = utc_now

    @classmethod
    def load(cls, hub: str, path: Path) -> "Setting":
        """From a config file; paths in it are relative to the file.

        :raises ValueError: something is missing, said which.
        """
        document = json.loads(path.read_text("utf-8"))
        for name in ("directory", "asker", "holder", "inquiry"):
            if name not in document:
                raise ValueError(f"{path}: '{name}' is missing")

        def body(part: Mapping[str, Any]) -> Body:
            tls = part.get("tls")
            files = Tls(*(path.parent / tls[n] for n in ("ca", "certificate", "key"))) if tls else None
            return Body(PartyKeys.load(path.parent / part["keys"]), files, str(part["danban"]))

        return cls(
            hub.rstrip("/"),
            Directory.load(path.parent / document["directory"]),
            body(document["asker"]),
            body(document["holder"]),
            document["inquiry"],
        )

    def link(self, body: Body) -> LinkClient:
        return LinkClient(body.keys, self.directory, [self.hub], "hub", body.tls, self.now)

    def client(self, body: Body) -> HubClient:
        return HubClient(self.link(body))

    def message(self, type_: str, body: Body, **parts: Any) -> dict[str, Any]:
        return envelope.build(type_, tenant=body.tenant, org=body.org, created=self.now(), **parts)

    def ask(self, **changes: Any) -> dict[str, Any]:
        """A correct inquiry; ``changes`` replace parts of its payload, ``law_row`` and ``danban``."""
        legal = {
            "law_row": changes.pop("law_row", self.inquiry["law_row"]),
            "table_version": self.inquiry["table_version"],
        }
        danban = changes.pop("danban", self.asker.danban)
        payload = {
            "holder": self.holder.org,
            "affair": self.inquiry["affair"],
            "procedure": self.inquiry["procedure"],
            "items": list(self.inquiry["items"]),
            "purpose": "適合試験のため",
            **changes,
        }
        return self.message(
            "inquiry.request",
            self.asker,
            danban=danban,
            legal=legal,
            payload=payload,
            actor={"role": "conformance", "staff_hash": "a" * 43},
        )

    def provide(
        self, request: Mapping[str, Any], recipient: Any, kid: str, content: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A ``provision.answer`` to a ``provision.request`` with invented content."""
        asked = request["payload"]
        context = {
            "exchange_id": asked["exchange_id"],
            "asker": asked["asker"]["org"],
            "holder": self.holder.org,
        }
        items = [
            {"code": item["code"], "status": "provided", "as_of": "2026-06-01"} for item in asked["items"]
        ]
        return self.message(
            "provision.answer",
            self.holder,
            payload={
                "provision_id": asked["provision_id"],
                "exchange_id": asked["exchange_id"],
                "code": "OK",
                "items": items,
                "as_of": "2026-06-01",
            },
            payload_jwe=sealing.seal_for(content, context, self.holder.keys, recipient, kid),
        )

    def decide(self, request: Mapping[str, Any], **parts: Any) -> dict[str, Any]:
        asked = request["payload"]
        return self.message(
            "provision.decision",
            self.holder,
            payload={"provision_id": asked["provision_id"], "exchange_id": asked["exchange_id"], **parts},
        )

    def copy(self, danban: str, version: int, base: int) -> dict[str, Any]:
        """A ``copy.put`` of the first item, sealed with a key nobody else has."""
        item = str(self.inquiry["items"][0])
        sealed = sealing.seal_own(
            {"conformance": True}, {"danban": danban}, sealing.own_key(secrets.token_bytes(32)), "t"
        )
        return self.message(
            "copy.put",
            self.holder,
            danban=danban,
            payload={
                "item": item,
                "layout": "conformance-1",
                "version": version,
                "base_version": base,
                "as_of": "2026-06-01",
                "sealed": sealed,
            },
        )

    def wait_for(self, body: Body, types: Sequence[str], inquiry_id: str, tries: int = 6) -> dict[str, Any]:
        """Take from the inbox until a message about one inquiry arrives; everything taken is acknowledged.

        :raises AssertionError: it did not come within ``tries`` long polls of five seconds.
        """
        hub = self.client(body)
        for _ in range(tries):
            page = hub.inbox([], 200, 5)
            if page:
                hub.ack([entry["lease"] for entry in page])
            for entry in page:
                message = entry["message"]
                if message["type"] in types and message["payload"].get("inquiry_id") == inquiry_id:
                    envelope.validate(message)
                    return dict(message)
        raise AssertionError(f"none of {', '.join(types)} arrived")

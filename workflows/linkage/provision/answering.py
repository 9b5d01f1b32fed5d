"""Making an answer: our own copies opened, sealed to the asker the permit names, and nothing of it readable on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from storage.database import Transaction
from workflows.linkage.gateway import ContentRefused, LinkageGateway
from workflows.linkage.parts import LinkParts
from workflows.linkage.provision.models import Provision, read_provisions, read_requests
from workflows.linkage.wire import envelope, sealing


def answers(
    tx: Transaction, parts: LinkParts, gateway: LinkageGateway, messages: Mapping[UUID, str]
) -> dict[UUID, dict[str, Any]]:
    """Make the answers of provisions.

    :param messages: the message id each answer must have, by case.
    :returns: the envelopes by case; a case is left out whose copy at the hub is not what we put there, or whose permit no longer verifies.
    """
    provisions = read_provisions(tx, list(messages))
    requests = read_requests(tx, list(messages))
    keys = parts.copy_keys(tx)
    now = parts.clock.now()
    made = {}
    for case_id, message_id in messages.items():
        provision = provisions[case_id]
        request = orjson.loads(requests[case_id])
        try:
            content, statuses = _content(provision, request["payload"]["items"], keys)
            sealed = gateway.seal_answer({"items": content}, provision.exchange_id, provision.permit, now)
        except (sealing.SealBroken, ContentRefused):
            continue
        given = [one["as_of"] for one in statuses if one["status"] == "provided"]
        made[case_id] = envelope.build(
            "provision.answer",
            tenant=tx.tenant,
            org=parts.offices.ours(tx.tenant).org,
            created=now,
            id_=message_id,
            causation=request["id"],
            payload={
                "provision_id": provision.provision_id,
                "exchange_id": provision.exchange_id,
                "code": "OK" if len(given) == len(statuses) else "OK_PARTIAL",
                "items": statuses,
                "as_of": min(given),
            },
            payload_jwe=sealed,
        )
    return made


def _content(
    provision: Provision, items: Sequence[Mapping[str, Any]], keys: Mapping[str, Any]
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    content: dict[str, Any] = {}
    statuses = []
    for item in items:
        copy = item["copy"]
        if copy is None:
            statuses.append({"code": item["code"], "status": "not_registered"})
            continue
        context = copy_context(provision.addressee, item["code"], copy["version"], copy["as_of"])
        content[item["code"]] = sealing.open_own(copy["sealed"], context, keys)
        statuses.append({"code": item["code"], "status": "provided", "as_of": copy["as_of"]})
    return content, statuses


def copy_context(addressee: str, item: str, version: int, as_of: str) -> dict[str, str]:
    """What a copy is bound to inside its seal, so that the hub cannot pass one person's or one year's off as another's."""
    return {"danban": addressee, "item": item, "version": str(version), "as_of": as_of}

"""Puts the link together: definitions, machines, lanes and handlers, for the web (no keys), the worker, and the vault's worker."""

from __future__ import annotations

import random
from dataclasses import dataclass

from workflows.addressees.service import AddresseeRegister
from workflows.engine import Engine, Registry
from workflows.linkage.inbox import Inbox
from workflows.linkage.inquiry import machine as inquiry_machine
from workflows.linkage.inquiry import sending as inquiry_sending
from workflows.linkage.inquiry.receiving import InquiryReceiver
from workflows.linkage.link_codes import exchange as link_code_exchange
from workflows.linkage.link_codes import machine as link_code_machine
from workflows.linkage.link_codes.exchange import LinkCodeReceiver
from workflows.linkage.parts import LinkParts
from workflows.linkage.provision import machine as provision_machine
from workflows.linkage.provision import sending as provision_sending
from workflows.linkage.provision.receiving import ProvisionReceiver
from workflows.linkage.pump import Lane, Pump
from workflows.linkage.record_sync import machine as record_sync_machine
from workflows.linkage.record_sync.service import RecordSync


def register_kinds(registry: Registry, parts: LinkParts) -> None:
    """Load every kind of case of the link into a registry, with its guards and effects."""
    inquiry_machine.register(registry, parts)
    provision_machine.register(registry, parts)
    link_code_machine.register(registry, parts)
    record_sync_machine.register(registry, parts)


@dataclass(frozen=True)
class LinkRuntime:
    """Everything a talking process needs.

    :param lanes: drained by the worker role.
    :param vault_lanes: drained by the vault role.
    """

    parts: LinkParts
    engine: Engine
    pump: Pump
    inbox: Inbox
    lanes: tuple[Lane, ...]
    vault_lanes: tuple[Lane, ...]
    record_sync: RecordSync


def build_runtime(parts: LinkParts, engine: Engine, chance: random.Random | None = None) -> LinkRuntime:
    """Build the talking side on an engine whose registry went through `register_kinds`."""
    record_sync = RecordSync(parts, engine)
    handlers = {
        **LinkCodeReceiver(engine).handlers(),
        **InquiryReceiver(parts, engine).handlers(),
        **ProvisionReceiver(parts, engine).handlers(),
        **record_sync.handlers(),
    }
    return LinkRuntime(
        parts=parts,
        engine=engine,
        pump=Pump(parts.clock, chance or random.Random()),
        inbox=Inbox(parts.clock, handlers),
        lanes=(
            inquiry_sending.lane(engine),
            provision_sending.lane(parts, engine),
            link_code_exchange.hub_lane(parts, engine),
        ),
        vault_lanes=(
            link_code_exchange.juki_lane(parts, engine, AddresseeRegister(parts.clock, parts.keys)),
        ),
        record_sync=record_sync,
    )

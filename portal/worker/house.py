"""What the worker works with, put together once."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

import httpx

from portal.databases import open_database
from portal.settings import Settings, SettingsError
from privacy_assessment import machines as assessments
from privacy_assessment.commission import machine as commission
from storage.audit.keys import LogKeys
from storage.audit.roots import RootsUnusable, load_roots
from storage.audit.service import AuditService
from storage.audit.stamping import HttpTimeStamper
from storage.clock import Clock, SystemClock
from storage.database import Database
from storage.encryption import FileMasterKey, KeyRing
from workflows.addressees.changes import machine as changes
from workflows.addressees.numbers import Regime
from workflows.addressees.service import AddresseeRegister
from workflows.engine import Engine, Registry
from workflows.law import loader
from workflows.law.table import LawTable
from workflows.linkage.connect import load_offices
from workflows.linkage.parts import LinkParts
from workflows.linkage.runtime import LinkRuntime, build_runtime, register_kinds
from workflows.procedures import machine as procedures
from workflows.provision_records.writer import RecordWriter

STAMP_TIMEOUT = 10.0


@dataclass(frozen=True)
class House:
    """Everything the loops and the jobs are given.

    :param link: the link's machines for the worker role; ``vault_link`` the same with the way to the 住基ネット CS.
    """

    settings: Settings
    clock: Clock
    keys: KeyRing
    law: LawTable
    worker: Database
    vault: Database
    link: LinkRuntime
    vault_link: LinkRuntime
    audit: AuditService
    stamper: HttpTimeStamper
    register: AddresseeRegister

    @property
    def tenants(self) -> tuple[str, ...]:
        """The municipalities of this installation that are on the link."""
        return self.link.parts.offices.tenants

    def close(self) -> None:
        """Close gateways and pools."""
        self.link.parts.offices.close()
        self.vault_link.parts.offices.close()
        self.stamper.client.close()
        self.worker.close()
        self.vault.close()


def regime(settings: Settings) -> Regime:
    """Which numbers are numbers here (docs/decisions/002-synthetic-numbers.md)."""
    return Regime.OFFICIAL if settings.production else Regime.SYNTHETIC


def build_house(settings: Settings) -> House:
    """Open databases, keys, law and link.

    :raises SettingsError: when something production needs is missing.
    """
    clock = SystemClock()
    keys = KeyRing(FileMasterKey(settings.master_key), clock)
    worker = open_database(settings, "worker", pool_size=12)
    vault = open_database(settings, "vault", pool_size=4)
    with worker.transaction() as tx:
        law = loader.from_database(tx)
    links = []
    for in_vault in (False, True):
        offices = load_offices(settings.link_folder, talk=True, vault=in_vault)
        parts = LinkParts(clock, keys, law, offices, RecordWriter(clock, law, secrets.token_bytes))
        registry = Registry()
        procedures.register(registry)
        changes.register(registry)
        assessments.register(registry, clock)
        commission.register(registry, clock)
        register_kinds(registry, parts)
        links.append(build_runtime(parts, Engine(registry, clock)))
    return House(
        settings=settings,
        clock=clock,
        keys=keys,
        law=law,
        worker=worker,
        vault=vault,
        link=links[0],
        vault_link=links[1],
        audit=AuditService(LogKeys(keys, clock), clock),
        stamper=_stamper(settings),
        register=AddresseeRegister(clock, keys),
    )


def _stamper(settings: Settings) -> HttpTimeStamper:
    url = settings.stamp_url
    if not settings.production:
        url = url or f"{_sandbox_pki(settings)}/tsa"
    try:
        roots = load_roots(settings.trusted_stamp_roots)
    except RootsUnusable as unusable:
        raise SettingsError(
            f"MADOGUCHI_TSA_ROOTS の{unusable}まだ何も始めていません。直して、もう一度起動してください。"
        ) from unusable
    if not url or not roots:
        raise SettingsError(
            "時刻の証明をする局の設定がありません。MADOGUCHI_TSA と MADOGUCHI_TSA_ROOTS を設定してください。"
        )
    return HttpTimeStamper(httpx.Client(timeout=STAMP_TIMEOUT, trust_env=False), url, roots)


def _sandbox_pki(settings: Settings) -> str:
    written = json.loads((settings.var / "sandbox" / "sandbox.json").read_text("utf-8"))
    return str(written["pki"])

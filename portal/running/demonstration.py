"""The demonstration: two cities that do not exist, their residents and staff, entered the way a real office would enter them.

Residents come from the file the existing 住基 system gives out, copies from the tax system's, statements as published. Done
again it changes nothing.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from portal.databases import open_database
from portal.identity.staff import StaffRegister
from portal.running import sandbox_parts
from portal.settings import Settings
from storage.clock import SystemClock
from storage.database import Database, Role, Scope
from storage.encryption import FileMasterKey, KeyRing
from workflows.addressees.imports import import_residents
from workflows.addressees.numbers import Regime
from workflows.addressees.service import AddresseeRegister
from workflows.law import loader, statements

KONO, OTSUKAWA = "992011", "992020"
TENANTS = ((KONO, "甲野市", "Kono City", "こうのし"), (OTSUKAWA, "乙川市", "Otsukawa City", "おつかわし"))
STAFF = (
    (KONO, "shinsa", "例野　審", "子育て支援課", ["caseworker"]),
    (KONO, "kessai", "例野　決", "子育て支援課", ["caseworker", "approver"]),
    (KONO, "renkei", "例野　連", "情報政策課", ["linkage_operator", "records_officer", "tenant_admin"]),
    (KONO, "annai", "例野　案内", "子育て支援課", ["caseworker", "approver"]),
    (OTSUKAWA, "zeimu", "例川　税", "市民税課", ["caseworker", "approver"]),
    (OTSUKAWA, "kiroku", "例川　記", "情報政策課", ["linkage_operator", "records_officer", "tenant_admin"]),
)
PUBLISHED = date(2025, 4, 1)
LINK_PATIENCE = 60.0


def staff_file(settings: Settings) -> Path:
    """Where the demonstration's enrolment codes are written down; a real office hands each to one person."""
    return settings.var / "demonstration.json"


def populate(settings: Settings) -> None:
    """Enter municipalities, residents, statements and staff."""
    roles: tuple[Role, ...] = ("migrator", "worker", "vault")
    databases = {role: open_database(settings, role, pool_size=1) for role in roles}
    try:
        _tenants(databases["migrator"])
        _residents(settings, databases["vault"])
        _statements(databases["worker"])
        _staff(settings, databases["worker"])
    finally:
        for database in databases.values():
            database.close()


def wait_until_linked(settings: Settings, check: Callable[[], None]) -> bool:
    """Wait until every resident has a link code and every copy is at the hub.

    :param check: called while waiting; raises when a part has ended.
    :returns: False when some are still missing after a minute; the worker goes on with them, the rest can be used.
    """
    _copies(settings)
    worker = open_database(settings, "worker", pool_size=1)
    end = time.monotonic() + LINK_PATIENCE
    try:
        while not all(_linked(worker, tenant) for tenant, *_ in TENANTS):
            check()
            if time.monotonic() > end:
                return False
            time.sleep(0.2)
        return True
    finally:
        worker.close()


def _linked(worker: Database, tenant: str) -> bool:
    (addressees, waiting) = worker.read(
        Scope(tenant=tenant),
        ("SELECT count(*) FROM madoguchi.addressee WHERE tenant = %s AND state = 'active'", (tenant,)),
        (
            """
            SELECT (SELECT count(*) FROM madoguchi.case_file
                     WHERE tenant = %(tenant)s AND kind = 'link_code' AND state = 'linked'),
                   (SELECT count(*) FROM madoguchi.linkage_copy WHERE tenant = %(tenant)s AND state <> 'current'),
                   (SELECT count(*) FROM madoguchi.linkage_copy WHERE tenant = %(tenant)s)
            """,
            {"tenant": tenant},
        ),
    )
    linked, unsent, copies = waiting[0]
    return linked >= addressees[0][0] and unsent == 0 and (tenant != OTSUKAWA or copies > 0)


def welcome(settings: Settings, seconds: float) -> str:
    """What the person at the terminal reads when all is ready."""
    written: dict[str, Any] = json.loads(staff_file(settings).read_text("utf-8"))
    clerk = written["staff"]["shinsa"]
    return "\n".join(
        (
            "",
            f"準備ができました（{seconds:.1f} 秒）。  Ready.",
            "",
            f"  だれでも      {settings.origin}/",
            f"  住民として    {settings.origin}/login",
            "                別の端末で: bin/madoguchi card login --card hanako   （暗証番号 1234、見本 花子さんのカード）",
            f"  職員として    {settings.origin}/staff/login",
            f"                はじめての登録コード（甲野市 審査担当）: {clerk['code']}",
            "  物語を見る    bin/madoguchi tour",
            "",
            "  止めるときは Ctrl-C。記録は残り、次は数秒で始まります。",
        )
    )


def _tenants(migrator: Database) -> None:
    with migrator.transaction() as tx:
        tx.raw.cursor().executemany(
            "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            TENANTS,
        )


def _residents(settings: Settings, vault: Database) -> None:
    clock = SystemClock()
    register = AddresseeRegister(clock, KeyRing(FileMasterKey(settings.master_key), clock))
    for tenant, *_ in TENANTS:
        content = (sandbox_parts.world(settings) / f"residents-{tenant}.csv").read_bytes()
        with vault.transaction(Scope(tenant=tenant)) as tx:
            import_residents(tx, register, content, regime=Regime.SYNTHETIC, actor="demonstration")


def _statements(worker: Database) -> None:
    affairs = loader.shipped().affairs
    for tenant, *_ in TENANTS:
        with worker.transaction(Scope(tenant=tenant)) as tx:
            for number, affair in enumerate(affairs.values(), start=1):
                statements.publish(
                    tx,
                    statements.PublishedStatement(
                        tenant, affair.code, str(number), PUBLISHED, f"{affair.name['ja']} 評価書（実演）"
                    ),
                )


def _staff(settings: Settings, worker: Database) -> None:
    file = staff_file(settings)
    if file.exists():
        return
    register = StaffRegister(worker, SystemClock())
    made = {}
    for tenant, key, name, office, roles in STAFF:
        invitation = register.invite(tenant, office, roles, name)
        made[key] = {
            "tenant": tenant,
            "account": str(invitation.account),
            "code": invitation.code,
            "roles": roles,
        }
    file.touch(mode=0o600)
    file.write_text(json.dumps({"staff": made}, ensure_ascii=False, indent=1), "utf-8")


def _copies(settings: Settings) -> None:
    """Put the tax system's export where the worker takes it up."""
    written = sandbox_parts.configuration(settings)
    tls = sandbox_parts.world(settings) / "tls"
    folder = settings.var / "copies" / written["tax_tenant"]
    folder.mkdir(parents=True, exist_ok=True)
    context = ssl.create_default_context(cafile=str(tls / "ca.pem"))
    context.load_cert_chain(str(tls / "admin.pem"), str(tls / "admin.key"))
    with httpx.Client(verify=context, trust_env=False, timeout=20) as client:
        answer = client.get(f"https://{written['host']}:{written['ports']['tax']}/export/local-tax.csv")
        answer.raise_for_status()
    target = folder / "local-tax.csv"
    target.with_suffix(".part").write_bytes(answer.content)
    target.with_suffix(".part").rename(target)

"""The demonstration: two cities, an agency and a commission that do not exist, entered the way real ones would enter them.

Residents come from the file the existing 住基 system gives out, copies from the tax system's, statements by way of their procedures
(``demonstration_statements``). Done again it changes nothing.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
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
from workflows.law import loader

KONO, OTSUKAWA, AGENCY, COMMISSION = "992011", "992020", "999016", "000000"
TENANTS = ((KONO, "甲野市", "Kono City", "こうのし"), (OTSUKAWA, "乙川市", "Otsukawa City", "おつかわし"))
# They make statements and review them, and are not on the link: no residents, no copies.
OTHERS = (
    (AGENCY, "架空庁", "Kakuu Agency", "かくうちょう"),
    (COMMISSION, "個人情報保護委員会（実演）", "Commission (demonstration)", "いいんかい"),
)
STAFF = (
    (KONO, "shinsa", "例野　審", "子育て支援課", ["caseworker"]),
    (KONO, "kessai", "例野　決", "子育て支援課", ["caseworker", "approver"]),
    (KONO, "renkei", "例野　連", "情報政策課", ["linkage_operator", "records_officer", "tenant_admin"]),
    (KONO, "annai", "例野　案内", "子育て支援課", ["caseworker", "approver"]),
    (OTSUKAWA, "zeimu", "例川　税", "市民税課", ["caseworker", "approver"]),
    (OTSUKAWA, "kiroku", "例川　記", "情報政策課", ["linkage_operator", "records_officer", "tenant_admin"]),
    (KONO, "matome", "例野　総", "情報政策課", ["assessment_coordinator"]),
    (KONO, "tenken", "例野　点検", "見本大学", ["outside_reviewer"]),
    (OTSUKAWA, "soukatsu", "例川　総", "デジタル課", ["assessment_coordinator"]),
    (AGENCY, "kakuu", "架空　担", "給付管理課", ["caseworker"]),
    (AGENCY, "chokan", "架空　決", "給付管理課", ["caseworker", "approver"]),
    (AGENCY, "hogo", "架空　総", "総務課個人情報保護室", ["assessment_coordinator"]),
    (COMMISSION, "shinsakan", "委員　審", "審査課", ["commission_reviewer"]),
    (COMMISSION, "iin", "委員　決", "委員会", ["commission_member"]),
)
# Posts whose codes are printed too, since the desks of 特定個人情報保護評価 are theirs.
POSTS = {
    "matome": "甲野市 評価の取りまとめ",
    "kessai": "甲野市 決裁者",
    "tenken": "甲野市 外部の点検者",
    "hogo": "架空庁 評価の取りまとめ",
    "shinsakan": "委員会 審査担当",
    "iin": "委員会 決裁者",
}
LINK_PATIENCE = 60.0


def staff_file(settings: Settings) -> Path:
    """Where the demonstration's enrolment codes are written down; a real office hands each to one person."""
    return settings.var / "demonstration.json"


def populate(settings: Settings) -> None:
    """Enter municipalities, agency and commission, residents and staff."""
    roles: tuple[Role, ...] = ("migrator", "worker", "vault")
    databases = {role: open_database(settings, role, pool_size=1) for role in roles}
    try:
        _tenants(databases["migrator"])
        _residents(settings, databases["vault"])
        _staff(settings, databases["worker"])
    finally:
        for database in databases.values():
            database.close()


def write_statements(settings: Settings) -> int:
    """Let the offices live through the past of their statements. Returns how many were made; 0 when they are there."""
    worker = open_database(settings, "worker", pool_size=2)
    try:
        if all(_has_statements(worker, tenant) for tenant in (KONO, OTSUKAWA, AGENCY)):
            return 0
        # late: the machines and forms are slow to load, and every start but the first has nothing to write
        from portal.running.demonstration_statements import populate_statements, print_few

        clock = SystemClock()
        staff: dict[str, Any] = json.loads(staff_file(settings).read_text("utf-8"))["staff"]
        ring = KeyRing(FileMasterKey(settings.master_key), clock)
        made = populate_statements(worker, ring, loader.shipped(), clock, staff)
        owner = open_database(settings, "migrator", pool_size=1)
        try:
            print_few(owner)
        finally:
            owner.close()
        return made
    finally:
        worker.close()


def _has_statements(worker: Database, tenant: str) -> bool:
    (rows,) = worker.read(
        Scope(tenant=tenant), ("SELECT 1 FROM madoguchi.assessment WHERE tenant = %s LIMIT 1", (tenant,))
    )
    return bool(rows)


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
    staff = written["staff"]
    return "\n".join(
        (
            "",
            f"準備ができました（{seconds:.1f} 秒）。  Ready.",
            "",
            f"  だれでも      {settings.origin}/",
            f"  住民として    {settings.origin}/login",
            "                別の端末で: bin/madoguchi card login --card hanako   （暗証番号 1234、見本 花子さんのカード）",
            f"  職員として    {settings.origin}/staff/login",
            f"                はじめての登録コード（甲野市 審査担当）: {staff['shinsa']['code']}",
            *(
                f"                （{label}）: {staff[key]['code']}"
                for key, label in POSTS.items()
                if key in staff
            ),
            "                申請を受け付けるときの宛名番号: 1001   （見本 花子さん）",
            "  物語を見る    bin/madoguchi tour",
            "",
            "  止めるときは Ctrl-C。記録は残り、次は数秒で始まります。",
        )
    )


def _tenants(migrator: Database) -> None:
    with migrator.transaction() as tx:
        tx.raw.cursor().executemany(
            "INSERT INTO madoguchi.tenant (code, name, name_en, name_kana) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (*TENANTS, *OTHERS),
        )


def _residents(settings: Settings, vault: Database) -> None:
    clock = SystemClock()
    register = AddresseeRegister(clock, KeyRing(FileMasterKey(settings.master_key), clock))
    for tenant, *_ in TENANTS:
        content = (sandbox_parts.world(settings) / f"residents-{tenant}.csv").read_bytes()
        with vault.transaction(Scope(tenant=tenant)) as tx:
            import_residents(tx, register, content, regime=Regime.SYNTHETIC, actor="demonstration")


def _staff(settings: Settings, worker: Database) -> None:
    """Invite whoever was not invited yet; a code is made once and written down once."""
    file = staff_file(settings)
    made: dict[str, Any] = json.loads(file.read_text("utf-8"))["staff"] if file.exists() else {}
    missing = [one for one in STAFF if one[1] not in made]
    if not missing:
        return
    register = StaffRegister(worker, SystemClock())
    for tenant, key, name, office, roles in missing:
        invitation = register.invite(tenant, office, roles, name)
        made[key] = {
            "tenant": tenant,
            "account": str(invitation.account),
            "code": invitation.code,
            "roles": roles,
            "office": office,
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

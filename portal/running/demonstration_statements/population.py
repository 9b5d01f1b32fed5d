"""The demonstration's statements: a few dozen in every state of the law's tables, each carried there by the engine in its own past."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any

import yaml

from portal.running.demonstration_statements import commission
from portal.running.demonstration_statements.office import Office, Story, moment
from portal.running.demonstration_statements.people import people
from portal.running.demonstration_statements.ways import events
from portal.running.demonstration_statements.writing import LOADER
from privacy_assessment.commission import machine as commission_machine
from privacy_assessment.consultation.opinions import OpinionService
from privacy_assessment.machines import register
from privacy_assessment.publication.files import TASK as PRINTED
from privacy_assessment.publication.store import CONSULTED
from storage.clock import Clock, FixedClock
from storage.database import Database, Scope, Transaction
from storage.encryption import KeyRing
from workflows.engine import Engine, Registry
from workflows.law.table import LawTable

CITIES = {"992011": "甲野市", "992020": "乙川市", "999016": "架空庁"}
# What the web may use and not make: keys for names in opinions.
PURPOSES = ("data", "index:opinion.edit_key", "index:opinion.network")


def populate_statements(
    worker: Database,
    ring: KeyRing,
    law: LawTable,
    clock: Clock,
    staff: Mapping[str, Mapping[str, Any]],
) -> int:
    """Write the statements of every office that has none yet.

    :param staff: what was written down when the staff was invited: account, tenant, roles by key.
    :returns: how many statements were made; 0 when all was there.
    """
    waiting = [tenant for tenant in CITIES if not _known(worker, tenant)]
    if not waiting:
        return 0
    plan = yaml.load((files(__package__) / "plan.yaml").read_text("utf-8"), Loader=LOADER)  # noqa: S506 (a SafeLoader)
    today, made = clock.today(), 0
    past = FixedClock(moment(today, 0))
    engine = _engine(past)
    for tenant in waiting:
        specs = plan["statements"][tenant]
        with worker.transaction(Scope(tenant=tenant)) as tx:
            office = Office(
                tenant,
                CITIES[tenant],
                plan["bodies"][tenant][0]["standing"],
                past,
                engine,
                people(staff, tenant),
                OpinionService(past, ring, lambda: secrets.token_urlsafe(18)),
                {code: affair.clause for code, affair in law.affairs.items()},
                plan["opinions"],
                today,
            )
            for purpose in PURPOSES:
                ring.ensure(tx, tenant, purpose)
            made += _live(tx, office, plan["bodies"][tenant], specs, law)
    if made:
        commission.work_off(worker, engine, past, today, staff)
    return made


def _engine(clock: Clock) -> Engine:
    registry = Registry()
    register(registry, clock)
    commission_machine.register(registry, clock)
    return Engine(registry, clock)


def _known(worker: Database, tenant: str) -> bool:
    (rows,) = worker.read(
        Scope(tenant=tenant), ("SELECT 1 FROM madoguchi.assessment WHERE tenant = %s LIMIT 1", (tenant,))
    )
    return bool(rows)


def _live(
    tx: Transaction,
    office: Office,
    bodies: list[Mapping[str, str]],
    specs: list[dict[str, Any]],
    law: LawTable,
) -> int:
    """Everything that happened in the office, day by day, with one clock; deadlines fire on the way as they did."""
    _take_back_the_pretended(tx, office.today)
    names = {one["code"]: one["name"] for one in bodies}
    office.clock.set(moment(office.today, 2000))
    for one in bodies:
        office.statements.keep_body(
            tx, one["code"], one["name"], one["standing"], one["department"], one["contact"]
        )
    timeline = []
    for position, spec in enumerate(specs):
        about = law.affairs.get(spec["about"])
        spec.setdefault("title", about.name["ja"] if about else _TITLES[spec["about"]])
        spec.setdefault("affairs", [spec["about"]])
        body = spec.get("body", bodies[0]["code"])
        first_kind = spec.get("from", spec["kind"])
        story = Story(str(position + 1), spec, body, names[body], first_kind)
        for event in events(spec["kind"], spec["way"], first_kind, office.standing):
            timeline.append((-event.ago, position, event.order, story, event))
    day: date | None = None
    for _, _, _, story, event in sorted(timeline, key=lambda one: one[:3]):
        office.clock.set(moment(office.today, event.ago))
        if office.clock.today() != day:
            day = office.clock.today()
            _let_the_clock_act(tx, office)
        office.clock.advance(minutes=1)
        office.do(tx, story, event.act, event.given)
    office.clock.set(moment(office.today, 0))
    _let_the_clock_act(tx, office)
    return len(specs)


def _take_back_the_pretended(tx: Transaction, today: date) -> None:
    """Demonstrations of the first release said "published" of statements that nobody had written."""
    tx.raw.execute(
        "UPDATE madoguchi.published_statement SET withdrawn_on = %s WHERE tenant = %s AND withdrawn_on IS NULL"
        " AND address IS NULL AND title LIKE '%%評価書（実演）'",
        (today, tx.tenant),
    )


def print_few(owner: Database) -> None:
    """Years of publications at once would keep the printer busy for minutes: only what is open for opinions now is printed.

    The files of the others are made when somebody asks for them on their page.

    :param owner: of the migrator role: no other may take such a wish back.
    """
    for tenant in CITIES:
        with owner.transaction(Scope(tenant=tenant)) as tx:
            tx.raw.execute(
                "DELETE FROM madoguchi.public_statement_file WHERE tenant = %s AND state = 'waiting' AND stage <> %s",
                (tenant, CONSULTED),
            )
            tx.raw.execute(
                "UPDATE jobs.procrastinate_jobs SET status = 'cancelled' WHERE task_name = %s AND status = 'todo'"
                " AND args ->> 'tenant' = %s AND args ->> 'stage' <> %s",
                (PRINTED, tenant, CONSULTED),
            )


def _let_the_clock_act(tx: Transaction, office: Office) -> None:
    while office.engine.fire_due_deadlines(tx):
        pass


_TITLES = {
    "agency-benefit": "全国給付金の支給に関する事務（見本）",
    "agency-licence": "国家資格の登録に関する事務（見本）",
}

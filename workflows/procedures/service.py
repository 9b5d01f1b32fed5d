"""Applications at the counter: opened by a clerk for an addressee, listed, looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from storage.clock import Clock
from storage.database import Transaction
from workflows.engine import Actor, CaseNotFound, CaseView, Engine
from workflows.law.table import LawTable
from workflows.procedures.machine import KIND

_ADDRESSEE = """
SELECT a.number FROM madoguchi.addressee AS a
WHERE a.tenant = %(tenant)s AND a.state = 'active'
  AND a.number IN (%(typed)s::text, (SELECT b.addressee FROM madoguchi.business_number AS b
                               WHERE b.tenant = %(tenant)s AND b.system = 'juki' AND b.number = %(typed)s::text))
"""


class ApplicationRefused(ValueError):
    """An application cannot be opened as asked; nothing was stored. Holds a code and a text for the person at the desk."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Application:
    """One application with the words a page needs."""

    case: CaseView
    receipt_no: str
    addressee: str
    procedure: str
    affair: str
    affair_name: str
    office: str
    opened_by: str
    opened_at: datetime


@dataclass(frozen=True)
class ApplicationRow:
    """One line of a list."""

    case_id: UUID
    receipt_no: str
    addressee: str
    procedure: str
    affair_name: str
    state: str
    opened_at: datetime


class ApplicationService:
    """What can be asked of applications."""

    def __init__(self, clock: Clock, law: LawTable, engine: Engine) -> None:
        self.clock = clock
        self.law = law
        self.engine = engine

    def open(
        self,
        tx: Transaction,
        actor: Actor,
        addressee: str,
        affair: str,
        request_key: str,
        *,
        procedure: str | None = None,
    ) -> Application:
        """Open an application for an addressee; the same key gives the same application.

        :param addressee: 団体内統合宛名番号, or the 住基宛名番号 that stands on the papers at the counter.
        :param affair: code of the affair (事務) it belongs to.
        :param procedure: code of the procedure; the affair's own when None.
        :raises ApplicationRefused: ``UNKNOWN_ADDRESSEE`` or ``UNKNOWN_AFFAIR``.
        :raises Refused: this actor may not open one.
        """
        if affair not in self.law.affairs:
            raise ApplicationRefused(
                "UNKNOWN_AFFAIR", "事務が見つかりません。申請は受け付けていません。選びなおしてください。"
            )
        found = tx.raw.execute(_ADDRESSEE, {"tenant": tx.tenant, "typed": addressee}).fetchone()
        if found is None:
            raise ApplicationRefused(
                "UNKNOWN_ADDRESSEE",
                "有効な宛名が見つかりません。申請は受け付けていません。宛名番号を確かめてください。",
            )
        known = tx.raw.execute(
            "SELECT case_id FROM madoguchi.step WHERE tenant = %s AND request_key = %s",
            (tx.tenant, request_key),
        ).fetchone()
        if known is not None:
            return self.view(tx, known[0], actor)
        opened = self.engine.open(
            tx,
            KIND,
            actor=actor,
            purpose="窓口での申請の受付",
            request_key=request_key,
            subject=found[0],
            input={"procedure": procedure or affair, "affair": affair, "receipt_no": self._receipt_no(tx)},
        )
        return self.view(tx, opened.case_id, actor)

    def list(
        self, tx: Transaction, actor: Actor, *, after: UUID | None = None, limit: int = 50
    ) -> list[ApplicationRow]:
        """Return one page of applications, newest first.

        :param after: last case of the page before.
        """
        rows = tx.raw.execute(
            "SELECT a.case_id, a.receipt_no, a.addressee, a.procedure, a.affair, c.state, a.opened_at"
            " FROM madoguchi.application AS a JOIN madoguchi.case_file AS c ON c.tenant = a.tenant AND c.id = a.case_id"
            " WHERE a.tenant = %s AND (%s::uuid IS NULL OR a.case_id < %s::uuid) ORDER BY a.case_id DESC LIMIT %s",
            (tx.tenant, after, after, limit),
        ).fetchall()
        return [
            ApplicationRow(i, no, who, what, self._affair(affair), state, at)
            for i, no, who, what, affair, state, at in rows
        ]

    def view(self, tx: Transaction, case_id: UUID, actor: Actor) -> Application:
        """Return one application.

        :raises CaseNotFound: there is none, or this actor may not see it.
        """
        case = self.engine.case(tx, case_id)
        row = tx.raw.execute(
            "SELECT receipt_no, addressee, procedure, affair, office, opened_by, opened_at FROM madoguchi.application"
            " WHERE tenant = %s AND case_id = %s",
            (case.tenant, case_id),
        ).fetchone()
        if row is None or not self.engine.may_read(case, actor):
            raise CaseNotFound(case_id)
        no, who, what, affair, office, opened_by, at = row
        return Application(case, no, who, what, affair, self._affair(affair), office, opened_by, at)

    def _affair(self, code: str) -> str:
        found = self.law.affairs.get(code)
        return found.name["ja"] if found else code

    def _receipt_no(self, tx: Transaction) -> str:
        """The next receipt number of the fiscal year, e.g. R08-000012; never given twice."""
        year = fiscal_year(self.clock.today())
        row = tx.raw.execute(
            "INSERT INTO madoguchi.application_counter AS c (tenant, fiscal_year, last) VALUES (%s, %s, 1)"
            " ON CONFLICT (tenant, fiscal_year) DO UPDATE SET last = c.last + 1 RETURNING last",
            (tx.tenant, year),
        ).fetchone()
        assert row is not None
        return f"R{year - 2018:02d}-{row[0]:06d}"


def fiscal_year(day: date) -> int:
    """Return the fiscal year (April to March) a day belongs to (地方自治法208条)."""
    return day.year if day.month >= 4 else day.year - 1

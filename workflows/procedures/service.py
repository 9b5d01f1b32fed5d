"""Applications at the counter: opened by a clerk for an addressee, and looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.clock import Clock
from storage.database import Transaction
from workflows.engine import Actor, CaseNotFound, CaseView, Engine, Reason, Refused
from workflows.engine.planning import is_key
from workflows.law.calendar import fiscal_year
from workflows.law.table import LawTable
from workflows.procedures.machine import KIND

_ADDRESSEE = """
SELECT a.number FROM madoguchi.addressee AS a
WHERE a.tenant = %(tenant)s AND a.state = 'active'
  AND a.number IN (%(typed)s::text, (SELECT b.addressee FROM madoguchi.business_number AS b
                               WHERE b.tenant = %(tenant)s AND b.system = 'juki' AND b.number = %(typed)s::text))
"""
# Locks the year's counter without counting, so that of two equal requests the later one sees what the earlier one opened.
_WAIT = """
INSERT INTO madoguchi.application_counter AS c (tenant, fiscal_year, last) VALUES (%(tenant)s, %(year)s, 0)
ON CONFLICT (tenant, fiscal_year) DO UPDATE SET last = c.last
"""
_COUNT = """
UPDATE madoguchi.application_counter SET last = last + 1 WHERE tenant = %(tenant)s AND fiscal_year = %(year)s RETURNING last
"""
# Fiscal years are written by the era: 2019 was 令和1 (元号を改める政令, 平成31年政令143号). Numbers given keep the letter they were given.
ERA, BEFORE_ERA = "R", 2018


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
        """Open an application for an addressee; the same request with the same key gives the same application.

        :param addressee: 団体内統合宛名番号, or the 住基宛名番号 that stands on the papers at the counter.
        :param affair: code of the affair (事務) it belongs to.
        :param procedure: code of the procedure; the affair's own when None.
        :raises ApplicationRefused: ``UNKNOWN_ADDRESSEE`` or ``UNKNOWN_AFFAIR``.
        :raises Refused: this actor may not open one, or the key came with another request before.
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
        year = fiscal_year(self.clock.today())
        tx.raw.execute(_WAIT, {"tenant": tx.tenant, "year": year})
        known = self._opened_with(tx, request_key, actor)
        if known is not None:
            asked = (found[0], affair, procedure or affair, actor.id)
            if asked != (known.addressee, known.affair, known.procedure, known.opened_by):
                raise Refused((Reason("request_key_reused"),))
            return known
        opened = self.engine.open(
            tx,
            KIND,
            actor=actor,
            purpose="窓口での申請の受付",
            request_key=request_key,
            subject=found[0],
            input={"procedure": procedure or affair, "affair": affair, "receipt_no": _receipt_no(tx, year)},
        )
        return self.view(tx, opened.case_id, actor)

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

    def _opened_with(self, tx: Transaction, request_key: str, actor: Actor) -> Application | None:
        """The application this key opened before, if it did; the engine says what is wrong with what is no key.

        :raises CaseNotFound: the key belongs to something else, or this actor may not see it.
        """
        if not is_key(request_key):
            return None
        row = tx.raw.execute(
            "SELECT case_id FROM madoguchi.step WHERE tenant = %s AND request_key = %s",
            (tx.tenant, request_key),
        ).fetchone()
        return None if row is None else self.view(tx, row[0], actor)


def _receipt_no(tx: Transaction, year: int) -> str:
    """The next receipt number of a fiscal year, e.g. R08-000012; never given twice."""
    row = tx.raw.execute(_COUNT, {"tenant": tx.tenant, "year": year}).fetchone()
    assert row is not None, "a year without its counter"
    return f"{ERA}{year - BEFORE_ERA:02d}-{row[0]:06d}"

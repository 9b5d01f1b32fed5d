"""People counted after a judgement: when the count crosses a border of the table, the threshold is judged again (指針第5の2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from privacy_assessment.statements.models import StatementRefused
from privacy_assessment.threshold import Accident, Drift, Figures, Judgement, drift, judge, table_on
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id

MOST = 10**9


@dataclass(frozen=True, slots=True)
class Count:
    """People in the files of an affair on a day, counted by somebody."""

    persons: int
    counted_on: date
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A judgement as it was kept.

    :param figures: what was judged. :param counting: whether an accident counted.
    """

    id: UUID
    judged_on: date
    by: str
    owed: str
    chosen: str
    figures: Figures
    why: tuple[str, ...]

    def again(self) -> Judgement:
        """The judgement as it was made, by the table of its day: for the cell that applied."""
        return judge(self.figures, table_on(self.judged_on), self.judged_on)


def judgements(tx: Transaction, statement: UUID) -> list[Kept]:
    """The history of judgements, newest first."""
    rows = tx.raw.execute(
        "SELECT id, judged_on, judged_by, owed, chosen, figures, why FROM madoguchi.threshold_judgement"
        " WHERE tenant = %s AND assessment_id = %s ORDER BY judged_at DESC, id DESC",
        (tx.tenant, statement),
    ).fetchall()
    return [
        Kept(key, day, by, owed, chosen, figures_from(figures), tuple(why))
        for key, day, by, owed, chosen, figures, why in rows
    ]


def figures_from(kept: Mapping[str, Any]) -> Figures:
    """Figures as the database keeps them."""
    accidents = tuple(
        Accident(**{**one, "happened_on": _day(one["happened_on"]), "known_on": _day(one["known_on"])})
        for one in kept.get("accidents", ())
    )
    return Figures(
        kept["persons"],
        date.fromisoformat(kept["persons_on"]),
        kept["handlers"],
        date.fromisoformat(kept["handlers_on"]),
        accidents,
    )


def keep_count(
    tx: Transaction, clock: Clock, statement: UUID, persons: int, counted_on: date, by: str
) -> None:
    """Keep a count; it is never changed, a later one is added.

    :raises StatementRefused: a number that cannot be, or a day to come.
    """
    if not 0 <= persons <= MOST:
        raise StatementRefused(
            "BAD_COUNT", "人数が正しくありません。保存していません。0以上の数を入れてください。"
        )
    if counted_on > clock.today():
        raise StatementRefused(
            "FUTURE",
            "計数日が将来の日付です。保存していません。実際に数えた日を入れてください。",
        )
    tx.raw.execute(
        "INSERT INTO madoguchi.assessment_count (tenant, id, assessment_id, persons, counted_on, by_whom, at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, new_id(), statement, persons, counted_on, by, clock.now()),
    )


def counts_of(tx: Transaction, statement: UUID, limit: int = 20) -> list[Count]:
    """Counts of a statement, newest first."""
    rows = tx.raw.execute(
        "SELECT persons, counted_on, by_whom, at FROM madoguchi.assessment_count"
        " WHERE tenant = %s AND assessment_id = %s ORDER BY counted_on DESC, at DESC, id DESC LIMIT %s",
        (tx.tenant, statement, limit),
    ).fetchall()
    return [Count(*row) for row in rows]


def drift_of(kept: list[Kept], counted: list[Count], today: date) -> Drift | None:
    """What the newest count says about the newest judgement; None when nothing was counted since, or nothing judged."""
    if not kept or not counted or counted[0].counted_on < kept[0].figures.persons_on:
        return None
    return drift(kept[0].again(), counted[0].persons, table_on(today))


def _day(value: str | None) -> Any:
    return None if value is None else date.fromisoformat(value)

"""The table of results: 意見の概要, 考え方, 修正の有無, each line for one or more opinions; drafted beside them, published after."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from privacy_assessment.consultation.opinions import OpinionRefused
from privacy_assessment.consultation.store import STANDING, read_consultation
from storage.clock import Clock
from storage.database import Transaction

MAX_TEXT = 20_000
LINE = (
    "SELECT row, receipts, places, summary, answer, changed, change_note, updated_at, updated_by"
    " FROM madoguchi.opinion_result WHERE tenant = %s AND consultation_id = %s AND row = %s"
)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One line of the table; ``places`` are the items of the form it is about."""

    row: int
    receipts: tuple[str, ...]
    places: tuple[str, ...]
    summary: str
    answer: str
    changed: bool
    change_note: str


@dataclass(frozen=True)
class ResultTable:
    """The whole table with its counts. An opinion may stand in several lines; it is counted once."""

    opens: date
    closes: date
    days: int
    opinions: int
    rows: tuple[ResultRow, ...]

    def published(self) -> list[tuple[str, ...]]:
        """The lines as offices publish them, with a head; also when nobody wrote."""
        head = ("番号", "項目", "意見の概要", "件数", "考え方", "修正の有無", "修正の内容")
        lines = [
            (
                str(one.row),
                "、".join(one.places),
                one.summary,
                str(len(one.receipts)),
                one.answer,
                "有" if one.changed else "無",
                one.change_note,
            )
            for one in self.rows
        ]
        return [head, *(lines or [("", "", "意見はありませんでした", "0", "", "", "")])]


def mark_of(line: ResultRow, at: datetime) -> str:
    """What tells whether a line was written since: a digest of everything in it."""
    return hashlib.sha256(repr((line, at.timestamp())).encode()).hexdigest()[:32]


class ResultService:
    """Writes and reads the table."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def keep(
        self,
        tx: Transaction,
        consultation: UUID,
        row: int | None,
        receipts: Sequence[str],
        summary: str,
        answer: str,
        changed: bool,
        by: str,
        places: Sequence[str] = (),
        change_note: str = "",
        seen: str = "",
    ) -> int:
        """Write a line (a new one when ``row`` is None). Returns its number.

        :param seen: the mark of the line as its writer saw it (``mark_of``); a line written since is left as it is.
        :raises OpinionRefused: no opinion in it, one that does not exist or was withdrawn, no summary, a change without saying which,
            or somebody else wrote the line meanwhile.
        """
        rows = tx.raw.execute(STANDING, (tx.tenant, consultation)).fetchall()
        live = {one[0] for one in rows if one[2] != "withdrawn"}
        if not receipts or not set(receipts) <= live:
            raise OpinionRefused(
                "NO_OPINION",
                "この行の意見がないか、撤回されています。保存していません。受付番号を選び直してください。",
            )
        if not summary.strip() or max(len(summary), len(answer), len(change_note)) > MAX_TEXT:
            raise OpinionRefused(
                "NO_SUMMARY", f"意見の概要が要ります（各欄{MAX_TEXT:,}字まで）。保存していません。"
            )
        if changed and not change_note.strip():
            raise OpinionRefused(
                "NO_CHANGE_NOTE", "修正が有の場合は、どこをどう直したかを書いてください。保存していません。"
            )
        if row is not None and seen:
            now = self.line(tx, consultation, row, lock=True)
            if now is None or mark_of(now[0], now[1]) != seen:
                raise OpinionRefused(
                    "CHANGED",
                    "開いてから、ほかの人がこの行を変えました。保存していません。両方を見て直してください。",
                )
        if row is None:
            found = tx.raw.execute(
                "SELECT coalesce(max(row), 0) + 1 FROM madoguchi.opinion_result WHERE tenant = %s AND consultation_id = %s",
                (tx.tenant, consultation),
            ).fetchone()
            row = found[0] if found else 1
        tx.raw.execute(
            "INSERT INTO madoguchi.opinion_result (tenant, consultation_id, row, receipts, places, summary, answer, changed,"
            " change_note, updated_by, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (tenant, consultation_id, row) DO UPDATE SET receipts = EXCLUDED.receipts, places = EXCLUDED.places,"
            " summary = EXCLUDED.summary, answer = EXCLUDED.answer, changed = EXCLUDED.changed,"
            " change_note = EXCLUDED.change_note, updated_by = EXCLUDED.updated_by, updated_at = EXCLUDED.updated_at",
            (tx.tenant, consultation, row, list(dict.fromkeys(receipts)), list(places), summary, answer, changed,
             change_note, by, self.clock.now()),
        )  # fmt: skip
        return row

    def line(
        self, tx: Transaction, consultation: UUID, row: int, lock: bool = False
    ) -> tuple[ResultRow, datetime, str] | None:
        """One line, when it was last written and by whom.

        :param lock: hold it until the transaction ends.
        """
        sql = f"{LINE} FOR UPDATE" if lock else LINE
        found = tx.raw.execute(sql, (tx.tenant, consultation, row)).fetchone()
        if found is None:
            return None
        return ResultRow(found[0], tuple(found[1]), tuple(found[2]), *found[3:7]), found[7], found[8]

    def drop(self, tx: Transaction, consultation: UUID, row: int) -> bool:
        """Take a line out; its opinions are open again."""
        done = tx.raw.execute(
            "DELETE FROM madoguchi.opinion_result WHERE tenant = %s AND consultation_id = %s AND row = %s",
            (tx.tenant, consultation, row),
        )
        return done.rowcount > 0

    def table(self, tx: Transaction, consultation: UUID) -> ResultTable:
        """The table as it stands; may be taken at any time.

        :raises OpinionRefused: there is no such consultation.
        """
        found = read_consultation(tx, consultation)
        if found is None:
            raise OpinionRefused("NOT_FOUND", "この意見募集はありません。")
        live = tx.raw.execute(STANDING, (tx.tenant, consultation)).fetchall()
        rows = tx.raw.execute(
            "SELECT row, receipts, places, summary, answer, changed, change_note FROM madoguchi.opinion_result"
            " WHERE tenant = %s AND consultation_id = %s ORDER BY row",
            (tx.tenant, consultation),
        ).fetchall()
        return ResultTable(
            opens=found.opens,
            closes=found.closes,
            days=(found.closes - found.opens).days + 1,
            opinions=sum(one[2] != "withdrawn" for one in live),
            rows=tuple(ResultRow(one[0], tuple(one[1]), tuple(one[2]), *one[3:]) for one in rows),
        )

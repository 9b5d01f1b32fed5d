"""結果の公表: the table as it stands is laid open to everyone; a correction is a further publication with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from privacy_assessment.consultation.opinions import OpinionService
from privacy_assessment.consultation.results import ResultService, ResultTable
from privacy_assessment.consultation.rules import OpinionRefused
from privacy_assessment.consultation.store import read_consultation, unanswered
from privacy_assessment.redaction import find_personal
from storage.clock import Clock
from storage.database import Transaction

# A name of one character is in every text.
SHORTEST_NAME = 2


@dataclass(frozen=True)
class PublishedRow:
    """One line as everyone sees it. ``places`` are addresses in words, ``anchors`` where they stand in the text."""

    row: int
    places: tuple[str, ...]
    anchors: tuple[str, ...]
    summary: str
    count: int
    answer: str
    changed: bool
    change_note: str


@dataclass(frozen=True)
class PublishedResults:
    """A publication. ``groups`` counts opinions of the same text once: (how many, of which kind)."""

    number: int
    note: str
    published_at: datetime
    opinions: int
    withdrawn: int
    same: tuple[int, ...]
    rows: tuple[PublishedRow, ...]


def problems(
    tx: Transaction, opinions: OpinionService, table: ResultTable, consultation: UUID
) -> Iterator[tuple[int, str]]:
    """What stands against laying these lines open: (line, code ``NUMBER``, ``NAME``, ``PHONE`` or ``MAIL``).

    A writer's name is compared with the lines without being shown to anybody.
    """
    names = _names(tx, opinions, consultation)
    for one in table.rows:
        texts = {"summary": one.summary, "answer": one.answer, "change": one.change_note}
        kinds = {found.kind for found in find_personal(texts)}
        together = "".join("\n".join(texts.values()).split())
        if any(name in together for name in names):
            kinds.add("name")
        yield from ((one.row, kind.upper()) for kind in sorted(kinds) if kind != "digits")


def publish(
    tx: Transaction,
    clock: Clock,
    opinions: OpinionService,
    results: ResultService,
    consultation: UUID,
    by: str,
    *,
    citations: Mapping[str, tuple[str, str]],
    looked: bool = False,
    note: str = "",
) -> int:
    """Lay the table open. Returns the number of the publication.

    :param citations: place -> (address in words, anchor). :param looked: somebody looked at telephone numbers and addresses in it.
    :param note: what was corrected; wanted from the second publication on.
    :raises OpinionRefused: still open, opinions without an answer, a number or a writer's name in it, or a correction without a reason.
    """
    found = read_consultation(tx, consultation, lock=True)
    if found is None:
        raise OpinionRefused("NOT_FOUND", "この意見募集はありません。公表していません。")
    if clock.today() <= found.closes:
        raise OpinionRefused("STILL_OPEN", "意見の受付が終わってから公表します。公表していません。")
    if left := unanswered(tx, consultation):
        raise OpinionRefused(
            "UNANSWERED",
            f"考え方が書かれていない意見が{left}件あります。公表していません。先に書いてください。",
        )
    table = results.table(tx, consultation)
    against = list(problems(tx, opinions, table, consultation))
    lines = "、".join(
        str(row) for row in dict.fromkeys(row for row, code in against if code in ("NUMBER", "NAME"))
    )
    if lines:
        raise OpinionRefused(
            "PERSONAL",
            f"番号か、意見を書いた人の氏名・連絡先が入っている行があります（{lines}）。公表していません。行を直してください。",
        )
    if against and not looked:
        lines = "、".join(str(row) for row in dict.fromkeys(row for row, _ in against))
        raise OpinionRefused(
            "LOOK",
            f"電話番号かメールアドレスに見える文字がある行があります（{lines}）。公表していません。確かめてください。",
        )
    row = tx.raw.execute(
        "SELECT coalesce(max(number), 0) FROM madoguchi.public_result WHERE tenant = %s AND consultation_id = %s",
        (tx.tenant, consultation),
    ).fetchone()
    number = (row[0] if row else 0) + 1
    if any(one.stops for one in find_personal({"note": note})) or _named(tx, opinions, consultation, note):
        raise OpinionRefused(
            "PERSONAL_NOTE",
            "直したところの説明に、番号か、意見を書いた人の氏名・連絡先が入っています。公表していません。書き直してください。",
        )
    if number > 1 and not note.strip():
        raise OpinionRefused(
            "NO_NOTE", "公表済みの結果を直すときは、どこを直したかが要ります。公表していません。"
        )
    withdrawn = _withdrawn(tx, consultation)
    content = {
        "opinions": table.opinions,
        "withdrawn": withdrawn,
        "same": _same(tx, consultation),
        "rows": [
            {
                "row": one.row, "places": [citations.get(place, (place, ""))[0] for place in one.places],
                "anchors": [citations.get(place, (place, ""))[1] for place in one.places],
                "summary": one.summary, "count": len(one.receipts), "answer": one.answer, "changed": one.changed,
                "change_note": one.change_note,
            }
            for one in table.rows
        ],
    }  # fmt: skip
    tx.raw.execute(
        "INSERT INTO madoguchi.public_result (tenant, consultation_id, number, content, note, published_at, by_whom)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, consultation, number, orjson.dumps(content).decode(), note.strip(), clock.now(), by),
    )
    return number


def read_results(row: Sequence[Any]) -> PublishedResults:
    """A publication from a row of ``announcement.results_of``."""
    number, content, note, at = row
    rows = tuple(
        PublishedRow(
            one["row"], tuple(one["places"]), tuple(one["anchors"]), one["summary"], one["count"], one["answer"], one["changed"],
            one["change_note"],
        )
        for one in content["rows"]
    )  # fmt: skip
    return PublishedResults(
        number, note, at, content["opinions"], content["withdrawn"], tuple(content["same"]), rows
    )


def published_on(tx: Transaction, consultation: UUID) -> list[tuple[int, date, str]]:
    """Publications of a consultation, newest first: number, moment, what was corrected."""
    return tx.raw.execute(
        "SELECT number, published_at, note FROM madoguchi.public_result WHERE tenant = %s AND consultation_id = %s"
        " ORDER BY number DESC",
        (tx.tenant, consultation),
    ).fetchall()


def _names(tx: Transaction, opinions: OpinionService, consultation: UUID) -> set[str]:
    return {name for name in opinions.names(tx, consultation) if len(name) >= SHORTEST_NAME}


def _named(tx: Transaction, opinions: OpinionService, consultation: UUID, text: str) -> bool:
    together = "".join(text.split())
    return bool(together) and any(name in together for name in _names(tx, opinions, consultation))


def _withdrawn(tx: Transaction, consultation: UUID) -> int:
    row = tx.raw.execute(
        "SELECT count(*) FROM madoguchi.opinion WHERE tenant = %s AND consultation_id = %s AND kind = 'withdrawn'"
        " AND NOT EXISTS (SELECT 1 FROM madoguchi.opinion AS later WHERE later.tenant = opinion.tenant"
        "  AND later.consultation_id = opinion.consultation_id AND later.receipt = opinion.receipt"
        "  AND later.revision > opinion.revision)",
        (tx.tenant, consultation),
    ).fetchone()
    return int(row[0]) if row else 0


def _same(tx: Transaction, consultation: UUID) -> list[int]:
    """How many opinions each group of the same or nearly the same text has, largest first."""
    rows = tx.raw.execute(
        "SELECT count(*) FROM madoguchi.opinion_group WHERE tenant = %s AND consultation_id = %s AND kind <> 'single'"
        " GROUP BY group_no ORDER BY count(*) DESC LIMIT 100",
        (tx.tenant, consultation),
    ).fetchall()
    return [row[0] for row in rows]

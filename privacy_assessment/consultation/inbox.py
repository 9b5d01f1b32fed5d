"""The desk's view of opinions: one page at a time by receipt, counts, tags, who looked at a name. Ten thousand stay usable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from privacy_assessment.consultation.rules import OpinionRefused
from privacy_assessment.consultation.store import ANSWERED, STANDING
from storage.clock import Clock
from storage.database import Transaction
from storage.ids import new_id

PAGE = 50
HEAD = 160
STANCES = ("賛成", "反対", "質問", "範囲外")
MAX_TAGS = 10
MAX_TAG = 30

_NEWEST = (
    "SELECT DISTINCT ON (o.receipt) o.receipt, o.revision, o.kind, o.body, o.places, o.personal IS NOT NULL AS named, o.at"
    " FROM madoguchi.opinion AS o WHERE o.tenant = %(tenant)s AND o.consultation_id = %(consultation)s"
    " AND o.receipt > %(after)s ORDER BY o.receipt, o.revision DESC"
)
_ROWS = f"""
    SELECT n.receipt, n.revision, n.kind, left(n.body, {HEAD}), length(n.body), n.places, n.at, coalesce(m.tags, '{{}}'),
        g.group_no, g.kind,
        (SELECT array_agg(r.row ORDER BY r.row) FROM madoguchi.opinion_result AS r WHERE r.tenant = %(tenant)s
            AND r.consultation_id = %(consultation)s AND n.receipt = ANY (r.receipts)),
        EXISTS (SELECT 1 FROM madoguchi.opinion_redaction AS c WHERE c.tenant = %(tenant)s
            AND c.consultation_id = %(consultation)s AND c.receipt = n.receipt AND c.revision = n.revision)
    FROM ({_NEWEST}) AS n
    LEFT JOIN madoguchi.opinion_mark AS m
        ON m.tenant = %(tenant)s AND m.consultation_id = %(consultation)s AND m.receipt = n.receipt
    LEFT JOIN madoguchi.opinion_group AS g
        ON g.tenant = %(tenant)s AND g.consultation_id = %(consultation)s AND g.receipt = n.receipt
"""  # noqa: S608
# A place in the list, and what it may be narrowed to; each condition is a fixed text with its value as a parameter.
_CONDITIONS = {
    "standing": "n.kind <> 'withdrawn'",
    "withdrawn": "n.kind = 'withdrawn'",
    "open": (
        "n.kind <> 'withdrawn' AND n.receipt NOT IN (SELECT unnest(r.receipts) FROM madoguchi.opinion_result AS r"
        " WHERE r.tenant = %(tenant)s AND r.consultation_id = %(consultation)s AND btrim(r.answer) <> '')"
    ),
    "tag": "%(tag)s = ANY (m.tags)",
    "group": "g.group_no = %(group)s",
    "words": "strpos(n.body, %(words)s) > 0",
}
_COUNTS = f"""
    SELECT count(*), count(*) FILTER (WHERE kind = 'withdrawn'),
        count(*) FILTER (WHERE kind <> 'withdrawn' AND receipt NOT IN ({ANSWERED})) FROM ({STANDING}) AS o
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Row:
    """One opinion in the list. ``head`` is how its text begins, ``length`` the number of its characters."""

    receipt: str
    revision: int
    kind: str
    head: str
    length: int
    places: tuple[str, ...]
    at: datetime
    tags: tuple[str, ...]
    group: int | None
    group_kind: str | None
    lines: tuple[int, ...]
    has_copy: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many came in, were withdrawn, and have no answer yet."""

    received: int
    withdrawn: int
    unanswered: int

    @property
    def standing(self) -> int:
        """Those that count."""
        return self.received - self.withdrawn


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a list shows. ``state``: ``standing``, ``open`` (no answer yet) or ``withdrawn``."""

    state: str = "standing"
    tag: str = ""
    group: int | None = None
    words: str = ""


def page(
    tx: Transaction, consultation: UUID, wanted: Narrowed, after: str = "", limit: int = PAGE
) -> list[Row]:
    """Opinions in the order of their receipts.

    :param after: the receipt the page starts after.
    """
    state = wanted.state if wanted.state in ("open", "withdrawn") else "standing"
    names = [
        state, *(name for name in ("tag", "words") if getattr(wanted, name)), *(["group"] if wanted.group is not None else []),
    ]  # fmt: skip
    sql = f"{_ROWS} WHERE {' AND '.join(_CONDITIONS[name] for name in names)} ORDER BY n.receipt LIMIT %(limit)s"
    rows = tx.raw.execute(
        sql,
        {
            "tenant": tx.tenant, "consultation": consultation, "after": after, "limit": limit, "tag": wanted.tag,
            "group": wanted.group, "words": wanted.words,
        },
    ).fetchall()  # fmt: skip
    return [_row(row) for row in rows]


def everything(tx: Transaction, consultation: UUID, wanted: Narrowed = Narrowed()) -> Iterator[Row]:
    """Every opinion of a list, read page by page."""
    after = ""
    while rows := page(tx, consultation, wanted, after, 1000):
        yield from rows
        after = rows[-1].receipt


def counts(tx: Transaction, consultation: UUID) -> Counts:
    """How many opinions there are."""
    row = tx.raw.execute(_COUNTS, (tx.tenant, consultation) * 2).fetchone()
    assert row is not None
    return Counts(*row)


def tags_in_use(tx: Transaction, consultation: UUID) -> dict[str, int]:
    """Tags and how many opinions carry them, the most used first."""
    rows = tx.raw.execute(
        "SELECT tag, count(*) FROM madoguchi.opinion_mark, unnest(tags) AS tag WHERE tenant = %s AND consultation_id = %s"
        " GROUP BY tag ORDER BY count(*) DESC, tag LIMIT 100",
        (tx.tenant, consultation),
    ).fetchall()
    return dict(rows)


def tags_of(tx: Transaction, consultation: UUID, receipt: str) -> tuple[str, ...]:
    """The tags of one opinion."""
    row = tx.raw.execute(
        "SELECT tags FROM madoguchi.opinion_mark WHERE tenant = %s AND consultation_id = %s AND receipt = %s",
        (tx.tenant, consultation, receipt),
    ).fetchone()
    return tuple(row[0]) if row else ()


def tag(
    tx: Transaction, clock: Clock, consultation: UUID, receipts: Sequence[str], tags: Sequence[str], by: str
) -> None:
    """Give opinions these tags, in place of those they had.

    :raises OpinionRefused: too many tags, or one too long.
    """
    wanted = list(dict.fromkeys(one.strip() for one in tags if one.strip()))
    if len(wanted) > MAX_TAGS or any(len(one) > MAX_TAG for one in wanted):
        raise OpinionRefused(
            "BAD_TAGS",
            f"分類は{MAX_TAGS}個まで、それぞれ{MAX_TAG}字までです。保存していません。減らすか短くしてください。",
        )
    tx.raw.execute(
        "INSERT INTO madoguchi.opinion_mark (tenant, consultation_id, receipt, tags, updated_by, updated_at)"
        " SELECT %s, %s, receipt, %s, %s, %s FROM unnest(%s::text[]) AS receipt"
        " ON CONFLICT (tenant, consultation_id, receipt) DO UPDATE SET tags = EXCLUDED.tags,"
        " updated_by = EXCLUDED.updated_by, updated_at = EXCLUDED.updated_at",
        (tx.tenant, consultation, wanted, by, clock.now(), list(dict.fromkeys(receipts))),
    )


def note_reading_of_name(
    tx: Transaction, clock: Clock, consultation: UUID, receipt: str, why: str, by: str
) -> None:
    """Keep who looked at a writer's name, when and why, before it is shown.

    :raises OpinionRefused: no reason.
    """
    if not why.strip():
        raise OpinionRefused(
            "NO_REASON", "氏名・連絡先を見る理由が要ります。表示していません。理由を書いてください。"
        )
    tx.raw.execute(
        "INSERT INTO madoguchi.opinion_name_reading (tenant, consultation_id, receipt, id, why, by_whom, at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (tx.tenant, consultation, receipt, new_id(), why.strip()[:200], by, clock.now()),
    )


def readings_of_name(tx: Transaction, consultation: UUID, receipt: str) -> list[tuple[datetime, str, str]]:
    """Who looked at a writer's name: when, who, why."""
    return tx.raw.execute(
        "SELECT at, by_whom, why FROM madoguchi.opinion_name_reading WHERE tenant = %s AND consultation_id = %s"
        " AND receipt = %s ORDER BY at DESC",
        (tx.tenant, consultation, receipt),
    ).fetchall()


def has_name(tx: Transaction, consultation: UUID, receipt: str) -> bool:
    """Whether a name or contact was given; says nothing about which."""
    row = tx.raw.execute(
        "SELECT 1 FROM madoguchi.opinion WHERE tenant = %s AND consultation_id = %s AND receipt = %s"
        " AND personal IS NOT NULL LIMIT 1",
        (tx.tenant, consultation, receipt),
    ).fetchone()
    return row is not None


def bodies(tx: Transaction, consultation: UUID, receipts: Sequence[str]) -> Mapping[str, str]:
    """The texts of some opinions as they stand, by receipt."""
    rows: list[tuple[Any, ...]] = tx.raw.execute(
        "SELECT DISTINCT ON (receipt) receipt, body FROM madoguchi.opinion WHERE tenant = %s AND consultation_id = %s"
        " AND receipt = ANY(%s) ORDER BY receipt, revision DESC",
        (tx.tenant, consultation, list(receipts)),
    ).fetchall()
    return dict(rows)


def copies(tx: Transaction, consultation: UUID, rows: Sequence[Row]) -> Mapping[str, str]:
    """The newest redacted copy of each of these opinions as it stands, by receipt; those without one are left out."""
    found: list[tuple[Any, ...]] = tx.raw.execute(
        "SELECT DISTINCT ON (c.receipt) c.receipt, c.body FROM madoguchi.opinion_redaction AS c"
        " JOIN unnest(%s::text[], %s::int[]) AS n (receipt, revision) ON n.receipt = c.receipt AND n.revision = c.revision"
        " WHERE c.tenant = %s AND c.consultation_id = %s ORDER BY c.receipt, c.seq DESC",
        ([one.receipt for one in rows], [one.revision for one in rows], tx.tenant, consultation),
    ).fetchall()
    return dict(found)


def places_of(tx: Transaction, consultation: UUID, receipts: Sequence[str]) -> list[str]:
    """The items some opinions are about, the most named first."""
    rows = tx.raw.execute(
        "SELECT place, count(*) FROM (SELECT DISTINCT ON (receipt) receipt, places FROM madoguchi.opinion WHERE tenant = %s"
        " AND consultation_id = %s AND receipt = ANY(%s) ORDER BY receipt, revision DESC) AS o, unnest(o.places) AS place"
        " GROUP BY place ORDER BY count(*) DESC, place LIMIT 20",
        (tx.tenant, consultation, list(receipts)),
    ).fetchall()
    return [row[0] for row in rows]


def _row(row: tuple[Any, ...]) -> Row:
    receipt, revision, kind, head, length, places, at, tags, group, group_kind, lines, has_copy = row
    return Row(
        receipt, revision, kind, head, length, tuple(places), at, tuple(tags), group, group_kind, tuple(lines or ()), has_copy
    )  # fmt: skip

"""The opinions of a consultation as Excel, made by a job: any number of them, in parts that a spreadsheet still opens.

What the parts hold is what stood when they were made. Opinions change and are withdrawn, so the parts go after a day.

A wish is known by its moment, and a job by its wish: the list gives a job to a second worker when the first seems dead, and by then
somebody may have wished anew. Whoever writes says for which wish and since when, in the change that writes; who was overtaken stops.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from privacy_assessment.consultation import announcement, inbox
from privacy_assessment.consultation.export import as_workbook
from privacy_assessment.reading import read_document
from storage.clock import JAPAN, Clock
from storage.database import NOWHERE, Database, Scope, Transaction
from storage.jobs import defer

TASK = "consultation.sheets"
SWEEP = "consultation.sheets_sweep"
LIFE = timedelta(days=1)
# A dead worker's job is done by another; but one that was given up, or could not even say that it failed, leaves its wish unanswered, and
# that does not block the next for ever.
LOST = timedelta(minutes=30)
PAGE = 200
# Of one part: what a spreadsheet opens without pain, and what a process holds at once.
MOST_ROWS = 5_000
MOST_CHARACTERS = 3_000_000
WIDTHS = (18, 18, 6, 24, 80, 16, 10, 12, 60)
COLUMNS = len(WIDTHS)


@dataclass(frozen=True, slots=True)
class Part:
    """One file: its number from 1, the first and the last receipt, how many opinions, how many bytes."""

    part: int
    first: str
    last: str
    opinions: int
    size: int


@dataclass(frozen=True, slots=True)
class Sheets:
    """How far the files are.

    :param state: ``none``, ``waiting``, ``making``, ``ready`` or ``failed``. :param done: opinions written, of ``total``.
    """

    state: str = "none"
    done: int = 0
    total: int = 0
    made_at: datetime | None = None
    parts: tuple[Part, ...] = ()

    @property
    def under_way(self) -> bool:
        """Whether somebody is at it."""
        return self.state in ("waiting", "making")


def ask(tx: Transaction, clock: Clock, consultation: UUID, head: Sequence[str], by: str) -> bool:
    """Have the files made of what stands now; what was made before goes. Returns False while they are being made.

    :param head: names of the columns in the language of the person.
    """
    now, total = clock.now(), inbox.counts(tx, consultation).standing
    row = tx.raw.execute(
        "INSERT INTO madoguchi.opinion_sheets AS s (tenant, consultation_id, state, total, head, asked_by, asked_at)"
        " VALUES (%s, %s, 'waiting', %s, %s, %s, %s) ON CONFLICT (tenant, consultation_id) DO UPDATE SET state = 'waiting', done = 0,"
        " total = EXCLUDED.total, head = EXCLUDED.head, asked_by = EXCLUDED.asked_by, made_at = NULL,"
        # Never the moment of another wish, whatever the clocks of two machines say.
        " asked_at = greatest(EXCLUDED.asked_at, s.asked_at + interval '1 microsecond')"
        " WHERE s.state IN ('ready', 'failed') OR s.asked_at < %s RETURNING asked_at",
        (tx.tenant, consultation, total, list(head), by, now, now - LOST),
    ).fetchone()
    if row is None:
        return False
    wish = row[0].isoformat()
    lock = f"{TASK}:{consultation}:{wish}"
    defer(tx, TASK, lock=lock, tenant=tx.tenant, consultation=str(consultation), wish=wish)
    return True


def standing(tx: Transaction, clock: Clock, consultation: UUID) -> Sheets:
    """How far the files are, and which there are. A wish that was lost has failed for whoever waits."""
    row = tx.raw.execute(
        "SELECT state, done, total, made_at, asked_at FROM madoguchi.opinion_sheets WHERE tenant = %s AND consultation_id = %s",
        (tx.tenant, consultation),
    ).fetchone()
    if row is None or (row[3] is not None and row[3] + LIFE <= clock.now()):
        return Sheets()
    if row[0] != "ready":
        return Sheets("failed" if row[4] < clock.now() - LOST else row[0], row[1], row[2])
    parts = tx.raw.execute(
        "SELECT part, first, last, opinions, octet_length(content) FROM madoguchi.opinion_sheet WHERE tenant = %s"
        " AND consultation_id = %s ORDER BY part",
        (tx.tenant, consultation),
    ).fetchall()
    return Sheets("ready", row[1], row[2], row[3], tuple(Part(*one) for one in parts))


def content(tx: Transaction, clock: Clock, consultation: UUID, part: int) -> bytes | None:
    """One file, or None when it is not there (any more)."""
    row = tx.raw.execute(
        "SELECT p.content FROM madoguchi.opinion_sheet AS p JOIN madoguchi.opinion_sheets AS s ON s.tenant = p.tenant"
        " AND s.consultation_id = p.consultation_id AND s.state = 'ready' WHERE p.tenant = %s AND p.consultation_id = %s"
        " AND p.part = %s AND p.expires_at > %s",
        (tx.tenant, consultation, part, clock.now()),
    ).fetchone()
    return None if row is None else bytes(row[0])


def make(database: Database, clock: Clock, tenant: str, consultation: UUID, wish: datetime) -> str:
    """Make the files (worker). Doing it twice, even at once, does no harm: the later one makes them.

    :param wish: when they were asked for.
    :returns: ``ready``, or ``gone`` when nobody waits for them any more or another makes them.
    """
    scope = Scope(tenant=tenant)
    with database.transaction(scope) as tx:
        row = tx.raw.execute(
            "UPDATE madoguchi.opinion_sheets SET state = 'making', done = 0,"
            " made_at = greatest(%s, made_at + interval '1 microsecond')"
            " WHERE tenant = %s AND consultation_id = %s AND asked_at = %s AND state IN ('waiting', 'making') RETURNING head, made_at",
            (clock.now(), tenant, consultation, wish),
        ).fetchone()
        if row is None:
            return "gone"
        tx.raw.execute(
            "DELETE FROM madoguchi.opinion_sheet WHERE tenant = %s AND consultation_id = %s",
            (tenant, consultation),
        )
    head, begun = row
    done = 0
    for part, lines in enumerate(_parts(database, scope, consultation), 1):
        made = as_workbook([tuple(head), *lines], "opinions", WIDTHS)
        done += len(lines)
        with database.transaction(scope) as tx:
            # First: it holds the row, so that nobody wishes anew between this and the part.
            if not _note(tx, consultation, wish, begun, "making", done, begun):
                return "gone"
            tx.raw.execute(
                "INSERT INTO madoguchi.opinion_sheet (tenant, consultation_id, part, first, last, opinions, content, expires_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                (tenant, consultation, part, lines[0][0] if lines else "", lines[-1][0] if lines else "", len(lines), made,
                 clock.now() + LIFE),
            )  # fmt: skip
    with database.transaction(scope) as tx:
        return "ready" if _note(tx, consultation, wish, begun, "ready", done, clock.now()) else "gone"


def fail(database: Database, clock: Clock, tenant: str, consultation: UUID, wish: datetime) -> None:
    """Note that the files of this wish could not be made, so that somebody can ask again (worker)."""
    with database.transaction(Scope(tenant=tenant)) as tx:
        tx.raw.execute(
            "UPDATE madoguchi.opinion_sheets SET state = 'failed', done = 0, made_at = %s WHERE tenant = %s AND consultation_id = %s"
            " AND asked_at = %s AND state IN ('waiting', 'making')",
            (clock.now(), tenant, consultation, wish),
        )


def sweep(database: Database) -> int:
    """Delete what has expired, in every office (worker). Returns how many files went."""
    with database.transaction() as tx:
        return tx.raw.execute("DELETE FROM madoguchi.opinion_sheet WHERE expires_at < now()").rowcount


def _note(
    tx: Transaction, consultation: UUID, wish: datetime, begun: datetime, state: str, done: int, at: datetime
) -> bool:
    """Say how far the making is that began then. Returns False when it is no longer the one that is under way.

    :param begun: until the files are ready, ``made_at`` says when the making began.
    """
    return (
        tx.raw.execute(
            "UPDATE madoguchi.opinion_sheets SET state = %s, done = %s, made_at = %s WHERE tenant = %s AND consultation_id = %s"
            " AND asked_at = %s AND state = 'making' AND made_at = %s",
            (state, done, at, tx.tenant, consultation, wish, begun),
        ).rowcount
        == 1
    )


def _parts(database: Database, scope: Scope, consultation: UUID) -> Iterator[list[tuple[str, ...]]]:
    """The lines of each file; one without lines when there is no opinion."""
    lines: list[tuple[str, ...]] = []
    characters, parts = 0, 0
    for line in _lines(database, scope, consultation):
        size = sum(map(len, line))
        if lines and (len(lines) >= MOST_ROWS or characters + size > MOST_CHARACTERS):
            yield lines
            lines, characters, parts = [], 0, parts + 1
        lines.append(line)
        characters += size
    if lines or not parts:
        yield lines


def _lines(database: Database, scope: Scope, consultation: UUID) -> Iterator[tuple[str, ...]]:
    """Every opinion that stands, read page by page; no transaction is open while a file is written."""
    assert scope.tenant is not None
    (texts,) = database.read(NOWHERE, announcement.text_of(scope.tenant, consultation))
    places = {}
    if texts:
        text = announcement.read_rendering(texts[0][0])
        # How items are cited are the form's own words; no language of the screen changes them.
        places = read_document(text.document, text.form, "ja", texts=text.texts, gaps=text.gaps).by_place
    after = ""
    while True:
        with database.transaction(scope) as tx:
            rows = inbox.page(tx, consultation, inbox.Narrowed(), after, PAGE)
            receipts = [one.receipt for one in rows]
            bodies, copies = inbox.bodies(tx, consultation, receipts), inbox.copies(tx, consultation, rows)
        if not rows:
            return
        for one in rows:
            yield (
                one.receipt, one.at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M"), str(one.revision),
                "、".join(places[place].address if place in places else place for place in one.places),
                bodies[one.receipt], "、".join(one.tags), str(one.group or ""), "、".join(map(str, one.lines)),
                copies.get(one.receipt, ""),
            )  # fmt: skip
        after = rows[-1].receipt

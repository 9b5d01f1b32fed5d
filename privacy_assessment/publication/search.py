"""Looking for published statements: by words anywhere in them and by what they say of themselves.

A page costs the same wherever it is: the index of character pairs gives the candidates in order, longer words are looked for again in the
text itself until the page is full, and never in more than a fixed number of candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from privacy_assessment.publication.folding import Part, Query, snippet
from storage.database import Scope, Statement

PAGE = 20
# Candidates looked at for one page: bounds the work for words whose pairs are common and which are themselves rare.
CANDIDATES = 120
# Of a long item only this much around the words comes out of the database.
BEFORE, WINDOW = 500, 2_000
# A word is asked of the index of pairs and of nothing else (see CURRENT), and each question is planned for its own words.
PLAN: Statement = (
    "SELECT set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)",
    (),
)
# The condition of the index of pairs, written as in its definition; and that of all other indexes.
CURRENT = {True: "p.current::int = 1", False: "p.current"}
# ``date``: the newest first. ``name``: those whose title has all the words come first, each part by date.
ORDERS = ("date", "name")
# A title as it is compared, as far as the database folds like ``fold``.
_TITLE = (
    " CROSS JOIN LATERAL (SELECT replace(lower(normalize(p.title, NFKC)), ' ', '') AS title OFFSET 0) AS n"
)
STATES = ("consulting", "consulted", "published", "amended", "ended")
_STATE_SQL = {
    "consulting": "p.stage = 'consulted' AND p.shown_on <= %(today)s AND p.closes >= %(today)s",
    "consulted": "p.stage = 'consulted' AND p.closes < %(today)s",
    "published": "p.stage = 'published' AND p.ended_on IS NULL AND p.publication = 'first'",
    "amended": "p.stage = 'published' AND p.ended_on IS NULL AND p.publication = 'amended'",
    "ended": "p.stage = 'published' AND p.ended_on IS NOT NULL",
}


@dataclass(frozen=True)
class Filters:
    """What the results are narrowed to; None: not narrowed.

    :param prefecture: the first two digits of the municipality's code. :param state: one of ``STATES``.
    """

    prefecture: str | None = None
    tenant: str | None = None
    affair: str | None = None
    kind: str | None = None
    state: str | None = None
    since: date | None = None
    until: date | None = None
    network: bool | None = None
    entrusted: bool | None = None
    incident: bool | None = None

    def conditions(self, query: Query) -> tuple[list[str], dict[str, Any]]:
        """SQL conditions and their values; the caller adds ``today``, because what begins later is not found yet."""
        found, values = [CURRENT[bool(query.words)], "p.shown_on <= %(today)s"], {}
        for name in ("tenant", "kind", "network", "entrusted", "incident"):
            if (value := getattr(self, name)) is not None:
                found.append(f"p.{name} = %({name})s")
                values[name] = value
        if self.prefecture is not None:
            found.append("p.tenant BETWEEN %(prefecture)s AND %(prefecture)s || '9999'")
            values["prefecture"] = self.prefecture
        if self.affair is not None:
            found.append("p.affairs @> ARRAY[%(affair)s]")
            values["affair"] = self.affair
        if self.since is not None:
            found.append("p.shown_on >= %(since)s")
            values["since"] = self.since
        if self.until is not None:
            found.append("p.shown_on <= %(until)s")
            values["until"] = self.until
        if self.state is not None:
            found.append(_STATE_SQL[self.state])
        return found, values


# Day, tenant, body, number and stage; in the order of names with 0 (the title has the words) or 1 before them.
Key = tuple[str, ...]


@dataclass(frozen=True)
class Hit:
    """One statement found.

    :param stage: ``published`` or ``consulted``. :param anchor: where the words stand: ``form4#III-2-r1``; empty without words.
    :param rank: in the order of names 0 when the title has the words, else 1; None in the order of dates.
    """

    tenant: str
    body: str
    number: str
    stage: str
    ordinal: int
    title: str
    body_name: str
    kind: str
    publication: str
    shown_on: date
    closes: date | None
    ended_on: date | None
    affairs: tuple[str, ...]
    address: str
    anchor: str
    parts: tuple[Part, ...]
    rank: int | None = None

    @property
    def key(self) -> Key:
        """Its place in the list."""
        key = (self.shown_on.isoformat(), self.tenant, self.body, self.number, self.stage)
        return key if self.rank is None else (str(self.rank), *key)

    def state(self, today: date) -> str:
        """One of ``STATES``."""
        if self.stage == "consulted":
            return "consulting" if self.closes is not None and self.closes >= today else "consulted"
        if self.ended_on is not None:
            return "ended"
        return "amended" if self.publication == "amended" else "published"


@dataclass(frozen=True)
class Found:
    """A page of results.

    :param count: how many there are; an upper bound when not ``exact``.
    :param after: key of the next page, or None. :param partial: not every candidate of this page was looked at.
    """

    hits: tuple[Hit, ...]
    count: int
    exact: bool
    after: Key | None
    partial: bool


def page_statement(
    query: Query, filters: Filters, after: Key | None, today: date, size: int = PAGE, order: str = "date"
) -> Statement:
    """The statement for one page: one row more than the page, when there is one."""
    where, values = filters.conditions(query)
    values |= {
        "today": today,
        "size": size + 1,
        "candidates": CANDIDATES,
        "before": BEFORE,
        "window": WINDOW,
    }
    rank, title = _rank(query, order, values)
    where += token_conditions(query, values) + after_conditions(after, values, rank)
    long = [word for word in query.words if len(word) > 2]
    values["shown_word"] = shown = max(query.words, key=len, default="")
    checks = []
    for number, word in enumerate(long):
        values[f"word{number}"] = word
        checks.append("s.spot > 0" if word == shown else f"position(%(word{number})s IN p.folded) > 0")
    # The candidates are put in order first (OFFSET 0 keeps the planner from mixing the two), then looked at until the page is full.
    sql = (
        "SELECT p.tenant, p.body, p.number, p.stage, p.ordinal, p.title, p.body_name, p.kind, p.publication, p.shown_on, p.closes,"  # noqa: S608 - fixed names only
        " p.ended_on, p.affairs, w.address, w.anchor, w.line, c.rank"
        f" FROM (SELECT p.tenant, p.body, p.number, p.stage, p.ordinal, p.shown_on, {rank or 'NULL::int'} AS rank"
        f" FROM madoguchi.public_statement AS p{title}"
        f" WHERE {' AND '.join(where)} ORDER BY {rank + ',' if rank else ''} p.shown_on DESC, p.tenant, p.body, p.number, p.stage LIMIT"
        f" {'%(candidates)s' if checks else '%(size)s'}) AS c"
        " JOIN madoguchi.public_statement AS p USING (tenant, body, number, stage, ordinal)"
        f"{_where_words(query)}"
        f"{' WHERE ' + ' AND '.join(checks) if checks else ''}"
        " ORDER BY c.rank, c.shown_on DESC, c.tenant, c.body, c.number, c.stage LIMIT %(size)s"
    )
    return sql, values


def _where_words(query: Query) -> str:
    """The line in which the longest word stands. OFFSET 0 keeps each of these from being worked out more than once."""
    if not query.words:
        return " CROSS JOIN (SELECT '' AS address, '' AS anchor, '' AS line) AS w"
    return (
        " CROSS JOIN LATERAL (SELECT position(%(shown_word)s IN p.folded) AS spot OFFSET 0) AS s"
        " CROSS JOIN LATERAL (SELECT width_bucket(s.spot, p.starts) AS at OFFSET 0) AS b"
        " CROSS JOIN LATERAL (SELECT p.lines[b.at] AS line, s.spot - p.starts[b.at] AS within,"
        " p.starts[b.at + 1] - p.starts[b.at] AS folded OFFSET 0) AS l"
        # Folding drops spaces and line ends, mostly evenly: the words stand about as far along in the line as written.
        " CROSS JOIN LATERAL (SELECT p.addresses[b.at] AS address, p.anchors[b.at] AS anchor, substr(l.line, greatest(1,"
        " (l.within::float * greatest(1, length(l.line)::float / nullif(l.folded, 0)))::int - %(before)s), %(window)s) AS line) AS w"
    )


def last_candidate_statement(
    query: Query, filters: Filters, after: Key | None, today: date, order: str = "date"
) -> Statement:
    """The key of the last candidate that a page looks at; no row when it looked at all there are."""
    where, values = filters.conditions(query)
    values |= {"today": today, "skip": CANDIDATES - 1}
    rank, title = _rank(query, order, values)
    where += token_conditions(query, values) + after_conditions(after, values, rank)
    sql = (
        f"SELECT {rank or 'NULL::int'}, p.shown_on, p.tenant, p.body, p.number, p.stage"  # noqa: S608 - fixed names
        f" FROM madoguchi.public_statement AS p{title}"
        f" WHERE {' AND '.join(where)} ORDER BY {rank + ',' if rank else ''} p.shown_on DESC, p.tenant, p.body, p.number, p.stage OFFSET %(skip)s LIMIT 1"
    )
    return sql, values


def count_statement(query: Query, filters: Filters, today: date) -> Statement:
    """How many statements the index knows."""
    where, values = filters.conditions(query)
    values["today"] = today
    where += token_conditions(query, values)
    sql = f"SELECT count(*) FROM madoguchi.public_statement AS p WHERE {' AND '.join(where)}"  # noqa: S608 - fixed names only
    return sql, values


def search(
    database: Any,
    query: Query,
    filters: Filters,
    after: Key | None,
    today: date,
    size: int = PAGE,
    order: str = "date",
) -> Found:
    """One page of what is found.

    :param order: one of ``ORDERS``; without words names cannot fit, and it is that of dates.
    :param database: anything with ``read(scope, *statements)``; the tables are readable by anyone.
    """
    _, rows, counted = database.read(
        Scope(),
        PLAN,
        page_statement(query, filters, after, today, size, order),
        count_statement(query, filters, today),
    )
    hits = tuple(_hit(row, query) for row in rows[:size])
    following: Key | None = hits[-1].key if len(rows) > size else None
    partial = False
    if len(rows) <= size and any(len(word) > 2 for word in query.words) and counted[0][0] > CANDIDATES:
        _, last = database.read(Scope(), PLAN, last_candidate_statement(query, filters, after, today, order))
        if last:
            rank, day, *rest = last[0]
            following, partial = (*(() if rank is None else (str(rank),)), day.isoformat(), *rest), True
    exact = query.exact or (following is None and after is None)
    count = len(hits) if following is None and after is None else counted[0][0]
    return Found(hits, count, exact, following, partial)


def _hit(row: tuple[Any, ...], query: Query) -> Hit:
    tenant, body, number, stage, ordinal, title, body_name, kind, publication, *rest = row
    shown_on, closes, ended_on, affairs, address, anchor, line, rank = rest
    return Hit(
        tenant, body, number, stage, ordinal, title, body_name, kind, publication, shown_on, closes, ended_on,
        tuple(affairs), address or "", anchor or "", tuple(snippet(line, query.words)) if line else (), rank,
    )  # fmt: skip


def token_conditions(query: Query, values: dict[str, Any]) -> list[str]:
    """What the index is asked; adds its value to ``values``."""
    if not query.words:
        return []
    values["tokens"] = query.tokens
    return ["p.tokens @> %(tokens)s"]


def _rank(query: Query, order: str, values: dict[str, Any]) -> tuple[str, str]:
    """How far up a row comes in the order of names, and the title it is asked of; nothing in the order of dates."""
    if order != "name" or not query.words:
        return "", ""
    values |= {f"titled{number}": word for number, word in enumerate(query.words)}
    named = " AND ".join(f"position(%(titled{number})s IN n.title) > 0" for number in range(len(query.words)))
    return f"(NOT ({named}))::int", _TITLE


def after_conditions(after: Key | None, values: dict[str, Any], rank: str = "") -> list[str]:
    """Rows that come after a key; adds its values to ``values``.

    :param rank: the expression a row is ranked by before its date, if it is.
    """
    if after is None:
        return []
    if rank:
        values["key_rank"] = int(after[0])
        later = " AND ".join(after_conditions(after[1:], values))
        return [f"({rank} > %(key_rank)s OR {rank} = %(key_rank)s AND {later})"]
    names = ("key_day", "key_tenant", "key_body", "key_number", "key_stage")
    values |= dict(zip(names, after, strict=True))
    return [
        "p.shown_on <= %(key_day)s::date",
        (
            "(p.shown_on < %(key_day)s::date OR (p.tenant, p.body, p.number, p.stage) > (%(key_tenant)s, %(key_body)s, %(key_number)s,"
            " %(key_stage)s))"
        ),
    ]


def keyed(values: list[str | int] | None, query: Query, order: str = "date") -> Key | None:
    """A key as it came in an address.

    :raises ValueError: it is none of a list in this order.
    """
    if values is None:
        return None
    if not all(isinstance(one, str) and "\0" not in one for one in values):
        raise ValueError("not a key of this list")
    ranked = order == "name" and bool(query.words)
    rank, rest = (values[:1], values[1:]) if ranked else ([], values)
    if len(rest) != 5 or (ranked and rank[0] not in ("0", "1")):
        raise ValueError("not a key of this list")
    day, tenant, body, number, stage = map(str, rest)
    return (*map(str, rank), date.fromisoformat(day).isoformat(), tenant, body, number, stage)

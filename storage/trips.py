"""Several statements in one trip to the server, on one connection: what a page costs is mostly how it asks.

libpq's pipeline is driven directly: psycopg's own makes a cursor and three Python generators for each statement. Up to the
mark at its end a pipeline is one transaction of its own (PostgreSQL, "Pipelining" in the message flow), so what a first
statement sets for its transaction holds for those after it, all are done or none, and BEGIN and COMMIT need not be sent.
A transaction of several trips leaves the mark out until the last of them. After a failure the server passes over all that
follows up to the mark, and nothing is committed by it.
"""

from __future__ import annotations

import re
import select
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result

Statement = tuple[str, Sequence[Any] | dict[str, Any]]
Key = tuple[bytes, tuple[int, ...]]
Meanwhile = Callable[[], None]

KEPT_STATEMENTS = 200
_MARK = re.compile(r"%(?:(%)|s|\((\w+)\)s|.?)", re.DOTALL)


@lru_cache(maxsize=1024)
def numbered(sql: str) -> tuple[bytes, tuple[str | None, ...]]:
    """A statement with ``$1``, ``$2`` for its marks, and the names of those; ``%s`` has none.

    :raises psycopg.ProgrammingError: for a mark that is neither ``%s`` nor ``%(name)s`` nor ``%%``.
    """
    names: list[str | None] = []

    def number(found: re.Match[str]) -> str:
        if found[1]:
            return "%"
        name = found[2]
        if name is None and found[0] != "%s":
            raise psycopg.ProgrammingError(f"a statement has the unknown mark {found[0]!r}")
        if name is None or name not in names:
            names.append(name)
            return f"${len(names)}"
        return f"${names.index(name) + 1}"

    text = _MARK.sub(number, sql).encode()
    if None in names and any(names):
        raise psycopg.ProgrammingError("a statement has marks with names and marks without")
    return text, tuple(names)


class Trips:
    """Runs statements on one connection and remembers which of them the server has prepared.

    :param raw: a connection that one thread uses at a time.
    """

    failed_at: int
    """After an error of the server: which of the statements it was, counted from 0; their number for the commit itself; else -1."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw
        self._pgconn = raw.pgconn
        self._values = Transformer(raw)
        self._names: dict[Key, bytes] = {}
        self._made = self.failed_at = 0
        self._going = False
        self._readable = _poll(raw, select.POLLIN)
        self._both = _poll(raw, select.POLLIN | select.POLLOUT)

    def run(
        self, statements: Sequence[Statement], more: bool = False, meanwhile: Meanwhile | None = None
    ) -> list[list[tuple[Any, ...]]]:
        """Run them as one transaction, as the next part of the one that goes on, or within the one that somebody began.

        :param more: the transaction goes on with the next trip; without it, what goes on is committed.
        :param meanwhile: called once while the server works; when it raises, nobody knows what was done.
        :returns: for each statement its rows as tuples; none for one that gives none.
        :raises psycopg.Error: the first error; nothing was done, and what went on is undone. A transaction that somebody began
            has failed then.
        """
        first = not self._going and self._pgconn.transaction_status == pq.TransactionStatus.IDLE
        try:
            return self._run(statements, more, meanwhile)
        except InvalidSqlStatementName:
            # A rollback by psycopg makes the server forget what it has prepared. Nothing was done: ask again.
            self._names.clear()
            if not first:
                raise
            return self._run(statements, more)

    def rollback(self) -> None:
        """Undo the transaction that is open, if there is one; what the server has prepared stays."""
        if self._going:
            # What goes on becomes what BEGIN began. When the connection is lost meanwhile, it is undone all the same.
            with suppress(psycopg.Error):
                self._run((("BEGIN", ()), ("ROLLBACK", ())), more=False)
        elif self._pgconn.transaction_status in (pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR):
            self._pgconn.exec_(b"ROLLBACK")

    def _run(
        self, statements: Sequence[Statement], more: bool, meanwhile: Meanwhile | None = None
    ) -> list[list[tuple[Any, ...]]]:
        # Of none, until the server says so: a value may be refused before anything is sent.
        self.failed_at = -1
        ready = [self._ready(statement) for statement in statements]
        try:
            if not self._going:
                self._pgconn.enter_pipeline_mode()
                self._going = True
            answers = [answer for one in ready for answer in self._send(*one)]
            if more:
                self._pgconn.send_flush_request()
            else:
                self._pgconn.pipeline_sync()
            self._flush()
            if meanwhile is not None:
                meanwhile()
            rows, error = self._receive(answers, more)
        except BaseException:
            self._raw.close()  # what is still on its way must not be taken for the answer to the next question
            raise
        if error is not None:
            raise error
        return rows

    def _ready(self, statement: Statement) -> tuple[Key, Sequence[Any], Sequence[pq.Format]]:
        """A statement as libpq takes it: text with types, values, formats."""
        sql, given = statement
        text, names = numbered(sql)
        values = [given[name] for name in names if name] if isinstance(given, dict) else given
        if len(values) != len(names):
            raise psycopg.ProgrammingError(
                f"a statement has {len(names)} marks and was given {len(values)} values"
            )
        if not values:
            return (text, ()), (), ()
        dumped = self._values.dump_sequence(values, [PyFormat.AUTO] * len(values))
        return (text, self._values.types or ()), dumped, self._values.formats or ()

    def _send(
        self, key: Key, values: Sequence[Any], formats: Sequence[pq.Format]
    ) -> list[tuple[bytes, Key] | None]:
        """Put one statement on its way.

        :returns: for each answer to come: what it says has been prepared, None for the answer of the statement itself.
        """
        name = self._names.get(key)
        if name is not None:
            self._pgconn.send_query_prepared(name, values, formats)
            return [None]
        if len(self._names) >= KEPT_STATEMENTS:
            self._pgconn.send_query_params(key[0], values, key[1], formats)
            return [None]
        self._made += 1
        name = b"trip_%d" % self._made
        self._pgconn.send_prepare(name, *key)
        self._pgconn.send_query_prepared(name, values, formats)
        return [(name, key), None]

    def _receive(
        self, answers: Sequence[tuple[bytes, Key] | None], more: bool
    ) -> tuple[list[list[tuple[Any, ...]]], psycopg.Error | None]:
        """Take in every answer; unless there is more to come, and after an error, up to the mark at the end of the transaction."""
        rows: list[list[tuple[Any, ...]]] = []
        error: psycopg.Error | None = None
        for prepared in answers:
            result = self._result()
            status = result.status
            if status == pq.ExecStatus.TUPLES_OK:
                self._values.set_pgresult(result)
                rows.append(self._values.load_rows(0, result.ntuples, tuple))
            elif status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.EMPTY_QUERY):
                if prepared is not None:
                    self._names[prepared[1]] = prepared[0]
                else:
                    rows.append([])
            elif error is None and status != pq.ExecStatus.PIPELINE_ABORTED:
                error, self.failed_at = error_from_result(result), len(rows)
        if more and error is None:
            return rows, None
        if more:
            self._pgconn.pipeline_sync()
            self._flush()
        result = self._result()
        while result.status != pq.ExecStatus.PIPELINE_SYNC:  # the commit itself was refused
            if error is None:
                error, self.failed_at = error_from_result(result), len(rows)
            result = self._result()
        self._pgconn.exit_pipeline_mode()
        self._going = False
        return rows, error

    def _result(self) -> pq.abc.PGresult:
        """The next answer, waited for without holding other threads up; the empty one that closes the last is skipped."""
        pgconn = self._pgconn
        for _ in range(2):
            while pgconn.is_busy():
                self._readable.poll()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is not None:
                return result
        raise psycopg.OperationalError("the database gave no answer: " + pgconn.get_error_message())

    def _flush(self) -> None:
        pgconn = self._pgconn
        while pgconn.flush():
            if self._both.poll()[0][1] & select.POLLIN:
                pgconn.consume_input()


def _poll(raw: psycopg.Connection[Any], events: int) -> select.poll:
    """What waits until the connection's socket is ready for one of ``events``."""
    poll = select.poll()
    poll.register(raw.pgconn.socket, events)
    return poll

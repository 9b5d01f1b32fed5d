"""Statements in one trip: one transaction, the connection whole again after every kind of failure, statements kept prepared."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Thread

import psycopg
import pytest

from storage.database import Scope
from storage.trips import KEPT_STATEMENTS, numbered

WRITE = (
    "INSERT INTO tenant_key (tenant, key_id, purpose, wrapped, created_at)"
    " VALUES (%(tenant)s, %(id)s, 'trip', '', %(at)s) RETURNING key_id"
)
COUNT = ("SELECT count(*) FROM tenant_key WHERE purpose = 'trip'", ())
AT = datetime(2026, 11, 22, tzinfo=UTC)


def test_marks_become_numbers():
    assert numbered("SELECT %s, '100%%', %s") == (b"SELECT $1, '100%', $2", (None, None))
    assert numbered("SELECT %(a)s, %(b)s, %(a)s") == (b"SELECT $1, $2, $1", ("a", "b"))


@pytest.mark.parametrize("sql", ["SELECT %d", "SELECT %", "SELECT %s, %(a)s"])
def test_an_unknown_mark_is_refused(sql):
    with pytest.raises(psycopg.ProgrammingError):
        numbered(sql)


@pytest.mark.parametrize("values", [(), (1, 2)])
def test_too_few_and_too_many_values_are_refused_before_anything_is_sent(databases, values):
    with pytest.raises(psycopg.ProgrammingError):
        databases.web.read(Scope(), ("SELECT %s::int", values))
    assert databases.web.read(Scope(), ("SELECT 7", ())) == [[(7,)]]


def test_all_statements_are_done_or_none(databases, tenant_a):
    scope = Scope(tenant=tenant_a)
    with pytest.raises(psycopg.errors.DivisionByZero):
        databases.worker.read(
            scope, (WRITE, {"tenant": tenant_a, "id": 901, "at": AT}), ("SELECT 1 / %s::int", (0,)), COUNT
        )
    assert databases.worker.read(scope, COUNT) == [[(0,)]]
    wrote, count = databases.worker.read(scope, (WRITE, {"tenant": tenant_a, "id": 902, "at": AT}), COUNT)
    assert (wrote, count) == ([(902,)], [(1,)])
    assert databases.worker.read(scope, COUNT) == [[(1,)]]


def test_a_scope_ends_with_the_trip(databases, tenant_a):
    setting = ("SELECT current_setting('madoguchi.tenant', true)", ())
    for _ in range(20):
        assert databases.web.read(Scope(tenant=tenant_a), setting) == [[(tenant_a,)]]
        assert databases.web.read(Scope(), setting)[0][0][0] in ("", None)


def test_a_statement_without_rows_gives_none(databases):
    assert databases.web.read(Scope(), ("SET LOCAL work_mem = '4MB'", ()), ("SELECT 7", ())) == [[], [(7,)]]


def test_what_the_server_forgot_is_prepared_again(databases, tenant_a):
    statement = ("SELECT current_setting('madoguchi.tenant'), %s::text", ("x",))
    scope = Scope(tenant=tenant_a)
    for _ in range(20):
        assert databases.web.read(scope, statement) == [[(tenant_a, "x")]]
        with databases.web.transaction(scope) as tx:
            assert tx.ask(statement) == [[(tenant_a, "x")]]
            with tx.raw.transaction(force_rollback=True):
                assert tx.ask(statement) == [[(tenant_a, "x")]]
            assert tx.ask(statement) == [[(tenant_a, "x")]]
        with databases.web.transaction() as tx:
            tx.raw.execute("DEALLOCATE ALL", prepare=False)


def test_a_lost_connection_is_replaced(databases):
    with databases.web.transaction() as tx:
        backend = tx.raw.info.backend_pid
    lost = False
    for _ in range(20):
        try:
            if databases.web.read(Scope(), ("SELECT pg_backend_pid()", ())) == [[(backend,)]]:
                databases.web.read(Scope(), ("SELECT pg_terminate_backend(pg_backend_pid())", ()))
        except psycopg.OperationalError:
            lost = True
    assert lost
    assert databases.web.read(Scope(), ("SELECT 7", ())) == [[(7,)]]


def test_large_questions_and_large_answers_pass_each_other(databases):
    large = "記" * 1_000_000
    answers = databases.web.read(Scope(), *(("SELECT %s::text", (large,)) for _ in range(5)))
    assert [rows[0][0] == large for rows in answers] == [True] * 5


def test_more_statements_than_are_kept(databases):
    statements = [(f"SELECT {number}", ()) for number in range(KEPT_STATEMENTS + 20)]
    for _ in range(2):
        assert databases.web.read(Scope(), *statements) == [[(number,)] for number in range(len(statements))]


def test_threads_do_not_mix_their_answers(databases):
    wrong: list[object] = []

    def ask(number: int) -> None:
        for _ in range(50):
            rows = databases.web.read(Scope(), ("SELECT %s::int", (number,)), ("SELECT %s::int", (-number,)))
            if rows != [[(number,)], [(-number,)]]:
                wrong.append(rows)

    threads = [Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_is_done_meanwhile_is_done_once_and_after_the_question_left(databases, tenant_a):
    done = []
    ask = ("SELECT 7", ())
    assert databases.worker.read(Scope(tenant=tenant_a), ask, meanwhile=lambda: done.append(1)) == [[(7,)]]
    assert done == [1]


def test_when_the_meantime_raises_the_connection_is_not_used_again(databases, tenant_a):
    def fail():
        raise ZeroDivisionError

    for _ in range(20):
        with pytest.raises(ZeroDivisionError):
            databases.worker.read(Scope(tenant=tenant_a), ("SELECT 8", ()), meanwhile=fail)
        assert databases.worker.read(Scope(tenant=tenant_a), ("SELECT 7", ())) == [[(7,)]]

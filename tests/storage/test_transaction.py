"""A transaction begins with its first trip and ends with its last: announced statements, views, errors, lost connections."""

from __future__ import annotations

from threading import Thread
from time import sleep

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage.database import BEGIN_SNAPSHOT, Database, Scope

ROW = "INSERT INTO tenant_key (tenant, key_id, purpose, wrapped, created_at) VALUES (%s, %s, 'transaction', '', now())"
COUNT = ("SELECT count(*) FROM tenant_key WHERE purpose = 'transaction' AND tenant = %s AND key_id = %s", ())


@pytest.fixture
def scope(tenant_a):
    return Scope(tenant=tenant_a)


def kept(databases, scope, number):
    """How many rows of this number were committed."""
    ((row,),) = databases.worker.read(scope, (COUNT[0], (scope.tenant, number)))
    return row[0]


class Told(Exception):
    pass


def test_what_is_announced_is_committed_with_the_transaction(databases, scope):
    with databases.worker.transaction(scope) as tx:
        tx.later((ROW, (scope.tenant, 1)))
        assert kept(databases, scope, 1) == 0
    assert kept(databases, scope, 1) == 1


def test_a_question_sees_what_was_announced_before_it(databases, scope):
    with databases.worker.transaction(scope) as tx:
        tx.later((ROW, (scope.tenant, 2)))
        assert tx.ask((COUNT[0], (scope.tenant, 2)), ("SELECT current_setting('madoguchi.tenant')", ())) == [
            [(1,)],
            [(scope.tenant,)],
        ]
        assert kept(databases, scope, 2) == 0
    assert kept(databases, scope, 2) == 1


def test_every_view_sees_what_was_announced_before_it(databases, scope):
    with databases.worker.transaction(scope) as tx:
        tx.later((ROW, (scope.tenant, 3)))
        assert tx.raw.execute(COUNT[0], (scope.tenant, 3)).fetchone() == (1,)
        assert (
            tx.connection.execute(text("SELECT current_setting('madoguchi.tenant')")).scalar() == scope.tenant
        )
        assert tx.session.connection() is tx.connection
        assert tx.ask((COUNT[0], (scope.tenant, 3))) == [[(1,)]]
        with pytest.raises(RuntimeError, match="view"):
            tx.later((ROW, (scope.tenant, 3)))
    assert kept(databases, scope, 3) == 1


def test_a_block_that_raises_leaves_nothing(databases, scope):
    with pytest.raises(Told), databases.worker.transaction(scope) as tx:
        tx.ask((ROW, (scope.tenant, 4)))
        tx.later((ROW, (scope.tenant, 5)))
        raise Told
    with pytest.raises(Told), databases.worker.transaction(scope) as tx:
        tx.connection.execute(text("SELECT 1"))
        tx.raw.execute(ROW, (scope.tenant, 4))
        raise Told
    assert kept(databases, scope, 4) == kept(databases, scope, 5) == 0


def test_several_trips_and_then_a_view_are_one_transaction(databases, scope):
    with databases.worker.transaction(scope) as tx:
        (((first,),),) = tx.ask(("SELECT pg_current_xact_id()::text", ()))
        tx.ask((ROW, (scope.tenant, 11)))
        tx.later((ROW, (scope.tenant, 12)))
        assert tx.ask(("SELECT pg_current_xact_id()::text", ())) == [[(first,)]]
        assert kept(databases, scope, 11) == kept(databases, scope, 12) == 0
        assert tx.connection.execute(text("SELECT pg_current_xact_id()::text")).scalar() == first
    assert kept(databases, scope, 11) == kept(databases, scope, 12) == 1
    with pytest.raises(Told), databases.worker.transaction(scope) as tx:
        tx.ask((ROW, (scope.tenant, 13)))
        tx.raw.execute(ROW, (scope.tenant, 14))
        raise Told
    assert kept(databases, scope, 13) == kept(databases, scope, 14) == 0


def test_who_passes_over_an_error_commits_nothing(databases, scope):
    with pytest.raises(psycopg.errors.InFailedSqlTransaction), databases.worker.transaction(scope) as tx:
        tx.ask((ROW, (scope.tenant, 15)))
        with pytest.raises(psycopg.errors.DivisionByZero):
            tx.ask(("SELECT 1/0", ()))
        tx.ask((ROW, (scope.tenant, 16)))
    with pytest.raises(psycopg.errors.InFailedSqlTransaction), databases.worker.transaction(scope) as tx:
        tx.ask((ROW, (scope.tenant, 15)))
        with pytest.raises(psycopg.errors.DivisionByZero):
            tx.ask(("SELECT 1/0", ()))
        tx.later((ROW, (scope.tenant, 16)))
    assert kept(databases, scope, 15) == kept(databases, scope, 16) == 0


def passed_over(tx, view):
    """An error of the database that the code of a block has caught, by whichever view it came."""
    with pytest.raises((psycopg.errors.DivisionByZero, DBAPIError)):
        {
            "raw": lambda: tx.raw.execute("SELECT 1/0"),
            "connection": lambda: tx.connection.execute(text("SELECT 1/0")),
            "session": lambda: tx.session.execute(text("SELECT 1/0")),
            "ask": lambda: tx.raw and tx.ask(("SELECT 1/0", ())),
        }[view]()


@pytest.mark.parametrize("view", ["raw", "connection", "session", "ask"])
def test_a_block_in_which_an_error_was_passed_over_never_ends_as_if_it_were_committed(databases, scope, view):
    with pytest.raises(psycopg.errors.InFailedSqlTransaction), databases.worker.transaction(scope) as tx:
        tx.ask((ROW, (scope.tenant, 21)))
        passed_over(tx, view)
    assert kept(databases, scope, 21) == 0


@pytest.mark.parametrize("undone", [lambda tx: tx.raw.rollback(), lambda tx: tx.session.rollback()])
def test_nor_does_one_that_was_undone_behind_its_back(databases, scope, undone):
    with pytest.raises(psycopg.errors.InFailedSqlTransaction), databases.worker.transaction(scope) as tx:
        tx.session.execute(text("SELECT 1"))
        tx.raw.execute(ROW, (scope.tenant, 22))
        undone(tx)
    assert kept(databases, scope, 22) == 0


def test_what_fails_within_a_savepoint_takes_back_that_alone(databases, scope):
    with databases.worker.transaction(scope) as tx:
        tx.ask((ROW, (scope.tenant, 23)))
        with pytest.raises(psycopg.errors.DivisionByZero), tx.raw.transaction():
            tx.raw.execute(ROW, (scope.tenant, 24))
            tx.raw.execute("SELECT 1/0")
    assert (kept(databases, scope, 23), kept(databases, scope, 24)) == (1, 0)


@pytest.mark.parametrize("value", ["\ud800", "\0", object()])
def test_who_passes_over_a_value_that_cannot_be_sent_commits_nothing(databases, scope, value):
    for first in (True, False):
        with (
            pytest.raises(psycopg.errors.InFailedSqlTransaction),
            databases.worker.transaction(scope) as tx,
        ):
            if first:
                tx.ask((ROW, (scope.tenant, 17)))
            tx.later((ROW, (scope.tenant, 18)), lambda _: Told())
            with pytest.raises((psycopg.Error, UnicodeError)):
                tx.ask(("SELECT %s::text", (value,)))
            tx.ask((ROW, (scope.tenant, 19)))
    assert [kept(databases, scope, number) for number in (17, 18, 19)] == [0, 0, 0]


def test_an_empty_statement_gives_no_rows_and_ends_nothing(databases, scope):
    with pytest.raises(Told), databases.worker.transaction(scope) as tx:
        tx.ask((ROW, (scope.tenant, 20)))
        assert tx.ask(("", ()), ("SELECT 7", ())) == [[], [(7,)]]
        raise Told
    assert kept(databases, scope, 20) == 0


def test_a_connection_lost_between_two_trips_leaves_nothing(databases, scope):
    with pytest.raises(Told), databases.worker.transaction(scope) as tx:
        ((backend,),) = tx.ask((ROW, (scope.tenant, 17)), ("SELECT pg_backend_pid()", ()))[1]
        with psycopg.connect(databases.admin_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
        raise Told
    with pytest.raises(psycopg.OperationalError), databases.worker.transaction(scope) as tx:
        ((backend,),) = tx.ask((ROW, (scope.tenant, 17)), ("SELECT pg_backend_pid()", ()))[1]
        with psycopg.connect(databases.admin_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
        tx.later((ROW, (scope.tenant, 18)))
    assert kept(databases, scope, 17) == 0


def test_an_announced_statement_that_fails_takes_everything_back_and_says_why(databases, scope):
    with pytest.raises(Told) as raised, databases.worker.transaction(scope) as tx:
        tx.ask((ROW, (scope.tenant, 6)))
        tx.later((ROW, (scope.tenant, 7)))
        tx.later((ROW, (scope.tenant, 6)), lambda error: Told())
        tx.later((ROW, (scope.tenant, 8)), lambda error: Told("another"))
    assert isinstance(raised.value.__cause__, psycopg.errors.UniqueViolation)
    assert raised.value.args == ()
    assert [kept(databases, scope, number) for number in (6, 7, 8)] == [0, 0, 0]


def test_an_error_that_is_not_explained_stays_what_it_is(databases, scope):
    with pytest.raises(psycopg.errors.DivisionByZero), databases.worker.transaction(scope) as tx:
        tx.later((ROW, (scope.tenant, 9)), lambda error: Told())
        tx.ask(("SELECT 1 / %s::int", (0,)))
    with pytest.raises(psycopg.errors.DivisionByZero), databases.worker.transaction(scope) as tx:
        tx.later(("SELECT 1 / %s::int", (0,)), lambda error: None)
    assert kept(databases, scope, 9) == 0


def test_a_commit_that_is_refused_is_an_error(databases, scope):
    with databases.migrator.transaction() as tx:
        tx.raw.execute(
            "CREATE TABLE madoguchi.later_check (id int PRIMARY KEY, of int REFERENCES madoguchi.later_check"
            " DEFERRABLE INITIALLY DEFERRED); GRANT ALL ON madoguchi.later_check TO madoguchi_worker"
        )
    orphan = ("INSERT INTO madoguchi.later_check VALUES (1, 2)", ())
    for _ in range(2):
        with pytest.raises(psycopg.errors.ForeignKeyViolation), databases.worker.transaction(scope) as tx:
            tx.later(orphan)
        with pytest.raises(psycopg.errors.ForeignKeyViolation), databases.worker.transaction(scope) as tx:
            tx.raw.execute(*orphan)
    assert databases.worker.read(scope, ("SELECT count(*) FROM madoguchi.later_check", ())) == [[(0,)]]


def test_after_an_error_the_next_transaction_is_whole(databases, scope):
    for how in ("ask", "later", "raw"):
        for _ in range(3):
            with pytest.raises(psycopg.errors.DivisionByZero), databases.worker.transaction(scope) as tx:
                if how == "raw":
                    tx.raw.execute("SELECT 1/0")
                else:
                    getattr(tx, how)(("SELECT 1/0", ()))
            with databases.worker.transaction(scope) as tx:
                assert tx.ask(("SELECT current_setting('madoguchi.tenant')", ())) == [[(scope.tenant,)]]


def test_a_snapshot_does_not_see_what_comes_after_it(databases, scope):
    with databases.worker.transaction(scope, begin=BEGIN_SNAPSHOT) as tx:
        assert tx.ask((COUNT[0], (scope.tenant, 10))) == [[(0,)]]
        with databases.worker.transaction(scope) as other:
            other.raw.execute(ROW, (scope.tenant, 10))
        assert tx.raw.execute(COUNT[0], (scope.tenant, 10)).fetchone() == (0,)
    assert kept(databases, scope, 10) == 1


def test_when_the_server_ended_every_connection_the_next_but_one_works(databases, scope):
    for _ in range(3):
        with databases.worker.transaction(scope) as one, databases.worker.transaction(scope) as other:
            assert one.ask(("SELECT 1", ())) == other.ask(("SELECT 1", ()))
        with psycopg.connect(databases.admin_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'madoguchi-worker'"
                " AND datname = current_database()"
            )
        with pytest.raises(psycopg.OperationalError), databases.worker.transaction(scope) as tx:
            tx.ask(("SELECT 1", ()))
        with databases.worker.transaction(scope) as tx:
            assert tx.ask(("SELECT 7", ())) == [[(7,)]]


def test_a_connection_lost_under_an_orm_session_is_replaced(databases, scope):
    with databases.worker.transaction(scope) as tx:
        tx.session.execute(text("SELECT 1"))
    with pytest.raises((DBAPIError, psycopg.OperationalError)), databases.worker.transaction(scope) as tx:
        backend = tx.session.execute(text("SELECT pg_backend_pid()")).scalar()
        with psycopg.connect(databases.admin_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
        tx.session.execute(text("SELECT 1"))
    with databases.worker.transaction(scope) as tx:
        assert tx.session.execute(text("SELECT 7")).scalar() == 7


def test_more_threads_than_connections_take_turns(databases, scope):
    database = Database(databases.url("worker"), "worker", pool_size=1)
    wrong = []

    def work(number):
        for _ in range(10):
            with database.transaction(scope) as tx:
                if tx.ask(("SELECT %s::int, pg_sleep(0.001)", (number,)))[0][0][0] != number:
                    wrong.append(number)

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg.connect(databases.admin_url, autocommit=True) as admin:
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
        before = admin.execute(count, ("madoguchi-worker",)).fetchone()[0]
        database.close()
        for _ in range(100):
            if admin.execute(count, ("madoguchi-worker",)).fetchone()[0] < before:
                break
            sleep(0.05)
        after = admin.execute(count, ("madoguchi-worker",)).fetchone()[0]
    assert wrong == []
    assert 0 < before - after <= 2
    with database.transaction(scope) as tx:
        assert tx.ask(("SELECT 7", ())) == [[(7,)]]
    database.close()


def test_when_all_connections_stay_in_use_the_next_one_is_told(databases, scope, monkeypatch):
    monkeypatch.setattr("storage.database.WAIT_FOR_CONNECTION", 0.05)
    database = Database(databases.url("worker"), "worker", pool_size=1)
    with (
        database.transaction(scope),
        database.transaction(scope),
        pytest.raises(TimeoutError, match="in use"),
    ):
        database.read(scope, ("SELECT 1", ()))
    assert database.read(scope, ("SELECT 7", ())) == [[(7,)]]
    database.close()

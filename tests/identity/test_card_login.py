"""A card login end to end over the database: what opens a session, and all that does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from psycopg import Connection

from portal.identity.card.reasons import CardReason, CardRefused
from portal.identity.limits import limits
from portal.identity.secrets import digest
from portal.identity.sessions import identity_from_row, session_statement
from sandbox.pki import Pki
from storage.clock import FixedClock
from storage.database import NOWHERE
from tests.conftest import Databases
from tests.identity.desk import ELSEWHERE, HOME, Desk, make_desk
from tests.pki.world import NOW, SoftCard, card, spare_key


@pytest.fixture
def desk(pki: Pki, databases: Databases, clock: FixedClock) -> Iterator[Desk]:
    yield make_desk(pki, databases.web, clock)
    with databases.worker.transaction() as tx:
        tx.raw.execute("DELETE FROM identity.throttle")


@pytest.fixture
def good(pki: Pki) -> SoftCard:
    return card(pki.auth)


def admin(databases: Databases) -> Connection:
    return Connection.connect(databases.admin_url)


def refused(action) -> CardReason:  # type: ignore[no-untyped-def]
    with pytest.raises(CardRefused) as caught:
        action()
    return caught.value.reason


def test_a_good_card_opens_a_session_of_a_resident(desk: Desk, good: SoftCard) -> None:
    finished = desk.login(good)
    ((row,),) = [desk.database.read(NOWHERE, session_statement(finished.token, desk.clock.now()))[0]]
    identity = identity_from_row(row)
    assert (identity.kind, identity.account_id, identity.method) == ("resident", finished.account, "card")
    assert identity.addressees == ()
    assert not identity.bound


def test_the_same_card_comes_back_to_the_same_account(desk: Desk, good: SoftCard, pki: Pki) -> None:
    assert desk.login(good).account == desk.login(good).account
    assert desk.login(card(pki.auth)).account != desk.login(good).account


def test_a_first_login_defers_one_job_that_names_no_person(
    desk: Desk, good: SoftCard, databases: Databases
) -> None:
    finished = desk.login(good)
    with admin(databases) as connection:
        rows = connection.execute(
            "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'identity.bind_account'"
            " AND args->>'account' = %s",
            (str(finished.account),),
        ).fetchall()
    assert len(rows) == 1
    assert set(rows[0][0]) == {"account", "session"}


def test_the_secret_is_not_in_the_database(desk: Desk, good: SoftCard, databases: Databases) -> None:
    started = desk.start()
    desk.answer(started, good)
    finished = desk.desk.finish(started.entry)
    assert finished
    with admin(databases) as connection:
        text = str(connection.execute("SELECT * FROM identity.session").fetchall())
        text += str(connection.execute("SELECT * FROM identity.challenge").fetchall())
    for secret in (finished.token, started.entry, started.code):
        assert secret not in text
    assert str(digest(finished.token)) in text


def test_the_certificate_and_its_opaque_name_are_not_kept(
    desk: Desk, good: SoftCard, databases: Databases
) -> None:
    desk.login(good)
    name = good.certificate.subject.rdns[-1].rfc4514_string().removeprefix("CN=")
    with admin(databases) as connection:
        tables = [
            r[0] for r in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'identity'")
        ]
        everything = "".join(
            str(connection.execute(f"SELECT * FROM identity.{t}").fetchall()) for t in tables
        )
        everything += str(connection.execute("SELECT args FROM jobs.procrastinate_jobs").fetchall())
    assert name not in everything


def test_a_challenge_opens_one_session_only(desk: Desk, good: SoftCard) -> None:
    started = desk.start()
    desk.answer(started, good)
    assert desk.desk.finish(started.entry)
    assert desk.desk.finish(started.entry) is None


def test_an_answer_sent_twice_is_used_up(desk: Desk, good: SoftCard) -> None:
    started = desk.start()
    signature = good.sign(started.message.to_bytes())
    desk.desk.answer(started.code, good.der, signature, HOME)
    again = refused(lambda: desk.desk.answer(started.code, good.der, signature, HOME))
    assert again is CardReason.CHALLENGE_USED


def test_a_failed_answer_burns_the_challenge(desk: Desk, good: SoftCard) -> None:
    started = desk.start()
    assert (
        refused(lambda: desk.desk.answer(started.code, good.der, b"x" * 256, HOME))
        is CardReason.WRONG_SIGNATURE
    )
    right = good.sign(started.message.to_bytes())
    assert refused(lambda: desk.desk.answer(started.code, good.der, right, HOME)) is CardReason.CHALLENGE_USED
    assert desk.desk.finish(started.entry) is None
    waiting = desk.desk.waiting(started.entry)
    assert waiting
    assert waiting.outcome == "wrong_signature"


def test_of_answers_sent_at_the_same_moment_one_wins(desk: Desk, good: SoftCard) -> None:
    started = desk.start()
    signature = good.sign(started.message.to_bytes())
    results: list[str] = []
    gate = threading.Barrier(4)

    def send() -> None:
        gate.wait()
        try:
            desk.desk.answer(started.code, good.der, signature, HOME)
            results.append("accepted")
        except CardRefused as refusal:
            results.append(refusal.reason.value)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["accepted", *["challenge_used"] * 3]


def test_two_first_logins_at_the_same_moment_share_one_account(desk: Desk, pki: Pki) -> None:
    new = card(pki.auth)
    started = [desk.start() for _ in range(3)]
    gate = threading.Barrier(3)

    def send(number: int) -> None:
        gate.wait()
        desk.answer(started[number], new)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    finished = [desk.desk.finish(s.entry) for s in started]
    assert len({f.account for f in finished if f}) == 1
    assert None not in finished


def test_a_late_answer_is_refused(desk: Desk, good: SoftCard) -> None:
    started = desk.start()
    signature = good.sign(started.message.to_bytes())
    desk.clock.advance(seconds=120)
    assert refused(lambda: desk.desk.fetch(started.code, HOME)) is CardReason.CHALLENGE_LATE
    late = refused(lambda: desk.desk.answer(started.code, good.der, signature, HOME))
    assert late is CardReason.CHALLENGE_LATE


def test_an_accepted_challenge_left_lying_does_not_open(desk: Desk, good: SoftCard) -> None:
    started = desk.start()
    desk.answer(started, good)
    desk.clock.advance(seconds=61)
    assert desk.desk.finish(started.entry) is None


def test_an_unknown_code_is_unknown(desk: Desk, good: SoftCard) -> None:
    assert refused(lambda: desk.desk.fetch("0000000000", HOME)) is CardReason.CHALLENGE_UNKNOWN
    unknown = refused(lambda: desk.desk.answer("0000000000", good.der, b"", HOME))
    assert unknown is CardReason.CHALLENGE_UNKNOWN


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://madoguchi.exampel"},
        {"session_hash": b"\x01" * 32},
        {"nonce": b"\x02" * 32},
        {"purpose": "step-up"},
        {"expires_at": NOW + timedelta(hours=1)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_signature_over_anything_else_is_refused(
    desk: Desk, good: SoftCard, change: dict[str, object]
) -> None:
    started = desk.start()
    signature = good.sign(replace(started.message, **change).to_bytes())  # type: ignore[arg-type]
    wrong = refused(lambda: desk.desk.answer(started.code, good.der, signature, HOME))
    assert wrong is CardReason.WRONG_SIGNATURE


def test_another_cards_certificate_does_not_fit_the_signature(desk: Desk, good: SoftCard, pki: Pki) -> None:
    started = desk.start()
    other = card(pki.auth, key=spare_key(3))
    signature = other.sign(started.message.to_bytes())
    wrong = refused(lambda: desk.desk.answer(started.code, good.der, signature, HOME))
    assert wrong is CardReason.WRONG_SIGNATURE


def test_a_signing_certificate_does_not_log_in(desk: Desk, pki: Pki) -> None:
    started = desk.start()
    assert refused(lambda: desk.answer(started, card(pki.sign))) is CardReason.SIGN_KIND


def test_another_browser_cannot_finish(desk: Desk, good: SoftCard) -> None:
    started, other = desk.start(), desk.start()
    desk.answer(started, good)
    assert desk.desk.finish(other.entry) is None
    assert desk.desk.finish(started.code) is None
    assert desk.desk.finish(started.entry)


def test_once_revoked_stays_revoked_even_when_ocsp_changes_its_mind(desk: Desk, pki: Pki) -> None:
    bad = card(pki.auth)
    pki.auth.register.revoke(bad.certificate.serial_number, desk.clock.now())
    assert refused(lambda: desk.answer(desk.start(), bad)) is CardReason.REVOKED
    register = pki.auth.register
    lines = register._revoked.read_text().splitlines()
    register._revoked.write_text("".join(f"{line}\n" for line in lines[:-1]))
    register._seen.clear()
    assert bad.certificate.serial_number not in register.revocations()
    assert refused(lambda: desk.answer(desk.start(), bad)) is CardReason.REVOKED


def test_a_card_on_hold_opens_again_when_the_hold_is_lifted(desk: Desk, good: SoftCard) -> None:
    """A lost card that was found: unlike a revocation, this is not remembered."""
    desk.asker.fault = "on-hold"
    assert refused(lambda: desk.answer(desk.start(), good)) is CardReason.ON_HOLD
    desk.asker.fault = "none"
    assert desk.login(good)


@pytest.mark.parametrize("fault", ["stale", "wrong-signer", "try-later", "unknown"])
def test_without_a_good_answer_of_ocsp_nobody_enters(desk: Desk, good: SoftCard, fault: str) -> None:
    desk.asker.fault = fault
    started = desk.start()
    assert refused(lambda: desk.answer(started, good)).startswith("status_")
    assert desk.desk.finish(started.entry) is None


def test_the_client_is_told_where_the_browser_is(desk: Desk) -> None:
    started = desk.start()
    assert desk.desk.fetch(started.code, HOME).same_network
    fetched = desk.desk.fetch(started.code, ELSEWHERE)
    assert not fetched.same_network
    assert fetched.device == "Windows・Chrome"
    assert fetched.message == started.message
    assert fetched.message.matching_code() == started.message.matching_code()


def test_failures_beyond_the_limit_are_refused_for_that_network_only(desk: Desk, good: SoftCard) -> None:
    allowed = limits(desk.clock.today()).card_failures
    for _ in range(allowed):
        reason = refused(
            lambda: desk.desk.answer(desk.start(network=HOME).code, good.der, b"x" * 256, ELSEWHERE)
        )
        assert reason is CardReason.WRONG_SIGNATURE
    started = desk.start()
    assert refused(lambda: desk.answer(started, good, ELSEWHERE)) is CardReason.TOO_MANY
    # The challenge was not touched, the rightful network is not affected, and the window ends.
    desk.answer(started, good, HOME)
    desk.clock.advance(minutes=16)
    desk.asker.now = desk.clock.now()
    desk.answer(desk.start(), good, ELSEWHERE)


def test_successes_are_not_counted(desk: Desk, good: SoftCard) -> None:
    for _ in range(limits(desk.clock.today()).card_failures + 2):
        desk.login(good)


def test_the_tls_way_needs_its_own_token_and_its_own_kind_of_challenge(desk: Desk, good: SoftCard) -> None:
    started = desk.start(method="tls")
    wrong = refused(lambda: desk.desk.answer(started.code, good.der, b"", HOME))
    assert wrong is CardReason.CHALLENGE_UNKNOWN
    token = desk.desk.answer_tls(started.code, good.der, HOME)
    assert desk.desk.finish(started.entry) is None
    assert desk.desk.finish(started.entry, "guess") is None
    finished = desk.desk.finish(started.entry, token)
    assert finished
    assert desk.desk.finish(started.entry, token) is None


def test_a_challenge_for_the_client_is_not_taken_by_the_card_host(desk: Desk, good: SoftCard) -> None:
    started = desk.start()
    reason = refused(lambda: desk.desk.answer_tls(started.code, good.der, HOME))
    assert reason is CardReason.CHALLENGE_UNKNOWN


def test_step_up_renews_the_secret_and_needs_the_same_person(desk: Desk, good: SoftCard, pki: Pki) -> None:
    finished = desk.login(good)
    read = session_statement(finished.token, desk.clock.now())
    identity = identity_from_row(desk.database.read(NOWHERE, read)[0][0])
    desk.clock.advance(minutes=5)
    desk.asker.now = desk.clock.now()
    wanted = {"account": identity.account_id, "session": identity.session_id}
    stranger = desk.start(**wanted)
    assert refused(lambda: desk.answer(stranger, card(pki.auth))) is CardReason.OTHER_ACCOUNT
    started = desk.start(**wanted)
    desk.answer(started, good)
    renewed = desk.desk.finish(started.entry)
    assert renewed
    now = desk.clock.now()
    assert desk.database.read(NOWHERE, session_statement(finished.token, now))[0] == []
    after = identity_from_row(desk.database.read(NOWHERE, session_statement(renewed.token, now))[0][0])
    assert (after.session_id, after.step_up_at) == (identity.session_id, now)
    with desk.database.transaction() as tx:
        count = tx.raw.execute(
            "SELECT count(*) FROM identity.session WHERE account = %s", (identity.account_id,)
        ).fetchone()
    assert count == (1,)


def test_the_strange_card_at_a_step_up_makes_no_account(desk: Desk, good: SoftCard, pki: Pki) -> None:
    finished = desk.login(good)
    stranger = card(pki.auth)
    read = session_statement(finished.token, desk.clock.now())
    identity = identity_from_row(desk.database.read(NOWHERE, read)[0][0])
    started = desk.start(account=identity.account_id, session=identity.session_id)
    refused(lambda: desk.answer(started, stranger))
    with desk.database.transaction() as tx:
        found = tx.raw.execute(
            "SELECT 1 FROM identity.card_key WHERE serial = %s", (f"{stranger.certificate.serial_number:X}",)
        ).fetchone()
    assert found is None

"""Security keys of staff: what opens a session, and every way it must not."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import uuid4

import pytest

from portal.identity.limits import limits
from portal.identity.models import COMMISSION
from portal.identity.passkey_reasons import WORDS, PasskeyReason, PasskeyRefused
from portal.identity.staff import UnknownRole, UnknownStaff
from sandbox.cards.passkey import SoftwarePasskey
from tests.identity.desk import HOME
from tests.identity.office import DEVICE, ORIGIN, Office, refused


@pytest.mark.parametrize("attestation", ["packed", "none"])
def test_a_code_enrols_one_key_and_the_key_signs_in(office: Office, attestation: str) -> None:
    account, code = office.invite("caseworker", "approver")
    key = SoftwarePasskey(attestation=attestation)
    first = office.identity(office.enrol(code, key).token)
    second = office.identity(office.sign_in(key).token)
    assert first
    assert second
    assert second.account_id == account
    assert (second.kind, second.tenant, second.office) == ("staff", "992011", "992011-01")
    assert second.roles == {"caseworker", "approver"}
    assert second.display_name == "見本 太郎"
    assert second.session_id != first.session_id
    assert refused(lambda: office.enrol(code, SoftwarePasskey())) is PasskeyReason.CODE


def test_a_reviewer_of_the_commission_stands_under_the_commission_s_own_code(office: Office) -> None:
    _, code = office.invite("commission_reviewer", tenant=COMMISSION)
    found = office.identity(office.enrol(code, SoftwarePasskey()).token)
    assert found
    assert (found.kind, found.tenant) == ("reviewer", COMMISSION)


def test_the_attestation_is_kept(office: Office) -> None:
    account, code = office.invite()
    office.enrol(code, SoftwarePasskey())
    with office.databases.worker.transaction() as tx:
        row = tx.raw.execute(
            "SELECT attestation_format, length(attestation) > 100, aaguid FROM identity.passkey WHERE account = %s",
            (account,),
        ).fetchone()
    assert row == ("packed", True, "6d61646f-6775-6368-692d-736f66742d31")


def test_a_key_that_can_be_copied_is_refused(office: Office) -> None:
    _, code = office.invite()
    assert (
        refused(lambda: office.enrol(code, SoftwarePasskey(synchronised=True))) is PasskeyReason.SYNCHRONISED
    )
    office.enrol(code, SoftwarePasskey())


def test_a_key_that_became_copied_later_is_refused_at_sign_in(office: Office) -> None:
    _, code = office.invite()
    key = SoftwarePasskey()
    office.enrol(code, key)
    key._flags |= 0x18
    assert refused(lambda: office.sign_in(key)) is PasskeyReason.SYNCHRONISED


def test_without_verifying_the_person_nobody_enrols_or_signs_in(office: Office) -> None:
    _, code = office.invite()
    assert (
        refused(lambda: office.enrol(code, SoftwarePasskey(user_verified=False)))
        is PasskeyReason.NOT_VERIFIED
    )
    key = SoftwarePasskey()
    office.enrol(code, key)
    key._flags &= ~0x04
    assert refused(lambda: office.sign_in(key)) is PasskeyReason.NOT_VERIFIED


def test_a_counter_that_goes_back_stops_the_key_ends_the_sessions_and_is_an_alarm(office: Office) -> None:
    account, code = office.invite()
    key = SoftwarePasskey()
    office.enrol(code, key)
    opened = office.sign_in(key)
    office.sign_in(key)
    key.credentials[0].count = 0
    assert refused(lambda: office.sign_in(key)) is PasskeyReason.SIGN_COUNT
    assert office.identity(opened.token) is None
    key.credentials[0].count = 50
    assert refused(lambda: office.sign_in(key)) is PasskeyReason.NOT_ACCEPTED
    with office.databases.worker.transaction() as tx:
        alarms = tx.raw.execute(
            "SELECT count(*) FROM identity.operation WHERE account = %s AND event = 'alarm-sign-count'",
            (account,),
        ).fetchone()
    assert alarms == (1,)


def test_the_same_answer_twice_is_refused(office: Office) -> None:
    _, code = office.invite()
    key = SoftwarePasskey()
    office.enrol(code, key)
    asked = office.desk.ask(HOME, DEVICE)
    answer = json.dumps(key.authenticate(json.loads(asked.options), ORIGIN))
    assert office.desk.sign_in(asked.entry, answer, HOME, DEVICE)
    assert refused(lambda: office.desk.sign_in(asked.entry, answer, HOME, DEVICE)) is PasskeyReason.CHALLENGE
    fresh = office.desk.ask(HOME, DEVICE)
    assert (
        refused(lambda: office.desk.sign_in(fresh.entry, answer, HOME, DEVICE)) is PasskeyReason.NOT_ACCEPTED
    )


def test_a_late_answer_is_refused(office: Office) -> None:
    _, code = office.invite()
    key = SoftwarePasskey()
    office.enrol(code, key)
    asked = office.desk.ask(HOME, DEVICE)
    office.clock.advance(seconds=121)
    answer = json.dumps(key.authenticate(json.loads(asked.options), ORIGIN))
    assert refused(lambda: office.desk.sign_in(asked.entry, answer, HOME, DEVICE)) is PasskeyReason.CHALLENGE


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://madoguchi.example", "https://madoguchi.example:8443"]
)
def test_an_answer_made_for_another_site_is_refused(office: Office, origin: str) -> None:
    _, code = office.invite()
    key = SoftwarePasskey()
    office.enrol(code, key)
    assert refused(lambda: office.sign_in(key, origin)) is PasskeyReason.NOT_ACCEPTED


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", "not json", '{"rawId": 5}', '{"rawId": "AAAA"}', "x" * 20_000]
)
def test_an_answer_that_is_none_is_refused(office: Office, answer: str) -> None:
    asked = office.desk.ask(HOME, DEVICE)
    assert (
        refused(lambda: office.desk.sign_in(asked.entry, answer, HOME, DEVICE)) is PasskeyReason.NOT_ACCEPTED
    )
    _, code = office.invite()
    asked = office.desk.ask_enrolment(code, HOME, DEVICE)
    assert (
        refused(lambda: office.desk.enrol(asked.entry, code, answer, "", HOME, DEVICE))
        is PasskeyReason.NOT_ACCEPTED
    )


def test_an_answer_in_anothers_name_or_for_another_site_s_key_is_refused(office: Office) -> None:
    _, code = office.invite()
    key, other = SoftwarePasskey(), uuid4().bytes
    office.enrol(code, key)
    mine = key.credentials[0]
    for wrong in ({"user": other}, {"user": b""}):
        key.credentials[0] = replace(mine, **wrong)
        assert refused(lambda: office.sign_in(key)) is PasskeyReason.NOT_ACCEPTED
    asked = office.desk.ask(HOME, DEVICE)
    answer = key.authenticate(json.loads(asked.options), ORIGIN)
    answer["response"]["userHandle"] = 5
    assert (
        refused(lambda: office.desk.sign_in(asked.entry, json.dumps(answer), HOME, DEVICE))
        is PasskeyReason.NOT_ACCEPTED
    )
    # The browser asks for a key of the site it shows; the signed part names another.
    asked = office.desk.ask(HOME, DEVICE)
    key.credentials[0] = replace(mine, rp_id="evil.example")
    answer = key.authenticate(json.loads(asked.options) | {"rpId": "evil.example"}, ORIGIN)
    assert (
        refused(lambda: office.desk.sign_in(asked.entry, json.dumps(answer), HOME, DEVICE))
        is PasskeyReason.NOT_ACCEPTED
    )
    key.credentials[0] = mine
    assert office.sign_in(key)


def test_a_key_nobody_knows_is_refused_in_the_words_of_a_wrong_signature(office: Office) -> None:
    stranger, other = SoftwarePasskey(), SoftwarePasskey()
    _, code = office.invite()
    office.enrol(code, other)
    asked = office.desk.ask_enrolment(office.invite()[1], HOME, DEVICE)
    stranger.register(json.loads(asked.options), ORIGIN)
    assert refused(lambda: office.sign_in(stranger)) is PasskeyReason.NOT_ACCEPTED


def test_a_code_ends_after_its_days_and_when_a_new_one_is_made(office: Office) -> None:
    account, code = office.invite()
    second = office.register.new_code("992011", account)
    assert refused(lambda: office.enrol(code, SoftwarePasskey())) is PasskeyReason.CODE
    office.clock.advance(days=3, seconds=1)
    assert refused(lambda: office.enrol(second, SoftwarePasskey())) is PasskeyReason.CODE


def test_guessing_codes_is_stopped(office: Office) -> None:
    _, code = office.invite()
    for _ in range(limits(office.clock.today()).enrolment_failures):
        assert refused(lambda: office.desk.ask_enrolment("0" * 16, HOME, DEVICE)) is PasskeyReason.CODE
    assert refused(lambda: office.desk.ask_enrolment(code, HOME, DEVICE)) is PasskeyReason.TOO_MANY
    office.clock.advance(minutes=16)
    assert office.desk.ask_enrolment(code, HOME, DEVICE)


def test_roles_changed_end_the_sessions_and_count_at_the_next_sign_in(office: Office) -> None:
    account, code = office.invite("caseworker")
    key = SoftwarePasskey()
    opened = office.enrol(code, key)
    office.register.set_roles("992011", account, ["linkage_operator"])
    assert office.identity(opened.token) is None
    found = office.identity(office.sign_in(key).token)
    assert found
    assert found.roles == {"linkage_operator"}


def test_somebody_who_left_is_out_at_once(office: Office) -> None:
    account, code = office.invite()
    key = SoftwarePasskey()
    opened = office.enrol(code, key)
    office.register.leave("992011", account)
    assert office.identity(opened.token) is None
    assert refused(lambda: office.sign_in(key)) is PasskeyReason.NOT_ACCEPTED
    with pytest.raises(UnknownStaff):
        office.register.new_code("992011", account)


def test_one_office_cannot_touch_anothers_staff(office: Office) -> None:
    account, _ = office.invite()
    with pytest.raises(UnknownStaff):
        office.register.leave("992020", account)
    assert account not in [row[0] for row in office.register.people("992020")]


def test_an_unknown_role_is_refused_with_the_list(office: Office) -> None:
    with pytest.raises(UnknownRole, match="caseworker"):
        office.register.invite("992011", "992011-01", ["king"], "見本 太郎")


def test_a_second_key_needs_a_fresh_proof_and_the_last_cannot_be_stopped(office: Office) -> None:
    _, code = office.invite()
    key, spare = SoftwarePasskey(), SoftwarePasskey()
    identity = office.identity(office.enrol(code, key).token)
    assert identity
    assert not office.desk.end_key(identity, office.desk.keys(identity)[0].short, DEVICE)
    asked = office.desk.ask_another_key(identity, HOME, DEVICE)
    made = json.dumps(spare.register(json.loads(asked.options), ORIGIN))
    office.desk.add_key(asked.entry, made, "予備", identity, HOME, DEVICE)
    assert [k.label for k in office.desk.keys(identity)] == ["机のキー", "予備"]
    assert office.identity(office.sign_in(spare).token)
    assert office.desk.end_key(identity, office.desk.keys(identity)[0].short, DEVICE)
    assert refused(lambda: office.sign_in(key)) is PasskeyReason.NOT_ACCEPTED
    office.clock.advance(minutes=15, seconds=1)
    assert refused(lambda: office.desk.ask_another_key(identity, HOME, DEVICE)) is PasskeyReason.NOT_FRESH


def test_step_up_renews_the_secret_and_takes_only_her_own_key(office: Office) -> None:
    _, code = office.invite()
    _, other_code = office.invite()
    key, others = SoftwarePasskey(), SoftwarePasskey()
    opened = office.enrol(code, key)
    office.enrol(other_code, others)
    identity = office.identity(opened.token)
    assert identity
    office.clock.advance(minutes=10)
    asked = office.desk.ask(HOME, DEVICE, identity)
    wanted = json.loads(asked.options)
    wanted["allowCredentials"] = []
    stranger = json.dumps(others.authenticate(wanted, ORIGIN))
    assert (
        refused(lambda: office.desk.step_up(asked.entry, stranger, identity, HOME, DEVICE))
        is PasskeyReason.NOT_ACCEPTED
    )
    asked = office.desk.ask(HOME, DEVICE, identity)
    answer = json.dumps(key.authenticate(json.loads(asked.options), ORIGIN))
    token = office.desk.step_up(asked.entry, answer, identity, HOME, DEVICE)
    assert office.identity(opened.token) is None
    renewed = office.identity(token)
    assert renewed
    assert (renewed.session_id, renewed.step_up_at) == (identity.session_id, office.clock.now())


def test_every_reason_has_words() -> None:
    assert set(WORDS) == set(PasskeyReason)
    for reason in PasskeyReason:
        refusal = PasskeyRefused(reason)
        assert refusal.what_happened.endswith("。")
        assert refusal.what_next.endswith("。")


def test_the_software_key_keeps_its_keys_between_runs(office: Office, tmp_path) -> None:  # type: ignore[no-untyped-def]
    _, code = office.invite()
    office.enrol(code, SoftwarePasskey(tmp_path / "key.json"))
    assert office.sign_in(SoftwarePasskey(tmp_path / "key.json"))
    assert (tmp_path / "key.json").stat().st_mode & 0o777 == 0o600

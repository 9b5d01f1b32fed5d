"""A proof belongs to the session that asked for it: not to another of the same person, not to a session that has ended meanwhile."""

from __future__ import annotations

import json

from portal.identity import sessions
from portal.identity.models import Identity
from portal.identity.passkey_reasons import PasskeyReason
from sandbox.cards.passkey import SoftwarePasskey
from storage.database import Scope
from tests.identity.desk import HOME
from tests.identity.office import DEVICE, ORIGIN, Office, refused


def signed_in(office: Office, key: SoftwarePasskey) -> Identity:
    found = office.identity(office.sign_in(key).token)
    assert found
    return found


def enrolled(office: Office) -> SoftwarePasskey:
    _, code = office.invite()
    key = SoftwarePasskey()
    office.enrol(code, key)
    return key


def test_a_step_up_asked_for_in_one_session_is_of_no_use_in_another(office: Office) -> None:
    key, strange = enrolled(office), enrolled(office)
    one, other, somebody = signed_in(office, key), signed_in(office, key), signed_in(office, strange)
    for elsewhere in (other, somebody):
        asked = office.desk.ask(HOME, DEVICE, one)
        answer = json.dumps(key.authenticate(json.loads(asked.options), ORIGIN))
        wrong = refused(lambda: office.desk.step_up(asked.entry, answer, elsewhere, HOME, DEVICE))  # noqa: B023
        assert wrong is PasskeyReason.NOT_ACCEPTED
    asked = office.desk.ask(HOME, DEVICE, one)
    answer = json.dumps(key.authenticate(json.loads(asked.options), ORIGIN))
    assert office.desk.step_up(asked.entry, answer, one, HOME, DEVICE)


def test_a_key_asked_for_in_one_session_is_not_added_in_another(office: Office) -> None:
    key, strange = enrolled(office), enrolled(office)
    one, other, somebody = signed_in(office, key), signed_in(office, key), signed_in(office, strange)
    for elsewhere in (other, somebody):
        asked = office.desk.ask_another_key(one, HOME, DEVICE)
        made = json.dumps(SoftwarePasskey().register(json.loads(asked.options), ORIGIN))
        wrong = refused(lambda: office.desk.add_key(asked.entry, made, "x", elsewhere, HOME, DEVICE))  # noqa: B023
        assert wrong is PasskeyReason.NOT_ACCEPTED
    assert len(office.desk.keys(one)) == len(office.desk.keys(somebody)) == 1


def test_a_session_that_ended_meanwhile_is_not_brought_back_by_a_step_up(office: Office) -> None:
    key = enrolled(office)
    one = signed_in(office, key)
    assert one.account_id
    assert one.session_id
    asked = office.desk.ask(HOME, DEVICE, one)
    answer = json.dumps(key.authenticate(json.loads(asked.options), ORIGIN))
    with office.databases.web.transaction(Scope(account=one.account_id)) as tx:
        assert sessions.end(tx, one.account_id, one.session_id, "logout", office.clock.now())
    ended = refused(lambda: office.desk.step_up(asked.entry, answer, one, HOME, DEVICE))
    assert ended is PasskeyReason.CHALLENGE

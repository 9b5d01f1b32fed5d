"""Protected persons: an answer passes two pairs of eyes, and nothing tells that it did but to those who must know."""

from __future__ import annotations

import pytest

from portal.staff.actors import PARTS
from tests.linkage.house import BOSS, CLERK, HOLDER, KONO, OTHER_BOSS, OTSUKAWA
from workflows.engine import Actor, CaseNotFound, Command, Refused
from workflows.linkage.provision import machine

THIRD = Actor(kind="staff", id="staff:boss3", roles=frozenset({"supervisor"}))


def provision_case(house, exchange):
    with house.tx(OTSUKAWA) as tx:
        return tx.raw.execute(
            "SELECT case_id FROM madoguchi.linkage_provision WHERE exchange_id = %s", (exchange,)
        ).fetchone()[0]


def asked(house, person):
    opened = house.ask(house.apply_for(person))
    house.settle()
    with house.tx(KONO, "web") as tx:
        inquiry = house.inquiries.view(tx, opened.case_id, CLERK).inquiry
    return opened.case_id, inquiry.exchange_id


def act(house, case_id, trigger, actor, **given):
    with house.tx(OTSUKAWA, "web") as tx:
        return house.engine.apply(
            tx, Command(case_id, trigger, actor, "確認", f"{trigger}:{actor.id}:{case_id}", given)
        )


def test_the_answer_waits_for_two_different_people_and_then_arrives(house):
    case_id, exchange = asked(house, "mamori")
    assert house.state(KONO, case_id) == "waiting_manual"
    provision = provision_case(house, exchange)
    assert house.state(OTSUKAWA, provision) == "review"
    with pytest.raises(Refused):
        act(house, provision, "provide", OTHER_BOSS)
    act(house, provision, "claim", OTHER_BOSS)
    with pytest.raises(Refused):
        act(house, provision, "propose", THIRD, decision="PROVIDE")
    with pytest.raises(Refused) as refused:
        act(house, provision, "propose", OTHER_BOSS, decision="banana")
    assert [reason.code for reason in refused.value.reasons] == ["unknown_decision"]
    act(house, provision, "propose", OTHER_BOSS, decision="PROVIDE")
    with pytest.raises(Refused) as refused:
        act(house, provision, "provide", OTHER_BOSS)
    assert [reason.code for reason in refused.value.reasons] == ["same_proposer"]
    with pytest.raises(Refused) as refused:
        act(house, provision, "withhold", THIRD)
    assert [reason.code for reason in refused.value.reasons] == ["other_proposal"]
    act(house, provision, "provide", THIRD)
    assert house.settle_until(KONO, case_id, "answered") == "answered"
    assert house.state(OTSUKAWA, provision) == "provided"
    for tenant in (KONO, OTSUKAWA):
        (record,) = house.records(tenant, exchange)
        assert (record[2], record[4]) == ("OK", "withheld")
    with house.tx(OTSUKAWA) as tx:
        kept = tx.raw.execute(
            "SELECT request FROM madoguchi.linkage_provision WHERE case_id = %s", (provision,)
        ).fetchone()
    assert kept == (None,)


def test_staff_may_decide_not_to_disclose(house):
    case_id, exchange = asked(house, "mamori")
    provision = provision_case(house, exchange)
    act(house, provision, "claim", OTHER_BOSS)
    act(house, provision, "propose", OTHER_BOSS, decision="WITHHOLD")
    act(house, provision, "withhold", THIRD)
    assert house.settle_until(KONO, case_id, "not_disclosed") == "not_disclosed"
    assert house.state(OTSUKAWA, provision) == "not_disclosed"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"decision": "REFUSE"}, "ground_missing"),
        ({"decision": "REFUSE", "ground": "BECAUSE_I_SAY_SO"}, "ground_missing"),
        ({"decision": "PROVIDE", "ground": "OUT_OF_SCOPE"}, "ground_not_needed"),
        ({"decision": "WITHHOLD", "ground": "OUT_OF_SCOPE"}, "ground_not_needed"),
    ],
)
def test_a_proposal_to_refuse_stands_on_a_ground_of_the_law_and_no_other_does(given, why):
    found = machine.ground_fits({}, given)
    assert found is not None
    assert found.code == why


def test_the_second_person_confirms_what_was_proposed_and_cannot_write_anything_into_it(house):
    case_id, exchange = asked(house, "mamori")
    provision = provision_case(house, exchange)
    act(house, provision, "claim", OTHER_BOSS)
    act(house, provision, "propose", OTHER_BOSS, decision="REFUSE", ground="WRONG_PERSON_SUSPECTED")
    with pytest.raises(Refused) as refused:
        act(house, provision, "refuse", THIRD, code="NOT_PROVIDABLE", ground="OUT_OF_SCOPE")
    assert {reason.code for reason in refused.value.reasons} >= {"input_unknown"}
    with pytest.raises(Refused):
        act(house, provision, "refuse", OTHER_BOSS)
    act(house, provision, "refuse", THIRD)
    assert house.settle_until(KONO, case_id, "refused") == "refused"
    with house.tx(OTSUKAWA) as tx:
        row = tx.raw.execute(
            "SELECT outcome, ground FROM madoguchi.linkage_provision WHERE case_id = %s", (provision,)
        ).fetchone()
    assert row == ("REFUSED_BY_HOLDER", "WRONG_PERSON_SUSPECTED")


def test_one_person_with_every_post_of_the_office_passes_no_four_eyes(house):
    """``approver`` is also ``clerk``: what keeps two people apart is who they are, not which posts they hold."""
    everything = Actor(
        kind="staff", id="staff:alone", roles=frozenset().union(*PARTS.values()), office="子育て支援課"
    )
    _, exchange = asked(house, "mamori")
    provision = provision_case(house, exchange)
    act(house, provision, "claim", everything)
    for decision, ground, trigger in (
        ("PROVIDE", None, "provide"),
        ("REFUSE", "OUT_OF_SCOPE", "refuse"),
        ("WITHHOLD", None, "withhold"),
    ):
        with house.tx(OTSUKAWA, "web") as tx:
            given = {"decision": decision} | ({"ground": ground} if ground else {})
            house.engine.apply(
                tx,
                Command(provision, "propose", everything, "確認", f"propose:{decision}:{provision}", given),
            )
        with pytest.raises(Refused) as refused:
            act(house, provision, trigger, everything)
        assert "same_proposer" in [reason.code for reason in refused.value.reasons]
    assert house.state(OTSUKAWA, provision) == "in_review"

    with house.tx(KONO, "web") as tx:
        application = house.applications.open(
            tx, everything, house.addressee(KONO, "hanako"), "child-allowance", f"alone:{provision}"
        ).case.id
        inquiry = house.engine.open(
            tx,
            "inquiry",
            actor=everything,
            purpose="審査のため",
            request_key=f"alone:inquiry:{provision}",
            subject=house.addressee(KONO, "hanako"),
            parent=application,
            office="子育て支援課",
            input={
                "law_row": "081-01",
                "holder": HOLDER,
                "items": ["local-tax"],
                "application": str(application),
            },
        )
        with pytest.raises(Refused) as refused:
            house.engine.apply(
                tx, Command(inquiry.case_id, "approve", everything, "承認", "alone:approve", {})
            )
    assert "same_person" in [reason.code for reason in refused.value.reasons]


def test_a_case_of_the_first_version_is_bound_to_its_proposal_too():
    facts = {"proposal": "REFUSE", "proposed_by": "a", "ground": "OUT_OF_SCOPE"}
    guard = machine._proposal("REFUSE")
    assert guard(facts, {"code": "REFUSED_BY_HOLDER", "ground": "OUT_OF_SCOPE"}) is None
    assert guard(facts, {"code": "REFUSED_BY_HOLDER", "ground": "NO_PERMIT"}) is not None
    assert guard(facts, {"code": "NOT_PROVIDABLE", "ground": "OUT_OF_SCOPE"}) is not None


def test_a_clerk_does_not_see_that_a_case_is_under_review(house):
    _, exchange = asked(house, "mamori")
    provision = provision_case(house, exchange)
    with house.tx(OTSUKAWA, "web") as tx:
        case = house.engine.case(tx, provision)
        assert not house.engine.may_read(case, CLERK)
        assert house.engine.may_read(case, BOSS)
    with pytest.raises(CaseNotFound), house.tx(KONO, "web") as tx:
        house.engine.case(tx, provision)


def test_a_resident_s_scope_shows_no_trace_of_a_protected_person_s_exchange(house):
    from storage.database import Scope

    _, exchange = asked(house, "mamori")
    person = house.addressee(KONO, "mamori")
    with house.databases.web.transaction(Scope(addressees=((KONO, person),))) as tx:
        for table in (
            "provision_record",
            "linkage_inquiry",
            "linkage_provision",
            "linkage_outbox",
            "linkage_answer",
        ):
            assert tx.raw.execute(f"SELECT count(*) FROM madoguchi.{table}").fetchone() == (0,), table
        kinds = {row[0] for row in tx.raw.execute("SELECT DISTINCT kind FROM madoguchi.case_file")}
        assert kinds <= {"application"}
    assert len(house.records(KONO, exchange)) <= 1

"""One inquiry from asking to three matching records, and every way it can end otherwise."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import ASKER, HOLDER, Country
from workflows.linkage.wire import codes, envelope, merkle, permit, sealing
from workflows.linkage.wire.problems import Problem


@pytest.fixture(scope="module")
def pair(country: Country) -> tuple[str, str]:
    """hanako, linked at both, with a copy at the holder."""
    mine, theirs = country.linked("hanako")
    country.tenant(HOLDER).put_copy(country.copy(theirs))
    return mine, theirs


@pytest.fixture(scope="module")
def exchanged(country: Country, pair: tuple[str, str]) -> None:
    """Four exchanges, for tests of what is kept about them."""
    for _ in range(4):
        (request,) = asked(country, country.inquiry(pair[0]))
        country.tenant(HOLDER).answer(country.answer(request))
        country.pump()
    country.drain(ASKER)


def asked(country: Country, inquiry: dict) -> list[dict]:
    country.tenant(ASKER).inquire(inquiry)
    country.pump()
    return country.drain(HOLDER, ("TKY",))


def last_record(country: Country, party: str) -> dict:
    found = country.tenant(party).records()
    assert [r["seq"] for r in found["records"]] == list(range(1, found["last"] + 1))
    return found["records"][-1]


def core_record(country: Country, exchange_id: str) -> dict:
    found = country.link("commission", "core").call("GET", "/v1/commission/records").body["records"]
    return next(r for r in found if r["exchange_id"] == exchange_id)


def test_an_answer_reaches_the_asker_only_and_all_three_keep_the_same_record(
    country: Country, pair: tuple[str, str]
) -> None:
    mine, theirs = pair
    inquiry = country.inquiry(mine)
    (request,) = asked(country, inquiry)
    assert request["subject"] == {"danban": theirs}
    country.tenant(HOLDER).answer(country.answer(request))
    country.pump()
    permitted, answered = country.drain(ASKER, ("SKI",))
    assert (permitted["type"], answered["type"]) == ("inquiry.permitted", "inquiry.answer")
    exchange_id = answered["payload"]["exchange_id"]
    allowed = permit.verify(
        permitted["payload"]["permit"],
        country.config.directory,
        audience=ASKER,
        now=country.now(),
        request_digest=envelope.request_digest(inquiry),
    )
    assert allowed.exchange_id == exchange_id
    assert allowed.subject is None
    content = sealing.open_from(
        answered["payload_jwe"],
        {"exchange_id": exchange_id, "asker": ASKER, "holder": HOLDER},
        country.config.keys(ASKER),
        country.config.directory,
        HOLDER,
    )
    assert content == {"local-tax": {"income": 1001}}
    kept = [last_record(country, ASKER), last_record(country, HOLDER), core_record(country, exchange_id)]
    assert {r["exchange_id"] for r in kept} == {exchange_id}
    assert {r["digest"] for r in kept} == {kept[0]["digest"]}
    assert [r["side"] for r in kept] == ["asker", "holder", "core"]
    assert (kept[0]["danban"], kept[1]["danban"]) == (mine, theirs)
    assert "danban" not in kept[2]
    assert kept[0]["outcome"] == "OK"
    assert kept[0]["law_clause"].startswith("番号法19条8号")


def test_the_hub_and_the_core_never_hold_content_numbers_or_names(
    country: Country, pair: tuple[str, str]
) -> None:
    (request,) = asked(country, country.inquiry(pair[0]))
    country.tenant(HOLDER).answer(country.answer(request))
    country.pump()
    forbidden = ["income", *(p["number"] for p in country.people.values())]
    forbidden += [p["profile"]["name"] for p in country.people.values()]
    for app in (country.hub, country.core):
        with app.store.transaction() as tx:
            tables = tx.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
                (app.store.schema,),
            ).fetchall()
            texts = {
                table: str(tx.execute(f"SELECT t::text FROM {app.store.schema}.{table} t").fetchall())
                for (table,) in tables
            }
        assert any(request["payload"]["exchange_id"] in text for text in texts.values()), (
            "nothing was looked at"
        )
        for table, text in texts.items():
            assert not [word for word in forbidden if word in text], table
    country.drain(ASKER)


def test_two_bodies_have_different_link_codes_for_one_person(country: Country, pair: tuple[str, str]) -> None:
    with country.hub.store.transaction() as tx:
        rows = tx.execute("SELECT fugo FROM hub.subject WHERE danban = ANY(%s)", (list(pair),)).fetchall()
    assert len({row[0] for row in rows}) == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"law_row": "999-99"}, "LAW_ROW_MISMATCH"),
        ({"affair": "fishing-licence"}, "NO_LAW_ROW"),
        ({"items": ["local-tax", "disability-certificate"]}, "NO_LAW_ROW"),
        ({"holder": "131016-01"}, "UNKNOWN_BODY"),
        ({"holder": ASKER}, "UNKNOWN_BODY"),
    ],
)
def test_an_inquiry_the_law_table_does_not_allow_is_denied_and_recorded(
    country: Country, pair: tuple[str, str], changes: dict, why: str
) -> None:
    assert asked(country, country.inquiry(pair[0], **changes)) == []
    (denied,) = country.drain(ASKER, ("SKI",))
    assert denied["type"] == "inquiry.denied"
    assert (denied["payload"]["code"], denied["payload"]["why"]) == ("PERMIT_DENIED", why)
    record = last_record(country, ASKER)
    assert record["outcome"] == "PERMIT_DENIED"
    assert record["digest"] == core_record(country, denied["payload"]["exchange_id"])["digest"]


def test_a_body_whose_assessment_is_not_published_is_out(country: Country) -> None:
    rules = country.core_rules
    verdict = rules(unpublished=[HOLDER]).decide(
        ASKER, HOLDER, "child-allowance", ["local-tax"], "081-01", country.now().date()
    )
    assert verdict == "PIA_UNPUBLISHED"


def test_without_a_link_code_the_inquiry_is_denied_as_no_fugo(country: Country) -> None:
    assert asked(country, country.inquiry(country.danban())) == []
    (denied,) = country.drain(ASKER, ("SKI",))
    assert denied["payload"]["code"] == "NO_FUGO"
    assert core_record(country, denied["payload"]["exchange_id"])["outcome"] == "NO_FUGO"


def test_a_person_the_holder_does_not_know_ends_as_no_such_subject(country: Country) -> None:
    mine = country.danban()
    country.acquire(ASKER, "ume", mine)
    country.drain(ASKER)
    assert asked(country, country.inquiry(mine)) == []
    messages = country.drain(ASKER, ("SKI",))
    assert [m["type"] for m in messages] == ["inquiry.permitted", "inquiry.refused"]
    assert messages[1]["payload"]["code"] == "NO_SUCH_SUBJECT"
    holder_record = last_record(country, HOLDER)
    assert holder_record["outcome"] == "NO_SUCH_SUBJECT"
    assert "danban" not in holder_record


@pytest.mark.parametrize(
    "refusal",
    [
        {"code": "NOT_REGISTERED"},
        {"code": "NOT_DISCLOSED"},
        {"code": "REFUSED_BY_HOLDER", "ground": "WRONG_PERSON_SUSPECTED"},
    ],
)
def test_a_refusal_with_a_coded_ground_reaches_the_asker_and_the_records(
    country: Country, pair: tuple[str, str], refusal: dict
) -> None:
    (request,) = asked(country, country.inquiry(pair[0]))
    country.tenant(HOLDER).decide(country.decision(request, decision="refuse", **refusal))
    country.pump()
    _, refused = country.drain(ASKER, ("SKI",))
    assert refused["payload"]["code"] == refusal["code"]
    assert core_record(country, refused["payload"]["exchange_id"])["outcome"] == refusal["code"]


@pytest.mark.parametrize(
    "refusal",
    [
        {"code": "REFUSED_BY_HOLDER"},
        {"code": "REFUSED_BY_HOLDER", "ground": "DO_NOT_WANT"},
        {"code": "OK"},
        {"code": "PERMIT_DENIED"},
    ],
)
def test_a_refusal_without_a_legal_ground_is_not_taken(
    country: Country, pair: tuple[str, str], refusal: dict
) -> None:
    (request,) = asked(country, country.inquiry(pair[0]))
    with pytest.raises(Problem, match="SCHEMA_INVALID"):
        country.tenant(HOLDER).decide(country.decision(request, decision="refuse", **refusal))
    country.tenant(HOLDER).answer(country.answer(request))
    country.drain(ASKER)


def test_more_time_keeps_the_exchange_open_past_the_permit(country: Country, pair: tuple[str, str]) -> None:
    (request,) = asked(country, country.inquiry(pair[0]))
    answer = country.answer(request)
    country.tenant(HOLDER).decide(country.decision(request, decision="more_time", code="PENDING_MANUAL"))
    country.now.move(hours=20)
    country.pump()
    late = {**answer, "created": envelope.stamp(country.now())}
    country.tenant(HOLDER).answer(late)
    codes_seen = [m["payload"].get("code") for m in country.drain(ASKER, ("SKI",))]
    assert codes_seen == [None, "PENDING_MANUAL", "OK"]


def test_an_answer_after_the_permit_is_over_is_refused_and_the_exchange_expires(
    country: Country, pair: tuple[str, str]
) -> None:
    (request,) = asked(country, country.inquiry(pair[0]))
    answer = country.answer(request)
    country.now.move(minutes=16)
    with pytest.raises(Problem, match="PERMIT_EXPIRED"):
        country.tenant(HOLDER).answer(answer)
    country.pump()
    assert [m["payload"].get("code") for m in country.drain(ASKER, ("SKI",))] == [None, "TIMEOUT"]
    with pytest.raises(Problem, match="EXCHANGE_CLOSED"):
        country.tenant(HOLDER).answer(country.message("provision.answer", HOLDER, **_parts(answer)))
    assert last_record(country, HOLDER)["outcome"] == "TIMEOUT"


def _parts(message: dict) -> dict:
    return {"payload": message["payload"], "payload_jwe": message["payload_jwe"]}


def test_a_second_answer_changes_nothing(country: Country, pair: tuple[str, str]) -> None:
    (request,) = asked(country, country.inquiry(pair[0]))
    answer = country.answer(request)
    assert not country.tenant(HOLDER).answer(answer).replayed
    assert country.tenant(HOLDER).answer(answer).replayed
    with pytest.raises(Problem, match="EXCHANGE_CLOSED"):
        country.tenant(HOLDER).answer(country.message("provision.answer", HOLDER, **_parts(answer)))
    assert [m["type"] for m in country.drain(ASKER, ("SKI",))] == ["inquiry.permitted", "inquiry.answer"]


def test_an_answer_with_an_item_nobody_asked_for_is_refused(country: Country, pair: tuple[str, str]) -> None:
    (request,) = asked(country, country.inquiry(pair[0]))
    answer = country.answer(request)
    answer["payload"]["items"].append({"code": "resident-record", "status": "provided"})
    with pytest.raises(Problem, match="not asked for"):
        country.tenant(HOLDER).answer(answer)
    country.tenant(HOLDER).answer(country.answer(request))
    country.drain(ASKER)


def test_a_cancelled_inquiry_cannot_be_answered_and_is_recorded(
    country: Country, pair: tuple[str, str]
) -> None:
    inquiry = country.inquiry(pair[0])
    (request,) = asked(country, inquiry)
    cancel = country.message(
        "inquiry.cancel",
        ASKER,
        actor=inquiry["actor"],
        payload={"inquiry_id": inquiry["id"], "reason": "WITHDRAWN"},
    )
    country.tenant(ASKER).cancel(cancel)
    with pytest.raises(Problem, match="EXCHANGE_CLOSED"):
        country.tenant(HOLDER).answer(country.answer(request))
    assert last_record(country, ASKER)["outcome"] == last_record(country, HOLDER)["outcome"] == "CANCELLED"
    assert country.tenant(ASKER).inquiry(inquiry["id"])["status"] == "CANCELLED"
    country.drain(ASKER)


@pytest.mark.parametrize(
    ("party", "scope"), [(ASKER, "person"), (ASKER, "tenant"), (HOLDER, "item"), (HOLDER, "person")]
)
def test_a_freeze_stops_at_sending_and_at_answering(
    country: Country, pair: tuple[str, str], party: str, scope: str
) -> None:
    value = {"person": pair[0] if party == ASKER else pair[1], "item": "local-tax", "tenant": ""}[scope]
    wish = {"scope": scope, "reason": "INCIDENT", **({"value": value} if value else {})}
    hub = country.tenant(party)
    hub.freeze(country.message("freeze", party, payload={**wish, "action": "freeze"}))
    try:
        if party == ASKER:
            with pytest.raises(Problem, match="FROZEN"):
                country.tenant(ASKER).inquire(country.inquiry(pair[0]))
        else:
            assert asked(country, country.inquiry(pair[0])) == []
            assert country.drain(ASKER, ("SKI",))[-1]["payload"]["code"] == "FROZEN"
    finally:
        hub.freeze(country.message("freeze", party, payload={**wish, "action": "release"}))
    (request,) = asked(country, country.inquiry(pair[0]))
    country.tenant(HOLDER).answer(country.answer(request))
    country.drain(ASKER)


def test_the_checkpoint_is_the_merkle_root_of_the_records(country: Country, exchanged: None) -> None:
    hub = country.tenant(ASKER)
    found = hub.records()["records"]
    assert len(found) >= 4
    leaves = [merkle.leaf(envelope.canonical({**r, "nondisclosure": False})) for r in found]
    checkpoint = hub.checkpoint()
    assert (checkpoint["seq"], checkpoint["root"]) == (len(found), merkle.root(leaves))


def test_a_nondisclosure_mark_is_kept_and_the_root_stays(country: Country, exchanged: None) -> None:
    hub = country.tenant(ASKER)
    record, before = hub.records()["records"][0], hub.checkpoint()["root"]
    wish = {"record_id": record["record_id"], "mark": True, "ground": "DV"}
    hub.mark_nondisclosure(
        country.message(
            "record.nondisclosure", ASKER, actor={"role": "r", "staff_hash": "a" * 43}, payload=wish
        )
    )
    assert hub.records()["records"][0]["nondisclosure"] is True
    assert hub.checkpoint()["root"] == before


def test_every_outcome_the_stand_in_gives_has_words(country: Country, exchanged: None) -> None:
    found = country.link("commission", "core").call("GET", "/v1/commission/counts").body["counts"]
    assert found
    assert {row["outcome"] for row in found} - {"PERMITTED"} <= set(codes.RESULT_CLASSES)


def test_pages_of_records_follow_each_other_without_gap(country: Country, exchanged: None) -> None:
    hub, after, seen = country.tenant(ASKER), 0, []
    while page := hub.records(after, 3)["records"]:
        seen += [r["seq"] for r in page]
        after = page[-1]["seq"]
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) == hub.checkpoint()["seq"] >= 4

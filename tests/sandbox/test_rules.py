"""What bad input gets at the hub: the right problem, nothing kept, nothing repeated back."""

from __future__ import annotations

import json
import threading

import httpx
import pytest

from tests.sandbox.conftest import ASKER, HOLDER, Country, wsgi
from workflows.linkage.wire import envelope, problems
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.signatures import Request, Signer


def raw(
    country: Country, method: str, path: str, body: bytes, key: str | None = None, **changes: str
) -> httpx.Response:
    """A correctly signed request that no linter of ours looked at."""
    id_ = key or envelope.new_id(country.now())
    request = Request(
        method,
        country.config.url("hub") + path,
        {
            "Content-Type": "application/json",
            "Idempotency-Key": id_,
            "MSL-Message-Id": id_,
            "MSL-Tenant": "992011",
            **changes,
        },
    )
    Signer(country.config.keys(ASKER), country.now).sign_request(request, body)
    with httpx.Client(transport=wsgi(country.hub)) as http:
        return http.request(method, request.url, content=body, headers=request.headers)


def code(answer: httpx.Response) -> str:
    body = answer.json()
    assert answer.headers["content-type"] == problems.CONTENT_TYPE
    assert body["status"] == answer.status_code
    assert body["title_ja"]
    assert body["next_ja"]
    assert "signature" in answer.headers
    return str(body["msl_code"])


def kept(country: Country) -> int:
    with country.hub.store.transaction() as tx:
        row = tx.execute("SELECT count(*) FROM hub.inquiry").fetchone()
    return row[0] if row else 0


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 500, b'{"msl":1}', b'{"msl":1,"msl":1}', b"{}\x00",
        b'{"a":' * 5000 + b"1" + b"}" * 5000, b"[" * 250 + b"]" * 250,
    ],
)  # fmt: skip
def test_a_malformed_message_is_refused_and_not_kept(country: Country, body: bytes) -> None:
    before = kept(country)
    assert code(raw(country, "POST", "/v1/inquiries", body)) == "SCHEMA_INVALID"
    assert kept(country) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"purpose":"', '"purpose":"見本 花子","purpose":"'),
        ('"purpose":"', '"purpose":"\\u0000'),
        ('"created":"20', '"expires":"2026-02-30T00:00:00Z","created":"20'),
        ('"msl":1', '"msl":1,"seq":9007199254740992'),
        ('"msl":1', '"msl":1,"seq":1e300'),
        ('"danban":"0', '"danban":"０'),
    ],
)
def test_a_good_message_with_one_thing_bent_is_refused_alone_and_in_a_batch_and_not_kept(
    country: Country, old: str, new: str
) -> None:
    before, text = kept(country), envelope.dumps(country.inquiry("000000000000018")).decode()
    bent = text.replace(old, new)
    assert bent != text
    assert code(raw(country, "POST", "/v1/inquiries", bent.encode())) == "SCHEMA_INVALID"
    answer = raw(
        country, "POST", "/v1/inquiries:batch", f'{{"msl":1,"type":"batch","messages":[{bent}]}}'.encode()
    )
    found = answer.json()
    assert (found.get("msl_code") or found["results"][0]["problem"]["msl_code"]) == "SCHEMA_INVALID"
    assert "見本" not in answer.text
    assert kept(country) == before


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 65, "x" * 8000, "a,b", '"a"', "../../etc"])
def test_a_key_that_cannot_be_one_is_refused(country: Country, key: str) -> None:
    before, body = kept(country), envelope.dumps(country.inquiry("000000000000018"))
    answer = raw(country, "POST", "/v1/inquiries", body, **{"Idempotency-Key": key})
    assert code(answer) in ("SCHEMA_INVALID", "SIGNATURE_INVALID")
    assert kept(country) == before


@pytest.mark.parametrize(
    ("media", "taken"),
    [
        ("Application/JSON", True),
        ("application/json; charset=utf-8", True),
        ("application/jsonx", False),
        ("application/json-patch+json", False),
        ("text/json", False),
        (";application/json", False),
    ],
)
def test_json_is_known_by_its_media_type_however_it_is_written(
    country: Country, media: str, taken: bool
) -> None:
    answer = raw(country, "GET", "/v1/health", b"", **{"Content-Type": media})
    assert answer.status_code == (200 if taken else 415)


def test_an_oversized_message_is_refused_before_it_is_read(country: Country) -> None:
    body = b" " * (envelope.MAX_BODY + 1)
    assert code(raw(country, "POST", "/v1/inquiries", body)) == "BODY_TOO_LARGE"


def test_a_batch_of_more_than_500_is_refused(country: Country) -> None:
    with pytest.raises(Problem, match="SCHEMA_INVALID"):
        country.tenant(ASKER).inquire_many([{"type": "x"}] * 501)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("purpose", "番号は１２３４５６７８９０１８です"),
        ("purpose", "見本　花子"),
        ("purpose", "甲野市本町1丁目2番3号"),
        ("case_ref", "1234-5678-9018"),
        ("purpose", "昭和50年1月2日生"),
    ],
)
def test_a_message_with_a_number_or_a_name_is_refused_unread_and_not_repeated(
    country: Country, place: str, value: str
) -> None:
    before = kept(country)
    inquiry = country.inquiry("000000000000018", **{place: value})
    answer = raw(country, "POST", "/v1/inquiries", envelope.dumps(inquiry))
    assert code(answer) == "FORBIDDEN_CONTENT"
    assert value not in answer.text
    assert kept(country) == before
    with pytest.raises(Problem, match="FORBIDDEN_CONTENT"):
        country.tenant(ASKER).inquire(inquiry)


def test_one_bad_inquiry_does_not_hold_up_its_batch(country: Country) -> None:
    good = [country.inquiry("000000000000018") for _ in range(3)]
    bad = [
        {**good[0], "id": "x"},
        country.inquiry("000000000000018", purpose="女"),
        7,
        {"type": "inquiry.cancel"},
    ]
    mixed = [good[0], bad[0], good[1], bad[1], bad[2], good[2], bad[3]]
    answer = raw(
        country,
        "POST",
        "/v1/inquiries:batch",
        envelope.dumps(envelope.batch([m for m in mixed if isinstance(m, dict)])),
    )
    found = [r.get("problem", {}).get("msl_code", r["status"]) for r in answer.json()["results"]]
    assert [r["id"] for r in answer.json()["results"]][1] == "", "what is not an id is not repeated"
    assert found == [202, "SCHEMA_INVALID", 202, "FORBIDDEN_CONTENT", 202, "SCHEMA_INVALID"]
    country.pump()
    country.drain(ASKER)


def test_a_tenant_cannot_send_in_the_name_of_another_body(country: Country) -> None:
    inquiry = country.inquiry("000000000000018")
    for changes in ({"org": HOLDER, "tenant": "992020"}, {"org": "992011-02"}, {"tenant": "992020"}):
        assert (
            code(raw(country, "POST", "/v1/inquiries", envelope.dumps({**inquiry, **changes})))
            == "TENANT_MISMATCH"
        )


def test_another_tenants_things_look_like_missing_ones(country: Country) -> None:
    inquiry = country.inquiry("000000000000018")
    country.tenant(ASKER).inquire(inquiry)
    found = []
    for id_ in (inquiry["id"], envelope.new_id(country.now())):
        with pytest.raises(Problem) as caught:
            country.tenant(HOLDER).inquiry(id_)
        found.append({k: v for k, v in caught.value.to_dict().items() if k != "trace"})
    assert found[0] == found[1]
    country.pump()
    country.drain(ASKER)


def test_a_party_may_use_its_own_endpoints_only(country: Country) -> None:
    for party in ("portal", "commission"):
        with pytest.raises(Problem, match="FORBIDDEN"):
            country.link(party, "hub").call("GET", "/v1/records")
    for party in (ASKER, "juki", "commission"):
        with pytest.raises(Problem, match="FORBIDDEN"):
            country.link(party, "core").call("GET", "/if/v1/fugo-results")
    with pytest.raises(Problem, match="FORBIDDEN"):
        country.link("commission", "juki").call("GET", "/v1/health")


def test_unknown_paths_and_methods_are_problems(country: Country) -> None:
    assert code(raw(country, "GET", "/v1/nothing", b"")) == "NOT_FOUND"
    assert code(raw(country, "PUT", "/v1/inquiries", b"{}")) == "METHOD_NOT_ALLOWED"
    for query in ("max=x", "max=-1", "max=1.5", "max=%D9%A3", "max=1_0", "max=" + "9" * 5000, "families=%00"):
        assert code(raw(country, "GET", f"/v1/inbox?{query}", b"")) == "SCHEMA_INVALID", query
    assert (
        code(raw(country, "POST", "/v1/inquiries", b"{}", **{"Content-Type": "text/plain"})) == "MEDIA_TYPE"
    )


def test_the_same_key_gives_the_stored_answer_and_does_the_work_once(country: Country) -> None:
    inquiry = country.inquiry("000000000000018")
    hub, before = country.tenant(ASKER), kept(country)
    first, second = hub.inquire(inquiry), hub.inquire(inquiry)
    assert (first.status, first.body) == (second.status, second.body)
    assert (first.replayed, second.replayed) == (False, True)
    assert kept(country) == before + 1
    with pytest.raises(Problem, match="IDEMPOTENCY_CONFLICT"):
        hub.link.call("POST", "/v1/inquiries", country.inquiry("000000000000026"), message_id=inquiry["id"])
    country.pump()
    country.drain(ASKER)


def test_the_same_message_in_another_batch_is_taken_once_and_a_changed_one_refused(country: Country) -> None:
    inquiry, before = country.inquiry("000000000000018"), kept(country)
    hub = country.tenant(ASKER)
    assert [r["status"] for r in hub.inquire_many([inquiry, inquiry])] == [202, 202]
    assert [r["status"] for r in hub.inquire_many([inquiry])] == [202]
    changed = {**inquiry, "subject": {"danban": "000000000000026"}}
    assert [r["status"] for r in hub.inquire_many([changed])] == [422]
    assert kept(country) == before + 1
    country.pump()
    country.drain(ASKER)


def test_a_refused_request_may_be_mended_and_sent_again_under_its_key(country: Country) -> None:
    inquiry = country.inquiry("000000000000018")
    key = inquiry["id"]
    broken = envelope.dumps({**inquiry, "layout": "!!"})
    assert code(raw(country, "POST", "/v1/inquiries", broken, key)) == "SCHEMA_INVALID"
    assert raw(country, "POST", "/v1/inquiries", envelope.dumps(inquiry), key).status_code == 202
    country.pump()
    country.drain(ASKER)


def test_while_a_request_runs_its_repetition_is_told_to_wait(country: Country) -> None:
    inquiry = country.inquiry("000000000000018")
    key = f"hub:{ASKER}:{inquiry['id']}"
    with country.hub.store.transaction() as tx:
        tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", (key,))
        with pytest.raises(Problem) as caught:
            country.tenant(ASKER).inquire(inquiry)
    assert (caught.value.code, caught.value.retryable, caught.value.retry_after) == (
        "IDEMPOTENCY_RUNNING",
        True,
        1,
    )
    assert country.tenant(ASKER).inquire(inquiry).status == 202
    country.pump()
    country.drain(ASKER)


def test_the_same_request_from_many_threads_is_done_once(country: Country) -> None:
    inquiry, before, outcomes = country.inquiry("000000000000018"), kept(country), []

    def send(hub: LinkClient) -> None:
        try:
            outcomes.append(hub.call("POST", "/v1/inquiries", inquiry).status)
        except Problem as problem:
            outcomes.append(problem.code)

    threads = [threading.Thread(target=send, args=(country.link(ASKER, "hub"),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(outcomes) <= {202, "IDEMPOTENCY_RUNNING"}
    assert 202 in outcomes
    assert kept(country) == before + 1
    country.pump()
    country.drain(ASKER)


def test_a_replayed_request_is_refused_even_after_a_restart(country: Country) -> None:
    body = envelope.dumps(country.inquiry("000000000000018"))
    id_ = envelope.new_id(country.now())
    request = Request(
        "POST",
        country.config.url("hub") + "/v1/inquiries",
        {
            "Content-Type": "application/json",
            "Idempotency-Key": id_,
            "MSL-Message-Id": id_,
            "MSL-Tenant": "992011",
        },
    )
    Signer(country.config.keys(ASKER), country.now).sign_request(request, body)
    with httpx.Client(transport=wsgi(country.hub)) as http:
        answers = [http.post(request.url, content=body, headers=request.headers) for _ in range(2)]
    assert answers[0].status_code == 202
    assert code(answers[1]) == "NONCE_REPLAYED"
    with country.hub.store.transaction() as tx:
        assert tx.execute("SELECT 1 FROM hub.nonce LIMIT 1").fetchone()
    country.pump()
    country.drain(ASKER)


def test_answers_and_errors_are_marked_as_the_sandboxs(country: Country) -> None:
    assert raw(country, "GET", "/v1/health", b"").headers["msl-sandbox"] == "MADOGUCHI-SANDBOX"
    assert raw(country, "GET", "/v1/nothing", b"").headers["msl-sandbox"] == "MADOGUCHI-SANDBOX"


def test_an_unexpected_failure_is_a_problem_with_a_trace_and_keeps_nothing(
    country: Country, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before, inquiry = kept(country), country.inquiry("000000000000018")
    with country.hub.store.transaction() as tx:
        tx.execute("ALTER TABLE hub.inquiry RENAME TO inquiry_away")
    answer = raw(country, "POST", "/v1/inquiries", envelope.dumps(inquiry))
    with country.hub.store.transaction() as tx:
        tx.execute("ALTER TABLE hub.inquiry_away RENAME TO inquiry")
    assert code(answer) == "INTERNAL"
    assert answer.json()["trace"] in caplog.text
    assert kept(country) == before
    assert json.loads(answer.text)["retryable"] is True
    assert country.tenant(ASKER).inquire(inquiry).status == 202
    country.pump()
    country.drain(ASKER)

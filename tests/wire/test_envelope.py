"""Envelopes: every type has a schema, unknown things are refused, errors name places and never values."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.conftest import Ticking, inquiry
from workflows.linkage.wire import codes, envelope, merkle, problems, retry
from workflows.linkage.wire.problems import Problem


def test_a_correct_inquiry_is_taken(ticking: Ticking) -> None:
    assert envelope.validate(inquiry(ticking()), "inquiry.request", ticking()) == "inquiry.request"


def test_every_schema_compiles_and_refuses_an_empty_message() -> None:
    for name in sorted(envelope.schema_names() - {"batch", "acks"}):
        with pytest.raises(Problem, match="SCHEMA_INVALID"):
            envelope.check(name, {"type": name})


@pytest.mark.parametrize("extra", ["氏名", "name", "number", "x"])
def test_no_message_takes_an_unknown_field_anywhere(ticking: Ticking, extra: str) -> None:
    message = inquiry(ticking())
    for broken in (
        {**message, extra: "v"},
        {**message, "payload": {**message["payload"], extra: "v"}},
        {**message, "subject": {"danban": "000000000000018", extra: "v"}},
    ):
        with pytest.raises(Problem, match="SCHEMA_INVALID"):
            envelope.validate(broken)


@pytest.mark.parametrize("danban", ["123456789018", "12345", "1234-5678-9018", "", "見本花子", "0" * 25])
def test_a_subject_can_never_have_the_shape_of_a_number(ticking: Ticking, danban: str) -> None:
    message = inquiry(ticking())
    message["subject"] = {"danban": danban}
    with pytest.raises(Problem, match="SCHEMA_INVALID"):
        envelope.validate(message)


def test_errors_name_places_and_never_values(ticking: Ticking) -> None:
    message = inquiry(ticking())
    message["payload"]["847897521731"] = "見本 花子"
    message["payload"]["items"] = ["ok", "見本 花子"]
    with pytest.raises(Problem) as caught:
        envelope.validate(message)
    text = json.dumps(caught.value.to_dict(), ensure_ascii=False)
    assert "見本" not in text
    assert "847897521731" not in text
    assert "/payload/items/1" in text


def test_a_message_past_its_expiry_is_refused(ticking: Ticking) -> None:
    message = inquiry(ticking()) | {"expires": envelope.stamp(ticking() - timedelta(seconds=1))}
    with pytest.raises(Problem, match="MESSAGE_EXPIRED"):
        envelope.validate(message, now=ticking())


@settings(max_examples=150)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=10)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_any_json_is_refused_with_a_problem_and_nothing_else(document: Any) -> None:
    with pytest.raises(Problem):
        envelope.validate(document)


def test_a_body_that_is_no_json_or_too_large_is_a_problem() -> None:
    with pytest.raises(Problem, match="SCHEMA_INVALID"):
        envelope.loads(b"{")
    with pytest.raises(Problem, match="BODY_TOO_LARGE"):
        envelope.loads(b" " * (envelope.MAX_BODY + 1))


@pytest.mark.parametrize(
    "body",
    [
        b'{"purpose": "a", "purpose": "b"}',
        b'{"a":{"b":1,"b":1}}',
        b'[{"a":1},{"a":1,"\\u0061":2}]',
        b'{"a":"x\\u0000y"}',
        b'{"a\\u0000":1}',
        b'{"a":"\\\\\\u0000"}',
        b"[" * 300 + b"]" * 300,
        b'{"a":' * 300 + b"1" + b"}" * 300,
        b"[" * 100_000 + b"]" * 100_000,
        b"\xef\xbb\xbf{}",
        b"{}{}",
        b"{}\x00",
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":1,}',
        b"{'a':1}",
        b'"\\ud800"',
        b'"\xff"',
    ],
)
def test_a_body_that_two_readers_could_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(Problem, match="SCHEMA_INVALID"):
        envelope.loads(body)


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b' {"a" : [1, 1.50, "\\u3042"] }\n', {"a": [1, 1.5, "あ"]}),
        (b'{"a":"\\\\u0000"}', {"a": "\\u0000"}),
        (b'[{"a":1},{"a":1}]', [{"a": 1}, {"a": 1}]),
    ],
)
def test_json_in_another_spelling_is_read_as_what_it_says(body: bytes, document: Any) -> None:
    assert envelope.loads(body) == document


def test_a_document_nested_too_deep_for_its_schema_is_a_problem_too(ticking: Ticking) -> None:
    deep: Any = "x"
    for _ in range(2000):
        deep = [deep]
    with pytest.raises(Problem, match="SCHEMA_INVALID"):
        envelope.validate({**inquiry(ticking()), "layout": deep})


@pytest.mark.parametrize("name", ["created", "expires"])
@pytest.mark.parametrize(
    "when",
    [
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-22T25:00:00Z",
        "2026-11-22T23:59:60Z",
        "2026-11-22T01:02:03+09:00",
        "2026-11-22 01:02:03Z",
        "２０２６-11-22T01:02:03Z",
        "2026-11-22T01:02:03Z\n",
    ],
)
def test_a_moment_that_never_was_is_refused(ticking: Ticking, name: str, when: str) -> None:
    with pytest.raises(Problem, match="SCHEMA_INVALID"):
        envelope.validate({**inquiry(ticking()), name: when}, now=ticking())


@pytest.mark.parametrize("seq", [0, -1, 1.5, 2**53, 1e30, "1", True])
def test_a_place_in_an_order_is_a_whole_number_that_json_carries_exactly(ticking: Ticking, seq: Any) -> None:
    with pytest.raises(Problem, match="SCHEMA_INVALID"):
        envelope.validate({**inquiry(ticking()), "seq": seq})


@pytest.mark.parametrize(
    "danban",
    [
        "００００００００００００１８",
        "٠٠٠٠٠٠٠٠٠٠٠٠٠١٨",
        "000000000000018\n",
        "000000000000018\x00",
        " 00000000000018",
    ],
)
def test_only_plain_figures_make_a_subject(ticking: Ticking, danban: str) -> None:
    with pytest.raises(Problem, match="SCHEMA_INVALID"):
        envelope.validate({**inquiry(ticking()), "subject": {"danban": danban}})


def test_the_request_digest_does_not_depend_on_the_subject_or_on_key_order(ticking: Ticking) -> None:
    message = inquiry(ticking())
    other = dict(reversed(list(message.items()))) | {"subject": {"danban": "000000000000026"}}
    assert envelope.request_digest(message) == envelope.request_digest(other)
    assert envelope.request_digest(message) != envelope.request_digest(message | {"org": "992011-02"})


JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53) + 1, 2**53 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(
                st.text(st.characters(max_codepoint=127)), st.text(st.characters(exclude_categories=["Cs"]))
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=15,
)


@settings(max_examples=600)
@given(JSON_VALUES)
def test_the_short_way_to_the_canonical_form_gives_the_same_bytes(document: Any) -> None:
    assert envelope.canonical(document) == rfc8785.dumps(document)


@pytest.mark.parametrize("number", [2**53, -(2**53), 10**20])
def test_a_whole_number_that_json_cannot_carry_exactly_is_refused(number: int) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        envelope.canonical({"n": number})


def test_a_time_on_the_wire_keeps_its_microseconds_and_needs_a_zone() -> None:
    at = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
    assert envelope.moment(envelope.stamp(at)) == at
    with pytest.raises(ValueError, match="time zone"):
        envelope.stamp(datetime(2026, 1, 1))  # noqa: DTZ001


def test_every_code_has_words_in_both_languages() -> None:
    for found in codes.RESULT_CLASSES.values():
        assert found.ja
        assert found.en
        assert found.ja != found.en
    assert codes.words("OK", "en") == "Provided"
    assert codes.words("SOMETHING_NEW") == "SOMETHING_NEW"
    assert set(codes.RESULT_CLASSES) >= codes.REFUSAL_CODES


def test_every_problem_says_what_to_do_next() -> None:
    for kind in problems.PROBLEM_KINDS.values():
        assert kind.title_ja
        assert kind.next_ja
        assert 400 <= kind.status < 600
        document = Problem(kind.code, "d", [{"pointer": "/x", "kind": "y"}]).to_dict()
        envelope.check_part("answers", "problem", document)
        again = problems.parse(kind.status, document)
        assert (again.code, again.status, again.detail) == (kind.code, kind.status, "d")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 0),
        ("999999999999999999", problems.LONGEST_WAIT),
        ("-1", None),
        ("inf", None),
        ("nan", None),
        ("1e9", None),
        ("٣", None),
        ("Sun, 22 Nov 2026 01:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_a_peer_may_ask_for_patience_in_whole_seconds_and_not_for_ever(
    header: str | None, seconds: float | None
) -> None:
    problem = problems.parse(429, Problem("TOO_MANY").to_dict(), header)
    assert problem.retry_after == seconds
    assert 1 <= retry.judge(problem, 1, retry.random.Random(1)).after <= problems.LONGEST_WAIT


def test_back_off_has_jitter_between_one_second_and_five_minutes() -> None:
    chance = retry.random.Random(1)
    waits = [retry.backoff(attempt, chance) for attempt in range(1, 60)]
    assert min(waits) >= 1
    assert max(waits) <= 300
    assert len(set(waits)) > 40


def test_the_budget_of_a_notice_is_shorter() -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    assert retry.budget_over(first, first + timedelta(hours=5), notice=True)
    assert not retry.budget_over(first, first + timedelta(hours=5))
    assert retry.budget_over(first, first + timedelta(hours=24))


def split_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1 as written, to hold the level-by-level form against."""
    if not leaves:
        return merkle.hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.hashlib.sha256(b"\x01" + split_root(leaves[:k]) + split_root(leaves[k:])).digest()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 100])
def test_the_merkle_root_is_the_one_of_the_rfc(count: int) -> None:
    leaves = [merkle.leaf(str(n).encode()) for n in range(count)]
    assert merkle.root_bytes(leaves) == split_root(leaves)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"items": "local-tax"},
        {"items": {}},
        {"items": {"local-tax": "42"}},
        {"items": {"見本 花子": {}}},
        {"items": {"local-tax": {}}, "氏名": "見本 花子"},
    ],
)
def test_what_an_answer_holds_is_items_by_their_codes_and_nothing_else(content: Any) -> None:
    envelope.check_part("common", "content", {"items": {"local-tax": {"anything": 1}}})
    with pytest.raises(Problem, match="SCHEMA_INVALID"):
        envelope.check_part("common", "content", content)

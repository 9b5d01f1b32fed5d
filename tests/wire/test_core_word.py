"""The core's word on its records: the core's alone, to one body, about one place, now, and whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from tests.wire.conftest import ASKER, HOLDER, World
from workflows.linkage.wire import core_word
from workflows.linkage.wire.core_word import Said
from workflows.linkage.wire.problems import Problem

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SAID = (Said(8, "01M80ZN4X79NJ33C2WQYZD05EM", "d1"), Said(11, "01M80ZN4X79NJ33C2WQYZD05EN", None))


def word(world: World, by: str = "core", to: str = ASKER, said=SAID, complete: bool = True) -> str:
    return core_word.issue(world.keys[by], to, 7, said, complete, NOW)


def verify(world: World, token: str, after: int = 7, now: datetime = NOW):
    return core_word.verify(token, world.directory, audience=ASKER, after=after, now=now)


def test_the_core_s_word_is_read_as_it_was_said(world: World) -> None:
    found = verify(world, word(world))
    assert (found.after, found.complete, found.records) == (7, True, SAID)
    assert verify(world, word(world, said=())).records == ()


@pytest.mark.parametrize("by", ["hub", ASKER, "stranger"])
def test_nobody_else_s_word_counts(world: World, by: str) -> None:
    with pytest.raises(Problem):
        verify(world, word(world, by=by))


def test_a_word_to_another_body_about_another_place_or_from_another_hour_does_not_count(world: World) -> None:
    for token, after, now in (
        (word(world, to=HOLDER), 7, NOW),
        (word(world), 6, NOW),
        (word(world), 7, NOW + timedelta(minutes=6)),
        (word(world), 7, NOW - timedelta(minutes=6)),
    ):
        with pytest.raises(Problem) as refused:
            verify(world, token, after, now)
        assert refused.value.code == "SIGNATURE_INVALID"


@pytest.mark.parametrize("said", [SAID[::-1], (SAID[0], SAID[0]), (Said(7, "x", "d"),)])
def test_records_out_of_order_do_not_count(world: World, said: tuple[Said, ...]) -> None:
    with pytest.raises(Problem):
        verify(world, word(world, said=said))


def test_an_empty_word_that_does_not_say_that_it_ends_would_be_asked_for_for_ever(world: World) -> None:
    with pytest.raises(Problem):
        verify(world, word(world, said=(), complete=False))


@pytest.mark.parametrize("broken", ["", "a.b.c", "x" * 200, "eyJhbGciOiJub25lIn0..", "あ.い.う"])
def test_rubbish_is_refused(world: World, broken: str) -> None:
    with pytest.raises(Problem):
        verify(world, broken)


@pytest.mark.parametrize(
    "bend",
    [
        lambda claims: [claims],
        lambda claims: {**claims, "iat": 10**18},
        lambda claims: {**claims, "iat": None},
        lambda claims: {**claims, "complete": "yes"},
        lambda claims: {**claims, "records": [[8, "x"]]},
        lambda claims: {**claims, "records": [["8", "x", None]]},
        lambda claims: {**claims, "records": [[True, "x", None]]},
        lambda claims: {**claims, "records": [[8, "x", {}]]},
        lambda claims: {**claims, "records": [[8, "見本 花子", None]]},
        lambda claims: {k: v for k, v in claims.items() if k != "after"},
    ],
)
def test_what_the_core_signed_without_the_shape_of_a_word_is_none(
    world: World, bend: Callable[[dict[str, Any]], Any]
) -> None:
    true = jws.extract_compact(word(world).encode())
    key = OKPKey.import_key(world.keys["core"].signing)

    def again(claims: Any) -> str:
        return jws.serialize_compact(true.headers(), orjson.dumps(claims), key, algorithms=["Ed25519"])

    claims = orjson.loads(true.payload)
    assert verify(world, again(claims)).records == SAID
    with pytest.raises(Problem, match="SIGNATURE_INVALID"):
        verify(world, again(bend(claims)))


def test_one_changed_character_is_noticed(world: World) -> None:
    token = word(world)
    at = token.index(".") + 30
    with pytest.raises(Problem):
        verify(world, token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :])

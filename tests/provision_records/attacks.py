"""Changes to a proof file that somebody might make, each with the finding that must name it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.audit.checkpoint import key_id


def changed(raw: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The file with something changed in it, written as carefully as a true one."""
    value = json.loads(raw)
    change(value)
    return rfc8785.dumps(value)


def part(value: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return value["parts"][index]


def drop(value: dict[str, Any]) -> None:
    del part(value)["records"][7]


def drop_all(value: dict[str, Any]) -> None:
    part(value)["records"] = []


def cut_newest(value: dict[str, Any]) -> None:
    part(value)["records"].pop()


def to_pending(value: dict[str, Any]) -> None:
    part(value)["pending"].append(part(value)["records"].pop()["content"])


def twice(value: dict[str, Any]) -> None:
    part(value)["records"].append(part(value)["records"][-1])


def swap_order(value: dict[str, Any]) -> None:
    part(value)["records"].reverse()


def alter(value: dict[str, Any]) -> None:
    part(value)["records"][0]["content"]["outcome"] = "NO_SUCH_SUBJECT"


def alter_salt(value: dict[str, Any]) -> None:
    part(value)["records"][0]["salt"] = "00" * 32


def alter_place(value: dict[str, Any]) -> None:
    part(value)["records"][-1]["seq"] += 1


def alter_path(value: dict[str, Any]) -> None:
    part(value)["records"][0]["path"][0] = "00" * 32


def another_person(value: dict[str, Any]) -> None:
    part(value)["addressee"] = "A0000002"


def persons_swapped(value: dict[str, Any]) -> None:
    part(value)["addressee"] = "A0000002"
    for one in part(value)["records"]:
        one["content"]["addressee"] = "A0000002"


def salt_of_person(value: dict[str, Any]) -> None:
    part(value)["person_salt"] = "11" * 32


def other_checkpoint(value: dict[str, Any]) -> None:
    for name in ("checkpoint", "signature", "key_id", "public_key", "stamp"):
        part(value, 0)[name], part(value, 1)[name] = part(value, 1)[name], part(value, 0)[name]


def checkpoint_size(value: dict[str, Any]) -> None:
    part(value)["checkpoint"] = part(value)["checkpoint"].replace('"size":24', '"size":23')


def checkpoint_spaced(value: dict[str, Any]) -> None:
    part(value)["checkpoint"] += " "


def forged_signature(value: dict[str, Any]) -> None:
    part(value)["signature"] = "00" * 64


def own_key(value: dict[str, Any]) -> None:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    part(value)["public_key"], part(value)["key_id"] = public.hex(), key_id(public)
    part(value)["signature"] = private.sign(part(value)["checkpoint"].encode()).hex()


def key_named_otherwise(value: dict[str, Any]) -> None:
    part(value)["key_id"] = "0" * 16


def stamp_of_the_other(value: dict[str, Any]) -> None:
    part(value, 0)["stamp"] = part(value, 1)["stamp"]


def stamp_noise(value: dict[str, Any]) -> None:
    part(value)["stamp"] = "AAAA"


def bucket_emptied(value: dict[str, Any]) -> None:
    part(value)["bucket"] = []


def bucket_count(value: dict[str, Any]) -> None:
    part(value)["bucket"][0][1] -= 1
    part(value)["records"].pop()


def bucket_twice(value: dict[str, Any]) -> None:
    part(value)["bucket"].append(part(value)["bucket"][0])


def sibling(value: dict[str, Any]) -> None:
    part(value)["siblings"][3] = "00" * 32


def part_repeated(value: dict[str, Any]) -> None:
    value["parts"].append(value["parts"][0])


def no_part(value: dict[str, Any]) -> None:
    value["parts"] = []


def stray_pending(value: dict[str, Any]) -> None:
    stray = copy.deepcopy(part(value)["records"][0]["content"])
    stray["addressee"] = "A0000002"
    part(value)["pending"].append(stray)


ATTACKS = {
    drop: "records-missing",
    drop_all: "records-missing",
    cut_newest: "records-missing",
    to_pending: "records-missing",
    twice: "record-order",
    swap_order: "record-order",
    alter: "record-not-sealed",
    alter_salt: "record-not-sealed",
    alter_place: "record-not-sealed",
    alter_path: "record-not-sealed",
    another_person: "record-of-another",
    persons_swapped: "record-not-sealed",
    salt_of_person: "map-broken",
    other_checkpoint: "checkpoint-of-another",
    checkpoint_size: "signature-broken",
    checkpoint_spaced: "checkpoint-malformed",
    forged_signature: "signature-broken",
    own_key: "signature-unknown-key",
    key_named_otherwise: "signature-broken",
    stamp_of_the_other: "stamp-broken",
    stamp_noise: "stamp-broken",
    bucket_emptied: "map-broken",
    bucket_count: "map-broken",
    bucket_twice: "map-broken",
    sibling: "map-broken",
    part_repeated: "part-twice",
    no_part: "list-cut",
    stray_pending: "pending-stray",
}

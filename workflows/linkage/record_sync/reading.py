"""What a page of the hub's record list must be to be believed, and whether a record of it tells what ours tells."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from workflows.linkage.record_sync import frontier
from workflows.linkage.wire import envelope
from workflows.linkage.wire.problems import Problem

# Ways in which an exchange was over before the holder's answer came. Only the hub knows which; to a holder they are one.
OVER_BEFORE = frozenset({"TIMEOUT", "PERMIT_EXPIRED", "CANCELLED", "FROZEN"})
# The row of the law table where the core never decided: the inquiry ended at the hub, and the number of the exchange is the hub's own.
NO_LAW = "none"


def never_reached_us(theirs: Mapping[str, Any]) -> bool:
    """Whether the hub ended an exchange at the holder's side before the holder was asked: nobody here could have a record of it."""
    return theirs["side"] == "holder" and (theirs.get("danban") is None or theirs["outcome"] == "FROZEN")


def same_story(
    theirs: Mapping[str, Any],
    outcome: str,
    asker: str,
    holder: str,
    affair: str,
    items: Sequence[Mapping[str, str]],
    law_row: str,
) -> bool:
    """Whether the server's record tells what ours tells."""
    told = theirs["outcome"]
    over = theirs["side"] == "holder" and {outcome, told} <= OVER_BEFORE
    return (
        (outcome == told or over)
        and (asker, holder, affair) == (theirs["asker"]["org"], theirs["holder"]["org"], theirs["affair"])
        and sorted(item["code"] for item in items) == sorted(theirs["items"])
        and theirs["law_row"] in (law_row, NO_LAW)
    )


def unreadable(page: Sequence[Mapping[str, Any]], last: int) -> int | None:
    """The number of the first record that has not its shape, or None: a list in which such a thing stands is not read on."""
    for due, record in enumerate(page, last + 1):
        try:
            envelope.check_part("common", "record", record)
        except Problem:
            return due
    return None


def altered(
    page: Sequence[Mapping[str, Any]], edge: list[bytes], size: int, mark: Mapping[str, Any] | None
) -> int | None:
    """The number at which the list is not what it says it is, or None."""
    for record in page:
        if record["digest"] != shared_digest(record):
            return int(record["seq"])
    if mark is not None and mark["seq"] == size and mark["root"] != frontier.root(edge):
        return size
    if mark is not None and mark["seq"] < size:
        return size  # records that were there are gone
    return None


def record_leaf(record: Mapping[str, Any]) -> bytes:
    """The leaf hash of a record; the mark of 23条2項 is not part of it, because it may be set later."""
    return hashlib.sha256(b"\x00" + envelope.canonical({**record, "nondisclosure": False})).digest()


def shared_digest(record: Mapping[str, Any]) -> str:
    """The digest over what asker, holder and core share, as the hub must have made it."""
    names = (
        "exchange_id",
        "asker",
        "holder",
        "requested_at",
        "affair",
        "procedure",
        "items",
        "law_row",
        "law_clause",
        "table_version",
        "outcome",
        "provided_at",
    )
    return envelope.digest({name: record[name] for name in names})

"""Checking a proof file offline: no database, no network, nothing but the file and what the checker trusts.

What must hold for each office in the file: the checkpoint is signed by the office's published key and stamped by a trusted
authority; every record's seal, computed from its content and salt, stands at its place in the signed tree; the person's own
tree over exactly these records has the count and root that the same checkpoint commits to; and every record is about this
person and this office. Then no record was changed, and none that was sealed under her key was left out, of the offices
the file speaks of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from cryptography import x509

from storage.audit import merkle
from storage.audit.checkpoint import (
    Checkpoint,
    CheckpointError,
    key_id,
    parse,
    signature_holds,
    stamped_message,
)
from storage.audit.keyed_map import bucket_of, root_from_bucket
from storage.audit.stamping import StampBroken, verify_stamp
from storage.clock import JAPAN

from . import proof_format
from .models import LOG, canonical, person_key
from .proof_format import NotAProof, Part
from .proof_words import WORDS

TRUST_FORMAT = "madoguchi-trust/1"
OK, BROKEN, NOT_A_PROOF, KEYS_UNCHECKED, UNPROVEN = 0, 1, 2, 3, 4
NOT_PROVEN = frozenset({"records-none", "pending"})
"""Findings about something the file says that nothing vouches for: anybody can empty a list or write a pending record."""
MAX_SHOWN = 100
"""Characters of a value of the file that a finding repeats."""


class Line(NamedTuple):
    """One finding. holds: True, False, or None for what could not be judged (a warning)."""

    holds: bool | None
    code: str
    about: Mapping[str, str]

    def words(self, language: str = "ja") -> str:
        """The finding as a sentence in ja or en."""
        return WORDS[self.code][language].format_map(self.about)


@dataclass(frozen=True)
class Trust:
    """What the checker trusts: published Ed25519 keys by tenant (raw bytes), roots of time-stamp authorities."""

    keys: Mapping[str, frozenset[bytes]]
    roots: tuple[x509.Certificate, ...] = ()


class BadTrust(ValueError):
    """The trust file cannot be read."""


@dataclass
class Result:
    """All findings, and the exit code: 0 holds, 1 broken, 2 not a proof file, 3 holds but nobody vouched for the keys,
    4 holds, but a part of it is not proven: an empty list or records not sealed yet."""

    lines: list[Line] = field(default_factory=list)
    trusted: bool = False
    records: int = 0
    offices: dict[str, int] = field(default_factory=dict)
    """What the verdict speaks of: records found sealed and whole, by tenant. Of any other office it says nothing."""

    @property
    def exit_code(self) -> int:
        if any(line.code.startswith("file-") and line.holds is False for line in self.lines):
            return NOT_A_PROOF
        if any(line.holds is False for line in self.lines):
            return BROKEN
        if not self.trusted:
            return KEYS_UNCHECKED
        return UNPROVEN if any(line.code in NOT_PROVEN for line in self.lines) else OK

    def say(self, holds: bool | None, code: str, **about: object) -> bool:
        """Add a finding; returns whether it holds."""
        self.lines.append(Line(holds, code, {name: _plain(str(value)) for name, value in about.items()}))
        return bool(holds)


def verify(
    raw: bytes,
    trust: Trust | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    offices: Collection[str] = (),
) -> Result:
    """Check a proof file.

    Each office signs for its own records, and nobody signs for which offices there are: a file from which an office's whole
    part was taken looks like that of a person whom the office does not know. So the result names the offices it speaks of,
    and who expects certain ones says which.

    Args: raw: the file; trust: published keys and stamp roots, None when the checker has none (exit code 3 at best);
    progress: called with records done and in all; offices: tenants that must be in it, each with a record.
    """
    result = Result(trusted=trust is not None)
    try:
        proof = proof_format.read(raw)
    except NotAProof as refused:
        result.say(False, "file-" + refused.reason, where=refused.where)
        return result
    total = sum(len(part.records) for part in proof.parts)
    people = [(part.tenant, part.addressee) for part in proof.parts]
    if len(set(people)) != len(people):
        result.say(False, "part-twice")
    if not proof.parts:
        result.say(False, "part-none")
    for part in proof.parts:
        _part(part, trust, result, lambda: progress(result.records, total))
    _offices(trust, offices, result)
    return result


def _offices(trust: Trust | None, expected: Collection[str], result: Result) -> None:
    """Say which offices the file does not speak of."""
    for tenant in sorted(set(expected) - set(result.offices)):
        result.say(False, "office-missing", tenant=tenant)
    silent = sorted(set(trust.keys if trust else ()) - set(result.offices) - set(expected))
    if silent:
        result.say(None, "offices-silent", tenants="、".join(silent), count=len(silent))


def _part(part: Part, trust: Trust | None, result: Result, tick: Callable[[], None]) -> None:
    about = {"tenant": part.tenant}
    try:
        checkpoint = parse(part.checkpoint)
    except CheckpointError:
        result.say(False, "checkpoint-malformed", **about)
        return
    if (checkpoint.tenant, checkpoint.log) != (part.tenant, LOG):
        result.say(False, "checkpoint-of-another", **about)
        return
    _signature(part, trust, result)
    _stamp(part, trust, result)
    leaves = _records(part, checkpoint, result, tick)
    if leaves is not None:
        _whole(part, checkpoint, leaves, result)
    if part.pending:
        stray = any((c["tenant"], c["addressee"]) != (part.tenant, part.addressee) for c in part.pending)
        result.say(
            False if stray else None,
            "pending-stray" if stray else "pending",
            count=len(part.pending),
            **about,
        )


def _signature(part: Part, trust: Trust | None, result: Result) -> None:
    about = {"tenant": part.tenant, "fingerprint": fingerprint(part.public_key)}
    if key_id(part.public_key) != part.key_id or not signature_holds(
        part.public_key, part.checkpoint, part.signature
    ):
        result.say(False, "signature-broken", **about)
    elif trust is None:
        result.say(None, "signature-key-unchecked", **about)
    elif part.public_key in trust.keys.get(part.tenant, frozenset()):
        result.say(True, "signature-holds", **about)
    else:
        result.say(False, "signature-unknown-key", **about)


def _stamp(part: Part, trust: Trust | None, result: Result) -> None:
    about = {"tenant": part.tenant}
    if part.stamp is None:
        result.say(None, "stamp-none", **about)
    elif trust is None or not trust.roots:
        result.say(None, "stamp-unchecked", **about)
    else:
        try:
            at = verify_stamp(part.stamp, stamped_message(part.checkpoint, part.signature), trust.roots)
        except StampBroken:
            result.say(False, "stamp-broken", **about)
        else:
            result.say(True, "stamp-holds", at=_japan(at), **about)


def _records(
    part: Part, checkpoint: Checkpoint, result: Result, tick: Callable[[], None]
) -> list[bytes] | None:
    """The leaf of every record, when each stands where it says; None as soon as one does not."""
    leaves: list[bytes] = []
    before = -1
    for record in part.records:
        about = {"tenant": part.tenant, "record": record.content["record_id"]}
        if (record.content["tenant"], record.content["addressee"]) != (part.tenant, part.addressee):
            result.say(False, "record-of-another", **about)
            return None
        if record.seq <= before:
            result.say(False, "record-order", **about)
            return None
        leaf = merkle.leaf_hash(record.salt + canonical(record.content))
        if not merkle.verify_inclusion(record.seq, checkpoint.size, leaf, record.path, checkpoint.root):
            result.say(False, "record-not-sealed", **about)
            return None
        leaves.append(leaf)
        before = record.seq
        result.records += 1
        tick()
    if part.records:
        result.say(True, "records-sealed", tenant=part.tenant, count=len(leaves))
    return leaves


def _whole(part: Part, checkpoint: Checkpoint, leaves: list[bytes], result: Result) -> None:
    """Whether exactly these records are what the checkpoint counts for this person."""
    key = person_key(part.tenant, part.addressee, part.person_salt)
    top = root_from_bucket(bucket_of(key), part.bucket, part.siblings)
    if top != checkpoint.map_root:
        result.say(False, "map-broken", tenant=part.tenant)
        return
    entry = next((one for one in part.bucket if one.key == key), None)
    counted = entry.count if entry else 0
    about = {"tenant": part.tenant, "count": len(leaves), "counted": counted}
    if counted != len(leaves):
        result.say(False, "records-missing" if counted > len(leaves) else "records-added", **about)
    elif entry is not None and entry.root != merkle.root(leaves):
        result.say(False, "records-other", **about)
    elif entry is None:
        result.say(None, "records-none", **about)
    else:
        result.say(True, "records-whole", **about)
        result.offices[part.tenant] = len(leaves)


def read_trust(raw: bytes) -> Trust:
    """The trust file that an office publishes (docs/proof.md). Errors: BadTrust."""
    try:
        value = json.loads(raw)
        if value["format"] != TRUST_FORMAT:
            raise BadTrust("the format is not known")
        keys = {str(t): frozenset(bytes.fromhex(k) for k in given) for t, given in value["keys"].items()}
        roots = tuple(x509.load_pem_x509_certificate(pem.encode()) for pem in value["tsa_roots"])
    except (ValueError, KeyError, TypeError, AttributeError) as broken:
        raise BadTrust(
            "信頼する鍵のファイルを読めません。窓口が公表しているものをもう一度受け取ってください。"
        ) from broken
    if not any(keys.values()):
        raise BadTrust(
            "信頼する鍵のファイルに鍵がありません。窓口が公表しているものをもう一度受け取ってください。"
        )
    return Trust(keys, roots)


def fingerprint(public: bytes) -> str:
    """A public key's fingerprint in groups of four, as it is printed beside the portal's name."""
    text = key_id(public)
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _plain(text: str) -> str:
    """What the file says of itself, fit to be printed: nothing that could move a terminal's cursor or turn its text around."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text[:MAX_SHOWN])


def _japan(at: datetime) -> str:
    return at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")

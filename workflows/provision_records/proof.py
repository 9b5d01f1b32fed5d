"""Checking a proof file offline: no database, no network, nothing but the file and what the checker trusts.

What must hold for each office in the file: the checkpoint is signed by the office's published key and stamped by a trusted
authority; every record's seal, computed from its content and salt, stands at its place in the signed tree; the person's own
tree over exactly these records has the count and root that the same checkpoint commits to; and every record is about this
person and this office. Then no record was changed, and none that was sealed under her key was left out, of the offices
the file speaks of. That no office was left out, the portal vouches for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

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

from . import proof_format, proof_list
from .findings import Result
from .models import LOG, canonical, japan_time, person_key
from .proof_format import Part
from .shapes import NotAProof
from .trust import Trust, fingerprint


def verify(
    raw: bytes,
    trust: Trust | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    offices: Collection[str] = (),
) -> Result:
    """Check a proof file.

    Each office signs for its own records; which offices there are, the portal signs (proof_list.py). So the result names the
    offices it speaks of, and who expects certain ones says which.

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
    sealed_at = [
        made
        for part in proof.parts
        if (made := _part(part, trust, result, lambda: progress(result.records, total))) is not None
    ]
    named = proof_list.check(proof, max(sealed_at, default=None), trust, result)
    proof_list.say_silent(named, trust, offices, result)
    return result


def _part(part: Part, trust: Trust | None, result: Result, tick: Callable[[], None]) -> datetime | None:
    """Check one office's part; returns when its checkpoint was made, None when that cannot be read."""
    about = {"tenant": part.tenant}
    try:
        checkpoint = parse(part.checkpoint)
    except CheckpointError:
        result.say(False, "checkpoint-malformed", **about)
        return None
    if (checkpoint.tenant, checkpoint.log) != (part.tenant, LOG):
        result.say(False, "checkpoint-of-another", **about)
        return None
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
    return checkpoint.made_at


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
            result.say(True, "stamp-holds", at=japan_time(at), **about)


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

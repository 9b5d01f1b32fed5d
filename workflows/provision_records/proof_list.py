"""Checking the list of offices in a proof file: what the portal signed must be what the file holds.

The portal is believed because its key is published, not because an office confirms it; so every finding says who vouches.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from storage.audit.checkpoint import signature_holds

from .findings import Result
from .manifest import Manifest, differences, listed, parse
from .models import japan_time
from .proof_format import Proof, Signed
from .shapes import NotAProof
from .trust import Trust, fingerprint

SKEW = timedelta(minutes=5)
"""How far the clocks of two of the installation's machines may be apart."""


def check(proof: Proof, sealed_at: datetime | None, trust: Trust | None, result: Result) -> Manifest | None:
    """Check the manifest of a file. Args: sealed_at: when its newest checkpoint was made.

    Returns: the manifest, when what it says may be repeated.
    """
    try:
        said = parse(proof.manifest.body)
    except NotAProof:
        result.say(False, "list-malformed")
        return None
    if not _signature(proof.manifest, said, sealed_at, trust, result):
        return None
    wrong = differences(said.parts, [listed(part) for part in proof.parts])
    for code, tenant in wrong:
        result.say(False, code, tenant=tenant)
    if wrong:
        return None
    about = {"count": len(said.parts), "at": japan_time(said.made_at)}
    about["fingerprint"] = fingerprint(proof.manifest.public_key)
    if trust is None or not trust.portal:
        result.say(None, "list-key-unchecked", **about)
    else:
        result.say(True, "list-signed", **about)
    if not said.parts:
        result.say(None, "list-empty")
    for code, tenants in (("list-nothing", said.nothing), ("list-unanswered", said.unanswered)):
        if tenants:
            result.say(None, code, tenants="、".join(tenants), count=len(tenants))
    return said


def say_silent(said: Manifest | None, trust: Trust | None, expected: Collection[str], result: Result) -> None:
    """Say which offices the file does not speak of, the expected ones first."""
    nothing = set(said.nothing) if said else set()
    for tenant in sorted(set(expected) - set(result.offices)):
        result.say(False, "office-nothing" if tenant in nothing else "office-missing", tenant=tenant)
    named = nothing | set(said.unanswered if said else ()) | set(result.offices) | set(expected)
    silent = sorted(set(trust.keys if trust else ()) - named)
    if silent:
        result.say(None, "offices-silent", tenants="、".join(silent), count=len(silent))


def _signature(
    signed: Signed, said: Manifest, sealed_at: datetime | None, trust: Trust | None, result: Result
) -> bool:
    about = {"fingerprint": fingerprint(signed.public_key), "at": japan_time(said.made_at)}
    if not signature_holds(signed.public_key, signed.body, signed.signature):
        return result.say(False, "list-broken", **about)
    if sealed_at and said.made_at < sealed_at - SKEW:
        return result.say(False, "list-older", **about)
    if trust is None or not trust.portal:
        return True
    keys = [key for key in trust.portal if key.public == signed.public_key]
    if not keys:
        return result.say(False, "list-unknown-key", **about)
    if not any(
        key.since - SKEW <= said.made_at and (key.until is None or said.made_at <= key.until + SKEW)
        for key in keys
    ):
        return result.say(False, "list-key-ended", **about)
    return True

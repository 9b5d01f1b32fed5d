"""The core's own word on the records it keeps of one body, signed by the core and passed on by the intermediate server.

番号法23条3項 makes the core keep a record as asker and holder do. A body compares it with its own and with the server's, so the
word must not be the server's: it is a compact JWS by the core, made out to one body, and says where it begins and whether it ends
there, so that nothing can be left out of it unseen. It holds numbers of exchanges and digests, nothing of any person.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from . import envelope
from .keys import Directory, PartyKeys
from .problems import Problem

TYPE = "msl-core-records"
FRESH = timedelta(minutes=5)
"""An older word is not about now; the window of all signatures (docs/link.md)."""
MOST = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """The core's word on one exchange.

    :ivar seq: its place in the core's list.
    :ivar digest: over what all three records share; None while the exchange is open.
    """

    seq: int
    exchange_id: str
    digest: str | None


@dataclass(frozen=True, slots=True)
class CoreWord:
    """A verified word.

    :ivar after: the place it begins behind.
    :ivar complete: whether the core has no further records of this body.
    """

    after: int
    complete: bool
    records: tuple[Said, ...]


def issue(
    keys: PartyKeys, org: str, after: int, records: Sequence[Said], complete: bool, now: datetime
) -> str:
    """Sign a word for a body.

    :param records: in rising order of their places, all behind ``after``.
    :returns: compact JWS.
    """
    claims: dict[str, Any] = {
        "iss": keys.party,
        "aud": org,
        "iat": int(now.timestamp()),
        "after": after,
        "complete": complete,
        "records": [[one.seq, one.exchange_id, one.digest] for one in records],
    }
    return jws.serialize_compact(
        {"alg": "Ed25519", "kid": keys.signing_kid, "typ": TYPE},
        orjson.dumps(claims),
        OKPKey.import_key(keys.signing),
        algorithms=["Ed25519"],
    )


def verify(token: str, directory: Directory, *, audience: str, after: int, now: datetime) -> CoreWord:
    """Check a word.

    :param audience: our own organisation code.
    :param after: the place we asked to begin behind.
    :raises Problem: SIGNATURE_INVALID, it is not the core's word to us about this, now.
    """
    try:
        signed = jws.extract_compact(token.encode("ascii"))
        header = signed.headers()
        key = directory.signer(str(header.get("kid")))
        if key is None or key.party.role != "core" or header.get("typ") != TYPE:
            raise Problem("SIGNATURE_INVALID", "the records were not signed by the core")
        if not jws.validate_compact(signed, key.key, algorithms=["Ed25519"]):
            raise Problem("SIGNATURE_INVALID", "the core's signature does not verify")
        claims = orjson.loads(signed.payload)
    except (JoseError, ValueError, KeyError, TypeError, UnicodeError):
        raise Problem("SIGNATURE_INVALID", "the core's word cannot be read") from None
    try:
        envelope.check_part("claims", "coreWord", claims)
    except Problem as problem:
        raise Problem("SIGNATURE_INVALID", "the core's word has not its shape", problem.errors) from None
    word = CoreWord(claims["after"], claims["complete"], tuple(Said(*one) for one in claims["records"]))
    at = datetime.fromtimestamp(claims["iat"], UTC)
    places = [after, *(one.seq for one in word.records)]
    if claims["aud"] != audience or word.after != after or abs(now - at) > FRESH:
        raise Problem(
            "SIGNATURE_INVALID", "the core's word is not about this body, this place or this moment"
        )
    if any(before >= later for before, later in itertools.pairwise(places)):
        raise Problem("SIGNATURE_INVALID", "the core's records are out of order")
    if not word.records and not word.complete:
        raise Problem("SIGNATURE_INVALID", "the core's word says nothing and not that it ends")
    return word

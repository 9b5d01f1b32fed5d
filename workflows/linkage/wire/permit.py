"""The permit (情報提供許可証): the core's signed word that one inquiry may be answered (番号法21条2項).

A compact JWS (Ed25519, RFC 9864). The holder's copy names the subject by the holder's own link code; the asker's copy has no
subject, because an organisation must not learn another one's link code. ``req`` ties it to the inquiry as it was
asked, ``cnf`` to the key the answer must be sealed to, ``jti`` is the exchange id of all three records.
"""

from collections.abc import Mapping, Sequence
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

LIFETIME = timedelta(minutes=15)
SKEW = timedelta(seconds=60)
TYPE = "msl-permit"


@dataclass(frozen=True, slots=True)
class Permit:
    """A verified permit.

    :ivar exchange_id: ``jti``; the same id in the asker's, the holder's and the core's record.
    :ivar subject: the holder's link code in the holder's copy, None in the asker's.
    :ivar recipient: the asker's X25519 key; answers are sealed to this and nothing else.
    """

    exchange_id: str
    audience: str
    subject: str | None
    asker: str
    holder: str
    affair: str
    procedure: str
    items: tuple[str, ...]
    law_row: str
    law_clause: str
    table_version: str
    request_digest: str
    issued: datetime
    expires: datetime
    recipient: OKPKey
    recipient_kid: str


def issue(
    keys: PartyKeys,
    *,
    audience: str,
    exchange_id: str,
    subject: str | None,
    asker: str,
    holder: str,
    affair: str,
    procedure: str,
    items: Sequence[str],
    law: Mapping[str, str],
    request_digest: str,
    recipient_jwk: Mapping[str, Any],
    certificate: str,
    now: datetime,
    lifetime: timedelta = LIFETIME,
) -> str:
    """Sign a permit.

    :param law: ``{"row", "clause", "table_version"}`` that allowed it.
    :param recipient_jwk: the asker's public sealing key with its ``kid``.
    :param certificate: base64url SHA-256 of the asker's client certificate, or empty.
    :returns: compact JWS.
    """
    cnf: dict[str, Any] = {"jwk": dict(recipient_jwk)}
    if certificate:
        cnf["x5t#S256"] = certificate
    claims: dict[str, Any] = {
        "iss": keys.party,
        "aud": audience,
        "jti": exchange_id,
        "inq": asker,
        "prv": holder,
        "jimu": affair,
        "proc": procedure,
        "items": list(items),
        "law": dict(law),
        "req": request_digest,
        "cnf": cnf,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
    }
    if subject is not None:
        claims["sub"] = subject
    return jws.serialize_compact(
        {"alg": "Ed25519", "kid": keys.signing_kid, "typ": TYPE},
        orjson.dumps(claims),
        OKPKey.import_key(keys.signing),
        algorithms=["Ed25519"],
    )


def verify(
    token: str,
    directory: Directory,
    *,
    audience: str,
    now: datetime,
    request_digest: str | None = None,
    allow_expired: bool = False,
) -> Permit:
    """Check a permit.

    :param audience: our own organisation code; a permit made out to somebody else is refused.
    :param request_digest: when given, the permit must be for exactly this inquiry.
    :param allow_expired: for an answer whose manual check was announced in time.
    :raises Problem: PERMIT_INVALID or PERMIT_EXPIRED.
    """
    try:
        signed = jws.extract_compact(token.encode("ascii"))
        header = signed.headers()
        key = directory.signer(str(header.get("kid")))
        if key is None or key.party.role != "core" or header.get("typ") != TYPE:
            raise Problem("PERMIT_INVALID", "the permit was not signed by the core")
        if not jws.validate_compact(signed, key.key, algorithms=["Ed25519"]):
            raise Problem("PERMIT_INVALID", "the permit's signature does not verify")
        claims = orjson.loads(signed.payload)
        envelope.check_part("claims", "permit", claims)
        permit = Permit(
            exchange_id=claims["jti"],
            audience=claims["aud"],
            subject=claims.get("sub"),
            asker=claims["inq"],
            holder=claims["prv"],
            affair=claims["jimu"],
            procedure=claims["proc"],
            items=tuple(claims["items"]),
            law_row=claims["law"]["row"],
            law_clause=claims["law"]["clause"],
            table_version=claims["law"]["table_version"],
            request_digest=claims["req"],
            issued=datetime.fromtimestamp(claims["iat"], UTC),
            expires=datetime.fromtimestamp(claims["exp"], UTC),
            recipient=OKPKey.import_key(claims["cnf"]["jwk"]),
            recipient_kid=claims["cnf"]["jwk"]["kid"],
        )
    except Problem as problem:
        raise Problem("PERMIT_INVALID", problem.detail, problem.errors) from None
    except (JoseError, ValueError, KeyError, TypeError, UnicodeError):
        raise Problem("PERMIT_INVALID", "the permit cannot be read") from None
    if permit.audience != audience:
        raise Problem("PERMIT_INVALID", "the permit is made out to somebody else")
    if request_digest is not None and permit.request_digest != request_digest:
        raise Problem("PERMIT_INVALID", "the permit is for another inquiry")
    if permit.issued > now + SKEW:
        raise Problem("PERMIT_INVALID", "the permit is from the future")
    if not allow_expired and permit.expires < now - SKEW:
        raise Problem("PERMIT_EXPIRED")
    return permit

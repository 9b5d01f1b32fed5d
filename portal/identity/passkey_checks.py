"""What is asked of a security key's answers: WebAuthn's own checks, and the rules of an office on top.

The person was verified by the key itself, the key cannot be copied (BE=0), and its counter only goes up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
import webauthn
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException

from portal.identity import sessions
from portal.identity.passkey_reasons import PasskeyReason, PasskeyRefused
from storage.clock import Clock
from storage.database import NOWHERE, Database, Scope

log = structlog.get_logger(__name__)

MAX_CREDENTIAL = 16 * 1024

_KNOWN = """
    SELECT account, tenant, public_key, sign_count FROM identity.passkey WHERE credential = %s AND ended_at IS NULL
"""
_ADVANCE = """
    UPDATE identity.passkey SET sign_count = %s, last_used_at = %s
    WHERE credential = %s AND sign_count = %s AND ended_at IS NULL RETURNING 1
"""


@dataclass(frozen=True)
class Site:
    """The site that keys are bound to.

    :param origin: origin of the portal.
    :param rp_id: its host name.
    """

    origin: str
    rp_id: str

    @classmethod
    def of(cls, origin: str) -> Site:
        """The site of an origin such as ``https://madoguchi.example:8443``."""
        host = origin.split("://", 1)[-1]
        return cls(origin, host.rsplit(":", 1)[0])


def check_new_key(credential: str, nonce: bytes, site: Site) -> Any:
    """Check a registration (WebAuthn 7.1).

    :param credential: JSON of the browser's answer.
    :returns: what the library verified.
    :raises PasskeyRefused: with the reason.
    """
    if len(credential) > MAX_CREDENTIAL:
        raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED)
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=nonce,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            # Asked below, where its lack can be told from a wrong signature.
            require_user_verification=False,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED) from None
    _rules_of_the_office(verified)
    return verified


def check_answer(
    database: Database, clock: Clock, credential: str, nonce: bytes, site: Site, account: UUID | None
) -> tuple[UUID, str]:
    """Check an assertion (WebAuthn 7.2) and move the key's counter on.

    :param account: whose key it must be, if that is known.
    :returns: (account, tenant) of the key.
    :raises PasskeyRefused: with the reason.
    """
    known = _known(database, credential)
    if known is None or (account is not None and known[0] != account):
        raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED)
    owner, tenant, public_key, count = known
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=nonce,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=bytes(public_key),
            # The counter is compared below, where its fall can be told from a wrong signature.
            credential_current_sign_count=0,
            require_user_verification=False,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED) from None
    _must_name(owner, credential, needed=account is None)
    _rules_of_the_office(verified)
    _advance(database, clock, owner, verified.credential_id, count, verified.new_sign_count)
    return owner, tenant


def _must_name(owner: UUID, credential: str, needed: bool) -> None:
    """Whose key the answer itself says it is (WebAuthn 7.2, step 6): a key that nobody was asked for by name has to say so."""
    try:
        handle = json.loads(credential)["response"].get("userHandle")
        named = base64url_to_bytes(handle) if handle else None
    except (ValueError, TypeError, AttributeError):
        raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED) from None
    if named != owner.bytes and (needed or named is not None):
        raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED)


def _rules_of_the_office(verified: Any) -> None:
    if not verified.user_verified:
        raise PasskeyRefused(PasskeyReason.NOT_VERIFIED)
    if verified.credential_device_type != "single_device" or verified.credential_backed_up:
        raise PasskeyRefused(PasskeyReason.SYNCHRONISED)


def _known(database: Database, credential: str) -> tuple[UUID, str, bytes, int] | None:
    if len(credential) > MAX_CREDENTIAL:
        return None
    try:
        identifier = base64url_to_bytes(json.loads(credential)["rawId"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    rows = database.read(NOWHERE, (_KNOWN, (identifier,)))[0]
    return rows[0] if rows else None


def _advance(database: Database, clock: Clock, account: UUID, credential: bytes, old: int, new: int) -> None:
    """Store the counter; a fall (or a stand, for keys that count) stops the key, ends her sessions and is an alarm."""
    now = clock.now()
    if (new > old or new == old == 0) and database.read(NOWHERE, (_ADVANCE, (new, now, credential, old)))[0]:
        return
    log.warning("security key stopped: its counter went back", account=str(account), stored=old, shown=new)
    with database.transaction(Scope(account=account)) as tx:
        tx.raw.execute(
            "UPDATE identity.passkey SET ended_at = %s, end_reason = 'sign-count' WHERE credential = %s",
            (now, credential),
        )
        sessions.record(tx, account, "alarm-sign-count", "passkey", "", now)
        sessions.end_all(tx, account, "alarm-ended", now)
    raise PasskeyRefused(PasskeyReason.SIGN_COUNT)

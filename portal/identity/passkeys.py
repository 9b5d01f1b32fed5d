"""Security keys of staff (WebAuthn): bound to a device, with the person verified by it, and no password anywhere.

The challenge is used up before anything is checked. A key that says it can be copied (BE=1) is refused; a key whose counter
goes back is stopped and the alarm goes to the history and the log.
"""

from __future__ import annotations

import secrets as random
from datetime import datetime
from typing import Any
from uuid import UUID

import webauthn
from webauthn.helpers import options_to_json
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.identity import sessions
from portal.identity.limits import limits
from portal.identity.models import COMMISSION, Asked, Identity, KeyLine
from portal.identity.passkey_checks import Site, check_answer, check_new_key
from portal.identity.passkey_reasons import PasskeyReason, PasskeyRefused
from portal.identity.secrets import digest, new_token
from portal.identity.sessions import OpenedSession
from portal.identity.throttle import REFUND, SPEND, bucket
from storage.clock import Clock
from storage.database import NOWHERE, Database, Scope, Transaction
from storage.ids import new_id

_CONSUME = f"""
    WITH spent AS ({SPEND})
    , used AS (
        UPDATE identity.challenge SET consumed_at = %(now)s
        WHERE entry_hash = %(entry)s AND method = %(method)s AND purpose = %(purpose)s AND consumed_at IS NULL
          AND expires_at > %(now)s AND (SELECT count FROM spent) <= %(limit)s
        RETURNING nonce, account, session
    )
    SELECT spent.count, used.* FROM spent LEFT JOIN used ON true
"""  # noqa: S608 - put together from constants

_OWN = """
    SELECT credential, label, created_at, last_used_at FROM identity.passkey
    WHERE account = %s AND ended_at IS NULL ORDER BY created_at
"""
_ASK = """
    INSERT INTO identity.challenge (id, method, purpose, entry_hash, nonce, origin, network_hash, device, next_path,
        account, session, created_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '/', %s, %s, %s, %s) RETURNING 1
"""


class PasskeyDesk:
    """The desk.

    :param database: web role.
    :param origin: origin of the portal.
    :param name: what the browser shows as the site.
    """

    def __init__(self, database: Database, clock: Clock, origin: str, name: str = "窓口") -> None:
        self._database = database
        self._clock = clock
        self._site = Site.of(origin)
        self._name = name

    def ask(self, network: bytes, device: str, identity: Identity | None = None) -> Asked:
        """Ask for a sign-in, or (with an identity) for a step-up by one of her own keys."""
        allowed = []
        if identity is not None:
            allowed = [PublicKeyCredentialDescriptor(id=key.credential) for key in self.keys(identity)]
        nonce = random.token_bytes(32)
        options = webauthn.generate_authentication_options(
            rp_id=self._site.rp_id,
            challenge=nonce,
            allow_credentials=allowed,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        purpose = "login" if identity is None else "step-up"
        entry = self._challenge(
            "passkey", purpose, nonce, network, device,
            identity.account_id if identity else None, identity.session_id if identity else None,
        )  # fmt: skip
        return Asked(entry, options_to_json(options))

    def sign_in(self, entry: str, credential: str, network: bytes, device: str) -> OpenedSession:
        """Check the key's answer and open a session.

        :param credential: JSON of the browser's answer.
        :raises PasskeyRefused: with the reason.
        """
        nonce, _, _ = self._consume(entry, "passkey", "login", network)
        now = self._clock.now()
        account, tenant = check_answer(self._database, self._clock, credential, nonce, self._site, None)
        scope = Scope(tenant=tenant, account=account)
        with self._database.transaction(scope) as tx:
            opened = _open(tx, tenant, account, device, now)
            tx.raw.execute(REFUND, {"bucket": bucket("passkey", network)})
        return opened

    def step_up(self, entry: str, credential: str, identity: Identity, network: bytes, device: str) -> str:
        """Check the key's answer and renew the session's secret.

        :returns: the new token.
        :raises PasskeyRefused: with the reason.
        """
        nonce, account, session = self._consume(entry, "passkey", "step-up", network)
        if (account, session) != (identity.account_id, identity.session_id):
            raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED)
        check_answer(self._database, self._clock, credential, nonce, self._site, account)
        now = self._clock.now()
        with self._database.transaction(Scope(account=account)) as tx:
            try:
                token = sessions.rotate(tx, session, now)
            except LookupError:
                raise PasskeyRefused(PasskeyReason.CHALLENGE) from None
            sessions.record(tx, account, "step-up", "passkey", device, now, session)
            tx.raw.execute(REFUND, {"bucket": bucket("passkey", network)})
        return token

    def ask_enrolment(self, code: str, network: bytes, device: str) -> Asked:
        """Ask for a first key, for the holder of an enrolment code.

        :raises PasskeyRefused: ``code`` or ``too_many``.
        """
        now = self._clock.now()
        rules = limits(self._clock.today())
        spending = {"bucket": bucket("enrol", network), "now": now, "window": rules.throttle_window}
        with self._database.transaction() as tx:
            spent = tx.raw.execute(SPEND, spending).fetchone()
            found = tx.raw.execute(
                "SELECT account, tenant FROM identity.enrolment WHERE code_hash = %s AND used_at IS NULL AND expires_at > %s",
                (digest(code), now),
            ).fetchone()
            if found is not None:
                tx.raw.execute(REFUND, spending)
        if spent is not None and spent[0] > rules.enrolment_failures:
            raise PasskeyRefused(PasskeyReason.TOO_MANY)
        if found is None:
            raise PasskeyRefused(PasskeyReason.CODE)
        account, tenant = found
        return self._ask_new_key(account, tenant, network, device)

    def ask_another_key(self, identity: Identity, network: bytes, device: str) -> Asked:
        """Ask for a further key, for somebody who has just proved herself.

        :raises PasskeyRefused: ``not_fresh``.
        """
        self._must_be_fresh(identity)
        assert identity.account_id is not None
        return self._ask_new_key(
            identity.account_id, identity.tenant or COMMISSION, network, device, identity.session_id
        )

    def enrol(
        self, entry: str, code: str, credential: str, label: str, network: bytes, device: str
    ) -> OpenedSession:
        """Register the first key and use the code up, both or neither; then sign in.

        :raises PasskeyRefused: with the reason. The code stays good.
        """
        nonce, account, _ = self._consume(entry, "enrol", "enrol", network)
        verified = check_new_key(credential, nonce, self._site)
        now = self._clock.now()
        with self._database.transaction() as tx:
            used = tx.raw.execute(
                "UPDATE identity.enrolment SET used_at = %s WHERE code_hash = %s AND account = %s AND used_at IS NULL"
                " AND expires_at > %s RETURNING tenant",
                (now, digest(code), account, now),
            ).fetchone()
            if used is None:
                raise PasskeyRefused(PasskeyReason.CODE)
            (tenant,) = used
            tx.raw.execute("SELECT set_config('madoguchi.tenant', %s, true)", (tenant,))
            self._store(tx, account, tenant, verified, label, device, now)
            return _open(tx, tenant, account, device, now)

    def add_key(
        self, entry: str, credential: str, label: str, identity: Identity, network: bytes, device: str
    ) -> None:
        """Register a further key.

        :raises PasskeyRefused: with the reason.
        """
        self._must_be_fresh(identity)
        nonce, account, session = self._consume(entry, "enrol", "enrol", network)
        if (account, session) != (identity.account_id, identity.session_id):
            raise PasskeyRefused(PasskeyReason.NOT_ACCEPTED)
        verified = check_new_key(credential, nonce, self._site)
        with self._database.transaction(Scope(tenant=identity.tenant, account=account)) as tx:
            self._store(
                tx, account, identity.tenant or COMMISSION, verified, label, device, self._clock.now()
            )

    def keys(self, identity: Identity) -> list[KeyLine]:
        """A person's own keys that work, oldest first."""
        rows = self._database.read(
            NOWHERE,
            (
                _OWN,
                (identity.account_id,),
            ),
        )[0]
        return [KeyLine(bytes(credential), *rest) for credential, *rest in rows]

    def end_key(self, identity: Identity, short: str, device: str) -> bool:
        """Stop one of her own keys; never the last one, or she could not come in again.

        :raises PasskeyRefused: ``not_fresh``.
        :returns: whether it was stopped.
        """
        self._must_be_fresh(identity)
        account, now = identity.account_id, self._clock.now()
        assert account is not None
        with self._database.transaction(Scope(account=account)) as tx:
            tx.raw.execute("SELECT 1 FROM identity.account WHERE id = %s FOR UPDATE", (account,))
            done = tx.raw.execute(
                "UPDATE identity.passkey SET ended_at = %s, end_reason = 'by-holder' WHERE account = %s AND ended_at IS NULL"
                " AND substr(encode(credential, 'hex'), 1, 32) = %s AND (SELECT count(*) FROM identity.passkey"
                " WHERE account = %s AND ended_at IS NULL) > 1",
                (now, account, short, account),
            )
            if done.rowcount:
                sessions.record(tx, account, "key-ended", "passkey", device, now, identity.session_id)
            return bool(done.rowcount)

    def _must_be_fresh(self, identity: Identity) -> None:
        if not identity.fresh(self._clock.now(), limits(self._clock.today()).step_up_window):
            raise PasskeyRefused(PasskeyReason.NOT_FRESH)

    def _ask_new_key(
        self, account: UUID, tenant: str, network: bytes, device: str, session: UUID | None = None
    ) -> Asked:
        nonce = random.token_bytes(32)
        with self._database.transaction(Scope(tenant=tenant, account=account)) as tx:
            _, _, name = _staff(tx, tenant, account)
            rows = tx.raw.execute(
                "SELECT credential FROM identity.passkey WHERE account = %s", (account,)
            ).fetchall()
        options = webauthn.generate_registration_options(
            rp_id=self._site.rp_id,
            rp_name=self._name,
            user_id=account.bytes,
            user_name=name,
            user_display_name=name,
            challenge=nonce,
            attestation=AttestationConveyancePreference.DIRECT,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(found)) for (found,) in rows],
        )
        entry = self._challenge("enrol", "enrol", nonce, network, device, account, session)
        return Asked(entry, options_to_json(options))

    def _challenge(
        self,
        method: str,
        purpose: str,
        nonce: bytes,
        network: bytes,
        device: str,
        account: UUID | None,
        session: UUID | None,
    ) -> str:
        entry, now = new_token(), self._clock.now()
        life = limits(self._clock.today()).challenge_life
        self._database.read(
            NOWHERE,
            (
                _ASK,
                (new_id(), method, purpose, digest(entry), nonce, self._site.origin, network, device, account, session, now, now + life),
            ),
        )  # fmt: skip
        return entry

    def _consume(self, entry: str, method: str, purpose: str, network: bytes) -> tuple[bytes, Any, Any]:
        now, rules = self._clock.now(), limits(self._clock.today())
        values = {
            "bucket": bucket("passkey", network), "now": now, "window": rules.throttle_window, "entry": digest(entry),
            "method": method, "purpose": purpose, "limit": rules.passkey_failures,
        }  # fmt: skip
        ((count, nonce, account, session),) = self._database.read(NOWHERE, (_CONSUME, values))[0]
        if count > rules.passkey_failures:
            raise PasskeyRefused(PasskeyReason.TOO_MANY)
        if nonce is None:
            raise PasskeyRefused(PasskeyReason.CHALLENGE)
        return bytes(nonce), account, session

    def _store(
        self,
        tx: Transaction,
        account: UUID,
        tenant: str,
        verified: Any,
        label: str,
        device: str,
        now: datetime,
    ) -> None:
        added = tx.raw.execute(
            "INSERT INTO identity.passkey (credential, account, tenant, public_key, sign_count, aaguid, attestation_format,"
            " attestation, label, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                verified.credential_id, account, tenant, verified.credential_public_key, verified.sign_count,
                verified.aaguid, str(getattr(verified.fmt, "value", verified.fmt)), verified.attestation_object,
                label.strip()[:40] or "セキュリティーキー", now,
            ),
        )  # fmt: skip
        if added.rowcount != 1:
            raise PasskeyRefused(PasskeyReason.ALREADY)
        sessions.record(tx, account, "key-added", "passkey", device, now)


def _staff(tx: Transaction, tenant: str, account: UUID) -> tuple[str, list[str], str]:
    row = tx.raw.execute(
        "SELECT office, roles, display_name FROM identity.staff WHERE tenant = %s AND account = %s AND left_at IS NULL",
        (tenant, account),
    ).fetchone()
    if row is None:
        raise PasskeyRefused(PasskeyReason.LEFT)
    return row


def _open(tx: Transaction, tenant: str, account: UUID, device: str, now: datetime) -> OpenedSession:
    """Open the session of somebody whose key was right, with the roles she has at this moment."""
    office, roles, name = _staff(tx, tenant, account)
    return sessions.open_session(
        tx,
        account=account,
        kind="reviewer" if tenant == COMMISSION else "staff",
        method="passkey",
        device=device,
        now=now,
        tenant=tenant,
        office=office,
        roles=roles,
        display_name=name,
    )

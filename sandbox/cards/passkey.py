"""A software security key: real WebAuthn answers (ES256) without a browser, for the tour and the tests.

It keeps its keys in one file, counts its signatures, and says truly that its keys are bound to it (BE=0), unless it is
told to lie, as a cloned or a synchronised key would.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.pki.keys import write_private

AAGUID = bytes.fromhex("6d61646f67756368692d736f66742d31")
_UP, _UV, _BE, _BS, _AT = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class Credential:
    """One key of the authenticator."""

    id: bytes
    rp_id: str
    user: bytes
    key: ec.EllipticCurvePrivateKey
    count: int = 0


class SoftwarePasskey:
    """The authenticator kept in one file.

    :param path: made when the first key is registered; None keeps nothing.
    :param user_verified: whether it says that it checked who presses.
    :param synchronised: whether it says that its keys travel between devices.
    :param attestation: ``packed`` (self attestation) or ``none``.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        user_verified: bool = True,
        synchronised: bool = False,
        attestation: str = "packed",
    ) -> None:
        self._path = path
        self._flags = _UP | (_UV if user_verified else 0) | (_BE | _BS if synchronised else 0)
        self._attestation = attestation
        self.credentials: list[Credential] = []
        if path is not None and path.exists():
            self.credentials = [_load(row) for row in json.loads(path.read_text())]

    def register(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        """Answer ``navigator.credentials.create``.

        :param options: the parsed creation options (as JSON from the server).
        :param origin: origin of the page that asks.
        :returns: the credential as ``toJSON()`` gives it.
        """
        rp_id = options["rp"]["id"]
        key = ec.generate_private_key(ec.SECP256R1())
        credential = Credential(secrets.token_bytes(32), rp_id, _bytes(options["user"]["id"]), key)
        client_data = _client_data("webauthn.create", options["challenge"], origin)
        numbers = key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = AAGUID + len(credential.id).to_bytes(2, "big") + credential.id + cbor2.dumps(cose)
        data = self._authenticator_data(credential, _AT) + attested
        statement: dict[str, Any] = {}
        if self._attestation == "packed":
            signed = data + hashlib.sha256(client_data).digest()
            statement = {"alg": -7, "sig": key.sign(signed, ec.ECDSA(hashes.SHA256()))}
        body = cbor2.dumps({"fmt": self._attestation, "attStmt": statement, "authData": data})
        self.credentials.append(credential)
        self._save()
        return {
            "id": _text(credential.id),
            "rawId": _text(credential.id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": _text(client_data),
                "attestationObject": _text(body),
                "transports": ["usb"],
            },
        }

    def authenticate(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        """Answer ``navigator.credentials.get``.

        :param options: the parsed request options.
        :raises LookupError: when it has no key for the site that asks.
        """
        allowed = {_bytes(item["id"]) for item in options.get("allowCredentials") or []}
        for credential in self.credentials:
            if credential.rp_id == options["rpId"] and (not allowed or credential.id in allowed):
                break
        else:
            raise LookupError("このセキュリティーキーには、このサイトの鍵がありません。")
        credential.count += 1
        client_data = _client_data("webauthn.get", options["challenge"], origin)
        data = self._authenticator_data(credential, 0)
        signature = credential.key.sign(
            data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256())
        )
        self._save()
        return {
            "id": _text(credential.id),
            "rawId": _text(credential.id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": _text(client_data),
                "authenticatorData": _text(data),
                "signature": _text(signature),
                "userHandle": _text(credential.user),
            },
        }

    def _authenticator_data(self, credential: Credential, extra: int) -> bytes:
        return (
            hashlib.sha256(credential.rp_id.encode()).digest()
            + bytes([self._flags | extra])
            + credential.count.to_bytes(4, "big")
        )

    def _save(self) -> None:
        if self._path is None:
            return
        rows = [_row(credential) for credential in self.credentials]
        write_private(self._path, json.dumps(rows).encode())


def _client_data(kind: str, challenge: str, origin: str) -> bytes:
    return json.dumps(
        {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}, separators=(",", ":")
    ).encode()


def _row(credential: Credential) -> dict[str, Any]:
    pem = credential.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "id": _text(credential.id),
        "rp_id": credential.rp_id,
        "user": _text(credential.user),
        "key": pem.decode(),
        "count": credential.count,
    }


def _load(row: dict[str, Any]) -> Credential:
    key = serialization.load_pem_private_key(row["key"].encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Credential(_bytes(row["id"]), row["rp_id"], _bytes(row["user"]), key, row["count"])


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

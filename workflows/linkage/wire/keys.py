"""Who is who on the wire: parties, their public keys (a directory) and one's own private keys.

A party's identity comes from the directory entry of the key that signed, never from text inside a message or from
the spelling of a key id. Signing is Ed25519; sealing is X25519 (ECDH-ES). Both are JWKs (RFC 7517, RFC 8037).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc.jwk import OKPKey

#: What a party is. A tenant speaks to the hub; only the juki CS and the vault see numbers.
ROLES = frozenset({"tenant", "hub", "core", "juki", "tax", "portal", "commission"})


@dataclass(frozen=True, slots=True)
class Party:
    """One speaker: its organisation code (機関コード), its role, its tenant when it belongs to one."""

    id: str
    role: str
    tenant: str | None = None
    label: str = ""
    #: SHA-256 of its client certificate in base64url, when known; goes into a permit's ``cnf``.
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A registered key: whose it is, what for, and since/until when (POSIX seconds; 0 = open)."""

    kid: str
    party: Party
    use: str
    key: OKPKey
    not_after: int = 0

    @property
    def ed25519(self) -> Ed25519PublicKey:
        public = self.key.public_key
        if not isinstance(public, Ed25519PublicKey):
            raise TypeError(f"key {self.kid} is not a signing key")
        return public


class Directory:
    """All parties and public keys one side trusts. Immutable; reload by building a new one."""

    def __init__(self, keys: Iterable[PublicKey], parties: Iterable[Party]) -> None:
        self._keys = {k.kid: k for k in keys}
        self._parties = {p.id: p for p in parties}
        self._ed25519 = {kid: k.ed25519 for kid, k in self._keys.items() if k.use == "sig"}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Directory":
        """From ``{"parties": [{"id","role","tenant","label","certificate","keys":[JWK...]}]}``.

        :raises ValueError: a role is unknown, a key id occurs twice, or a key is of the wrong kind.
        """
        keys: list[PublicKey] = []
        parties: list[Party] = []
        for entry in document["parties"]:
            party = Party(
                entry["id"],
                entry["role"],
                entry.get("tenant"),
                entry.get("label", ""),
                entry.get("certificate", ""),
            )
            if party.role not in ROLES:
                raise ValueError(f"unknown role {party.role!r} of party {party.id}")
            parties.append(party)
            for jwk in entry["keys"]:
                if "d" in jwk:
                    raise ValueError(f"private key material in the directory at {jwk.get('kid')}")
                keys.append(
                    PublicKey(
                        jwk["kid"],
                        party,
                        jwk["use"],
                        OKPKey.import_key(dict(jwk)),
                        int(jwk.get("not_after", 0)),
                    )
                )
        if len({k.kid for k in keys}) != len(keys):
            raise ValueError("a key id occurs twice in the directory")
        return cls(keys, parties)

    @classmethod
    def load(cls, path: Path) -> "Directory":
        """From a JSON file."""
        return cls.from_dict(json.loads(Path(path).read_text("utf-8")))

    def party(self, party_id: str) -> Party | None:
        return self._parties.get(party_id)

    def parties(self, role: str | None = None) -> list[Party]:
        return [p for p in self._parties.values() if role is None or p.role == role]

    def signer(self, kid: str) -> PublicKey | None:
        """The signing key with this id, or None when nobody registered it."""
        found = self._keys.get(kid)
        return found if found is not None and found.use == "sig" else None

    def ed25519(self, kid: str) -> Ed25519PublicKey | None:
        """The same as a cryptography key, ready made (the hot path of verification)."""
        return self._ed25519.get(kid)

    def sealing_key(self, party_id: str) -> PublicKey:
        """The newest sealing key of a party.

        :raises KeyError: the party has none.
        """
        found = [k for k in self._keys.values() if k.party.id == party_id and k.use == "enc"]
        if not found:
            raise KeyError(f"party {party_id} has no sealing key")
        return found[-1]


@dataclass(frozen=True, slots=True)
class PartyKeys:
    """One's own keys: never leaves the process that signs."""

    party: str
    tenant: str | None
    signing_kid: str
    signing: Ed25519PrivateKey
    sealing: OKPKey
    #: Older sealing keys by id, so that answers sealed before a rotation can still be opened.
    older: Mapping[str, OKPKey]

    def __repr__(self) -> str:
        return f"PartyKeys({self.party!r})"

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "PartyKeys":
        """From ``{"party","tenant","keys":[private JWKs with kid and use]}``; the last of a use is the current one."""
        signing = [k for k in document["keys"] if k["use"] == "sig"]
        sealing = [k for k in document["keys"] if k["use"] == "enc"]
        if not signing or not sealing:
            raise ValueError(f"party {document['party']} needs a signing and a sealing key")
        private = OKPKey.import_key(dict(signing[-1])).private_key
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError(f"the signing key of {document['party']} is not Ed25519")
        older = {k["kid"]: OKPKey.import_key(dict(k)) for k in sealing}
        return cls(
            document["party"],
            document.get("tenant"),
            signing[-1]["kid"],
            private,
            OKPKey.import_key(dict(sealing[-1])),
            older,
        )

    @classmethod
    def load(cls, path: Path) -> "PartyKeys":
        """From a JSON file."""
        return cls.from_dict(json.loads(Path(path).read_text("utf-8")))

    @property
    def sealing_kid(self) -> str:
        return str(self.sealing.kid)


def new_party(party: str, role: str, tenant: str | None, label: str, serial: int = 1) -> tuple[dict, dict]:
    """Fresh keys for a party: (private document for :class:`PartyKeys`, public entry for :class:`Directory`)."""
    private: list[dict[str, Any]] = []
    public: list[dict[str, Any]] = []
    curves: tuple[tuple[str, Literal["Ed25519", "X25519"]], ...] = (("sig", "Ed25519"), ("enc", "X25519"))
    for use, curve in curves:
        kid = f"{party}.{use}.{serial}"
        key = OKPKey.generate_key(curve, {"kid": kid, "use": use})
        private.append(dict(key.as_dict(private=True)))
        public.append(dict(key.as_dict(private=False)))
    return (
        {"party": party, "role": role, "tenant": tenant, "keys": private},
        {"id": party, "role": role, "tenant": tenant, "label": label, "certificate": "", "keys": public},
    )

"""What signing in is told from outside: pinned authorities, responders, the secret of the front server.

=============================== =====================================================================
``MADOGUCHI_CARD_ANCHORS``      folder with ``auth-*.pem`` and ``sign-*.pem``
``MADOGUCHI_OCSP``              address of the responder, up to the kind: ``<address>/auth``
``MADOGUCHI_OCSP_NONCE``        ``required`` (usual) or ``optional``, for a responder that signs ahead
=============================== =====================================================================

In the demonstration all three come from the sandbox's own files. :data:`VARIABLES` is the same for ``madoguchi settings``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.identity.card.anchors import Anchors
from portal.identity.card.asker import HttpAsker
from portal.identity.card.login import CardVerifier
from portal.identity.card.revocation import RevocationCheck, RevocationRules
from portal.settings import Settings, SettingsError

# variable -> (default, meaning)
VARIABLES = {
    "MADOGUCHI_CARD_ANCHORS": ("", "folder with auth-*.pem and sign-*.pem, the pinned authorities of cards"),
    "MADOGUCHI_OCSP": ("", "responder for the state of certificates, up to the kind: <address>/auth"),
    "MADOGUCHI_OCSP_NONCE": ("required", "optional: for a responder that signs its answers ahead"),
}
_UNSET = "http://127.0.0.1:8705/ocsp"


@dataclass(frozen=True)
class CardSettings:
    """Where trust comes from."""

    anchors: Path
    ocsp: str
    nonce_required: bool = True

    @classmethod
    def from_env(cls, settings: Settings, environ: Mapping[str, str] | None = None) -> CardSettings:
        """Read the environment; the demonstration falls back on the sandbox.

        :raises SettingsError: when production lacks one.
        """
        source = os.environ if environ is None else environ
        anchors, ocsp = source.get("MADOGUCHI_CARD_ANCHORS", ""), source.get("MADOGUCHI_OCSP", "")
        if settings.production:
            for variable, value in (("MADOGUCHI_CARD_ANCHORS", anchors), ("MADOGUCHI_OCSP", ocsp)):
                if not value:
                    raise SettingsError(
                        f"本番では {variable} を設定してください。docs/card-login.md に説明があります。"
                    )
        world = settings.var / "sandbox"
        return cls(
            Path(anchors) if anchors else world / "pki" / "anchors",
            ocsp or _of_sandbox(world),
            source.get("MADOGUCHI_OCSP_NONCE", "required") != "optional",
        )

    def verifier(self, production: bool) -> CardVerifier:
        """The verifier over these authorities.

        :raises AnchorRefused: when they may not be trusted here, or are missing.
        """
        asker = HttpAsker({kind: f"{self.ocsp.rstrip('/')}/{kind}" for kind in ("auth", "sign")})
        rules = RevocationRules(nonce_required=self.nonce_required)
        return CardVerifier(Anchors.from_folder(self.anchors, production), RevocationCheck(asker, rules))


def _of_sandbox(world: Path) -> str:
    try:
        address = json.loads((world / "sandbox.json").read_text("utf-8"))["pki"]
    except (FileNotFoundError, KeyError, ValueError):
        return _UNSET
    return f"{address}/ocsp"

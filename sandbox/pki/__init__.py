"""Card authority, OCSP, revocation lists, time stamps and the authority of offices: all the trust of the invented country."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sandbox.pki.authority import CardAuthority
from sandbox.pki.keys import save_certificate
from sandbox.pki.names import KINDS
from sandbox.pki.office import OfficeAuthority
from sandbox.pki.tsa import TimeStampAuthority


@dataclass(frozen=True)
class Pki:
    """All authorities of one sandbox, open."""

    auth: CardAuthority
    sign: CardAuthority
    tsa: TimeStampAuthority
    office: OfficeAuthority
    anchors: Path


def provision(var_dir: Path, at: datetime) -> Pki:
    """Make what is missing of the authorities under ``var_dir/pki`` and open them; a second call changes nothing.

    Anchors for the portal are put side by side in ``var_dir/pki/anchors``: ``auth-01.pem`` … ``sign-04.pem``,
    ``tsa.pem``, ``office.pem``.

    :param at: the moment the time-stamp and office authorities begin.
    """
    folder = var_dir / "pki"
    cards = {kind: CardAuthority.create(folder / kind, kind) for kind in KINDS}
    tsa = TimeStampAuthority.create(folder / "tsa", at)
    office = OfficeAuthority.create(folder / "office", at)
    anchors = folder / "anchors"
    for kind, authority in cards.items():
        for issuer in authority.issuers:
            save_certificate(anchors / f"{kind}-{issuer.generation.name}.pem", issuer.certificate)
    save_certificate(anchors / "tsa.pem", tsa.root)
    save_certificate(anchors / "office.pem", office.certificate)
    return Pki(cards["auth"], cards["sign"], tsa, office, anchors)

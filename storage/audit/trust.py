"""What an installation publishes so that its proofs can be checked: the keys that sign, and who stamps.

A key of the portal has an end: the moment the next one was made. What it signed before stays good; what is dated after its end
was not signed by the portal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from storage.clock import second_text

from .keys import PORTAL

TRUST_FORMAT = "madoguchi-trust/1"
KEYS = "SELECT tenant, public, created_at FROM madoguchi.audit_key ORDER BY tenant, created_at, key_id"


def trust_body(keys: Sequence[tuple[Any, ...]], roots: Sequence[str]) -> dict[str, Any]:
    """The trust file as plain JSON values. Args: keys: the rows of KEYS; roots: PEM of the time-stamp authorities."""
    found: dict[str, list[str]] = {}
    portal: list[tuple[str, datetime]] = []
    for tenant, public, made in keys:
        if tenant == PORTAL:
            portal.append((bytes(public).hex(), made))
        else:
            found.setdefault(tenant, []).append(bytes(public).hex())
    ends = [after[1] for _, after in pairwise(portal)]
    return {
        "format": TRUST_FORMAT,
        "keys": found,
        "portal": [
            {"key": key, "from": second_text(made), "until": second_text(end) if end else None}
            for (key, made), end in zip(portal, [*ends, None], strict=False)
        ],
        "tsa_roots": list(roots),
    }

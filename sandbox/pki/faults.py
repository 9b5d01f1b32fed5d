"""Faults that can be switched on while the stand-in runs, so that a portal's answer to them can be tried.

=============== ===============================================================================
``none``        all is well
``down``        the OCSP responder answers 503
``slow``        it answers after four seconds
``stale``       its answers are two hours old
``wrong-signer`` its answers are signed by the other authority's responder
``wrong-serial`` its answers speak of another certificate
``no-nonce``    it leaves the nonce out
``try-later``   it answers ``tryLater``
``unknown``     it does not know the certificate
=============== ===============================================================================
"""

from __future__ import annotations

from pathlib import Path

KINDS = (
    "none",
    "down",
    "slow",
    "stale",
    "wrong-signer",
    "wrong-serial",
    "no-nonce",
    "try-later",
    "unknown",
)


def read(folder: Path) -> str:
    """The fault that is on."""
    try:
        return (folder / "fault").read_text().strip() or "none"
    except FileNotFoundError:
        return "none"


def switch(folder: Path, kind: str) -> None:
    """Switch a fault on (or off with ``none``).

    :raises ValueError: when there is no such fault.
    """
    if kind not in KINDS:
        raise ValueError(f"pki に「{kind}」という障害はありません。選べるもの: {', '.join(KINDS)}")
    scratch = folder / "fault.new"
    scratch.write_text(kind)
    scratch.replace(folder / "fault")

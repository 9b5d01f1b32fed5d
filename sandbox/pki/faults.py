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
``on-hold``     it says that the certificate is on hold, as that of a lost card
=============== ===============================================================================
"""

from __future__ import annotations

import time
from pathlib import Path

LONGEST = 3600.0
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
    "on-hold",
)


def read(folder: Path, now: float | None = None) -> str:
    """The fault that is on.

    :param now: seconds since the epoch; a fault that was switched on for a while ends by itself.
    """
    try:
        kind, _, until = (folder / "fault").read_text().strip().partition(" ")
    except FileNotFoundError:
        return "none"
    over = until and float(until) <= (time.time() if now is None else now)
    return "none" if over or not kind else kind


def switch(folder: Path, kind: str, seconds: float | None = None, now: float | None = None) -> None:
    """Switch a fault on (or off with ``none``).

    :param seconds: for how long; until it is switched off when None.
    :raises ValueError: when there is no such fault, or the time is not between 0 and an hour.
    """
    if kind not in KINDS:
        raise ValueError(f"pki に「{kind}」という障害はありません。選べるもの: {', '.join(KINDS)}")
    if seconds is not None and not 0 < seconds <= LONGEST:
        raise ValueError(f"障害の長さは 0 秒より長く {LONGEST:.0f} 秒までです。")
    until = "" if seconds is None else f" {(time.time() if now is None else now) + seconds}"
    scratch = folder / "fault.new"
    scratch.write_text(kind + until)
    scratch.replace(folder / "fault")

"""A card in a browser's own store, and a policy that chooses it in the place of the person at the dialogue."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.identity.front import Front
from tests.pki.world import SoftCard

POLICIES = Path("/etc/chromium/policies/managed")


def home_with(folder: Path, front: Front, holder: SoftCard) -> dict[str, str]:
    """An environment whose home has a certificate store that trusts our servers and holds the card's certificate."""
    store = folder / ".pki" / "nssdb"
    store.mkdir(parents=True)
    database = f"sql:{store}"
    for command in (
        ["certutil", "-d", database, "-N", "--empty-password"],
        ["certutil", "-d", database, "-A", "-t", "C,,", "-n", "office", "-i", str(front.ca)],
        ["pk12util", "-d", database, "-i", str(front.pkcs12(holder, "holder")), "-W", "x", "-K", ""],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return {**os.environ, "HOME": str(folder)}


@contextmanager
def chosen(front: Front) -> Iterator[None]:
    """Browsers that start in here choose a card by themselves; policies are read when a browser starts.

    The folder belongs to the whole machine, and of two files that say the same policy a browser obeys one: processes take turns, and
    what one left that was killed is written over.
    """
    if not os.access(POLICIES if POLICIES.exists() else "/etc", os.W_OK):
        pytest.skip("choosing a certificate without a person needs a policy file that only root may write")
    POLICIES.mkdir(parents=True, exist_ok=True)
    path = POLICIES / "madoguchi-tests.json"
    rule = json.dumps({"pattern": front.card, "filter": {"ISSUER": {"O": "JPKI-TEST"}}})
    with (Path(tempfile.gettempdir()) / "madoguchi-chooser.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        path.write_text(json.dumps({"AutoSelectCertificateForUrls": [rule]}))
        try:
            yield
        finally:
            path.unlink()

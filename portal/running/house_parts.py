"""The portal and the worker as parts: each is told only the database addresses it needs."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

from portal.databases import database_url
from portal.running.supervisor import Part
from portal.settings import Settings


def worker_part(settings: Settings) -> Part:
    """The process that talks over the link, runs jobs, fires deadlines and seals the logs; alone in entering the vault."""
    beat = settings.var / "run" / "worker.beat"
    beat.unlink(missing_ok=True)
    return Part(
        "worker",
        [sys.executable, "-m", "portal.cli", "worker"],
        {
            "MADOGUCHI_VAR": str(settings.var),
            "MADOGUCHI_DATABASE_WORKER": database_url(settings, "worker"),
            "MADOGUCHI_DATABASE_VAULT": database_url(settings, "vault"),
        },
        ready=beat.exists,
    )


def portal_part(settings: Settings) -> Part:
    """The web processes."""
    return Part(
        "portal",
        [sys.executable, "-m", "portal.cli", "web"],
        {"MADOGUCHI_VAR": str(settings.var), "MADOGUCHI_DATABASE_WEB": database_url(settings, "web")},
        ready=lambda: healthy(f"http://{settings.bind}/health"),
    )


def healthy(address: str) -> bool:
    """Whether the portal says it is well."""
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 (our own address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False

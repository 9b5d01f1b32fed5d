"""Which time-stamp authorities an installation trusts: ``MADOGUCHI_TSA_ROOTS``, read in one way by whoever stamps, verifies or publishes.

It is a list of PEM files with the system's separator of paths (``:``) between them, and each may hold several certificates: when an
authority changes its root, stamps under the old one are to be verified for years.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


class RootsUnusable(ValueError):
    """A file of certificates is not there or is none; the message names it."""


def root_files(setting: str) -> tuple[Path, ...]:
    """The files that the setting names, in full."""
    return tuple(Path(part).resolve() for part in setting.split(os.pathsep) if part)


def load_roots(files: Sequence[Path]) -> list[x509.Certificate]:
    """All certificates of these files. Errors: RootsUnusable."""
    found: list[x509.Certificate] = []
    for path in files:
        try:
            found += x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as broken:
            raise RootsUnusable(
                f"証明書を読めません: {path.name}。PEM 形式のファイルを渡してください。"
            ) from broken
    return found


def as_pem(roots: Sequence[x509.Certificate]) -> list[str]:
    """Each certificate for itself, as a trust file has it."""
    return [root.public_bytes(Encoding.PEM).decode("ascii") for root in roots]

"""The register of one authority: which certificates it made and which it took back.

Two files of lines that only grow, so that several processes can write and read them without a server.
"""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

FIRST_SERIAL = 0x07000001


class Register:
    """The register kept in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._issued = folder / "issued.txt"
        self._revoked = folder / "revoked.txt"
        folder.mkdir(parents=True, exist_ok=True)
        self._seen: dict[Path, tuple[int, dict[int, datetime]]] = {}

    def next_serial(self) -> int:
        """A serial number (発行の番号) that was never given: four octets, counting up, as on real cards."""
        counter = self._issued.with_name("serial.txt")
        with counter.open("a+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.seek(0)
            serial = int(stream.read() or FIRST_SERIAL)
            stream.seek(0)
            stream.truncate()
            stream.write(str(serial + 7))
        return serial

    def issued(self, serial: int, at: datetime) -> None:
        """Enter a certificate."""
        _append(self._issued, serial, at)

    def revoke(self, serial: int, at: datetime) -> None:
        """Take a certificate back, for good."""
        if serial not in self.revocations():
            _append(self._revoked, serial, at)

    def knows(self, serial: int) -> bool:
        """Whether this authority ever made that certificate."""
        return serial in self._read(self._issued)

    def revocations(self) -> dict[int, datetime]:
        """Serial numbers taken back, with the moment."""
        return self._read(self._revoked)

    def _read(self, path: Path) -> dict[int, datetime]:
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return {}
        known = self._seen.get(path)
        if known is None or known[0] != size:
            rows = (line.split() for line in path.read_text().splitlines())
            known = (size, {int(serial, 16): datetime.fromisoformat(at) for serial, at in rows})
            self._seen[path] = known
        return known[1]


def _append(path: Path, serial: int, at: datetime) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{serial:X} {at.astimezone(UTC).isoformat()}\n".encode())
    finally:
        os.close(descriptor)

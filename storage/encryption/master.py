"""The master key, which wraps the tenants' keys and nothing else. A file by default; a key service fits behind the same two calls."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap


class MasterKey(Protocol):
    """What the ring asks of a master key."""

    def wrap(self, key: bytes) -> bytes:
        """Wrap a 32-byte key."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Unwrap it again.

        :raises cryptography.hazmat.primitives.keywrap.InvalidUnwrap: when this master key did not wrap it.
        """
        ...


class FileMasterKey:
    """A master key in a file that only its owner may read (AES key wrap, RFC 3394)."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise FileNotFoundError(
                f"主鍵のファイルがありません: {path.name}。控えから戻すか、初めてなら `madoguchi keys create` を実行してください。"
            )
        if path.stat().st_mode & 0o077:
            raise PermissionError(
                f"主鍵のファイルを他の人も読めます: {path.name}。`chmod 600` を実行してください。"
            )
        self._key = bytes.fromhex(path.read_text().strip())

    @classmethod
    def create(cls, path: Path) -> FileMasterKey:
        """Make the file when it is missing, and open it."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
        return cls(path)

    def wrap(self, key: bytes) -> bytes:
        """Wrap a 32-byte key."""
        return aes_key_wrap(self._key, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Unwrap it again."""
        return aes_key_unwrap(self._key, wrapped)

"""Encryption at rest: a key for each tenant and purpose, wrapped by a master key."""

from storage.encryption.master import FileMasterKey, MasterKey
from storage.encryption.ring import KeyRing, SealBroken

__all__ = ["FileMasterKey", "KeyRing", "MasterKey", "SealBroken"]

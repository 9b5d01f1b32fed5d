"""The key ring of this process: opens what was sealed for a page. The master key is read when first needed."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator

from storage.encryption import FileMasterKey, KeyRing


def key_ring(registry: Any) -> KeyRing:
    """The ring, made once."""
    if "keys" not in registry:
        registry["keys"] = KeyRing(FileMasterKey(registry["portal"].master_key), registry["clock"])
    ring: KeyRing = registry["keys"]
    return ring


def includeme(config: Configurator) -> None:
    """Add ``request.keys``."""
    config.add_request_method(lambda request: key_ring(request.registry), "keys", property=True)

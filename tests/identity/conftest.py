"""Authorities for the tests of this folder."""

from __future__ import annotations

import pytest

from sandbox.pki import Pki, provision
from tests.pki.world import NOW


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Authorities with the three generations, in a folder of their own."""
    return provision(tmp_path_factory.mktemp("pki"), NOW)

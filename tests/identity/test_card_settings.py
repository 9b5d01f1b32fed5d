"""Where trust in cards comes from: named in production, never relaxed by a slip of the pen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from portal.identity.card.reasons import CardReason, CardRefused
from portal.identity.config import CardSettings
from portal.settings import Settings, SettingsError
from sandbox.pki import Pki
from tests.pki.world import NOW, DirectAsker, card

GIVEN = {"MADOGUCHI_CARD_ANCHORS": "/anchors", "MADOGUCHI_OCSP": "http://ocsp.example/"}


@pytest.mark.parametrize("lacking", list(GIVEN))
def test_production_names_what_it_lacks(tmp_path: Path, lacking: str) -> None:
    settings = replace(Settings.from_env({}), var=tmp_path, mode="production")
    assert CardSettings.from_env(settings, GIVEN).ocsp == "http://ocsp.example/"
    with pytest.raises(SettingsError, match=lacking):
        CardSettings.from_env(settings, {name: value for name, value in GIVEN.items() if name != lacking})


def test_a_demonstration_finds_the_sandboxs_own(tmp_path: Path) -> None:
    settings = replace(Settings.from_env({}), var=tmp_path)
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "sandbox.json").write_text(json.dumps({"pki": "http://127.0.0.1:1"}))
    found = CardSettings.from_env(settings, {})
    assert (found.anchors, found.ocsp) == (
        tmp_path / "sandbox" / "pki" / "anchors",
        "http://127.0.0.1:1/ocsp",
    )


@pytest.mark.parametrize(
    ("written", "taken"),
    [({}, False), ({"MADOGUCHI_OCSP_NONCE": "required"}, False), ({"MADOGUCHI_OCSP_NONCE": ""}, False),
     ({"MADOGUCHI_OCSP_NONCE": "no"}, False), ({"MADOGUCHI_OCSP_NONCE": "optional"}, True)],
)  # fmt: skip
def test_an_answer_without_nonce_is_taken_only_where_exactly_that_is_written(
    pki: Pki, tmp_path: Path, written: dict[str, str], taken: bool
) -> None:
    settings = replace(Settings.from_env({}), var=tmp_path)
    environment = {**GIVEN, "MADOGUCHI_CARD_ANCHORS": str(pki.anchors), **written}
    verifier = CardSettings.from_env(settings, environment).verifier(production=False)
    asker = verifier._revocation._asker = DirectAsker(pki)
    asker.fault = "no-nonce"
    good = verifier.certificate(card(pki.auth).der, NOW)
    if taken:
        verifier.not_revoked(good, NOW)
        return
    with pytest.raises(CardRefused) as refused:
        verifier.not_revoked(good, NOW)
    assert refused.value.reason is CardReason.STATUS_MISMATCH

"""The stand-in's certificates are those of the card profile, byte for byte where the profile says so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from sandbox.pki import Pki, provision
from sandbox.pki.names import SUBJECT_ARC
from sandbox.pki.subject import era, fifth_birthday
from tests.pki.world import COMING, HANAKO, ISSUED, NOW, card, spare_key


def test_all_generations_share_one_name_and_differ_in_key(pki: Pki) -> None:
    for authority in (pki.auth, pki.sign):
        names = {issuer.certificate.subject.public_bytes() for issuer in authority.issuers}
        keys = {_key_identifier(issuer.certificate) for issuer in authority.issuers}
        assert (len(names), len(keys)) == (1, 4)


def _key_identifier(certificate: x509.Certificate) -> bytes:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_a_login_certificate_has_the_critical_extensions_and_no_others(pki: Pki) -> None:
    found = card(pki.auth).certificate
    critical = {type(e.value) for e in found.extensions if e.critical}
    assert critical == {x509.KeyUsage, x509.CertificatePolicies}
    policy = found.extensions.get_extension_for_class(x509.CertificatePolicies).value[0]
    assert policy.policy_identifier.dotted_string == "1.2.392.200149.8.5.1.3.30"
    with pytest.raises(x509.ExtensionNotFound):
        found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    with pytest.raises(x509.ExtensionNotFound):
        found.extensions.get_extension_for_class(x509.ExtendedKeyUsage)


def test_the_distribution_point_is_a_name_in_a_directory(pki: Pki) -> None:
    points = card(pki.auth).certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    (name,) = points[0].full_name
    assert isinstance(name, x509.DirectoryName)
    assert name.value.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Kono-shi CRLDP"


def test_a_signing_certificate_carries_the_four_attributes_in_the_cards_order(pki: Pki) -> None:
    names = card(pki.sign).certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    arcs = [name.type_id.dotted_string.removeprefix(SUBJECT_ARC + ".") for name in names]
    assert arcs == ["1", "4", "3", "5", "2", "6"]
    values = [name.value[2:].decode() for name in names]
    assert values[:3] == ["見本　花子", "319840217", "2"]


@pytest.mark.parametrize(
    ("issued", "birth", "end"),
    [
        # The test card of J-LIS: made 2025-10-27 for someone born on a 17 February, good to 2030-02-17.
        (
            datetime(2025, 10, 27, 3, tzinfo=UTC),
            date(1990, 2, 17),
            datetime(2030, 2, 17, 14, 59, 59, tzinfo=UTC),
        ),
        (
            datetime(2025, 1, 27, 3, tzinfo=UTC),
            date(1990, 2, 17),
            datetime(2029, 2, 17, 14, 59, 59, tzinfo=UTC),
        ),
        (
            datetime(2026, 1, 27, 3, tzinfo=UTC),
            date(1992, 2, 29),
            datetime(2030, 2, 28, 14, 59, 59, tzinfo=UTC),
        ),
    ],
)
def test_a_certificate_ends_with_the_fifth_birthday_in_japan(
    issued: datetime, birth: date, end: datetime
) -> None:
    assert fifth_birthday(birth, issued) == end


@pytest.mark.parametrize(
    ("birth", "digit"),
    [(date(2019, 5, 1), "5"), (date(2019, 4, 30), "4"), (date(1989, 1, 7), "3"), (date(1912, 7, 29), "1")],
)
def test_the_era_digit_changes_on_the_day_of_the_era(birth: date, digit: str) -> None:
    assert era(birth) == digit


def test_provisioning_again_changes_nothing(tmp_path: Path) -> None:
    first = provision(tmp_path, NOW)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.pem")}
    second = provision(tmp_path, NOW)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.pem")}
    assert (
        first.auth.issue(spare_key().public_key(), HANAKO, ISSUED).serial_number
        < second.auth.register.next_serial()
    )


def test_private_keys_are_readable_by_their_owner_only(pki: Pki) -> None:
    files = list(pki.auth.folder.rglob("*.key"))
    assert len(files) == 8
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_an_old_generation_signs_only_while_it_is_in_force(pki: Pki) -> None:
    with pytest.raises(LookupError):
        pki.auth.at(NOW, "01")
    assert pki.auth.at(NOW).generation.name == "03"
    assert pki.auth.at(NOW, "02").generation.name == "02"


def test_cards_of_the_generation_to_come_begin_on_their_day(pki: Pki) -> None:
    first = datetime(2028, 3, 31, 15, tzinfo=UTC)
    assert pki.auth.at(first - timedelta(seconds=1)).generation.name == "03"
    assert pki.auth.at(first).generation.name == "04"
    found = card(pki.auth, at=COMING).certificate
    assert found.signature_hash_algorithm.name == "sha384"
    assert found.public_key().curve.name == "secp384r1"

"""The authorities over the wire: OCSP, lists, anchors, stamps, faults."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from rfc3161_client import (
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from webtest import TestApp

from sandbox.pki import Pki, faults, provision
from sandbox.pki.app import make_app
from sandbox.pki.tsa import TimeStampAuthority
from tests.pki.world import HANAKO, ISSUED, NOW, spare_key

TOKEN = "a token of this installation"
ADMIN = {"content_type": "application/json", "headers": {"Authorization": f"Bearer {TOKEN}"}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Authorities made once, since making keys takes seconds; each test has a copy of its own."""
    folder = tmp_path_factory.mktemp("app")
    provision(folder, NOW)
    return folder


@pytest.fixture
def var(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "var")
    return tmp_path / "var"


@pytest.fixture
def own(var: Path) -> Pki:
    return provision(var, NOW)


@pytest.fixture
def app(own: Pki, var: Path) -> TestApp:
    (var / "admin-token").write_text(TOKEN)
    return TestApp(make_app(var, lambda: NOW))


def test_a_revocation_reaches_the_responder_and_the_list(app: TestApp, own: Pki) -> None:
    found = own.auth.issue(spare_key().public_key(), HANAKO, ISSUED)
    body = json.dumps({"kind": "auth", "serial": f"{found.serial_number:X}"})
    assert app.post("/admin/revoke", body, **ADMIN).json == {"result": "done"}
    listed = x509.load_der_x509_crl(app.get("/crl/auth-03.crl").body)
    assert listed.is_signature_valid(own.auth.issuers[2].certificate.public_key())
    assert listed.get_revoked_certificate_by_serial_number(found.serial_number) is not None
    request = ocsp.OCSPRequestBuilder().add_certificate(
        found, own.auth.issuers[2].certificate, found.signature_hash_algorithm
    )
    answer = app.post("/ocsp/auth", request.build().public_bytes(_der())).body
    assert ocsp.load_der_ocsp_response(answer).certificate_status is ocsp.OCSPCertStatus.REVOKED


def test_every_generation_has_its_own_anchor_and_list(app: TestApp) -> None:
    keys = set()
    for generation in ("01", "02", "03", "04"):
        anchor = x509.load_pem_x509_certificate(app.get(f"/ca/sign-{generation}.pem").body)
        keys.add(anchor.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest)
        crl = x509.load_der_x509_crl(app.get(f"/crl/sign-{generation}.crl").body)
        assert crl.is_signature_valid(anchor.public_key())
    assert len(keys) == 4


@pytest.mark.parametrize("path", ["/ca/auth-09.pem", "/crl/auth-09.crl", "/crl/other.crl", "/nothing"])
def test_what_is_not_there_is_404(app: TestApp, path: str) -> None:
    app.get(path, status=404)


def test_a_question_that_is_none_is_answered_malformed(app: TestApp) -> None:
    answer = ocsp.load_der_ocsp_response(app.post("/ocsp/auth", b"not a question").body)
    assert answer.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_large_body_is_refused(app: TestApp) -> None:
    app.post("/ocsp/auth", b"x" * 70_000, status=413)


def test_an_unknown_fault_is_refused_by_name(app: TestApp) -> None:
    answer = app.post("/admin/fault", '{"kind": "melt"}', **ADMIN, status=404)
    assert "melt" in answer.text


def test_the_fault_down_is_503_until_it_is_switched_off(app: TestApp) -> None:
    app.post("/admin/fault", '{"kind": "down"}', **ADMIN)
    app.post("/ocsp/auth", b"", status=503)
    app.post("/admin/fault", '{"kind": "none"}', **ADMIN)
    app.post("/ocsp/auth", b"x", status=200)


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}, {"Authorization": TOKEN}]
)
@pytest.mark.parametrize("path", ["/admin/fault", "/admin/revoke", "/admin/nothing"])
def test_nobody_gives_orders_without_the_token(app: TestApp, path: str, headers: dict[str, str]) -> None:
    app.post(path, '{"kind": "down"}', content_type="application/json", headers=headers, status=403)
    app.post("/ocsp/auth", b"x", status=200)


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_without_a_token_on_file_nobody_is_let_in(app: TestApp, var: Path, content: str | None) -> None:
    (var / "admin-token").unlink() if content is None else (var / "admin-token").write_text(content)
    for headers in ({"Authorization": "Bearer "}, {"Authorization": "Bearer None"}, {}):
        app.post("/admin/fault", '{"kind": "down"}', headers=headers, status=403)


@pytest.mark.parametrize(
    "body", ["", "[]", "{", "5", "{}", '{"kind": "down", "seconds": -1}', '{"kind": "down", "seconds": "x"}']
)
def test_an_order_that_is_none_changes_nothing(app: TestApp, body: str) -> None:
    app.post("/admin/fault", body, **ADMIN, status=404)
    app.post("/ocsp/auth", b"x", status=200)


def test_a_fault_for_a_while_ends_by_itself(var: Path, own: Pki) -> None:
    faults.switch(var / "pki", "down", 60, now=1000.0)
    assert faults.read(var / "pki", now=1059.0) == "down"
    assert faults.read(var / "pki", now=1060.0) == "none"


def test_the_sandbox_does_not_start_in_production(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADOGUCHI_MODE", "production")
    with pytest.raises(RuntimeError, match="sandbox"):
        make_app(var)


@pytest.mark.parametrize("with_certificates", [True, False])
def test_a_stamp_verifies_with_an_independent_client(pki: Pki, with_certificates: bool) -> None:
    request = TimestampRequestBuilder().data(b"a root").nonce(nonce=True)
    request = request.cert_request(cert_request=with_certificates).build()
    answer = decode_timestamp_response(pki.tsa.stamp(request.as_bytes(), NOW))
    verifier = VerifierBuilder.from_request(request).add_root_certificate(pki.tsa.root)
    if not with_certificates:
        verifier = verifier.tsa_certificate(pki.tsa.certificate)
    assert answer.tst_info.gen_time == NOW
    if with_certificates:
        assert verifier.build().verify_message(answer, b"a root")
        with pytest.raises(VerificationError):
            verifier.build().verify_message(answer, b"another root")


def test_a_stamp_from_another_authority_does_not_verify(pki: Pki, tmp_path: Path) -> None:
    other = TimeStampAuthority.create(tmp_path, NOW)
    request = TimestampRequestBuilder().data(b"a root").build()
    answer = decode_timestamp_response(other.stamp(request.as_bytes(), NOW))
    verifier = VerifierBuilder.from_request(request).add_root_certificate(pki.tsa.root).build()
    with pytest.raises(VerificationError):
        verifier.verify_message(answer, b"a root")


def test_a_stamp_request_that_is_none_is_rejected(pki: Pki) -> None:
    answer = pki.tsa.stamp(b"\x30\x03\x02\x01\x07", NOW)
    assert decode_timestamp_response(answer).status == 2  # rejection


def _der():  # type: ignore[no-untyped-def]
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER

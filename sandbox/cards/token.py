"""Making one software card: two tokens, as OpenSC shows the two PINs of a card, with keys born inside and never leaving.

Labels, identifiers and PIN rules are those of OpenSC's ``pkcs15-jpki.c`` (see ``docs/card-login.md``).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.cards import tries
from sandbox.pki import Pki
from sandbox.pki.keys import PublicKey
from sandbox.pki.names import Kind

if TYPE_CHECKING:
    from sandbox.cards import CardPerson, IssuedCard

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
)
TOKEN_LABEL: dict[Kind, str] = {
    "auth": "JPKI (User Authentication PIN)",
    "sign": "JPKI (Digital Signature PIN)",
}
_OBJECT: dict[Kind, tuple[str, bytes, bytes]] = {
    "auth": ("User Authentication", b"\x01", b"\x03"),
    "sign": ("Digital Signature", b"\x02", b"\x04"),
}
_SO_PIN = "12345678"


class CardMakerMissing(RuntimeError):
    """SoftHSM is not installed."""


def module_path() -> Path:
    """The SoftHSM library of this machine.

    :raises CardMakerMissing: with the line that installs it.
    """
    for candidate in MODULES:
        if Path(candidate).exists():
            return Path(candidate)
    raise CardMakerMissing(
        "SoftHSM がありません。「apt-get install softhsm2」で入れてから、もう一度実行してください。"
    )


def make_token(folder: Path, person: CardPerson, pki: Pki, at: datetime, ocsp_url: str) -> IssuedCard:
    """Make the card ``folder``: configuration, two tokens, keys, certificates, counters."""
    from sandbox.cards import IssuedCard

    # A folder without its line in the list is one that was interrupted.
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tokens").mkdir(parents=True, mode=0o700)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder.absolute() / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    (folder / "module").write_text(f"{module_path()}\n")
    pins: dict[Kind, str] = {"auth": person.pin, "sign": person.password}
    for kind, pin in pins.items():
        _initialise(configuration, TOKEN_LABEL[kind], pin)
    library = _library(configuration)
    serials: dict[Kind, int] = {}
    for kind, pin in pins.items():
        with library.get_token(token_label=TOKEN_LABEL[kind]).open(rw=True, user_pin=pin) as session:
            serials[kind] = _fill(session, kind, person, pki, at, f"{ocsp_url}/{kind}")
    tries.reset(folder)
    return IssuedCard(
        name=person.name,
        folder=str(folder.absolute()),
        auth_issuer=hashlib.sha256(pki.auth.name.public_bytes()).hexdigest(),
        auth_serial=f"{serials['auth']:08X}",
        sign_serial=f"{serials['sign']:08X}",
        pin=person.pin,
        password=person.password,
    )


def _initialise(configuration: Path, label: str, pin: str) -> None:
    # The tool is used because the token's own call wants a slot number, which changes with every new token.
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", _SO_PIN, "--pin", pin]
    subprocess.run(  # noqa: S603 - fixed program, our own arguments
        command,
        env={**os.environ, "SOFTHSM2_CONF": str(configuration)},
        check=True,
        capture_output=True,
    )


def _library(configuration: Path) -> Any:
    import pkcs11

    os.environ["SOFTHSM2_CONF"] = str(configuration)
    library = pkcs11.lib(str(module_path()))
    # The library reads its configuration once; a second card in the same process needs it read again.
    library.reinitialize()
    return library


def _fill(session: Any, kind: Kind, person: CardPerson, pki: Pki, at: datetime, ocsp_url: str) -> int:
    from pkcs11 import Attribute, CertificateType, KeyType, MechanismFlag, ObjectClass
    from pkcs11.util.ec import encode_named_curve_parameters

    name, identifier, authority_identifier = _OBJECT[kind]
    authority = pki.auth if kind == "auth" else pki.sign
    wishes = {
        "id": identifier,
        "label": f"{name} Key",
        "store": True,
        "capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY,
        "private_template": {
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
            Attribute.ALWAYS_AUTHENTICATE: kind == "sign",
        },
    }
    if authority.at(at, person.generation).generation.curve:
        curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp384r1")}
        public, _private = session.create_domain_parameters(KeyType.EC, curve, local=True).generate_keypair(
            **wishes
        )
    else:
        public, _private = session.generate_keypair(KeyType.RSA, 2048, **wishes)
    certificate = authority.issue(
        _public_key(public), person.holder, at, generation=person.generation, ocsp_url=ocsp_url
    )
    above = authority.at(at, person.generation).certificate
    for label, number, found, private in (
        (f"{name} Certificate", identifier, certificate, kind == "sign"),
        (f"{name} Certificate CA", authority_identifier, above, False),
    ):
        session.create_object(
            {
                Attribute.CLASS: ObjectClass.CERTIFICATE,
                Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
                Attribute.TOKEN: True,
                Attribute.PRIVATE: private,
                Attribute.LABEL: label,
                Attribute.ID: number,
                Attribute.SUBJECT: found.subject.public_bytes(),
                Attribute.ISSUER: found.issuer.public_bytes(),
                Attribute.SERIAL_NUMBER: core.Integer(found.serial_number).dump(),
                Attribute.VALUE: found.public_bytes(serialization.Encoding.DER),
            }
        )
    return certificate.serial_number


def _public_key(found: Any) -> PublicKey:
    from pkcs11 import Attribute, KeyType

    if found.key_type == KeyType.EC:
        point = core.OctetString.load(found[Attribute.EC_POINT]).native
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), point)
    modulus, exponent = (
        int.from_bytes(found[a], "big") for a in (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT)
    )
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def certificates(folder: Path) -> list[x509.Certificate]:
    """The certificates a card shows without a PIN."""
    from pkcs11 import Attribute, ObjectClass

    library = _library(folder / "softhsm2.conf")
    found = []
    for label in TOKEN_LABEL.values():
        with library.get_token(token_label=label).open() as session:
            found += [
                x509.load_der_x509_certificate(item[Attribute.VALUE])
                for item in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})
            ]
    return found

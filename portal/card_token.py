"""A card on the reader, through PKCS#11: the same for a real card (OpenSC) and for the sandbox's software card.

A card counts wrong PINs itself and locks for good; this module never tries a PIN twice, and says how many tries are left
before each. OpenSC only flags "few left" and "last one"; a software card, which does not lock, has its counter in a file.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPENSC_MODULES = (
    "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so",
    "/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so",
    "/usr/lib/opensc-pkcs11.so",
    "/Library/OpenSC/lib/opensc-pkcs11.so",
)
TOKEN_LABEL = "JPKI (User Authentication PIN)"  # noqa: S105 - a label, not a secret
KEY_ID = b"\x01"
# The object identifier of secp384r1 in DER, as a token names a curve (CKA_EC_PARAMS).
P384 = bytes.fromhex("06052b81040022")
PIN_LENGTH = 4
LIMIT = 3

# One process, one PKCS#11 library: it is not safe to open two cards at the same time.
_READER = threading.Lock()


class CardError(Exception):
    """The card cannot be used; the message says what happened and what to do."""


class WrongPin(CardError):
    """The PIN was wrong.

    :param left: tries left, None when the card does not say.
    """

    def __init__(self, left: int | None) -> None:
        self.left = left
        count = "" if left is None else f"あと{left}回まちがえると、カードが使えなくなります。"
        super().__init__(f"暗証番号がちがいます。{count}番号を確かめてから、もう一度実行してください。")


class CardLocked(CardError):
    """The PIN is locked."""

    def __init__(self) -> None:
        super().__init__(
            "暗証番号を続けてまちがえたため、このカードの利用者証明用電子証明書は使えなくなっています。"
            "住民票のある市区町村の窓口で、暗証番号を再設定してください。"
        )


@dataclass(frozen=True)
class Tries:
    """What is known of the tries left.

    :param left: None when the card does not say.
    """

    left: int | None
    limit: int = LIMIT

    @property
    def last(self) -> bool:
        """Whether the next wrong PIN locks the card."""
        return self.left == 1


class Card:
    """The 利用者証明用 side of one card.

    :param module: PKCS#11 library.
    :param folder: the folder of a software card, None for a real one.
    """

    def __init__(self, module: Path, folder: Path | None = None) -> None:
        self._module = module
        self._folder = folder

    def certificate(self) -> bytes:
        """The 利用者証明用電子証明書 in DER; a card shows it without a PIN, a telephone after it."""
        from pkcs11 import Attribute, ObjectClass

        with self._token() as token, token.open() as session:
            found = list(
                session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.ID: KEY_ID})
            )
            if not found:
                raise CardError(
                    "カードに利用者証明用電子証明書がありません。市区町村の窓口で発行を受けてください。"
                )
            return bytes(found[0][Attribute.VALUE])

    def tries(self) -> Tries:
        """How many tries are left, without using one."""
        if self._folder is not None:
            with _counter(self._folder) as counts:
                return Tries(counts["auth"]["left"], counts["auth"]["limit"])
        from pkcs11 import TokenFlag

        with self._token() as token:
            flags = token.flags
        if TokenFlag.USER_PIN_LOCKED in flags:
            return Tries(0)
        if TokenFlag.USER_PIN_FINAL_TRY in flags:
            return Tries(1)
        return Tries(2 if TokenFlag.USER_PIN_COUNT_LOW in flags else None)

    def sign(self, pin: str, data: bytes) -> bytes:
        """Sign with the card's key: SHA-256 and PKCS#1 v1.5 with RSA, SHA-384 and ECDSA on P-384. One PIN, one try.

        :returns: an ECDSA signature in DER, as certificates and the portal write it.
        :raises WrongPin: the card counted one wrong try.
        :raises CardLocked: nothing was tried.
        :raises CardError: the card's key is of no kind known here.
        """
        import pkcs11

        if len(pin) != PIN_LENGTH or not (pin.isascii() and pin.isdigit()):
            raise CardError("暗証番号は数字4けたです。カードにはまだ送っていません。")
        with self._counted() as count, self._token() as token:
            try:
                with token.open(user_pin=pin) as session:
                    count(True)
                    key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=KEY_ID)
                    return _signed(key, data)
            except pkcs11.exceptions.PinIncorrect:
                count(False)
            except pkcs11.exceptions.PinLocked:
                raise CardLocked from None
        left = self.tries().left
        if left == 0:
            raise CardLocked
        raise WrongPin(left)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[Any]:
        """Count as the card's chip does: the try is taken off before the PIN is compared, given back when it was right."""
        if self._folder is None:
            yield lambda right: None
            return
        with _counter(self._folder) as counts:
            counts["auth"]["left"] -= 1
            if counts["auth"]["left"] < 0:
                counts["auth"]["left"] = 0
                raise CardLocked

        def count(right: bool) -> None:
            assert self._folder is not None
            if right:
                with _counter(self._folder) as counts:
                    counts["auth"]["left"] = counts["auth"]["limit"]

        try:
            yield count
        except CardLocked:
            raise
        except CardError:
            # The card could not be asked at all: no PIN was compared.
            with _counter(self._folder) as counts:
                counts["auth"]["left"] = min(counts["auth"]["left"] + 1, counts["auth"]["limit"])
            raise

    @contextlib.contextmanager
    def _token(self) -> Iterator[Any]:
        import pkcs11

        with _READER:
            if self._folder is not None:
                os.environ["SOFTHSM2_CONF"] = str(self._folder / "softhsm2.conf")
            try:
                library = pkcs11.lib(str(self._module))
                if self._folder is not None:
                    library.reinitialize()
                yield library.get_token(token_label=TOKEN_LABEL)
            except pkcs11.exceptions.NoSuchToken:
                raise CardError(
                    "カードが見つかりません。カードをリーダーに置き直してから、もう一度実行してください。"
                ) from None
            except (pkcs11.exceptions.PKCS11Error, RuntimeError) as problem:
                raise CardError(
                    f"カードを読めませんでした（{type(problem).__name__}）。カードを置き直して、もう一度実行してください。"
                ) from problem


def _signed(key: Any, data: bytes) -> bytes:
    """Sign in the way that goes with the kind of key."""
    from pkcs11 import Attribute, KeyType, Mechanism
    from pkcs11.util.ec import encode_ecdsa_signature

    if key.key_type == KeyType.RSA:
        return bytes(key.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS))
    if key.key_type == KeyType.EC and key[Attribute.EC_PARAMS] == P384:
        # The hash is made here: every token has the bare mechanism, few have the one that hashes too. It gives r ‖ s.
        return bytes(
            encode_ecdsa_signature(key.sign(hashlib.sha384(data).digest(), mechanism=Mechanism.ECDSA))
        )
    raise CardError("このカードの鍵の種類は、まだ使えません。市区町村の窓口におたずねください。")


def open_card(module: Path | None = None, folder: Path | None = None) -> Card:
    """The card on the reader.

    :param module: PKCS#11 library; OpenSC's when not given.
    :param folder: folder of a software card, which names its own library.
    :raises CardError: when there is no library or no such card.
    """
    if folder is not None:
        if not (folder / "softhsm2.conf").exists():
            raise CardError(
                f"カード「{folder.name}」はありません。`madoguchi card list` で確かめてください。"
            )
        return Card(module or Path((folder / "module").read_text().strip()), folder)
    candidates = [module] if module else [Path(path) for path in OPENSC_MODULES]
    for candidate in candidates:
        if candidate.exists():
            return Card(candidate)
    raise CardError(
        "カードを読む部品（PKCS#11）が見つかりません。OpenSC を入れるか、--module で場所を指定してください。"
    )


@contextlib.contextmanager
def _counter(folder: Path) -> Iterator[dict[str, dict[str, int]]]:
    """The counter file, locked while it is changed."""
    with (folder / "tries.json").open("r+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        counts = json.load(stream)
        before = json.dumps(counts)
        try:
            yield counts
        finally:
            after = json.dumps(counts)
            if after != before:
                stream.seek(0)
                stream.truncate()
                stream.write(after)

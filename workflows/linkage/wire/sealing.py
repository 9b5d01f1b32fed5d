"""Sealed content: what no hub, queue or core may read (番号法19条8号 data, end to end).

Two envelopes. *To a party*: the holder signs the content (JWS, Ed25519) and seals it to the asker (JWE, ECDH-ES with
X25519, A256GCM), so the asker knows both that nobody read it and that the holder, not the hub, wrote it. *To
oneself*: a copy (副本) rests at the hub sealed with the tenant's own key (JWE, dir, A256GCM). Both carry a context
inside the seal, compared on opening, so a sealed thing cannot be passed off as another person's or another item's.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, OKPKey

from .keys import Directory, PartyKeys, PublicKey
from .tokens import protected_header

_ALGORITHMS = ["ECDH-ES", "dir", "A256GCM"]


class SealBroken(Exception):
    """A sealed content could not be opened, was made by somebody else, or belongs to something else.

    Its words name the reason only; nothing of the content.
    """


def _compact(value: str | bytes) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else value


def seal_for(
    content: Mapping[str, Any],
    context: Mapping[str, str],
    sender: PartyKeys,
    recipient: OKPKey,
    recipient_kid: str,
) -> str:
    """Sign as the sender and seal to a recipient's X25519 key.

    :param content: JSON object; the only thing that is personal here.
    :param context: what it belongs to, e.g. ``{"exchange_id", "asker", "holder"}``; compared on opening.
    :returns: compact JWE.
    """
    signing = OKPKey.import_key(sender.signing)
    inner = jws.serialize_compact(
        {"alg": "Ed25519", "kid": sender.signing_kid, "typ": "msl-content"},
        orjson.dumps({"context": dict(context), "content": content}),
        signing,
        algorithms=["Ed25519"],
    )
    return _compact(
        jwe.encrypt_compact(
            {"alg": "ECDH-ES", "enc": "A256GCM", "kid": recipient_kid, "cty": "JWT"},
            inner.encode("ascii"),
            recipient,
            algorithms=_ALGORITHMS,
        )
    )


def open_from(
    token: str, context: Mapping[str, str], recipient: PartyKeys, directory: Directory, sender_party: str
) -> dict[str, Any]:
    """Open what a party sealed to us, and check who wrote it and what it belongs to.

    :raises SealBroken: not for us, altered, not written by ``sender_party``, or another context.
    """
    try:
        kid = protected_header(token).get("kid")
        key = recipient.older.get(str(kid))
        if key is None:
            raise SealBroken("sealed to a key that is not ours")
        inner = jwe.decrypt_compact(token, key, algorithms=_ALGORITHMS).plaintext or b""
        signed = jws.extract_compact(inner)
        signer = _signer(directory, str(signed.headers().get("kid")), sender_party)
        if not jws.validate_compact(signed, signer.key, algorithms=["Ed25519"]):
            raise SealBroken("the writer's signature does not verify")
        body = orjson.loads(signed.payload)
    except (JoseError, ValueError, KeyError, TypeError, UnicodeError) as broken:
        raise SealBroken(f"cannot be opened ({type(broken).__name__})") from None
    return _content(body, context, "belongs to another exchange")


def _content(body: Any, context: Mapping[str, str], otherwise: str) -> dict[str, Any]:
    """What lies inside an opened seal, when it is about this and is an object."""
    if not isinstance(body, dict) or body.get("context") != dict(context):
        raise SealBroken(otherwise)
    content = body.get("content")
    if not isinstance(content, dict):
        raise SealBroken("holds no content")
    return content


def _signer(directory: Directory, kid: str, party: str) -> PublicKey:
    key = directory.signer(kid)
    if key is None or key.party.id != party:
        raise SealBroken("not written by the expected party")
    return key


def own_key(secret: bytes) -> OctKey:
    """A key for :func:`seal_own` from 32 bytes.

    :raises ValueError: not 32 bytes.
    """
    if len(secret) != 32:
        raise ValueError("a copy key is 32 bytes")
    return OctKey.import_key(secret)


def seal_own(content: Mapping[str, Any], context: Mapping[str, str], key: OctKey, kid: str) -> str:
    """Seal a copy to oneself (dir + A256GCM).

    :param context: ``{"danban", "item", "version", "as_of"}``; compared on opening.
    """
    return _compact(
        jwe.encrypt_compact(
            {"alg": "dir", "enc": "A256GCM", "kid": kid},
            orjson.dumps({"context": dict(context), "content": content}),
            key,
            algorithms=_ALGORITHMS,
        )
    )


def open_own(token: str, context: Mapping[str, str], keys: Mapping[str, OctKey]) -> dict[str, Any]:
    """Open one's own sealed copy.

    :param keys: copy keys by id, the current and older ones.
    :raises SealBroken: another key, altered, or the copy of something else.
    """
    try:
        kid = protected_header(token).get("kid")
        key = keys.get(str(kid))
        if key is None:
            raise SealBroken("sealed with a key we do not hold")
        body = orjson.loads(jwe.decrypt_compact(token, key, algorithms=_ALGORITHMS).plaintext or b"")
    except (JoseError, ValueError, KeyError, TypeError, UnicodeError) as broken:
        raise SealBroken(f"cannot be opened ({type(broken).__name__})") from None
    return _content(body, context, "a copy of something else")


def seal_text(text: str, context: Mapping[str, str], sender: PartyKeys, recipient: PublicKey) -> str:
    """Seal one string to a party's registered key (used for a number on its way to the 住基ネット CS)."""
    return seal_for({"text": text}, context, sender, recipient.key, recipient.kid)

"""The envelope of every message, its schemas (compiled once) and its canonical form.

``build`` makes one, ``validate`` checks one against the JSON Schema of its type, ``digest`` hashes the RFC 8785 form.
Messages travel alone or as a batch (``{"msl":1,"type":"batch","messages":[...]}``) under one HTTP signature; each
message in a batch is checked and answered by itself.
"""

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
import orjson
import rfc8785
from ulid import ULID

from . import strict_json
from .problems import Problem

MAX_BODY = 32 * 1024 * 1024
_EXACT = 2**53
_ID = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")
_DIRECTORY = files(__package__) / "schemas"
#: Files that hold parts, not messages: what messages share, what peers answer, what the core signs.
_PARTS = frozenset({"common", "answers", "claims"})


def _load(name: str) -> dict[str, Any]:
    return json.loads((_DIRECTORY / f"{name}.json").read_text("utf-8"))


@cache
def schema_names() -> frozenset[str]:
    """Every schema of the profile by name; message types and the wrappers ``batch`` and ``acks``."""
    return frozenset(
        p.name.removesuffix(".json")
        for p in _DIRECTORY.iterdir()
        if p.name.endswith(".json") and p.name.removesuffix(".json") not in _PARTS
    )


@cache
def _validator(name: str) -> Any:
    if name not in schema_names():
        raise Problem("SCHEMA_INVALID", "unknown message type", [{"pointer": "/type", "kind": "unknown"}])
    return _compiled(_load(name))


def _compiled(schema: dict[str, Any]) -> Any:
    registry = jsonschema_rs.Registry([("urn:msl:schema:common", _load("common"))])
    return jsonschema_rs.validator_for(schema, registry=registry, validate_formats=True)


def new_id(now: datetime) -> str:
    """A message id (ULID) for a moment."""
    return str(ULID.from_datetime(now))


def stamp(moment: datetime) -> str:
    """A time as it stands on the wire: UTC, microseconds, ``Z``.

    :raises ValueError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time on the wire needs a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> datetime:
    """The time a wire text means."""
    return datetime.fromisoformat(text)


def id_of(message: Any) -> str:
    """The id of a message that may be anything; empty unless it has the shape of one, so that nothing is repeated."""
    found = message.get("id") if isinstance(message, Mapping) else None
    return found if isinstance(found, str) and _ID.fullmatch(found) else ""


def build(
    type_: str,
    *,
    tenant: str,
    org: str,
    created: datetime,
    payload: Mapping[str, Any] | None = None,
    payload_jwe: str | None = None,
    id_: str | None = None,
    expires: datetime | None = None,
    danban: str | None = None,
    fugo: str | None = None,
    partition: str | None = None,
    seq: int | None = None,
    causation: str | None = None,
    correlation: str | None = None,
    actor: Mapping[str, str] | None = None,
    legal: Mapping[str, str] | None = None,
    layout: str | None = None,
) -> dict[str, Any]:
    """Make an envelope. Nothing is checked here; :func:`validate` and the linter stand before every send.

    :param danban: 団体内統合宛名番号 of the subject, towards the hub.
    :param fugo: 符号 of the subject, between hub and core only.
    :param actor: ``{"role", "staff_hash"}``.
    :param legal: ``{"law_row", "table_version", "ordinance"?, "pia"?}``.
    """
    message: dict[str, Any] = {
        "msl": 1,
        "id": id_ or new_id(created),
        "type": type_,
        "tenant": tenant,
        "org": org,
        "created": stamp(created),
        "payload": dict(payload or {}),
    }
    if expires is not None:
        message["expires"] = stamp(expires)
    if danban is not None:
        message["subject"] = {"danban": danban}
    elif fugo is not None:
        message["subject"] = {"fugo": fugo}
    optional = {
        "payload_jwe": payload_jwe,
        "partition": partition,
        "seq": seq,
        "causation": causation,
        "correlation": correlation,
        "actor": actor,
        "legal": legal,
        "layout": layout,
    }
    message.update({name: value for name, value in optional.items() if value is not None})
    return message


def batch(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Wrap messages for one signed request."""
    return {"msl": 1, "type": "batch", "messages": list(messages)}


def _places(errors: Iterable[Any]) -> list[dict[str, str]]:
    found = []
    for error in errors:
        # Only schema-side words: an instance path may hold an unknown key, which may itself be what must not leak.
        steps = [str(step) if isinstance(step, int) else _known(str(step)) for step in error.instance_path]
        kind = type(error.kind).__name__.removeprefix("ValidationErrorKind_").lower()
        found.append({"pointer": "/" + "/".join(steps), "kind": kind})
        if len(found) == 10:
            break
    return found


def _known(key: str) -> str:
    return key if key.replace("_", "").isalpha() and key.isascii() and len(key) <= 24 else "?"


def _refuse(validator: Any, document: Any, words: str) -> None:
    """Raise SCHEMA_INVALID with places, unless a document fits."""
    try:
        places = [] if validator.is_valid(document) else _places(validator.iter_errors(document))
    except ValueError:  # deeper than anything of the profile could be
        places = [{"pointer": "", "kind": "depth"}]
    if places:
        raise Problem("SCHEMA_INVALID", words, places)


def check(name: str, document: Any) -> None:
    """Check any document against a schema of the profile.

    :raises Problem: SCHEMA_INVALID with places, never values.
    """
    _refuse(_validator(name), document, f"does not fit {name}")


def validate(message: Any, expected: str | Iterable[str] | None = None, now: datetime | None = None) -> str:
    """Check one message and return its type.

    :param expected: the type or types accepted here.
    :param now: when given, a message past its own ``expires`` is refused.
    :raises Problem: SCHEMA_INVALID or MESSAGE_EXPIRED.
    """
    type_ = message.get("type") if isinstance(message, Mapping) else None
    if not isinstance(type_, str) or type_ in ("batch", "acks"):
        raise Problem("SCHEMA_INVALID", "not a message", [{"pointer": "/type", "kind": "type"}])
    wanted = {expected} if isinstance(expected, str) else set(expected or ())
    if wanted and type_ not in wanted:
        raise Problem(
            "SCHEMA_INVALID", "another type of message is wanted here", [{"pointer": "/type", "kind": "enum"}]
        )
    check(type_, message)
    if now is not None and "expires" in message and moment(message["expires"]) < now:
        raise Problem("MESSAGE_EXPIRED")
    return type_


@cache
def _part_validator(file: str, part: str) -> Any:
    return _compiled(_load(file) | {"$ref": f"#/$defs/{part}"})


def check_part(file: str, part: str, document: Any) -> None:
    """Check what is no message: ``common`` ``record``, an answer (``answers``) or what the core signs (``claims``).

    :raises Problem: SCHEMA_INVALID with places, never values.
    """
    _refuse(_part_validator(file, part), document, f"does not fit {file} {part}")


def _simple(value: Any) -> bool:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is dict:
        return all(type(key) is str and key.isascii() and _simple(child) for key, child in value.items())
    if kind is list:
        return all(map(_simple, value))
    return kind is int and -_EXACT < value < _EXACT


def canonical(document: Any) -> bytes:
    """RFC 8785 form.

    For what messages are made of (text, whole numbers, ASCII keys) sorted compact JSON is that form already, and ten
    times faster to make; anything else goes the long way. A test holds the two against each other.
    """
    if _simple(document):
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return rfc8785.dumps(document)


def digest(document: Any) -> str:
    """SHA-256 of the canonical form, base64url without padding."""
    return digest_bytes(canonical(document))


def digest_bytes(data: bytes) -> str:
    """SHA-256 of bytes, base64url without padding."""
    return urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode("ascii")


def request_digest(inquiry: Mapping[str, Any]) -> str:
    """What a permit's ``req`` is: the digest of an ``inquiry.request``, without the subject the core must not see."""
    return digest({k: v for k, v in inquiry.items() if k != "subject"})


def dumps(document: Any) -> bytes:
    """JSON bytes for the wire."""
    return orjson.dumps(document)


def loads(body: bytes) -> Any:
    """JSON from the wire, as strict as `strict_json` says.

    :raises Problem: BODY_TOO_LARGE or SCHEMA_INVALID.
    """
    if len(body) > MAX_BODY:
        raise Problem("BODY_TOO_LARGE")
    try:
        return strict_json.read(body)
    except ValueError:
        raise Problem(
            "SCHEMA_INVALID", "the body is not JSON of one meaning", [{"pointer": "", "kind": "json"}]
        ) from None

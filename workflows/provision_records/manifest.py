"""The manifest of a proof file, which the portal signs: which offices' parts stand in it, and what the others answered.

Each office signs for its own records only. Without this manifest a file from which an office's part was cut would look like that
of a person the office has nothing to show about. It is the portal's word, not the offices': who holds the portal's key can leave an
office out.

An office that does not know the person, one that has no record of her and one that may show her none all stand under `nothing`:
that a record is hidden (番号法23条2項) changes no byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import rfc8785

from storage.audit import merkle
from storage.audit.checkpoint import link
from storage.clock import from_second_text, second_text

from .models import canonical, seal
from .proof_format import Part, plain_part
from .shapes import NotAProof, count, fields, hexed, items, load, text

FORMAT = "madoguchi-manifest/1"


@dataclass(frozen=True, slots=True)
class Listed:
    """One part of the file: hash of its checkpoint, count and root of the person's sealed records, SHA-256 of the whole part."""

    tenant: str
    checkpoint: bytes
    count: int
    root: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """The list. made_at: aware, UTC, whole seconds; nothing: offices that answered and have nothing to show; unanswered: offices
    that did not answer or were not asked."""

    made_at: datetime
    parts: tuple[Listed, ...]
    nothing: tuple[str, ...]
    unanswered: tuple[str, ...]

    def body(self) -> bytes:
        """The canonical JSON that is signed."""
        return rfc8785.dumps(
            {
                "format": FORMAT,
                "made_at": second_text(self.made_at),
                "parts": [
                    {
                        "tenant": one.tenant,
                        "checkpoint": one.checkpoint.hex(),
                        "count": one.count,
                        "root": one.root.hex(),
                        "digest": one.digest.hex(),
                    }
                    for one in self.parts
                ],
                "nothing": list(self.nothing),
                "unanswered": list(self.unanswered),
            }
        )


def listed(part: Part) -> Listed:
    """What the manifest says about a part."""
    return Listed(
        part.tenant,
        link(part.checkpoint),
        len(part.records),
        merkle.root([seal(record.salt, record.content) for record in part.records]),
        hashlib.sha256(canonical(plain_part(part))).digest(),
    )


def differences(said: Sequence[Listed], found: Sequence[Listed]) -> list[tuple[str, str]]:
    """How the parts of a file differ from what the portal signed: (code of the finding, tenant)."""
    signed, here = {one.tenant for one in said}, {one.tenant for one in found}
    wrong = [("list-cut", tenant) for tenant in sorted(signed - here)]
    wrong += [("list-added", tenant) for tenant in sorted(here - signed)]
    other = {one.tenant for one in set(said) ^ set(found)} & signed & here
    wrong += [("list-changed", tenant) for tenant in sorted(other)]
    if not wrong and list(said) != list(found):
        wrong = [("list-changed", tenant) for tenant in sorted(here)]
    return wrong


def parse(body: bytes) -> Manifest:
    """The manifest in these bytes. Errors: NotAProof, also when they are not the canonical form of it."""
    raw = fields(load(body), {"format", "made_at", "parts", "nothing", "unanswered"}, "manifest")
    if raw["format"] != FORMAT:
        raise NotAProof("unknown-format", "manifest")
    try:
        made_at = from_second_text(text(raw["made_at"], "made_at"))
    except ValueError:
        raise NotAProof("wrong-shape", "made_at") from None
    return Manifest(
        made_at,
        tuple(_listed(one) for one in items(raw["parts"], "parts")),
        tuple(text(one, "nothing") for one in items(raw["nothing"], "nothing")),
        tuple(text(one, "unanswered") for one in items(raw["unanswered"], "unanswered")),
    )


def _listed(value: object) -> Listed:
    raw = fields(value, {"tenant", "checkpoint", "count", "root", "digest"}, "parts")
    return Listed(
        text(raw["tenant"], "tenant"),
        hexed(raw["checkpoint"], "checkpoint", 32),
        count(raw["count"], "count"),
        hexed(raw["root"], "root", 32),
        hexed(raw["digest"], "digest", 32),
    )

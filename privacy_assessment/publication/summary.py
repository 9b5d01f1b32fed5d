"""A statement in a few plain lines: what information, of how many people, who handles it, where it goes, which dangers and what is done.

Nothing is written by hand or guessed: every line is what the statement itself says at the items named in ``summary.yaml``, with the id of
the item, so that a reader gets from the line to its source.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml

from privacy_assessment.pictures.risks import LEFT, NONE, risks_of
from privacy_assessment.publication.rows import PublicForm
from privacy_assessment.reading import Line, Reading

SHOWN = 6
LONG = 140


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing the statement says.

    :param part: which part of the question it answers, e.g. ``contractors``; the page has words for it.
    :param texts: what is written, shortened. :param more: how many further ones there are. :param anchor: where the first one stands.
    :param count: how many there are, for parts that are counts.
    """

    part: str
    texts: tuple[str, ...]
    more: int
    anchor: str
    count: int = 0
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the summary with its answers; no answer when the form does not ask or nothing is written."""

    name: str
    answers: tuple[Answer, ...]


@lru_cache(maxsize=1)
def _questions() -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(
        (files("privacy_assessment.publication") / "summary.yaml").read_text("utf-8")
    )
    return found


def summarise(public: PublicForm, reading: Reading) -> list[Question]:
    """The summary of one public form.

    :param reading: of the same form.
    """
    by_key: dict[str, list[Line]] = {}
    for line in reading.lines:
        by_key.setdefault(line.key, []).append(line)
    found = []
    for name, parts in _questions().items():
        answers = [
            _answer(part, by_key.get(keys.get(reading.form_id, ""), [])) for part, keys in parts.items()
        ]
        found.append(Question(name, tuple(one for one in answers if one is not None)))
    return [*found, Question("risks", tuple(_risks(public)))]


def _answer(part: str, lines: list[Line]) -> Answer | None:
    texts: dict[str, str] = {}
    for line in lines:
        for text in line.values or ((line.text,) if line.text else ()):
            texts.setdefault(_short(text), line.anchor)
    if not texts:
        return None
    shown = tuple(texts)[:SHOWN]
    withheld = any(line.redacted for line in lines)
    return Answer(part, shown, len(texts) - len(shown), next(iter(texts.values())), len(texts), withheld)


def _short(text: str) -> str:
    """The first sentence, or its beginning."""
    first = text.split("\n", 1)[0].strip()
    sentence, stop, _ = first.partition("。")
    kept = sentence + stop if len(sentence) <= LONG else sentence[:LONG]
    return (
        kept
        if len(kept) >= len(text.strip())
        else kept.rstrip("。") + ("…" if len(sentence) > LONG else stop)
    )


def _risks(public: PublicForm) -> list[Answer]:
    """How the body itself judges its measures, and the risks for which it says that something is left to do."""
    risks = risks_of(public.document, public.form)
    counts = Counter(one.after for one in risks if one.after != NONE)
    left = list(dict.fromkeys(f"{one.place} {one.name}" for one in risks if one.after == LEFT))
    return [
        Answer(
            name,
            tuple(left[:SHOWN]) if name == LEFT else (),
            max(0, len(left) - SHOWN) if name == LEFT else 0,
            "",
            counts[name],
        )
        for name in ("strong", "enough", LEFT)
        if counts[name]
    ]

"""From 「published 400 days ago」 to the steps that must have been taken, each with its day: the way of a statement in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Days each stage takes in these offices.
PLAN, JUDGE, BEGIN, CONSULT, REVISE, REVIEW, SUBMIT = 70, 66, 60, 46, 14, 10, 5


@dataclass(frozen=True, order=True)
class Event:
    """Something that happens to a statement.

    :param ago: days before today. :param order: of events on the same day. :param act: what ``Office`` does.
    """

    ago: int
    order: int
    act: str = field(compare=False)
    given: Mapping[str, Any] = field(compare=False, default_factory=dict)


def events(kind: str, way: Mapping[str, int], first_kind: str, standing: str) -> list[Event]:
    """Every event of a way, oldest first."""
    found: list[tuple[int, str, dict[str, Any]]] = []

    def add(ago: int, act: str, **given: Any) -> None:
        found.append((ago, act, given))

    if "emergency" in way:
        add(way["emergency"] + 3, "plan", held=True)
        add(way["emergency"] + 2, "judge")
        add(way["emergency"], "invoke_emergency")
    first = next(iter(name for name in way if name != "emergency"))
    last = way[first]
    if first in ("planned", "threshold_done", "drafting", "dropped"):
        _beginning(add, first, last)
    elif first in (
        "consulting",
        "revising",
        "third_party",
        "ready",
        "submitted",
        "approval_asked",
        "recommended",
        "approved",
    ):
        _towards(add, first, last, kind, standing)
    else:
        _whole(add, last, first_kind, standing, begun="emergency" in way)
    for name, ago in list(way.items()):
        if name in (
            "reviewed",
            "amending",
            "amend_submitted",
            "amended",
            "ended",
            "expired",
            "reassessing",
            "risen",
        ):
            _after(add, name, ago)
        if name == "consulting" and name != first:
            add(ago, "consult")
    ordered = [Event(ago, number, act, given) for number, (ago, act, given) in enumerate(found)]
    return sorted(ordered, key=lambda one: (-one.ago, one.order))


def _beginning(add: Any, state: str, ago: int) -> None:
    add(ago + (0 if state == "planned" else 8), "plan")
    if state in ("threshold_done", "drafting"):
        add(ago + (0 if state == "threshold_done" else 4), "judge")
    if state == "drafting":
        add(ago, "begin")
        add(max(ago - 2, 0), "write", half=True)
    if state == "dropped":
        add(ago, "drop")


def _towards(add: Any, state: str, ago: int, kind: str, standing: str) -> None:
    """A first procedure that is under way."""
    if kind != "full":
        _start(add, ago + 40)
        add(ago, "submit")
        return
    day = {
        "consulting": 0,
        "revising": 30,
        "third_party": 36,
        "ready": 42,
        "submitted": 46,
        "approval_asked": 36,
        "recommended": 70,
        "approved": 80,
    }
    opened = ago + day[state]
    _start(add, opened + 30)
    add(opened, "consult")
    if state == "consulting":
        return
    add(opened - 31, "consider")
    if state == "revising":
        return
    if standing == "national":
        add(opened - 36, "ask_approval")
        if state in ("recommended", "approved"):
            add(opened - 70, "recommend")
        if state == "approved":
            add(opened - 80, "approve")
        return
    add(opened - 34, "send_to_third_party")
    if state == "third_party":
        return
    add(opened - 39, "third_party_result")
    if state == "submitted":
        add(opened - 44, "submit")


def _whole(add: Any, published: int, kind: str, standing: str, begun: bool) -> None:
    """A first procedure that has come to its end."""
    if kind == "full":
        opened = published + CONSULT
        _start(add, opened + 24)
        add(opened, "consult")
        add(published + REVISE, "consider")
        if standing == "national":
            add(published + 12, "ask_approval")
            add(published + 6, "recommend")
            add(published + 4, "approve")
        else:
            add(published + REVIEW + 2, "send_to_third_party")
            add(published + REVIEW, "third_party_result")
            add(published + SUBMIT, "submit")
    else:
        if begun:
            add(published + 20, "begin")
            add(published + 18, "write")
        else:
            _start(add, published + 40)
        add(published + SUBMIT, "submit")
    add(published, "publish")


def _start(add: Any, ago: int) -> None:
    add(ago, "plan")
    add(ago - 4, "judge")
    add(ago - 8, "begin")
    add(ago - 10, "write")


def _after(add: Any, name: str, ago: int) -> None:
    """What happened after the publication (T5)."""
    if name == "reviewed":
        add(ago, "review")
    elif name == "risen":
        add(ago, "rejudge")
        add(ago - 1, "amend")
        add(ago - 3, "change")
        add(ago - 6, "submit_amended")
        add(ago - 8, "publish_amended")
        add(ago - 10, "hand_over")
        add(ago - 12, "judge_again")
        add(ago - 13, "begin")
        add(ago - 30, "write")
    elif name == "ended":
        add(ago, "end")
    elif name == "expired":
        add(ago, "nothing")
    elif name == "reassessing":
        add(ago, "reassess")
        add(max(ago - 3, 0), "change")
    else:
        add(ago + (10 if name != "amending" else 0), "amend")
        add(ago + (6 if name != "amending" else -2), "change")
        if name in ("amend_submitted", "amended"):
            add(ago + (4 if name == "amended" else 0), "submit_amended")
        if name == "amended":
            add(ago, "publish_amended")

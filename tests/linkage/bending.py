"""A hub gone wrong: its true answers, bent after their signature was checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.linkage.house import KONO, House
from workflows.linkage.wire.client import Answer


def bend(house: House, monkeypatch: pytest.MonkeyPatch, path: str, how: Callable[[Any], Any]) -> None:
    """Bend the answers 甲野市 gets on a path that begins so."""
    link = house.parts.offices.gateway(KONO)._link
    call = link.call

    def bent(method: str, target: str, *args: Any, **named: Any) -> Answer:
        answer = call(method, target, *args, **named)
        return Answer(answer.status, how(answer.body), answer.replayed) if target.startswith(path) else answer

    monkeypatch.setattr(link, "call", bent)

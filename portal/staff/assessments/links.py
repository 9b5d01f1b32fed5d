"""Where the rooms of a statement announce themselves, so that its home page links to all of them and knows none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator

from privacy_assessment.statements.models import Statement
from workflows.engine import CaseView

REGISTRY = "assessment.links"


@dataclass(frozen=True)
class Link:
    """A room of a statement.

    :param path: address with ``{statement}`` where the statement's identifier goes.
    :param label: Japanese text, a key of the catalogues.
    :param permission: who may see the link: the value of a ``Permission``.
    :param when: whether there is anything in the room now, from the statement and its case.
    """

    name: str
    path: str
    label: str
    permission: str
    when: Callable[[Statement, CaseView | None], bool] = lambda _statement, _case: True


def add_link(config: Configurator, link: Link) -> None:
    """Announce a room; the order of announcing is the order on the page."""
    config.registry.setdefault(REGISTRY, []).append(link)


def links_of(registry: Any, statement: Statement, case: CaseView | None) -> list[Link]:
    """The rooms that have something for this statement now."""
    return [link for link in registry.get(REGISTRY, []) if link.when(statement, case)]

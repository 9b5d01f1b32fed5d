"""The portal as a WSGI application. Reading this file top to bottom is reading what the portal is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.config import Configurator

from portal.settings import Settings
from portal.web.request import settle
from storage.clock import Clock, SystemClock
from storage.database import Database
from workflows.law.loader import shipped

PARTS = (
    "portal.web",
    "portal.identity",
    "portal.public",
    "portal.resident",
    "portal.staff",
    "portal.review",
    "portal.commission",
)


def make_app(
    settings: Settings,
    *,
    database: Database | None = None,
    clock: Clock | None = None,
    parts: Sequence[str] = PARTS,
) -> Any:
    """Build the application.

    :param settings: what the environment said.
    :param database: a pool of the web role; made from ``settings.web_url`` when not given.
    :param clock: the clock of the whole application.
    :param parts: dotted names to include, in order.
    """
    config = Configurator(exceptionresponse_view=None)
    config.registry["portal"] = settings
    config.registry["database"] = database or Database(settings.web_url, "web")
    config.registry["clock"] = clock or SystemClock()
    config.registry["law"] = shipped()
    for part in parts:
        config.include(part)
    settle(config)
    return config.make_wsgi_app()

"""The application as the web server finds it."""

from __future__ import annotations

from typing import Any

from portal.app import make_app
from portal.settings import Settings
from storage import logs
from storage.memory import keep_loaded


def application() -> Any:
    """Make the application of this process from the environment."""
    settings = Settings.from_env()
    logs.configure(json=settings.production)
    made = make_app(settings)
    keep_loaded()
    return made

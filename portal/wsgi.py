"""The application as the web server finds it."""

from __future__ import annotations

import gc
from typing import Any

from portal.app import make_app
from portal.settings import Settings
from storage import logs


def application() -> Any:
    """Make the application of this process from the environment."""
    settings = Settings.from_env()
    logs.configure(json=settings.production)
    made = make_app(settings)
    # What was loaded now stays: walking through it again and again would hold a request up for a tenth of a second.
    gc.collect()
    gc.freeze()
    return made

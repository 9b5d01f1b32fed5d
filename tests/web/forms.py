"""Finds the form of a page that a test fills in."""

from __future__ import annotations

from typing import Any


def form_of(page: Any, action: str, trigger: str | None = None) -> Any:
    """The form of a page that leads to an address (and pulls a trigger)."""
    for form in page.forms.values():
        if action in (form.action or page.request.path) and (
            trigger is None or ("trigger" in form.fields and form["trigger"].value == trigger)
        ):
            return form
    raise AssertionError(f"no form to {action} on {page.request.path}")

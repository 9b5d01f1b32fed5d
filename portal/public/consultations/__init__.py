"""Consultations (意見聴取), for anyone, without an account: reading, writing, changing, the results."""

from typing import Any

from pyramid.config import Configurator

from portal.public.consultations import listing, own, reading, results, writing
from portal.web.permissions import Permission

FOLDER = "public/consultations"
PLACE = "/consultations/{tenant:[0-9]{6}}/{key}"


def _add(config: Configurator, name: str, path: str, view: Any, template: str, *methods: str) -> None:
    config.add_route(name, path)
    for method in methods or ("GET",):
        config.add_view(
            view,
            route_name=name,
            renderer=f"{FOLDER}/{template}.jinja2",
            permission=Permission.PUBLIC,
            request_method=method,
        )


def includeme(config: Configurator) -> None:
    """Routes and views."""
    _add(config, "consultations", "/consultations/", listing.listing, "list")
    _add(config, "consultation", PLACE, reading.page, "page")
    _add(config, "consultation.write", f"{PLACE}/write", writing.write, "write", "GET", "POST")
    _add(config, "consultation.own", f"{PLACE}/mine", own.own, "own", "GET", "POST")
    _add(config, "consultation.results", f"{PLACE}/results", results.page, "results")
    for kind, view in (("csv", results.as_csv), ("xlsx", results.as_workbook), ("json", results.as_json)):
        config.add_route(f"consultation.results.{kind}", f"{PLACE}/results.{kind}")
        config.add_view(
            view,
            route_name=f"consultation.results.{kind}",
            permission=Permission.PUBLIC,
            request_method="GET",
        )

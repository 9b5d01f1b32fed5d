"""The stand-ins speak exactly what the OpenAPI file says, no endpoint more and none less."""

from __future__ import annotations

from importlib.resources import files

import yaml

from tests.sandbox.conftest import Country


def test_routes_and_openapi_agree(country: Country) -> None:
    document = yaml.safe_load((files("workflows.linkage.wire") / "openapi.yaml").read_text("utf-8"))
    written = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    spoken = {route for app in (country.hub, country.core, country.juki) for route in app.endpoints()}
    assert spoken == written

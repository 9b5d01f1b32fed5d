"""The OpenAPI file is whole: it parses, its references lead somewhere, and it names every problem."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
import yaml

from workflows.linkage.wire import answers, envelope, hub_client, problems
from workflows.linkage.wire.retry import LinkUntrusted

ROOT = files("workflows.linkage.wire")
DOCUMENT = yaml.safe_load((ROOT / "openapi.yaml").read_text("utf-8"))
ANSWERS = yaml.safe_load((ROOT / "schemas" / "answers.json").read_text("utf-8"))["$defs"]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_leads_somewhere() -> None:
    for reference in set(references(DOCUMENT)):
        name, _, fragment = reference.partition("#")
        target: Any = DOCUMENT if not name else yaml.safe_load((ROOT / name).read_text("utf-8"))
        for step in [s for s in fragment.split("/") if s]:
            target = target[step]
        assert target, reference


def test_every_message_a_body_may_send_is_used_by_an_endpoint() -> None:
    used = {
        r.removeprefix("schemas/").removesuffix(".json")
        for r in references(DOCUMENT)
        if r.startswith("schemas/")
    }
    in_batches = {
        "inquiry.request",
        "provision.answer",
        "provision.decision",
        "permit.request",
        "exchange.report",
    }
    inbox = {"inquiry.permitted", "inquiry.denied", "inquiry.answer", "inquiry.refused", "provision.request"}
    inbox |= {"fugo.matched", "record.available"}
    assert envelope.schema_names() <= used | in_batches | inbox


def test_the_problem_list_is_the_one_of_the_code() -> None:
    assert set(ANSWERS["problem"]["properties"]["msl_code"]["enum"]) == set(problems.PROBLEM_KINDS)


def test_what_an_operation_answers_stands_once_and_is_what_the_client_checks() -> None:
    operations = {o["operationId"]: o for path in DOCUMENT["paths"].values() for o in path.values()}
    parts = {"problem", "result", "leased", "decision"}
    assert set(ANSWERS) == set(operations) | parts
    for name, operation in operations.items():
        (said,) = [answer for code, answer in operation["responses"].items() if code != "default"]
        schema = said["content"]["application/json"]["schema"]
        wanted = {"$ref": f"schemas/answers.json#/$defs/{name}"}
        assert schema == wanted or schema["allOf"][0] == wanted, name
        with pytest.raises(LinkUntrusted):
            answers.believe(name, [])
    assert "components/schemas" not in (ROOT / "openapi.yaml").read_text("utf-8")


def test_operation_ids_are_unique_and_every_operation_is_signed() -> None:
    operations = [o for path in DOCUMENT["paths"].values() for o in path.values()]
    ids = [o["operationId"] for o in operations]
    assert len(ids) == len(set(ids))
    assert all({"$ref": "#/components/parameters/Signed"} in o["parameters"] for o in operations)


def test_the_client_has_a_call_for_every_hub_endpoint() -> None:
    text = (ROOT / "hub_client.py").read_text("utf-8")
    for path in DOCUMENT["paths"]:
        if path.startswith("/v1/") and not path.startswith(
            ("/v1/core", "/v1/portal", "/v1/commission", "/v1/juki")
        ):
            if path == "/v1/inbox/{lease}/{what}":
                continue  # the client acknowledges in sets
            stem = path.split("{")[0].rstrip("/")
            assert stem in text, path
    assert hub_client.HubClient.__doc__

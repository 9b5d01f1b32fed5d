"""What an answer must be to be believed: the schema of its operation, the same one that the OpenAPI file shows.

An answer that its peer signed can still be nonsense. One that has not its shape says nothing about what was done: it is thrown away, and
the same message is sent again under the same key.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from . import envelope
from .problems import Problem
from .retry import LinkUntrusted


def believe(operation: str, body: Any) -> None:
    """Check an answer.

    :param operation: its ``operationId`` in ``openapi.yaml``, or ``problem``.
    :raises LinkUntrusted: it has not its shape.
    """
    try:
        envelope.check_part("answers", operation, body)
    except Problem as problem:
        raise LinkUntrusted(problem) from None


def about(body: Mapping[str, Any], name: str, wanted: str) -> None:
    """Check that an answer speaks of what was asked about.

    :raises LinkUntrusted: it speaks of something else.
    """
    if body[name] != wanted:
        raise LinkUntrusted(Problem("SCHEMA_INVALID", f"another {name} than was asked about"))


def results(body: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One result for each message, in the order of the messages whatever the order of the answer.

    :raises LinkUntrusted: one is missing, twice, or about something else.
    """
    rows = body["results"]
    found = {row["id"]: row for row in rows}
    asked = [str(message["id"]) for message in messages]
    if len(rows) != len(asked) or set(found) != set(asked):
        raise LinkUntrusted(Problem("SCHEMA_INVALID", "the results are not about these messages"))
    return [found[one] for one in asked]

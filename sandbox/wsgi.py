"""The plain WSGI edge: reading header fields and bodies, sending bytes."""

from collections.abc import Callable, Mapping
from typing import Any

from workflows.linkage.wire import envelope
from workflows.linkage.wire.problems import Problem


def headers_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """Header fields of a request by lower-case name."""
    found = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    }
    if environ.get("CONTENT_TYPE"):
        found["content-type"] = environ["CONTENT_TYPE"]
    return found


def read(environ: Mapping[str, Any]) -> bytes:
    """The body of a request.

    :raises Problem: BODY_TOO_LARGE, before anything is read when the length is announced; SCHEMA_INVALID, when what is announced is no length.
    """
    announced = environ.get("CONTENT_LENGTH") or "0"
    if not (announced.isascii() and announced.isdigit()):
        raise Problem("SCHEMA_INVALID", "Content-Length is no length")
    length = int(announced)
    if length > envelope.MAX_BODY:
        raise Problem("BODY_TOO_LARGE")
    stream = environ["wsgi.input"]
    body = (
        stream.read(length)
        if length
        else (stream.read(envelope.MAX_BODY + 1) if environ.get("HTTP_TRANSFER_ENCODING") else b"")
    )
    if len(body) > envelope.MAX_BODY:
        raise Problem("BODY_TOO_LARGE")
    return body


def send(
    start_response: Callable[..., Any], status: int, headers: Mapping[str, str], content: bytes
) -> list[bytes]:
    """Answer a request with these bytes."""
    lines = [*headers.items(), ("Content-Length", str(len(content)))]
    start_response(f"{status} {'OK' if status < 400 else 'Problem'}", lines)
    return [content]

"""Log lines: data with a name, never a person. A processor at the end of the chain drops and masks what must not leave.

Nothing should ever hand a name or a number to a logger; this is the second lock, and a test plants them to prove it.
"""

from __future__ import annotations

import errno
import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import psycopg
import structlog

from storage import numbers

# Keys that say what they hold. Values under them are dropped whole.
FORBIDDEN_KEYS = frozenset(
    [
        "number",
        "my_number",
        "individual_number",
        "name",
        "display_name",
        "kana",
        "address",
        "birth",
        "birth_date",
        "sex",
        "pin",
        "password",
        "certificate",
        "subject",
        "cn",
        "common_name",
        "serial",
        "cookie",
        "token",
        "nonce",
        "payload",
        "answer",
        "body",
        "mail",
        "email",
        "phone",
    ]
)
# A reference (UUID) is no number of a person, whatever digits it has.
_REFERENCE = re.compile("([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_DIGITS = numbers.Digits(rf"{numbers.SPACES_AND_HYPHENS}\s.", 1)
MASK = "[伏せました]"
_LEAST = 10**11  # of twelve digits
_MOST_FRAMES, _MOST_CAUSES = 20, 5


def keep_people_out(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop forbidden keys and mask whatever looks like a 個人番号, at any depth."""
    return _cleaned(event)


def _cleaned(value: Any) -> Any:
    if isinstance(value, MutableMapping):
        return {
            key: MASK if str(key).lower() in FORBIDDEN_KEYS else _cleaned(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_cleaned(inner) for inner in value]
    if isinstance(value, str):
        return _masked(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _LEAST:
        return MASK
    return value


def _masked(text: str) -> str:
    """The text without its runs of twelve digits and more; references stay."""
    if not _DIGITS.runs(text):
        return text
    # Every second piece is a reference.
    pieces = _REFERENCE.split(text)
    pieces[::2] = [numbers.masked(one, _DIGITS.runs(one), MASK) for one in pieces[::2]]
    return "".join(pieces)


def where(exc_info: tuple[Any, BaseException, Any]) -> str:
    """What kind of error it was and where it came from, without its words: those may quote a row, a file or what somebody typed.

    Of the database's errors its code, table and constraint are kept, which say what the words would have said.
    """
    told: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(told) < _MOST_CAUSES:
        frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in _frames(error)]
        told.append("\n  ".join((_kind(error), *frames)))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(told)


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    return traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]


def _kind(error: BaseException) -> str:
    parts: list[str | None] = [f"{type(error).__module__}.{type(error).__qualname__}"]
    if isinstance(error, psycopg.Error):
        parts += (error.sqlstate, error.diag.table_name, error.diag.constraint_name)
    elif isinstance(error, OSError) and error.errno:
        parts.append(errno.errorcode.get(error.errno))
    return " ".join(part for part in parts if part)


def configure(json: bool = True, level: int = logging.INFO) -> None:
    """Send every log line, ours and the libraries', through the same chain to standard error.

    :param json: one JSON object a line; otherwise aligned words for a person at a terminal.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(where),
        keep_people_out,
    ]
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Once more at the very end: a library's message is only a sentence by now.
                keep_people_out,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # httpx names every address it calls, and the addresses of the link carry references that belong in no log; the
    # others tell each of their own steps, which the journal of a case does better.
    for talkative in ("httpx", "transitions", "procrastinate", "weasyprint", "fontTools"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def get_logger(name: str) -> Any:
    """A logger whose lines are an event name and fields: ``log.info("inquiry.sent", lane=...)``."""
    return structlog.stdlib.get_logger(name)

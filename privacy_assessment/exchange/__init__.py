"""Statements in and out: JSON without loss, Excel with a preview, and text as it comes out of a published PDF."""

from privacy_assessment.exchange.encodings import decode
from privacy_assessment.exchange.package import BadFile, check_package
from privacy_assessment.exchange.plain_text import read_text
from privacy_assessment.exchange.preview import Preview
from privacy_assessment.exchange.statement_json import from_json, to_json
from privacy_assessment.exchange.workbook import write_workbook
from privacy_assessment.exchange.workbook_reader import read_workbook

__all__ = [
    "BadFile",
    "Preview",
    "check_package",
    "decode",
    "from_json",
    "read_text",
    "read_workbook",
    "to_json",
    "write_workbook",
]

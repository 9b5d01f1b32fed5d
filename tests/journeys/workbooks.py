"""A form as an office has it in Excel, filled in before the system came."""

from __future__ import annotations

from privacy_assessment.exchange import write_workbook
from privacy_assessment.forms import load_form
from tests.privacy_assessment.samples import filled


def workbook(form: str, values: dict[str, str], rows: int = 1) -> bytes:
    """An .xlsx file.

    :param values: of the items that differ from the sample. :param rows: of each repeat.
    """
    document = filled(form, rows=rows)
    for key, value in values.items():
        document.set(key, value)
    return write_workbook(document, load_form(form, document.edition))

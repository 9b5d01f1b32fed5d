"""The official form of a public statement as tagged PDF (PDF/UA-1) and as Excel. Used by the worker only: it loads the print engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from weasyprint import CSS, HTML

import templates
from portal.public.statements.filters import form_name
from portal.public.statements.fixed import fixed
from portal.web.printing import Nothing
from portal.web.templates import environment
from privacy_assessment.exchange import write_workbook
from privacy_assessment.forms.dates import in_japanese
from privacy_assessment.pictures import Picture, flow
from privacy_assessment.publication.read import Version
from privacy_assessment.publication.rows import PublicForm
from privacy_assessment.reading import Line

STYLE = Path(templates.__file__).parent / "print" / "statement.css"
COVER = "c"


def page(version: Version, public: PublicForm) -> str:
    """The form as HTML for the print engine; it names nothing to fetch."""
    reading = public.reading()
    title = version.title
    if version.ended_on is not None:
        title = fixed()["ended"].format(title=title, day=in_japanese(version.ended_on))
    return (
        environment("ja", False)
        .get_template("print/statement.jinja2")
        .render(
            reading=reading,
            title=title,
            number=version.number,
            body_name=version.body_name,
            form_name=form_name(reading.form_id),
            shown_on=version.shown_on,
            consulted=version.stage == "consulted",
            path=version.path,
            cover=[line for section in reading.sections if section.key == COVER for line in section.lines],
            sections=[section for section in reading.sections if section.key != COVER],
            gaps=bool(public.gaps),
            say=fixed()["print"],
            drawing=_drawing(public),
            groups=_groups,
            item_number=_number,
        )
    )


def style() -> str:
    """The style sheet of the printed forms."""
    return STYLE.read_text("utf-8")


def pdf(html: str) -> bytes:
    """A page as PDF bytes.

    :raises weasyprint.urls.FatalURLFetchingError: when it names something to fetch.
    """
    fetcher = Nothing()
    sheet = CSS(string=style(), url_fetcher=fetcher)
    made: bytes = HTML(string=html, url_fetcher=fetcher).write_pdf(
        stylesheets=[sheet], pdf_variant="pdf/ua-1"
    )
    return made


def make(version: Version, public: PublicForm, media: str) -> bytes:
    """One file of a version.

    :param media: ``pdf`` or ``xlsx``.
    """
    return pdf(page(version, public)) if media == "pdf" else write_workbook(public.document, public.form)


def _drawing(public: PublicForm) -> Picture | None:
    """The drawing of 別添1, made from the table of flows; None on a form that has none."""
    made = flow(public.document, public.form, "ja")
    return made if made.drawn else None


def _groups(lines: Sequence[Line]) -> Iterator[tuple[str, list[Line]]]:
    """Lines that go into one table together; a table of its own stands alone."""
    for table, group in groupby(lines, key=lambda line: line.kind == "table" and line.place):
        yield ("table" if table else "items"), list(group)


def _number(line: Line, heading: Line | None) -> str:
    """The last part of an address, as the form prints it before the label: ①, or 3 where no heading says it already."""
    last = line.address.rpartition("-")[2]
    if last and "①" <= last[-1] <= "⑳":
        return f"{last[-1]} "
    said = heading is not None and heading.label.startswith(f"{last} ")
    return f"{last} " if last.isdecimal() and not said else ""

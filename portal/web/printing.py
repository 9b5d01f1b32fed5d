"""A page as PDF: tagged (PDF/UA-1), whole fonts, nothing fetched from anywhere. Used by the worker only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher

import templates

STYLE = Path(templates.__file__).parent / "print" / "print.css"


class Nothing(URLFetcher):
    """Fetches nothing, and says so instead of leaving a hole in the page."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)

    def fetch(self, url: str, headers: Any = None) -> Any:
        """Refuse.

        :raises FatalURLFetchingError: always.
        """
        raise FatalURLFetchingError("a printed page may not fetch anything")


def pdf(page: str) -> bytes:
    """The page as PDF bytes.

    :param page: HTML without any address in it.
    :raises FatalURLFetchingError: when it names something to fetch.
    """
    fetcher = Nothing()
    style = CSS(string=STYLE.read_text("utf-8"), url_fetcher=fetcher)
    document: bytes = HTML(string=page, url_fetcher=fetcher).write_pdf(
        stylesheets=[style], pdf_variant="pdf/ua-1"
    )
    return document

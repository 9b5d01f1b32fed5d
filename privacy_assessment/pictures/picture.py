"""A picture and the same facts in words and in rows, so that nobody depends on seeing it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of a statement's own fields.

    :param svg: one ``<svg>`` element with title and description inside; empty when there is nothing to draw.
    :param title: what it shows, in one line.
    :param description: the facts in sentences, with what the form does not say.
    :param columns: headings of the table below the drawing.
    :param rows: the same facts as the drawing, one tuple of cells for each line.
    :param narrow: the same drawing laid out for a screen of 340 units width, for phones.
    """

    svg: str
    title: str
    description: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    narrow: str = ""

    @property
    def drawn(self) -> bool:
        """Whether there was anything to draw."""
        return bool(self.svg)

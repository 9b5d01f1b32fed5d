"""A document as somebody reads it: sections and lines with addresses and anchors; used by every page and every print."""

from privacy_assessment.reading.model import Block, Cell, Line, Mark, Piece, Reading, Redacted, Section
from privacy_assessment.reading.read import read_document

__all__ = ["Block", "Cell", "Line", "Mark", "Piece", "Reading", "Redacted", "Section", "read_document"]

"""What can be asked of provision records, in one place."""

from .models import Party, ProvisionRecord, RecordItem
from .queries import BadCursor, Page, RecordFilters, RecordRow, SourceState
from .reader import ResidentRecords
from .writer import RecordError, RecordWriter

__all__ = [
    "BadCursor",
    "Page",
    "Party",
    "ProvisionRecord",
    "RecordError",
    "RecordFilters",
    "RecordItem",
    "RecordRow",
    "RecordWriter",
    "ResidentRecords",
    "SourceState",
]

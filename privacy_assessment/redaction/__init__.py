"""What is left out of a published statement, on which ground, and the public rendering without it."""

from privacy_assessment.redaction.grounds import Ground, allowed, grounds
from privacy_assessment.redaction.personal import Finding, find_personal, without_numbers
from privacy_assessment.redaction.render import (
    BadRedaction,
    PublicDocument,
    Redaction,
    check,
    gap,
    problems,
    public,
    text_digest,
)

__all__ = [
    "BadRedaction",
    "Finding",
    "Ground",
    "PublicDocument",
    "Redaction",
    "allowed",
    "check",
    "find_personal",
    "gap",
    "grounds",
    "problems",
    "public",
    "text_digest",
    "without_numbers",
]

"""The sealed columns of the assessments, named once, so that a rotation of keys forgets none."""

from __future__ import annotations

from privacy_assessment.consultation.opinions import personal_context
from privacy_assessment.consultation.rooms import code_context
from privacy_assessment.editing.attachments import piece_context
from storage.encryption.rotation import SealedColumn, register

PERSONAL = register(
    SealedColumn(
        "worker",
        "madoguchi.opinion",
        "personal",
        ("consultation_id", "receipt", "revision"),
        lambda key: personal_context(key["consultation_id"], key["receipt"], key["revision"]),
    )
)
PIECES = register(
    SealedColumn(
        "worker",
        "madoguchi.assessment_attachment_part",
        "sealed",
        ("attachment_id", "seq"),
        lambda key: piece_context(key["attachment_id"], key["seq"]),
        batch=32,  # half a megabyte each
    )
)
CODES = register(
    SealedColumn(
        "worker",
        "madoguchi.review_member",
        "sealed_code",
        ("room_id", "id"),
        lambda key: code_context(key["id"]),
    )
)

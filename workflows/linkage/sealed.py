"""The sealed columns of the link, named once, so that a rotation of keys forgets none."""

from __future__ import annotations

from storage.encryption.rotation import SealedColumn, register
from workflows.linkage.inquiry.models import answer_context
from workflows.linkage.link_codes.machine import token_context

ANSWER = register(
    SealedColumn(
        "worker",
        "madoguchi.linkage_answer",
        "sealed",
        ("case_id",),
        lambda key: answer_context(key["case_id"]),  # type: ignore[arg-type]
    )
)
TOKEN = register(
    SealedColumn(
        "worker",
        "madoguchi.linkage_link_code",
        "token",
        ("case_id",),
        lambda key: token_context(key["case_id"]),  # type: ignore[arg-type]
    )
)

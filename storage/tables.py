"""What all tables share: one metadata, one naming of constraints, and the zones they live in.

``madoguchi`` holds what offices and residents work with, ``identity`` holds accounts and sessions,
``vault`` holds 個人番号 and 基本4情報 and opens only to the vault role (番号法12条, 安全管理措置).
"""

from __future__ import annotations

from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

TABLE_SCHEMA = "madoguchi"

metadata = MetaData(
    schema=TABLE_SCHEMA,
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    },
)


class Base(DeclarativeBase):
    """The base of all mapped classes."""

    metadata = metadata


def tenant_column() -> Mapped[str]:
    """The first column of every key of a tenant-owned table."""
    return mapped_column(String(6), primary_key=True)

"""The law's way of a statement: machines for 基礎, 重点 and 全項目, from the plan to the end of the affair (tables T1–T6)."""

from privacy_assessment.machines.machine import KINDS, documents, register

__all__ = ["KINDS", "documents", "register"]

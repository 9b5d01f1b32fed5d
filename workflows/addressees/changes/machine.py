"""The definition of joining and parting addressees, and the job that carries it out."""

from __future__ import annotations

from pathlib import Path

from workflows.engine import Registry

KIND = "addressee_change"
DEFINITION = Path(__file__).with_name("workflow.yaml")
TASK = "addressees.carry_out"


def register(registry: Registry) -> None:
    """Load the definition and name its job."""
    registry.load(DEFINITION).job_effect("carry_out", TASK)

"""The state machine under every kind of case: definitions as data, one way to change a case, a journal that only grows."""

from workflows.engine.definition import Definition, DefinitionError
from workflows.engine.registry import Kind, Registry
from workflows.engine.service import Engine
from workflows.engine.values import (
    CLOCK,
    Actor,
    Applied,
    CaseNotFound,
    CaseView,
    Command,
    Option,
    Reason,
    Refused,
)
from workflows.engine.worklists import WorkItem

__all__ = [
    "CLOCK",
    "Actor",
    "Applied",
    "CaseNotFound",
    "CaseView",
    "Command",
    "Definition",
    "DefinitionError",
    "Engine",
    "Kind",
    "Option",
    "Reason",
    "Refused",
    "Registry",
    "WorkItem",
]

"""What the pages of assessments work with: the domain's services, put together once in a process."""

from __future__ import annotations

import secrets
from functools import cached_property
from typing import Any

from pyramid.config import Configurator

from portal.staff.desk import Desk, desk_of
from privacy_assessment.consultation.opinions import OpinionService
from privacy_assessment.consultation.results import ResultService
from privacy_assessment.statements.drafts import DraftService
from privacy_assessment.statements.notes import Notes
from privacy_assessment.statements.service import StatementService
from storage.clock import Clock
from workflows.engine import Engine

EDIT_KEY_BYTES = 18


class AssessmentDesk:
    """The services of assessments.

    :param desk: the desk of the office, whose engine knows every kind of case.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def clock(self) -> Clock:
        """The clock of the whole application."""
        return self._desk.clock

    @property
    def engine(self) -> Engine:
        """The engine with every kind of case."""
        return self._desk.engine

    @cached_property
    def statements(self) -> StatementService:
        """Planning, judging, who may edit when."""
        return StatementService(self.clock, self.engine)

    @cached_property
    def drafts(self) -> DraftService:
        """Working copies: saving, history, restoring; asks first whether the state lets this person write."""
        return DraftService(self.clock, self.statements.may_edit)

    @cached_property
    def notes(self) -> Notes:
        """Threads, reasons, attachments."""
        return Notes(self.clock)

    @cached_property
    def opinions(self) -> OpinionService:
        """What residents wrote."""
        return OpinionService(self.clock, self._desk.keys, lambda: secrets.token_urlsafe(EDIT_KEY_BYTES))

    @cached_property
    def results(self) -> ResultService:
        """The table of opinions and answers."""
        return ResultService(self.clock)


def assessments_of(registry: Any) -> AssessmentDesk:
    """The desk of this process, made when first asked for."""
    if "assessments" not in registry:
        registry["assessments"] = AssessmentDesk(desk_of(registry))
    found: AssessmentDesk = registry["assessments"]
    return found


def includeme(config: Configurator) -> None:
    """Add ``request.assessments``."""
    config.add_request_method(lambda request: assessments_of(request.registry), "assessments", property=True)

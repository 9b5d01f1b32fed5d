"""Pictures of a statement that say more at a glance than its tables, each with the same facts in words and rows.

Pure and deterministic: documents in, SVG out. Every function takes ``prefix``, the beginning of the element ids, so that several pictures
can stand on one page.
"""

from privacy_assessment.pictures.burndown import BurndownPoint, burndown
from privacy_assessment.pictures.calendar import CalendarEntry, year_calendar
from privacy_assessment.pictures.flow import flow
from privacy_assessment.pictures.flow_steps import Flow, flows_in, written
from privacy_assessment.pictures.picture import Picture
from privacy_assessment.pictures.recipients import who_gets_what
from privacy_assessment.pictures.risk_matrix import risk_matrix

__all__ = [
    "BurndownPoint",
    "CalendarEntry",
    "Flow",
    "Picture",
    "burndown",
    "flow",
    "flows_in",
    "risk_matrix",
    "who_gets_what",
    "written",
    "year_calendar",
]

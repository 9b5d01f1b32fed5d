"""What the list of work says of statements that are public: they wait for nobody until a review or a new assessment is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pyramid.request import Request

from portal.staff.cases import presenting
from privacy_assessment.statements.overview import resting_dues
from workflows.engine import Actor, Engine

# How the kinds of case begin that carry a statement.
STATEMENTS = "assessment_"
# How long before its day a review is said in the list of work.
AHEAD = timedelta(days=30)


def due_statements(request: Request, engine: Engine, actor: Actor) -> list[dict[str, Any]]:
    """Public statements with something due, soonest first: day, whether it is past, what is due, which statement."""
    language, today = presenting.two(request.language), request.clock.today()
    found = []
    for one in resting_dues(request.tx, request.clock.now() + AHEAD, actor.office):
        definition = engine.registry.kind(one.machine).decider(one.machine_version).definition
        day = presenting.due_day(definition, one.name, one.due_at)
        found.append(
            {
                "day": day,
                "late": day < today,
                "label": definition.deadlines[one.name].label[language],
                "name": f"{one.number} {one.title}",
                "path": f"/staff/assessments/{one.statement}",
            }
        )
    return found

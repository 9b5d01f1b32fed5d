"""A body's dealings with the commission about one statement: receipts, questions and answers, letters."""

from pyramid.config import Configurator

from portal.staff.assessments.commission import views
from portal.staff.assessments.links import Link, add_link
from portal.web.permissions import Permission

PATH = "/staff/assessments/{statement:[0-9a-f-]{36}}/commission"
TEMPLATE = "staff/assessments/commission/page.jinja2"


def includeme(config: Configurator) -> None:
    """Routes and views."""
    config.add_route("assessments.commission", PATH)
    config.add_view(
        views.page,
        route_name="assessments.commission",
        renderer=TEMPLATE,
        permission=Permission.ASSESSMENTS_READ,
        request_method="GET",
    )
    config.add_route("assessments.commission.answer", f"{PATH}/{{question:[0-9a-f-]{{36}}}}")
    config.add_view(
        views.answer,
        route_name="assessments.commission.answer",
        renderer=TEMPLATE,
        permission=Permission.ASSESSMENTS_ACT,
        request_method="POST",
    )
    config.add_route("assessments.commission.letter", f"{PATH}/letters/{{paper:[0-9a-f-]{{36}}}}")
    config.add_view(
        views.letter,
        route_name="assessments.commission.letter",
        permission=Permission.ASSESSMENTS_READ,
        request_method="GET",
    )
    link = Link(
        "commission",
        "/staff/assessments/{statement}/commission",
        "委員会とのやりとり",
        Permission.ASSESSMENTS_READ.value,
        lambda _statement, case: case is not None,
    )
    add_link(config, link)

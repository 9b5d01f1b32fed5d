"""Statements in and out: files sent in with a preview before anything is taken; Excel and JSON without loss."""

from pyramid.config import Configurator

from portal.staff.assessments.exchange import exporting, importing, taking
from portal.staff.assessments.links import Link, add_link
from portal.web.permissions import Permission

FOLDER = "staff/assessments/exchange"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MOST_BYTES = 41 * 1024 * 1024
"""Of one sending; the largest single file is privacy_assessment.exchange.package.MAX_FILE."""


def includeme(config: Configurator) -> None:
    """Routes and views."""
    config.allow_body("/staff/assessments/import", MOST_BYTES, files=True)
    edit, read = Permission.ASSESSMENTS_EDIT, Permission.ASSESSMENTS_READ
    config.add_route("assessments.import", "/staff/assessments/import")
    sending = {"route_name": "assessments.import", "renderer": f"{FOLDER}/import.jinja2", "permission": edit}
    config.add_view(importing.form, request_method="GET", **sending)
    config.add_view(importing.receive, request_method="POST", **sending)
    config.add_route("assessments.import.batch", f"/staff/assessments/import/{{batch:{UUID}}}")
    batch = {"route_name": "assessments.import.batch", "permission": edit}
    config.add_view(importing.batch, renderer=f"{FOLDER}/batch.jinja2", request_method="GET", **batch)
    config.add_view(importing.forget, request_method="POST", **batch)
    config.add_route(
        "assessments.import.take", f"/staff/assessments/import/{{batch:{UUID}}}/{{group:[0-9]{{1,3}}}}"
    )
    take = {"route_name": "assessments.import.take", "renderer": f"{FOLDER}/take.jinja2", "permission": edit}
    config.add_view(taking.page, request_method="GET", **take)
    config.add_view(taking.take, request_method="POST", **take)
    config.add_route("assessment.export", f"/staff/assessments/{{statement:{UUID}}}/export")
    config.add_view(
        exporting.page,
        route_name="assessment.export",
        renderer=f"{FOLDER}/export.jinja2",
        permission=read,
        request_method="GET",
    )
    for kind, view in (("xlsx", exporting.workbook), ("json", exporting.json)):
        config.add_route(
            f"assessment.export.{kind}", f"/staff/assessments/{{statement:{UUID}}}/export/{kind}"
        )
        config.add_view(view, route_name=f"assessment.export.{kind}", permission=read, request_method="GET")
    add_link(
        config,
        Link("export", "/staff/assessments/{statement}/export", "ファイルに書き出す・図で見る", read.value),
    )

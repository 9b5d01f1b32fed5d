"""Writing a statement: section by section, with guidance, threads, history and checks."""

from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFToken

from portal.staff.assessments.editing import conflicts, kept, presence, sections
from portal.staff.assessments.links import Link, add_link
from portal.web.permissions import Permission

ROOT = "/staff/assessments/{statement:[0-9a-f-]{36}}"
FORM = ROOT + "/forms/{form:form[1-4]}/"
TEMPLATES = "staff/assessments/editing"
READ, EDIT = Permission.ASSESSMENTS_READ, Permission.ASSESSMENTS_EDIT
# A part of real size is some 300 kB as a browser sends it; ten times that still comes through and is judged field by field.
MOST_TEXT = 12 * 1024 * 1024
PAGES = (
    ("form", FORM, sections.overview, "form"),
    ("conflicts", FORM + "conflicts", conflicts.show, "conflicts"),
)
ACTS = (
    ("undo", FORM + "undo", sections.undo),
    ("files", FORM + "files", sections.files),
    ("presence", FORM + "presence", presence.here),
)


def includeme(config: Configurator) -> None:
    """Routes and views."""
    for name, path, view, template in PAGES:
        _page(config, name, path, view, template)
    for name, path, view in ACTS:
        config.add_route(f"editing.{name}", path)
        config.add_view(view, route_name=f"editing.{name}", request_method="POST", permission=EDIT)
    config.add_view(conflicts.choose, route_name="editing.conflicts", request_method="POST", permission=EDIT)
    config.add_route("editing.section", FORM + "sections/{section}")
    config.add_view(sections.section, route_name="editing.section", request_method="GET", permission=READ)
    config.add_view(sections.write, route_name="editing.section", request_method="POST", permission=EDIT)
    config.allow_body(r"/staff/assessments/[0-9a-f-]{36}/forms/form[1-4]/sections/[^/]+", MOST_TEXT)
    writing = {"route_name": "editing.section", "request_method": "POST"}
    config.add_forbidden_view(kept.signed_out, **writing)
    config.add_exception_view(kept.signed_out, context=BadCSRFToken, **writing)
    add_link(
        config,
        Link("editing", "/staff/assessments/{statement}/forms/form2/", "書く・読む", READ.value),
    )


def _page(config: Configurator, name: str, path: str, view: object, template: str) -> None:
    config.add_route(f"editing.{name}", path)
    config.add_view(
        view,
        route_name=f"editing.{name}",
        renderer=f"{TEMPLATES}/{template}.jinja2",
        request_method="GET",
        permission=READ,
    )

"""Writing a statement: section by section, with guidance, threads, history and checks."""

from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFToken

from portal.staff.assessments.editing import (
    attaching,
    conflicts,
    item,
    kept,
    lists,
    presence,
    sections,
    sentence_pages,
)
from portal.staff.assessments.links import Link, add_link
from portal.web.permissions import Permission
from privacy_assessment.editing.attachments import MOST

ROOT = "/staff/assessments/{statement:[0-9a-f-]{36}}"
FORM = ROOT + "/forms/{form}/"
TEMPLATES = "staff/assessments/editing"
READ, EDIT = Permission.ASSESSMENTS_READ, Permission.ASSESSMENTS_EDIT
# A part of real size is some 300 kB as a browser sends it; ten times that still comes through and is judged field by field.
MOST_TEXT = 12 * 1024 * 1024
PAGES = (
    ("form", FORM, sections.overview, "form"),
    ("conflicts", FORM + "conflicts", conflicts.show, "conflicts"),
    ("history", FORM + "history", lists.history, "history"),
    ("threads", ROOT + "/threads", lists.threads, "threads"),
    ("attachments", ROOT + "/attachments", attaching.all_of, "attachments"),
    ("checks", ROOT + "/checks", lists.checks, "checks"),
    ("mine", "/staff/assessments/threads", lists.mine, "mine"),
    ("sentences", "/staff/assessments/sentences", sentence_pages.listed, "sentences"),
)
ACTS = (
    ("undo", FORM + "undo", sections.undo),
    ("files", FORM + "files", sections.files),
    ("presence", FORM + "presence", presence.here),
    ("attach", FORM + "attachments", attaching.take),
)

ANY = ("basic", "focused", "full")
# Name, path, label, and the kinds of assessment it is for.
LINKS = (
    ("form2", "/staff/assessments/{statement}/forms/form2/", "基礎項目評価書を書く・読む", ANY),
    ("form3", "/staff/assessments/{statement}/forms/form3/", "重点項目評価書を書く・読む", ("focused",)),
    ("form4", "/staff/assessments/{statement}/forms/form4/", "全項目評価書を書く・読む", ("full",)),
    ("checks", "/staff/assessments/{statement}/checks", "点検", ANY),
    ("threads", "/staff/assessments/{statement}/threads", "コメント", ANY),
    ("attachments", "/staff/assessments/{statement}/attachments", "添付", ANY),
    ("mine", "/staff/assessments/threads", "私が担当のコメント", ANY),
    ("sentences", "/staff/assessments/sentences", "例文", ANY),
)


def _link(name: str, path: str, label: str, kinds: tuple[str, ...]) -> Link:
    return Link(f"editing.{name}", path, label, READ.value, lambda statement, _case: statement.kind in kinds)


def includeme(config: Configurator) -> None:
    """Routes and views."""
    for name, path, view, template in PAGES:
        _page(config, name, path, view, template)
    for name, path, view in ACTS:
        config.add_route(f"editing.{name}", path)
        config.add_view(view, route_name=f"editing.{name}", request_method="POST", permission=EDIT)
    config.add_view(conflicts.choose, route_name="editing.conflicts", request_method="POST", permission=EDIT)
    config.add_view(
        lists.give_reason,
        route_name="editing.checks",
        renderer=f"{TEMPLATES}/checks.jinja2",
        request_method="POST",
        permission=EDIT,
    )
    config.add_view(
        sentence_pages.keep,
        route_name="editing.sentences",
        renderer=f"{TEMPLATES}/sentences.jinja2",
        request_method="POST",
        permission=EDIT,
    )
    config.add_route("editing.attachment", ROOT + "/attachments/{attachment:[0-9a-f-]{36}}")
    config.add_view(
        attaching.hand_out, route_name="editing.attachment", request_method="GET", permission=READ
    )
    config.add_route("editing.item", FORM + "item")
    config.add_view(item.show, route_name="editing.item", request_method="GET", permission=READ)
    config.add_view(item.act, route_name="editing.item", request_method="POST", permission=EDIT)
    config.add_route("editing.section", FORM + "sections/{section}")
    config.add_view(sections.section, route_name="editing.section", request_method="GET", permission=READ)
    config.add_view(sections.write, route_name="editing.section", request_method="POST", permission=EDIT)
    form = r"/staff/assessments/[0-9a-f-]{36}/forms/form[1-4]"
    config.allow_body(form + r"/sections/[^/]+", MOST_TEXT)
    config.allow_body(form + r"/attachments", MOST + 64 * 1024, files=True)
    writing = {"route_name": "editing.section", "request_method": "POST"}
    config.add_forbidden_view(kept.signed_out, **writing)
    config.add_exception_view(kept.signed_out, context=BadCSRFToken, **writing)
    for one in LINKS:
        add_link(config, _link(*one))


def _page(config: Configurator, name: str, path: str, view: object, template: str) -> None:
    config.add_route(f"editing.{name}", path)
    config.add_view(
        view,
        route_name=f"editing.{name}",
        renderer=f"{TEMPLATES}/{template}.jinja2",
        request_method="GET",
        permission=READ,
    )

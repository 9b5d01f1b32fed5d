"""The commission's desk for assessment statements: queue, review, questions, decision, papers, meetings."""

from pyramid.config import Configurator

from portal.commission.assessments import checks, decision, meetings, overview, papers, questions, queue, text
from portal.web.permissions import Permission

CASE = "/commission/cases/{case_id:[0-9a-f-]{36}}"
READ, ACT, DECIDE = Permission.COMMISSION_READ, Permission.COMMISSION_ACT, Permission.COMMISSION_DECIDE
# Route, address, view to read with its template, and views to write with their permissions.
PAGES = (
    ("commission", "/commission/", queue.page, "queue", ()),
    ("commission.assign", "/commission/assign", None, "", ((queue.assign, ACT),)),
    ("commission.case", CASE, overview.page, "overview", ()),
    ("commission.act", f"{CASE}/act", None, "", ((overview.act, ACT),)),
    ("commission.text", f"{CASE}/text/{{form}}", text.page, "text", ((checks.judge, ACT),)),
    ("commission.pictures", f"{CASE}/pictures", text.pictures_page, "pictures", ()),
    ("commission.changes", f"{CASE}/changes", text.changes_page, "changes", ()),
    ("commission.questions", f"{CASE}/questions", questions.page, "questions", ((questions.write, ACT),)),
    ("commission.send", f"{CASE}/questions/send", None, "", ((questions.send, ACT),)),
    ("commission.question", f"{CASE}/questions/{{question:[0-9a-f-]{{36}}}}", None, "", ((questions.go_on, ACT),)),
    ("commission.decision", f"{CASE}/decision", decision.page, "decision", ((decision.write, ACT),)),
    ("commission.propose", f"{CASE}/decision/propose", None, "", ((decision.propose, ACT),)),
    ("commission.draft", f"{CASE}/decision/letter", None, "", ((decision.order_letter, ACT),)),
    ("commission.signature", f"{CASE}/signature", decision.signature_page, "signature", ((decision.sign, DECIDE),)),
    ("commission.back", f"{CASE}/signature/back", None, "", ((decision.send_back, DECIDE),)),
    ("commission.paper", "/commission/papers/{paper:[0-9a-f-]{36}}", papers.page, "paper", ()),
    ("commission.meetings", "/commission/meetings/", meetings.listing, "meetings", ((meetings.call, ACT),)),
    ("commission.meeting", "/commission/meetings/{meeting:[0-9a-f-]{36}}", meetings.page, "meeting", ((meetings.change, ACT),)),
)  # fmt: skip


def includeme(config: Configurator) -> None:
    """Routes and views."""
    for route, path, read, template, writes in PAGES:
        config.add_route(route, path)
        if read is not None:
            config.add_view(
                read,
                route_name=route,
                renderer=f"commission/{template}.jinja2",
                permission=READ,
                request_method="GET",
            )
        for write, permission in writes:
            config.add_view(
                write,
                route_name=route,
                renderer=f"commission/{template}.jinja2" if template else None,
                permission=permission,
                request_method="POST",
            )
    config.add_route("commission.paper.file", "/commission/papers/{paper:[0-9a-f-]{36}}/file")
    config.add_view(papers.file, route_name="commission.paper.file", permission=READ, request_method="GET")

"""Atom feed of new and changed statements (RFC 4287), narrowed by the same address as the search."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree

from pyramid.request import Request
from pyramid.response import Response

from portal.public.statements.filters import KIND_WORDS, STATE_WORDS, read_form
from portal.public.statements.fixed import fixed
from portal.web.pages import address
from privacy_assessment.publication.lists import changed_statement
from privacy_assessment.publication.read import Version, version_of
from storage.database import NOWHERE

ATOM = "http://www.w3.org/2005/Atom"
# Characters that XML 1.0 cannot hold; a text may have come from a file that did.
UNWRITABLE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def atom(request: Request) -> Response:
    """The feed."""
    form = read_form(request.GET, request.registry["law"])
    today = request.clock.today()
    (rows,) = request.registry["database"].read(NOWHERE, changed_statement(form.query, form.filters, today))
    versions = [version_of(row) for row in rows]
    host = request.host_url
    ElementTree.register_namespace("", ATOM)
    feed = ElementTree.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "ja"})
    here = host + address("/statements/atom.xml", form.values)
    _add(feed, "id", here)
    _add(feed, "title", fixed()["feed"])
    _add(feed, "updated", _moment(versions[0].changed_at if versions else request.clock.now()))
    _link(feed, "self", here, "application/atom+xml")
    _link(feed, "alternate", host + address("/statements/", form.values), "text/html")
    for version in versions:
        _entry(feed, request, host, version)
    body = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    response = Response(body)
    response.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    return response


def _entry(feed: ElementTree.Element, request: Request, host: str, version: Version) -> None:
    entry = ElementTree.SubElement(feed, f"{{{ATOM}}}entry")
    state = STATE_WORDS[version.state(request.clock.today())]
    _add(entry, "id", f"{host}{version.path}")
    _add(entry, "title", f"{version.title}（{version.body_name}）")
    _add(entry, "updated", _moment(version.changed_at))
    _link(entry, "alternate", f"{host}{version.path}", "text/html")
    author = ElementTree.SubElement(entry, f"{{{ATOM}}}author")
    _add(author, "name", version.body_name)
    _add(entry, "summary", f"{KIND_WORDS[version.kind]}　{state}　{version.shown_on.isoformat()}")


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{{{ATOM}}}{name}").text = text.translate(UNWRITABLE)


def _link(parent: ElementTree.Element, relation: str, to: str, media_type: str) -> None:
    ElementTree.SubElement(parent, f"{{{ATOM}}}link", {"rel": relation, "href": to, "type": media_type})


def _moment(moment: datetime) -> str:
    return moment.isoformat()

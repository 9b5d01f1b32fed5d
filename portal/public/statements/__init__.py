"""Published statements, for anyone: search, reading, comparison, open data."""

from typing import Any

from pyramid.config import Configurator

from portal.public.statements import changes, comparing, downloads, feed, listing, open_data, page
from portal.public.statements.laid_open import Shelf
from portal.web.permissions import Permission

PLACE = "/statements/{tenant:[0-9]{6}}/{body}/{number}"
EDITION = PLACE + "/{edition:[vc][1-9][0-9]{0,5}}"


def includeme(config: Configurator) -> None:
    """Routes and views."""
    config.registry["statement shelf"] = Shelf()

    def add(name: str, path: str, view: Any, template: str | None = None, method: str = "GET") -> None:
        config.add_route(name, path)
        config.add_view(
            view,
            route_name=name,
            renderer=f"public/statements/{template}.jinja2" if template else None,
            permission=Permission.PUBLIC,
            request_method=method,
        )

    add("statements", "/statements/", listing.listing, "list")
    add("statements.compare", "/statements/compare", comparing.page, "compare")
    add("statements.atom", "/statements/atom.xml", feed.atom)
    add("statements.csv", "/statements/open-data.csv", open_data.as_csv)
    add("statements.json", "/statements/open-data.json", open_data.as_json)
    add("statement", PLACE, page.statement, "page")
    add("statement.edition", EDITION, page.statement, "page")
    add("statement.files", EDITION + "/files", downloads.files, "files")
    config.add_view(
        downloads.ask_again, route_name="statement.files", permission=Permission.PUBLIC, request_method="POST"
    )
    add("statement.json", EDITION + "/data.json", downloads.as_json)
    add("statement.file", EDITION + "/{form:form[234]}.{media:pdf|xlsx}", downloads.fetch)
    add("statement.changes", EDITION + "/changes", changes.page, "changes")

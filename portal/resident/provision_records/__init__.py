"""情報提供等記録 as the resident sees it: the list, one exchange, the pictures, and the copies she takes away."""

from functools import cache

from pyramid.config import Configurator

from portal.resident.provision_records import ahead, exports, pictures, views
from portal.resident.provision_records.coverage import Coverage
from portal.resident.provision_records.entries import Wording
from portal.web.language import texts
from portal.web.permissions import Permission
from portal.web.templates import environment


def includeme(config: Configurator) -> None:
    """Routes and views. The list and its pictures take the same filters."""
    law = config.registry["law"]
    config.registry["record wording"] = cache(
        lambda language, ruby: Wording(
            texts(language, ruby),
            law,
            environment(language, ruby).globals["part"],  # type: ignore[arg-type]
        )
    )
    config.registry["empty filter forms"] = {}
    config.registry["ahead"] = ahead.Memory()
    config.registry["coverage"] = Coverage()
    if hasattr(config, "add_prefetch"):
        config.add_prefetch("records", ahead.builder(views.statements_ahead))
    read = {"permission": Permission.RECORDS_READ, "request_method": "GET"}
    for name, path, view in (
        ("records", "/my/records", views.records),
        ("records.flow", "/my/records/flow", pictures.flow),
        ("records.calendar", "/my/records/calendar", pictures.calendar),
        ("records.detail", "/my/records/{record_id:[0-9a-f-]{36}}", views.detail),
    ):
        config.add_route(name, path)
        template = name.replace(".", "_")
        config.add_view(view, route_name=name, renderer=f"resident/{template}.jinja2", **read)
    take = {"permission": Permission.RECORDS_EXPORT}
    config.add_route("records.export", "/my/records/export")
    config.add_view(
        exports.choose,
        route_name="records.export",
        renderer="resident/records_export.jinja2",
        request_method="GET",
        **take,
    )
    for name, view in (("csv", exports.as_csv), ("proof", exports.as_proof), ("pdf", exports.as_print)):
        config.add_route(f"records.export.{name}", f"/my/records/export/{name}")
        config.add_view(view, route_name=f"records.export.{name}", request_method="POST", **take)
    config.add_route("downloads", "/my/downloads/{download_id:[0-9a-f-]{36}}")
    config.add_view(exports.fetch, route_name="downloads", request_method="GET", **take)

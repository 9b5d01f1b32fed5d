"""The core system as a WSGI application: its own channels, and the interface system in front of it."""

import json

from sandbox.config import SandboxConfig
from sandbox.database import Store
from sandbox.interface.routes import Interface
from sandbox.web import Call, Reply, Route, SignedApp
from workflows.linkage.wire.signatures import Now, utc_now

from .channels import Commission, Portal
from .link_codes import LinkCodes
from .permit_list import PermitList
from .permits import Permits


def make_app(config: SandboxConfig, system: str = "core", now: Now = utc_now) -> SignedApp:
    """The application of the core and its interface system."""
    store = Store(config.database_url, "core")
    keys = config.keys("core")
    codes = LinkCodes(config.path("keys", "core-link-codes.bin").read_bytes(), config.timing["acquisition"])
    rules = PermitList(json.loads(config.path("permit_list.json").read_text("utf-8")))
    permits = Permits(keys, config.directory, rules, config.timing["permit"])
    interface, portal, commission = Interface(permits, codes, keys), Portal(codes), Commission()

    def link(call: Call) -> Reply:
        message = call.message("juki.link")
        codes.link(call.tx, message["payload"]["token"], message["payload"]["person"], call.now)
        return Reply({"status": "LINKED"})

    def health(call: Call) -> Reply:
        return Reply({"status": "OK", "site": system, "table_version": rules.version})

    channel = {name: frozenset({name}) for name in ("hub", "juki", "portal", "commission")}
    routes = [
        *interface.routes(),
        Route("POST", "/v1/core/juki-links", link, channel["juki"]),
        Route("POST", "/v1/portal/fugo-acquisitions", portal.acquire, channel["portal"]),
        Route("GET", "/v1/portal/fugo-results", portal.acquired, channel["portal"]),
        Route("POST", "/v1/portal/records:query", portal.records, channel["portal"]),
        Route("GET", "/v1/commission/counts", commission.counts, channel["commission"]),
        Route("GET", "/v1/commission/records", commission.records, channel["commission"]),
        Route("GET", "/v1/health", health, frozenset().union(*channel.values())),
    ]
    return SignedApp(store, keys, config.directory, config.url("core"), routes, config.admin_token, now=now)

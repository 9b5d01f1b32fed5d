"""One site of the intermediate server as a WSGI application: its routes and its pump."""

import json

import httpx

from sandbox.config import SandboxConfig
from sandbox.database import Store
from sandbox.faults import Faults
from sandbox.web import Call, Reply, Route, SignedApp
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.signatures import Now, utc_now

from . import copies, records
from .inbox import Bell, Inbox
from .inquiries import Inquiries
from .provisions import Provisions
from .pump import Pump
from .sites import Sites
from .subjects import Subjects

TENANT = frozenset({"tenant"})
ANY = frozenset({"tenant", "core", "portal", "commission", "hub"})


def make_app(
    config: SandboxConfig,
    system: str = "hub",
    now: Now = utc_now,
    pump: bool = True,
    core_transport: httpx.BaseTransport | None = None,
) -> SignedApp:
    """The application of one site.

    :param system: ``hub`` or ``hub2``.
    :param core_transport: reaches the core without a socket (tests).
    :param pump: whether to start the pump thread; tests may turn it themselves through ``app.pump.once()``.
    """
    store = Store(config.database_url, "hub")
    timing = config.timing
    labels = {party.id: party.label for party in config.directory.parties()}
    core = LinkClient(
        config.keys("hub"),
        config.directory,
        [config.url("core")],
        "core",
        config.tls("hub"),
        now,
        transport=core_transport,
    )
    faults, bell = Faults(), Bell()
    sites = Sites(store, system, now)
    engine: list[Pump] = []

    def wake() -> None:
        if engine:
            engine[0].wake()

    inbox = Inbox(store, bell, faults, timing["lease"])
    inquiries = Inquiries(timing["auto_answer"], bell, wake, labels)
    provisions = Provisions(timing["manual_answer"], bell, wake, labels)
    subjects = Subjects(core, timing["acquisition"])
    directory_document = json.loads(config.path("directory.json").read_text("utf-8"))

    def jwks(_: Call) -> Reply:
        return Reply(directory_document)

    def calendar(_: Call) -> Reply:
        return Reply({"maintenance": list(config.document.get("maintenance", []))})

    routes = [
        Route("POST", "/v1/inquiries", inquiries.one, TENANT),
        Route("POST", "/v1/inquiries:batch", inquiries.many, TENANT),
        Route("GET", "/v1/inquiries/{id}", inquiries.show, TENANT),
        Route("POST", "/v1/inquiries/{id}/cancel", inquiries.cancel, TENANT),
        Route("GET", "/v1/inbox", inbox.page, TENANT, polling=True),
        Route("POST", "/v1/inbox:ack", inbox.acknowledge, TENANT),
        Route("POST", "/v1/inbox/{lease}/{what}", inbox.one, TENANT),
        Route("POST", "/v1/provisions:batch", provisions.many, TENANT),
        Route("POST", "/v1/provisions/{id}/answer", provisions.one, TENANT),
        Route("POST", "/v1/provisions/{id}/decision", provisions.one, TENANT),
        Route("POST", "/v1/fugo-acquisitions", subjects.acquire, TENANT),
        Route("GET", "/v1/fugo-acquisitions/{id}", subjects.show, TENANT),
        Route("POST", "/v1/fugo-acquisitions/{id}/cancel", subjects.cancel, TENANT),
        Route("POST", "/v1/subjects", subjects.change, TENANT),
        Route("GET", "/v1/copies/digest", copies.digest, TENANT),
        Route("PUT", "/v1/copies/{danban}/{item}", copies.put, TENANT),
        Route("POST", "/v1/copy-batches", copies.open_batch, TENANT),
        Route("PUT", "/v1/copy-batches/{id}/parts/{part}", copies.put_part, TENANT),
        Route("POST", "/v1/copy-batches/{id}/commit", copies.commit, TENANT),
        Route("GET", "/v1/copy-batches/{id}/results", copies.results, TENANT),
        Route("GET", "/v1/records", records.page, TENANT),
        Route("GET", "/v1/records/checkpoints", records.checkpoint, TENANT),
        Route("GET", "/v1/records/core", records.CoreRecords(core).page, TENANT),
        Route("POST", "/v1/records/{id}/nondisclosure", records.mark, TENANT),
        Route("POST", "/v1/freezes", subjects.freeze, TENANT),
        Route("GET", "/v1/health", sites.health, ANY, guarded=False),
        Route("GET", "/v1/calendar", calendar, ANY),
        Route("GET", "/v1/jwks", jwks, ANY),
    ]
    app = SignedApp(
        store,
        config.keys("hub"),
        config.directory,
        config.url(system),
        routes,
        config.admin_token,
        faults,
        now,
        timing["idempotency"] / 86400,
        sites.guard,
        sites.command,
    )
    made = Pump(store, core, bell, labels, sites.is_active, app.forget, now)
    engine.append(made)
    app.pump = made
    app.links.append(core)
    if pump:
        made.start()
    return app

"""Running one stand-in under granian: TLS 1.3, client certificates required, one process, a few threads.

The certificate is checked by the server (its root is the sandbox's own); which party speaks is proven by the
signature of each request, because the WSGI interface does not show the peer's certificate.
"""

import importlib
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from .config import SYSTEMS, SandboxConfig

_SYSTEM, _VAR = "MADOGUCHI_SANDBOX_SYSTEM", "MADOGUCHI_SANDBOX_VAR"
THREADS = 16


def make() -> Callable[..., Any]:
    """The application of this process, named by its environment (granian starts its worker fresh)."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    system, var = os.environ[_SYSTEM], Path(os.environ[_VAR])
    config = SandboxConfig.load(var)
    module = importlib.import_module(SYSTEMS[system])
    application: Callable[..., Any] = (
        module.make_app(var) if system == "pki" else module.make_app(config, system)
    )
    return application


def _refuse_taken(host: str, port: int) -> None:
    # The server would share a taken port (SO_REUSEPORT), and two worlds would answer in turn.
    try:
        socket.create_connection((host, port), 0.5).close()
    except OSError:
        return
    raise SystemExit(
        f"{host}:{port} は使用中です。動いているものを止めるか、sandbox.json の ports を変えてください。"
    )


def serve(system: str, var: Path) -> None:
    """Serve a stand-in until it is told to stop.

    :param system: one of :data:`SYSTEMS`.
    :raises SystemExit: production mode, nothing provisioned, or the port is taken.
    """
    config = SandboxConfig.load(var)
    _refuse_taken(str(config.document["host"]), config.port(system))
    os.environ[_SYSTEM], os.environ[_VAR] = system, str(var)
    # OCSP, CRL and time stamps are spoken in plain HTTP, signed by themselves, as in reality.
    tls: dict[str, Any] = (
        {}
        if system == "pki"
        else {
            "ssl_cert": config.path("tls", "server.pem"),
            "ssl_key": config.path("tls", "server.key"),
            "ssl_ca": config.path("tls", "ca.pem"),
            "ssl_client_verify": True,
        }
    )
    Server(
        "sandbox.serving:make",
        factory=True,
        interface=Interfaces.WSGI,
        address=str(config.document["host"]),
        port=config.port(system),
        workers=1,
        blocking_threads=THREADS,
        http=HTTPModes.http1,
        websockets=False,
        log_access=False,
        log_level=LogLevels.error,
        **tls,
    ).serve()

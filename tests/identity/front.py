"""A real nginx with the shipped configuration, and the real portal under granian behind it."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from sandbox.pki import Pki
from tests.conftest import Databases
from tests.pki.world import SoftCard
from tests.ports import free_ports
from tests.waiting import PATIENCE, eventually

ROOT = Path(__file__).parent.parent.parent
SHIPPED = ROOT / "deploy" / "nginx"
SECRET = "the front server's own long random text"


def know_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Browsers know that ``*.localhost`` is this machine (RFC 6761); the C library may not."""
    usual = socket.getaddrinfo

    def look_up(host: Any, *rest: Any, **more: Any) -> Any:
        return usual("127.0.0.1" if host == "card.localhost" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def wait_for(port: int, process: subprocess.Popen[Any], log: Path) -> None:
    """Wait until a process that was started answers on its port.

    :raises RuntimeError: it ended, or does not answer; with the end of its log.
    """

    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"ended at once: {log.read_text()[-2000:]}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    if not eventually(answers):
        raise RuntimeError(f"does not answer: {log.read_text()[-2000:]}")


@dataclass
class Front:
    """The two hosts, on one port of this machine."""

    folder: Path
    port: int
    upstream: int
    pki_port: int
    pki: Pki
    ca: Path

    @property
    def main(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def card(self) -> str:
        return f"https://card.localhost:{self.port}"

    def card_files(self, card: SoftCard, name: str) -> tuple[Path, Path]:
        """Certificate and key of a soft card as PEM, for a browser."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(card.certificate.public_bytes(serialization.Encoding.PEM))
        key.write_bytes(
            card.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, key

    def pkcs12(self, card: SoftCard, name: str) -> Path:
        """A soft card as the file that a browser's own store imports."""
        protection = (
            serialization.PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(2000)
            .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
            .hmac_hash(hashes.SHA256())
            .build(b"x")
        )
        path = self.folder / f"{name}.p12"
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(b"card-auth", card.key, card.certificate, None, protection)
        )
        return path


class Servers:
    """Starts and stops pki, portal and nginx.

    :param databases: the portal's; without them nginx stands alone, with nobody behind it.
    :param at: where the clocks of pki and portal stand; by the machine's clock when not given.
    """

    def __init__(self, var: Path, pki: Pki, databases: Databases | None, at: datetime | None = None) -> None:
        self._at = at.isoformat() if at else None
        self._running: list[subprocess.Popen[Any]] = []
        port, upstream, pki_port = free_ports(3)
        tls = var / "front"
        tls.mkdir()
        now = datetime.now(UTC)
        for name, host in (("main", "localhost"), ("card", "card.localhost")):
            pki.office.provide_server(tls, name, [host], now)
        self.front = Front(tls, port, upstream, pki_port, pki, pki.office.certificate_path)
        try:
            if databases is not None:
                self._pki(var, pki_port)
                self._portal(var, databases, upstream, pki_port)
            self._nginx(tls, port, upstream)
        except BaseException:
            self.stop()
            raise

    def _run(
        self, command: list[str], log: Path, port: int, environment: dict[str, str] | None = None
    ) -> None:
        with log.open("wb") as stream:
            process = subprocess.Popen(
                command,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                cwd=ROOT,
            )
        self._running.append(process)
        wait_for(port, process, log)

    def _pki(self, var: Path, port: int) -> None:
        clock = f", lambda: datetime.fromisoformat({self._at!r})" if self._at else ""
        (var / "pki_app.py").write_text(
            "from datetime import datetime\nfrom pathlib import Path\nfrom sandbox.pki.app import make_app\n"
            f"app = make_app(Path({str(var)!r}){clock})\n"
        )
        self._granian("pki_app:app", port, var / "pki.log", {"PYTHONPATH": f"{var}:{ROOT}"}, factory=False)

    def _portal(self, var: Path, databases: Databases, port: int, pki_port: int) -> None:
        environment = {
            "MADOGUCHI_VAR": str(var),
            "MADOGUCHI_DATABASE_WEB": databases.web.url,
            "MADOGUCHI_ORIGIN": self.front.main,
            "MADOGUCHI_CARD_ORIGIN": self.front.card,
            "MADOGUCHI_GATEWAY_SECRET": SECRET,
            "MADOGUCHI_CARD_ANCHORS": str(self.front.pki.anchors),
            "MADOGUCHI_OCSP": f"http://127.0.0.1:{pki_port}/ocsp",
        }
        if self._at is None:
            environment |= {"MADOGUCHI_BIND": f"127.0.0.1:{port}", "MADOGUCHI_PROCESSES": "1"}
            self._run([sys.executable, "-m", "portal.cli", "web"], var / "portal.log", port, environment)
        else:
            environment["PYTHONPATH"] = f"{var}:{ROOT}"
            (var / "later_portal.py").write_text(
                "from datetime import datetime\nfrom portal.app import make_app\nfrom portal.settings import Settings\n"
                "from storage.clock import FixedClock\ndef application():\n"
                f"    clock = FixedClock(datetime.fromisoformat({self._at!r}))\n"
                "    return make_app(Settings.from_env(), clock=clock)\n"
            )
            self._granian("later_portal:application", port, var / "portal.log", environment, factory=True)

    def _granian(
        self, target: str, port: int, log: Path, environment: dict[str, str], *, factory: bool
    ) -> None:
        command = [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        command += ["--workers", "1", "--http", "1", "--no-ws", "--log-level", "warning", target]
        self._run(command + (["--factory"] if factory else []), log, port, environment)

    def _nginx(self, tls: Path, port: int, upstream: int) -> None:
        text = (SHIPPED / "madoguchi.conf.template").read_text()
        for name, value in {
            "MADOGUCHI_HOST": "localhost",
            "MADOGUCHI_CARD_HOST": "card.localhost",
            "MADOGUCHI_PORT": f"127.0.0.1:{port}",
            "MADOGUCHI_TLS": str(tls),
            "MADOGUCHI_UPSTREAM": f"127.0.0.1:{upstream}",
            "MADOGUCHI_GATEWAY_SECRET": SECRET,
        }.items():
            text = text.replace(f"${{{name}}}", value)
        text = text.replace("https://localhost/", f"https://localhost:{port}/")
        shutil.copy(SHIPPED / "madoguchi-said.conf", tls)
        (tls / "madoguchi.conf").write_text(
            text.replace("/var/log/nginx/madoguchi.log", str(tls / "access.log"))
        )
        temporary = "".join(
            f"{kind}_temp_path {tls}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (tls / "nginx.conf").write_text(
            # A super-user's nginx would give its work to somebody who may not write here.
            f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; pid {tls}/nginx.pid; error_log {tls}/error.log warn; worker_processes 1;\n"
            f"events {{ worker_connections 64; }}\nhttp {{\n{temporary}"
            # As Debian's nginx.conf does.
            f"gzip on; gzip_min_length 1;\ninclude {tls}/madoguchi.conf;\n}}\n"
        )
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self._run(
            [nginx, "-p", str(tls), "-c", str(tls / "nginx.conf"), "-e", str(tls / "error.log")],
            tls / "out.log",
            port,
        )

    def stop(self) -> None:
        for process in reversed(self._running):
            process.terminate()
        for process in self._running:
            process.wait(PATIENCE)


def browser(
    front: Front,
    files: tuple[Path, Path] | None = None,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    **more: Any,
) -> httpx.Client:
    context = ssl.create_default_context(cafile=str(front.ca))
    context.maximum_version = version
    if files:
        context.load_cert_chain(*files)
    return httpx.Client(verify=context, trust_env=False, timeout=PATIENCE, **more)


def speak(front: Front, name: str, sent: bytes) -> ssl.SSLSocket:
    """A raw connection under a name, with something sent."""
    context = ssl.create_default_context(cafile=str(front.ca))
    context.check_hostname = False
    raw = socket.create_connection(("127.0.0.1", front.port), timeout=PATIENCE)
    tls = context.wrap_socket(raw, server_hostname=name)
    tls.sendall(sent)
    return tls

"""Over real sockets: TLS 1.3 and client certificates, the conformance suite, fail-over by command, ordinary stops."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from sandbox import conformance
from tests.sandbox.conftest import ASKER, Running
from tests.waiting import PATIENCE, eventually
from workflows.linkage.wire import envelope
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.hub_client import HubClient
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted
from workflows.linkage.wire.signatures import Request, Signer, utc_now

ROOT = Path(__file__).parents[2]


def command(running: Running, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *words, "--var", str(running.config.var)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_client_certificate_nothing_is_said(running: Running) -> None:
    context = ssl.create_default_context(cafile=str(running.config.path("tls", "ca.pem")))
    with (
        httpx.Client(verify=context, trust_env=False) as http,
        pytest.raises((httpx.ReadError, httpx.ConnectError, httpx.RemoteProtocolError, httpx.WriteError)),
    ):
        http.get(running.config.url("hub") + "/v1/health")


def test_an_older_tls_is_refused(running: Running) -> None:
    context = running.config.tls(ASKER).context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        httpx.Client(verify=context, trust_env=False) as http,
        pytest.raises((httpx.ConnectError, httpx.ReadError)),
    ):
        http.get(running.config.url("hub") + "/v1/health")


def test_a_server_that_is_not_of_the_trusted_root_is_not_spoken_to(running: Running, tmp_path: Path) -> None:
    from sandbox import certificates

    certificates.authority(tmp_path)
    tls = running.config.tls(ASKER)
    stranger = type(tls)(tmp_path / "ca.pem", tls.certificate, tls.key)
    link = LinkClient(
        running.config.keys(ASKER), running.config.directory, [running.config.url("hub")], "hub", stranger
    )
    with link, pytest.raises(LinkUnreachable):
        HubClient(link).health()


def test_our_hub_passes_the_conformance_suite(running: Running) -> None:
    path = conformance.prepare(running.config)
    assert conformance.prepare(running.config) == path, "a second run finds the person linked already"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "workflows.linkage.wire.conformance",
            "--hub",
            running.config.url("hub"),
            "--config",
            str(path),
            "--json",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(r["id"], r["failure"]) for r in results if r["failure"]] == []
    assert len(results) >= 38
    assert done.returncode == 0, done.stderr


def test_the_suite_notices_a_hub_that_lies(running: Running) -> None:
    path = conformance.prepare(running.config)
    suite = [sys.executable, "-m", "workflows.linkage.wire.conformance", "--config", str(path), "--hub"]
    assert command(running, "fault", "hub", "lie", "--seconds", "60", "--how", "wrong-digest").returncode == 0
    try:
        done = subprocess.run(
            [*suite, running.config.url("hub"), "A01", "A09", "D08"],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
    finally:
        assert command(running, "fault", "hub", "none").returncode == 0
    assert done.returncode == 1
    nowhere = subprocess.run(
        [*suite, "https://127.0.0.1:9", "D08"], cwd=ROOT, capture_output=True, check=False
    )
    assert nowhere.returncode == 1
    missing = [*suite[:-2], "/nowhere.json", "--hub", "https://127.0.0.1:9"]
    assert subprocess.run(missing, cwd=ROOT, capture_output=True, check=False).returncode == 2


def test_a_drill_moves_the_hub_to_its_other_site_and_back(running: Running) -> None:
    with running.config.client(ASKER, "hub") as link:
        hub = HubClient(link)
        before = hub.records()["last"]
        done = command(running, "fault", "hub", "failover", "--seconds", "3600")
        assert done.returncode == 0, done.stderr
        assert hub.records()["last"] == before
        assert hub.health()["site"] == "hub2"
        assert command(running, "command", "hub2", "failover", "{}").returncode == 0
        assert hub.records()["last"] == before
        assert hub.health()["site"] == "hub"


def test_a_site_killed_mid_batch_loses_and_doubles_nothing(running: Running) -> None:
    """kill -9 of the active site while batches come in; the other one takes over; then the first comes back."""
    config = running.config
    sent: list[str] = []
    with config.client(ASKER, "hub") as link, config.client("commission", "core") as core:
        hub = HubClient(link)
        last = hub.records()["last"]

        def send() -> None:
            for _ in range(15):
                batch = [ask() for _ in range(20)]
                for _ in range(200):
                    try:
                        results = hub.inquire_many(batch, batch[0]["id"])
                        break
                    except (LinkUnreachable, LinkUntrusted, Problem):
                        time.sleep(0.1)
                assert [r["status"] for r in results] == [202] * 20
                sent.extend(m["id"] for m in batch)

        thread = threading.Thread(target=send)
        thread.start()
        assert eventually(lambda: sent, pause=0.01)
        hub_process = running.processes.pop("hub")
        for child in psutil.Process(hub_process.pid).children(recursive=True):
            child.kill()
        hub_process.kill()
        hub_process.wait(PATIENCE)
        assert 0 < len(sent) < 300, "killed in the middle"
        assert command(running, "command", "hub2", "failover", "{}").returncode == 0
        running.start("hub")
        thread.join(2 * PATIENCE)
        assert len(sent) == 300
        seen: list[str] = []
        deadline = time.monotonic() + PATIENCE
        while len(set(seen)) < 300 and time.monotonic() < deadline:
            page = hub.inbox(["SKI"], 500, 2)
            denied = [e["message"]["causation"] for e in page if e["message"]["type"] == "inquiry.denied"]
            seen += [one for one in denied if one in sent]
            hub.ack([e["lease"] for e in page])
        assert sorted(seen) == sorted(sent)
        records = hub.records(last, 1000)["records"]
        assert [r["seq"] for r in records] == list(range(last + 1, last + 301))
        kept = {
            r["exchange_id"] for r in core.call("GET", "/v1/commission/records?limit=1000").body["records"]
        }
        assert {r["exchange_id"] for r in records} <= kept
        assert command(running, "command", "hub2", "failover", "{}").returncode == 0
        assert hub.records()["last"] == last + 300
        assert hub.health()["site"] == "hub"


def ask() -> dict[str, Any]:
    """An inquiry about somebody without a link code: accepted, asked at the core, denied, recorded."""
    return envelope.build(
        "inquiry.request",
        tenant="992011",
        org=ASKER,
        created=datetime.now(UTC),
        danban="000000000000018",
        legal={"law_row": "081-01", "table_version": "t"},
        actor={"role": "clerk", "staff_hash": "a" * 43},
        payload={
            "holder": "992020-01",
            "affair": "child-allowance",
            "procedure": "child-allowance",
            "items": ["local-tax"],
            "purpose": "児童手当の審査のため",
        },
    )


def said(running: Running, change: Callable[[bytes], bytes], body: bytes | None = None) -> tuple[int, str]:
    """Status and problem of a truly signed request whose bytes were changed on the way.

    :param change: from the bytes of the request to those that are sent.
    :param body: of an inquiry; None asks for the hub's health.
    """
    id_, method, path = envelope.new_id(datetime.now(UTC)), "GET" if body is None else "POST", "/v1/health"
    path = path if body is None else "/v1/inquiries"
    fields = {
        "Content-Type": "application/json",
        "Idempotency-Key": id_,
        "MSL-Message-Id": id_,
        "MSL-Tenant": "992011",
    }
    request = Request(method, running.config.url("hub") + path, fields)
    Signer(running.config.keys(ASKER), utc_now).sign_request(request, body or b"")
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    head += [f"{name}: {value}" for name, value in request.headers.items()]
    head += [f"Content-Length: {len(body)}"] if body is not None else []
    raw = change("\r\n".join([*head, "", ""]).encode("latin-1") + (body or b""))
    address = ("127.0.0.1", running.config.port("hub"))
    tls = running.config.tls(ASKER).context()
    with (
        socket.create_connection(address, 20) as plain,
        tls.wrap_socket(plain, server_hostname="127.0.0.1") as wire,
    ):
        wire.sendall(raw)
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    found = re.search(rb'"msl_code":"(\w+)"', answer)
    return int(answer.split(b" ", 2)[1]), found.group(1).decode() if found else ""


def also(line: bytes) -> Callable[[bytes], bytes]:
    """One more header line."""
    return lambda raw: raw.replace(b"\r\n", b"\r\n" + line + b"\r\n", 1)


@pytest.mark.parametrize(
    ("change", "heard"),
    [
        (lambda raw: raw, (200, "")),
        (lambda raw: re.sub(rb"(?m)^[A-Za-z-]+:", lambda found: found[0].lower(), raw), (200, "")),
        (lambda raw: re.sub(rb"(?m)^[A-Za-z-]+:", lambda found: found[0].upper(), raw), (200, "")),
        (also(b"MSL-Tenant: 992020"), (401, "SIGNATURE_INVALID")),
        (also(b"MSL-Tenant: 992011"), (401, "SIGNATURE_INVALID")),
        (also(b"Content-Digest: sha-256=:AAAA:"), (401, "SIGNATURE_INVALID")),
        (also(b"Signature: msl=:AAAA:"), (401, "SIGNATURE_INVALID")),
        (also(b"Signature-Input: msl=()"), (401, "SIGNATURE_INVALID")),
        (lambda raw: raw.replace(b"MSL-Tenant: 99", b"MSL-Tenant: 99\r\n "), (400, "")),
        (lambda raw: raw.replace(b"MSL-Tenant:", b"MSL-Tenant :"), (400, "")),
        (lambda raw: raw.replace(b"MSL-Tenant: 9", b"MSL-Tenant: 9\x00"), (400, "")),
        (lambda raw: raw.replace(b"MSL-Tenant: 9", b"MSL-Tenant: \xe9"), (401, "SIGNATURE_INVALID")),
        (lambda raw: raw.replace(b"/v1/health", b"/v1//health"), (401, "SIGNATURE_INVALID")),
        (lambda raw: raw.replace(b"/v1/health", b"/v1/x/../health"), (401, "SIGNATURE_INVALID")),
        (lambda raw: raw.replace(b"/v1/health", b"/v1/health%00"), (401, "SIGNATURE_INVALID")),
        (lambda raw: raw.replace(b"/v1/health", b"/v1/\xe3\x81\x82"), (401, "SIGNATURE_INVALID")),
        (lambda raw: raw.replace(b"GET ", b"HEAD "), (401, "")),
        (lambda raw: b"\x16\x03\x01\r\n\r\n", (400, "")),
    ],
)
def test_a_request_bent_on_the_wire_is_refused_and_only_the_case_of_names_is_free(
    running: Running, change: Callable[[bytes], bytes], heard: tuple[int, str]
) -> None:
    assert said(running, change) == heard


def test_a_body_is_as_long_as_it_says_however_it_comes(running: Running) -> None:
    body = envelope.dumps(ask())
    length = f"Content-Length: {len(body)}".encode()
    in_chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    def chunked(raw: bytes) -> bytes:
        return raw.replace(length, b"Transfer-Encoding: chunked").replace(body, in_chunks)

    assert said(running, chunked, body) == (202, "")
    for change, heard in (
        (lambda raw: raw.replace(length, b"Content-Length: 10"), (400, "DIGEST_MISMATCH")),
        (lambda raw: raw.replace(length, b"Content-Length: 0").replace(body, b""), (400, "DIGEST_MISMATCH")),
        (lambda raw: raw.replace(length, b"Content-Length: -5"), (400, "")),
        (lambda raw: raw.replace(length, b"Content-Length: abc"), (400, "")),
        (lambda raw: raw.replace(length, b"Content-Length: 99999999999999"), (413, "BODY_TOO_LARGE")),
        (also(b"Content-Length: 5"), (400, "")),
        (lambda raw: chunked(raw).replace(in_chunks, b"zz\r\n"), (400, "DIGEST_MISMATCH")),
    ):
        assert said(running, change, body) == heard


def test_the_tax_system_gives_a_csv_and_changes_over_time(running: Running) -> None:
    tls = running.config.tls("tax").context()
    with httpx.Client(verify=tls, trust_env=False) as http:
        url = running.config.url("tax") + "/export/local-tax.csv"
        first = http.get(url).text
        assert first.startswith("\ufeff住基宛名番号,課税年度,版,異動日,")
        assert "7001,2026,1,2026-06-01," in first
        assert http.get(url + "?since=2026-07-01").text.count("\r\n") == 1
        assert http.get(url + "?since=yesterday").status_code == 400
        assert http.post(running.config.url("tax") + "/admin/change").status_code == 403
        done = command(running, "command", "tax", "change", '{"count": 3}')
        assert json.loads(done.stdout) == {"changed": 3}
        assert http.get(url + "?since=2026-07-01").text.count("\r\n") == 4
        assert http.get(running.config.url("tax") + "/nothing").status_code == 404


def test_a_second_server_on_a_taken_port_does_not_start(running: Running) -> None:
    done = command(running, "serve", "core")
    assert done.returncode != 0
    assert "使用中" in done.stderr


def test_a_command_to_a_system_that_does_not_run_says_so(running: Running) -> None:
    running.stop("juki")
    done = command(running, "fault", "juki", "slow")
    running.start("juki")
    assert done.returncode != 0
    assert "応答しません" in done.stderr

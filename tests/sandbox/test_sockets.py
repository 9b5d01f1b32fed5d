"""Over real sockets: TLS 1.3 and client certificates, the conformance suite, fail-over by command, ordinary stops."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from sandbox import conformance
from tests.sandbox.conftest import ASKER, Running
from workflows.linkage.wire import envelope
from workflows.linkage.wire.client import LinkClient
from workflows.linkage.wire.hub_client import HubClient
from workflows.linkage.wire.problems import Problem
from workflows.linkage.wire.retry import LinkUnreachable, LinkUntrusted

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
        deadline = time.monotonic() + 60
        while not sent and time.monotonic() < deadline:
            time.sleep(0.01)
        hub_process = running.processes.pop("hub")
        for child in psutil.Process(hub_process.pid).children(recursive=True):
            child.kill()
        hub_process.kill()
        hub_process.wait(20)
        assert 0 < len(sent) < 300, "killed in the middle"
        assert command(running, "command", "hub2", "failover", "{}").returncode == 0
        running.start("hub")
        thread.join(120)
        assert len(sent) == 300
        seen: list[str] = []
        deadline = time.monotonic() + 60
        while len(set(seen)) < 300 and time.monotonic() < deadline:
            page = hub.inbox(["SKI"], 500, 2)
            seen += [e["message"]["causation"] for e in page if e["message"]["type"] == "inquiry.denied"]
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

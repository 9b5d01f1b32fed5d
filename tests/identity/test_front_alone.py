"""nginx with the shipped configuration and nobody behind it: what people are told, and what its logs are not."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from sandbox.pki import Pki
from tests.identity.front import Front, Servers, browser, know_names, speak

pytestmark = pytest.mark.nginx


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    know_names(monkeypatch)


@pytest.fixture(scope="module")
def alone(own: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    servers = Servers(tmp_path_factory.mktemp("alone"), own, None)
    yield servers.front
    servers.stop()


def test_while_the_portal_is_away_both_hosts_say_so_in_words(alone: Front) -> None:
    with browser(alone) as visitor:
        for address in (f"{alone.main}/my/", f"{alone.card}/card/enter?code=0000000000"):
            answer = visitor.get(address)
            assert answer.status_code == 502
            assert "つながりにくく" in answer.text
            assert answer.headers["Retry-After"] == "60"
            assert "nginx" not in answer.text
        assert "evil" not in visitor.get(f"{alone.main}/my/?evil").text


NUMBER, NAME = "123456789018", "見本花子"
SPELLINGS = (NUMBER, NAME, quote(NAME), "".join(f"\\x{byte:02X}" for byte in NAME.encode()))


def test_what_people_type_into_an_address_is_in_no_log_even_when_nginx_fails(alone: Front) -> None:
    """nginx writes the request lines of its errors into its error log: here nobody stands behind it, and a form is too large."""
    with browser(alone) as visitor:
        for path in (
            f"/my/{NUMBER}",
            f"/my/?q={NUMBER}",
            f"/staff/cases/{NAME}/{NUMBER}",
            f"/{NAME}",
            f"//{NUMBER}",
        ):
            assert visitor.get(alone.main + path, headers={"Referer": quote(path)}).status_code == 502
        assert visitor.post(f"{alone.main}/my/{NUMBER}", content=b"x" * (1 << 21)).status_code == 413
        assert visitor.get(f"{alone.card}/card/enter?code={NUMBER}").status_code == 502
        assert visitor.get(f"{alone.main}/%zz/{NUMBER}").status_code == 400
    twice = f"GET /{NUMBER} HTTP/1.1\r\nHost: a\r\nHost: {NUMBER}\r\n\r\n"
    with speak(alone, "localhost", twice.encode()) as raw:
        assert b" 400 " in raw.recv(200)
    lines = [line.split()[2:5] for line in (alone.folder / "access.log").read_text().splitlines()]
    assert {"GET /my 502", "GET /staff/cases 502", "GET / 502", "POST /my 413"} <= {
        " ".join(line) for line in lines
    }
    logs = {path.name: path.read_text() for path in alone.folder.glob("*.log")}
    assert {"access.log", "error.log", "out.log"} <= set(logs)
    for name, text in logs.items():
        assert [spelling for spelling in SPELLINGS if spelling in text] == [], name

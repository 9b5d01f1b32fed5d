"""nginx with the shipped configuration and nobody behind it: what people are told, and what its logs are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from urllib.parse import quote

import pytest
from pyramid.interfaces import IRoutesMapper

from portal.app import make_app
from portal.settings import Settings
from sandbox.pki import Pki
from storage.database import Database
from tests.identity.front import SHIPPED, Front, Servers, browser, know_names, speak

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


def beginnings() -> dict[str, str]:
    """An address of each route, with something typed into its blanks, to the words at its beginning."""
    app = make_app(Settings.from_env({}), database=Database("postgresql://nobody@/none", "web"))
    found = {}
    for route in app.registry.getUtility(IRoutesMapper).get_routes(include_static=True):
        segments = route.pattern.strip("/").split("/")
        words = list(takewhile(re.compile("[a-z-]+").fullmatch, segments))
        rest = [ROMAJI if set(one) & set("{*") else one for one in segments[len(words) :]]
        if words:
            found["/" + "/".join([*words, *rest])] = "/" + "/".join(words)
    return found


def logged(front: Front) -> list[str]:
    """The addresses in the log."""
    return [line.split()[3] for line in (front.folder / "access.log").read_text().splitlines()]


ROMAJI = "yamada-hanako"


def test_of_each_address_of_the_portal_its_own_words_are_logged_and_the_log_knows_no_others(
    alone: Front,
) -> None:
    """What is answered at the card host, at another limit or refused is logged by the same rule."""
    known = beginnings()
    assert len(known) > 100
    before = len(logged(alone))
    with browser(alone) as visitor:
        for path in known:
            visitor.get(alone.main + path)
        assert visitor.get(f"{alone.main}/").status_code == 502
    assert logged(alone)[before:] == [*known.values(), "/"]
    listed = re.search(r"\(/ \(\?:([a-z\s|-]+)\)", (SHIPPED / "madoguchi.conf.template").read_text())
    assert listed is not None
    assert set(listed[1].replace("|", " ").split()) == {
        word for words in known.values() for word in words.split("/")[1:]
    }


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (f"/my/{ROMAJI}", "/my"),
        (f"/{ROMAJI}", "/-"),
        (f"/{ROMAJI}/my/records", "/-"),
        ("/yamada", "/-"),
        ("/my/records/hanako/flow", "/my/records"),
        ("/my/recordshanako", "/my"),
        ("/myhanako", "/-"),
        ("/my/records-hanako", "/my"),
        ("/my/hanako_yamada", "/my"),
        ("/my/%79%61%6d%61%64%61", "/my"),
        ("/my/%E5%B1%B1%E7%94%B0", "/my"),
        ("/my/%2579amada", "/my"),
        ("/my/yamada%0Ahanako", "/my"),
        ("/my%0Ayamada", "/-"),
        ("/my/../yamada", "/-"),
        ("/my/records/123456789018", "/my/records"),
        ("/MY/YAMADA", "/-"),
    ],
)
def test_a_name_in_small_letters_or_however_written_is_in_no_log(alone: Front, typed: str, kept: str) -> None:
    with speak(
        alone, "localhost", f"GET {typed} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    ) as raw:
        assert raw.recv(20).startswith(b"HTTP/1.1 ")
        while raw.recv(4096):
            pass
    assert logged(alone)[-1] == kept
    text = (alone.folder / "access.log").read_text().lower()
    assert [one for one in ("yamada", "hanako", "%", "123456789018") if one in text] == []


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
    assert {"GET /my 502", "GET /staff/cases 502", "GET /- 502", "POST /my 413"} <= {
        " ".join(line) for line in lines
    }
    logs = {path.name: path.read_text() for path in alone.folder.glob("*.log")}
    assert {"access.log", "error.log", "out.log"} <= set(logs)
    for name, text in logs.items():
        assert [spelling for spelling in SPELLINGS if spelling in text] == [], name

"""The TLS way of a card login, through a real nginx with the shipped configuration."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from sandbox.pki import Pki, faults, provision
from tests.browser import launched, visiting
from tests.conftest import Databases
from tests.identity.chooser import chosen, home_with
from tests.identity.forgeries import made
from tests.identity.front import SECRET, Front, Servers, browser, know_names, speak
from tests.pki.world import HANAKO, LATER, SoftCard, card, spare_key
from tests.waiting import PATIENCE

pytestmark = pytest.mark.nginx

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    know_names(monkeypatch)


def living_card(own: Pki, kind: str = "auth") -> SoftCard:
    return card(getattr(own, kind), holder=HANAKO, at=NOW - timedelta(days=30))


def start(front: Front, visitor: httpx.Client) -> str:
    """Press the button on the login page; the address of the card host."""
    page = visitor.get(f"{front.main}/login")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = visitor.post(
        f"{front.main}/login/card/tls",
        data={"csrf_token": token, "next": "/my/sessions"},
        headers={"Origin": front.main, "Referer": f"{front.main}/login"},
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def shown(front: Front, own: Pki, name: str, found: SoftCard | None) -> httpx.Response:
    """The card host's answer to a card."""
    files = front.card_files(found, name) if found else None
    with browser(front) as visitor, browser(front, files) as holder:
        return holder.get(start(front, visitor))


def test_no_page_is_compressed_where_its_length_would_tell_of_a_token(front: Front) -> None:
    with browser(front) as visitor:
        page = visitor.get(f"{front.main}/login", headers={"Accept-Encoding": "gzip"})
        assert 'name="csrf_token"' in page.text
        missing = visitor.get(f"{front.card}/card/enter?code=0000000000", headers={"Accept-Encoding": "gzip"})
    assert [one.headers.get("Content-Encoding") for one in (page, missing)] == [None, None]


def test_a_card_opens_a_session_and_the_page_that_was_wanted(front: Front, own: Pki) -> None:
    with browser(front) as visitor, browser(front, front.card_files(living_card(own), "good")) as holder:
        address = start(front, visitor)
        assert address.startswith(f"{front.card}/card/enter?code=")
        back = holder.get(address)
        assert back.status_code == 303
        assert back.headers["Location"].startswith(f"{front.main}/login/card/back?token=")
        done = visitor.get(back.headers["Location"])
        assert (done.status_code, done.headers["Location"]) == (303, f"{front.main}/my/sessions")
        cookie = done.headers["Set-Cookie"]
        for mark in ("__Host-madoguchi-session=", "secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            assert mark.lower() in cookie.lower()
        page = visitor.get(f"{front.main}/my/sessions")
        assert page.status_code == 200
        assert "ログインの記録" in page.text
        # The token is used up, for this browser and for any other.
        assert visitor.get(back.headers["Location"]).status_code == 409
        assert holder.get(address).status_code == 409


@pytest.mark.parametrize("change", ["expired", "not yet valid"])
def test_a_card_out_of_its_time_is_told_so(front: Front, own: Pki, change: str) -> None:
    """nginx itself looks at the dates, and must not stand between the person and the words."""
    times = {"end": NOW - timedelta(hours=1), "begin": NOW - timedelta(days=30)}
    if change == "not yet valid":
        times = {"begin": NOW + timedelta(hours=1), "end": NOW + timedelta(days=30)}
    found = SoftCard(spare_key(), made(own.auth, **times))
    answer = shown(front, own, change, found)
    assert answer.status_code == 403
    assert (
        "有効期限が切れています" if change == "expired" else "まだ有効期間に入っていません"
    ) in answer.text


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[tuple[Front, Pki]]:
    """The front on a day on which cards with a key on P-384 are given out."""
    var = tmp_path_factory.mktemp("later")
    own = provision(var, datetime.now(UTC))
    servers = Servers(var, own, databases, LATER)
    yield servers.front, own
    servers.stop()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_card_with_a_key_on_a_curve_opens_a_session_from_its_day_on(
    later: tuple[Front, Pki], version: ssl.TLSVersion
) -> None:
    front, own = later
    coming = card(own.auth, at=NOW - timedelta(days=1), generation="04")
    files = front.card_files(coming, f"curve{version}")
    with browser(front) as visitor, browser(front, files, version) as holder:
        back = holder.get(start(front, visitor)).headers["Location"]
        assert visitor.get(back).headers["Location"] == f"{front.main}/my/sessions"
        assert "ログインの記録" in visitor.get(f"{front.main}/my/sessions").text
    own.auth.register.revoke(coming.certificate.serial_number, LATER)
    assert "失効しています" in shown(front, own, "revoked", coming).text


@pytest.mark.browser
def test_a_real_browser_shows_such_a_card_as_well(later: tuple[Front, Pki], tmp_path: Path) -> None:
    front, own = later
    home = home_with(tmp_path, front, card(own.auth, at=NOW - timedelta(days=1), generation="04"))
    with chosen(front), launched(env=home) as chromium, visiting(chromium) as context:
        page = context.new_page()
        page.goto(f"{front.main}/login?next=/my/sessions")
        page.get_by_role("button", name="証明書を選んでログインする").click()
        page.wait_for_url(f"{front.main}/my/sessions")
        page.get_by_role("heading", name="ログインの記録").wait_for()


def test_before_that_day_it_is_refused_in_words(front: Front, own: Pki) -> None:
    coming = card(own.auth, at=NOW - timedelta(days=1), generation="04")
    assert "鍵の種類は、ここでは使えません" in shown(front, own, "early", coming).text


def test_the_token_alone_is_of_no_use_in_another_browser(front: Front, own: Pki) -> None:
    with (
        browser(front) as visitor,
        browser(front) as thief,
        browser(front, front.card_files(living_card(own), "stolen")) as holder,
    ):
        back = holder.get(start(front, visitor)).headers["Location"]
        start(front, thief)
        assert thief.get(back).status_code == 409
        assert visitor.get(back).status_code == 303


def test_without_a_certificate_the_page_says_what_to_do(front: Front, own: Pki) -> None:
    answer = shown(front, own, "none", None)
    assert answer.status_code == 403
    assert "証明書が送られませんでした" in answer.text


def test_a_signing_certificate_is_refused_in_words(front: Front, own: Pki) -> None:
    answer = shown(front, own, "sign", living_card(own, "sign"))
    assert answer.status_code == 403
    assert "署名用の電子証明書です" in answer.text


def test_a_revoked_card_is_refused_at_the_very_next_login(front: Front, own: Pki) -> None:
    found = living_card(own)
    assert shown(front, own, "before", found).status_code == 303
    own.auth.register.revoke(found.certificate.serial_number, datetime.now(UTC))
    answer = shown(front, own, "after", found)
    assert answer.status_code == 403
    assert "失効しています" in answer.text


def test_a_tls_session_is_never_resumed_on_the_card_host(front: Front, own: Pki) -> None:
    certificate, key = front.card_files(living_card(own), "resume")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=str(front.ca))
        context.load_cert_chain(certificate, key)
        context.minimum_version = context.maximum_version = version
        kept = None
        for _ in range(2):
            with (
                socket.create_connection(("127.0.0.1", front.port)) as raw,
                context.wrap_socket(raw, server_hostname="card.localhost", session=kept) as tls,
            ):
                tls.sendall(b"GET / HTTP/1.1\r\nHost: card.localhost\r\nConnection: close\r\n\r\n")
                tls.recv(1000)
                assert not tls.session_reused
                kept = tls.session


def test_the_responder_down_closes_the_card_host_with_a_kind_word(front: Front, own: Pki, var: Path) -> None:
    faults.switch(var / "pki", "down")
    try:
        answer = shown(front, own, "down", living_card(own))
    finally:
        faults.switch(var / "pki", "none")
    assert answer.status_code == 503
    assert "カードに問題はありません" in answer.text


@pytest.mark.parametrize("spelling", ["X-Client-Cert", "X_Client_Cert", "x-client-cert"])
def test_a_visitor_cannot_speak_for_nginx(front: Front, own: Pki, spelling: str) -> None:

    from cryptography.hazmat.primitives.serialization import Encoding

    pem = quote(living_card(own).certificate.public_bytes(Encoding.PEM).decode())
    verify = spelling.replace("Cert", "Verify").replace("cert", "verify")
    forged = {spelling: pem, verify: "SUCCESS", "X-Madoguchi-Gateway": SECRET}
    with browser(front) as visitor, browser(front) as attacker:
        address = start(front, visitor)
        assert "証明書が送られませんでした" in attacker.get(address, headers=forged).text
        # The main host does not know the address at all.
        assert attacker.get(address.replace("card.localhost", "localhost"), headers=forged).status_code == 404
        # Past nginx, without the secret: no answer.
        direct = f"http://127.0.0.1:{front.upstream}/card/enter?{urlsplit(address).query}"
        bare = {name: value for name, value in forged.items() if "Gateway" not in name}
        bare["Host"] = urlsplit(address).netloc
        assert httpx.get(direct, headers=bare, trust_env=False).status_code == 421


def test_the_card_host_serves_nothing_else(front: Front, own: Pki) -> None:
    with browser(front, front.card_files(living_card(own), "else")) as holder:
        for path in ("/", "/my/", "/login", "/staff/login", "/card/other"):
            answer = holder.get(front.card + path)
            assert answer.status_code == 302
            assert urlsplit(answer.headers["Location"]).hostname == "localhost"


def test_neither_log_holds_the_code_or_the_name(front: Front, own: Pki, var: Path) -> None:
    found = living_card(own)
    with browser(front) as visitor, browser(front, front.card_files(found, "logged")) as holder:
        address = start(front, visitor)
        holder.get(address)
        page = visitor.get(f"{front.main}/login")
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        visitor.post(f"{front.main}/login/card", data={"csrf_token": token}, headers={"Origin": front.main})
        client_code = visitor.get(f"{front.main}/login/card/wait").text.split("/login/card/c/")[1][:10]
        json = {"Accept": "application/json"}
        assert visitor.get(f"{front.main}/login/card/c/{client_code}", headers=json).status_code == 200
    code = parse_qs(urlsplit(address).query)["code"][0]
    name = found.certificate.subject.rdns[-1].rfc4514_string().removeprefix("CN=")
    for log in (front.folder / "access.log", var / "portal.log", front.folder / "error.log"):
        text = log.read_text()
        assert code not in text
        assert client_code not in text
        assert name not in text


def test_a_name_that_is_not_ours_gets_no_handshake(front: Front) -> None:
    with pytest.raises(ssl.SSLError):
        speak(front, "evil.example", b"")


@pytest.mark.parametrize("name", ["localhost", "card.localhost"])
@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256"])
def test_a_cipher_of_yesterday_gets_no_handshake(front: Front, name: str, cipher: str) -> None:
    context = ssl.create_default_context(cafile=str(front.ca))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(cipher)
    with (
        socket.create_connection(("127.0.0.1", front.port), timeout=PATIENCE) as raw,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(raw, server_hostname=name)


def test_another_host_asked_for_under_a_right_name_gets_no_answer(front: Front) -> None:
    with speak(front, "localhost", b"GET /login HTTP/1.1\r\nHost: evil.example\r\n\r\n") as tls:
        assert tls.recv(1000) == b""


def test_a_file_as_large_as_a_statement_reaches_the_application_and_a_large_form_does_not(
    front: Front,
) -> None:
    large = b"x" * (2 * 1024 * 1024)
    with browser(front) as visitor:
        taken = visitor.post(f"{front.main}/staff/assessments/import", content=large)
        assert taken.status_code != 413
        assert "nginx" not in taken.text
        refused = visitor.post(f"{front.main}/login/card", content=large)
        assert refused.status_code == 413
        assert "何も保存していません" in refused.text
        assert "Retry-After" not in refused.headers


HALF = b"POST /login/card HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx"


def test_bodies_that_are_held_back_hold_up_nobody_else(front: Front) -> None:
    """The portal behind has one process of one thread here."""
    held = [speak(front, "localhost", HALF) for _ in range(8)]
    try:
        with browser(front) as visitor:
            start(front, visitor)
    finally:
        for one in held:
            one.close()


def test_past_nginx_there_is_no_answer_but_that_the_portal_is_well(front: Front) -> None:
    with httpx.Client(
        base_url=f"http://127.0.0.1:{front.upstream}", trust_env=False, timeout=PATIENCE
    ) as past:
        for path in ("/", "/login", "/static/none", "/statements/", "/my/"):
            answer = past.get(
                path, headers={"Host": f"localhost:{front.port}", "X-Madoguchi-Gateway": "guess"}
            )
            assert answer.status_code == 421
            assert "市区町村が案内している" in answer.text
        assert past.get("/health").status_code == 200
        assert past.post("/health", content=b"x").status_code == 421


def test_the_card_hosts_error_page_has_its_style_sheet(front: Front) -> None:
    with browser(front) as visitor:
        page = visitor.get(f"{front.card}/card/enter?code=0000000000")
        (address,) = re.findall(r'href="(/static/[^"]+\.css)"', page.text)
        assert visitor.get(f"{front.card}{address}").headers["Content-Type"].startswith("text/css")


@pytest.mark.parametrize("announced", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
def test_nor_do_bodies_held_back_past_nginx_which_are_refused_unread(front: Front, announced: bytes) -> None:
    sent = HALF.replace(b"Content-Length: 1000", announced)
    held = [socket.create_connection(("127.0.0.1", front.upstream), timeout=PATIENCE) for _ in range(8)]
    try:
        for one in held:
            one.sendall(sent)
        for one in held:
            assert one.recv(4000).startswith(b"HTTP/1.1 421 ")
        with browser(front) as visitor:
            start(front, visitor)
    finally:
        for one in held:
            one.close()

"""Signing in over HTTP: what bad input gets, what a browser is told, and that nothing tells whether somebody exists."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.identity.limits import limits
from portal.identity.models import COMMISSION
from portal.identity.staff import StaffRegister
from sandbox.cards.passkey import SoftwarePasskey
from sandbox.pki import Pki
from storage.encryption import FileMasterKey, KeyRing
from tests.conftest import Databases
from tests.identity.web import JSON, ORIGIN, Portal, post, signed, waiting
from tests.pki.world import SoftCard, card


@pytest.fixture
def good(pki: Pki) -> SoftCard:
    return card(pki.auth)


def test_the_code_is_read_in_any_spelling(portal: Portal, good: SoftCard) -> None:
    _, code = waiting(portal)
    body = signed(portal, f"{code[:5]}-{code[5:]}".lower(), good)
    assert post(portal, code, body).json == {"result": "accepted"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 400), ([], 400), ({}, 400), ({"certificate": "!", "signature": "!"}, 400),
        ({"certificate": 5, "signature": []}, 400), ({"certificate": "AAAA", "signature": "AAAA"}, 400),
        ({"certificate": "A" * 20_000, "signature": ""}, 400),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_gets_400_and_a_next_step(portal: Portal, body: Any, status: int) -> None:
    _, code = waiting(portal)
    answer = post(portal, code, body)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["reason"] == "unreadable"
    assert answer.json["next"]


@pytest.mark.parametrize("code", ["0000000000", "nonsense", "%E3%81%82", "%00", "0" * 200])
def test_a_code_nobody_gave_out_gets_404(portal: Portal, code: str) -> None:
    answer = portal.browser().get(f"/login/card/c/{code}", headers=JSON, expect_errors=True)
    assert answer.status_code == 404


def test_an_address_of_bytes_that_are_no_text_gets_400(portal: Portal) -> None:
    answer = portal.browser().get("/login/card/c/%FF", headers=JSON, expect_errors=True)
    assert answer.status_code == 400
    assert answer.json["next"]


def test_used_late_and_revoked_have_statuses_of_their_own(portal: Portal, good: SoftCard, pki: Pki) -> None:
    _, code = waiting(portal)
    body = signed(portal, code, good)
    assert post(portal, code, body).status_code == 200
    assert post(portal, code, body).json["reason"] == "challenge_used"
    _, late = waiting(portal)
    body = signed(portal, late, good)
    portal.clock.advance(minutes=3)
    assert post(portal, late, body).json["reason"] == "challenge_late"
    portal.asker.now = portal.clock.now()
    pki.auth.register.revoke(good.certificate.serial_number, portal.clock.now())
    _, third = waiting(portal)
    answer = post(portal, third, signed(portal, third, good))
    assert (answer.status_code, answer.json["reason"]) == (403, "revoked")


def test_too_many_failures_get_429_with_the_time_to_wait(portal: Portal, good: SoftCard) -> None:
    for _ in range(limits(portal.clock.today()).card_failures):
        _, code = waiting(portal)
        answer = post(portal, code, {**signed(portal, code, good), "signature": "AAAA"})
        assert answer.json["reason"] == "wrong_signature"
    _, code = waiting(portal)
    known, unknown = (
        post(portal, code, signed(portal, code, good)),
        post(portal, "0000000000", signed(portal, code, good)),
    )
    assert (known.status_code, known.headers["Retry-After"]) == (429, "900")
    # Nothing tells a good card from a bad one, or a code that exists from one that does not.
    assert unknown.status_code == 429
    assert known.body == unknown.body
    assert {k: v for k, v in known.headers.items() if k != "Date"} == {
        k: v for k, v in unknown.headers.items() if k != "Date"
    }


@pytest.mark.parametrize(
    "following", ["//evil.test/", "https://evil.test/", "/\\evil.test", "/%0d%0aX: y\r\n"]
)
def test_nobody_is_sent_to_another_site(portal: Portal, good: SoftCard, following: str) -> None:
    browser, code = waiting(portal, following)
    post(portal, code, signed(portal, code, good))
    landed = browser.get("/login/card/finish")
    assert landed.location == f"{ORIGIN}/my/"


def test_a_form_without_its_token_is_refused(portal: Portal) -> None:
    browser = portal.browser()
    browser.get("/login")
    for path in ("/login/card", "/login/card/tls", "/staff/login", "/staff/login/options", "/logout"):
        assert browser.post(path, expect_errors=True).status_code in (303, 400)
        assert "madoguchi-entry" not in browser.cookies


def test_a_request_from_another_site_is_refused(portal: Portal) -> None:
    browser = portal.browser()
    form = browser.get("/login").forms[0]
    answer = form.submit(headers={"Sec-Fetch-Site": "cross-site"}, expect_errors=True)
    assert answer.status_code == 400


def test_without_a_card_host_the_way_is_neither_shown_nor_there(portal: Portal) -> None:
    browser = portal.browser()
    page = browser.get("/login")
    assert "証明書を選んで" not in page.text
    token = page.forms[0]["csrf_token"].value
    assert browser.post("/login/card/tls", {"csrf_token": token}, expect_errors=True).status_code == 404


def test_the_card_host_is_not_there_for_who_does_not_come_through_nginx(portal: Portal) -> None:
    headers = {"X-Madoguchi-Gateway": "", "X-Client-Verify": "SUCCESS", "X-Client-Cert": "x"}
    assert portal.browser().get("/card/enter?code=x", headers=headers, expect_errors=True).status_code == 404


def test_a_forged_cookie_is_nobody(portal: Portal) -> None:
    browser = portal.browser()
    for value in ("x", "y" * 43, "z" * 5000):
        browser.set_cookie("madoguchi-session", value)
        assert browser.get("/my/sessions").status_code == 303
        assert browser.get("/").status_code == 200


def test_the_session_cookie_changes_at_login_step_up_and_logout(portal: Portal, good: SoftCard) -> None:
    browser, code = waiting(portal)
    post(portal, code, signed(portal, code, good))
    browser.get("/login/card/finish")
    first = browser.cookies["madoguchi-session"]
    assert "madoguchi-entry" not in browser.cookies
    page = browser.get("/step-up?next=/my/sessions")
    form = next(f for f in page.forms.values() if f.action == "/step-up/card")
    page = form.submit().follow()
    code = page.text.split(f'href="{ORIGIN}/login/card/c/')[1].split('"')[0]
    post(portal, code, signed(portal, code, good))
    browser.get("/login/card/finish")
    second = browser.cookies["madoguchi-session"]
    assert first != second
    old = portal.browser()
    old.set_cookie("madoguchi-session", first)
    assert old.get("/my/sessions").status_code == 303
    logout = next(f for f in browser.get("/my/sessions").forms.values() if f.action == "/logout")
    left = logout.submit().follow()
    assert "ログアウトしました。" in left.text
    assert "ブラウザーを閉じてください" in left.text
    assert "ログアウトしました。" not in portal.browser().get("/").text
    assert not browser.cookies.get("madoguchi-session")
    old.set_cookie("madoguchi-session", second)
    assert old.get("/my/sessions").status_code == 303


def staff_key(
    portal: Portal, databases: Databases, *roles: str, tenant: str = "992011", browser: Any = None
) -> tuple[Any, SoftwarePasskey]:
    """A browser of somebody who has just enrolled, and her key."""
    made = StaffRegister(databases.worker, portal.clock).invite(
        tenant, f"{tenant}-01", roles or ("caseworker",), "見本 太郎"
    )
    browser, key = browser or portal.browser(), SoftwarePasskey()
    form = next(form for form in browser.get("/staff/enrol").forms.values() if "code" in form.fields)
    token = form["csrf_token"].value
    options = browser.post_json(
        "/staff/enrol/options", {"code": made.code}, headers={"X-CSRF-Token": token}
    ).json
    form["code"], form["credential"] = made.code, json.dumps(key.register(options, ORIGIN))
    landed = form.submit().follow()
    assert "キーを登録しました" in landed.text
    return browser, key


def test_who_signs_in_anew_leaves_the_session_that_the_browser_had(
    portal: Portal, databases: Databases, pki: Pki, good: SoftCard
) -> None:
    """At a machine that several people use, nobody could end the first one's session any more."""
    browser, code = waiting(portal)
    post(portal, code, signed(portal, code, good))
    browser.get("/login/card/finish")
    secrets = [browser.cookies["madoguchi-session"]]
    token = next(form["csrf_token"].value for form in browser.get("/my/sessions").forms.values())
    browser.post("/login/card", {"csrf_token": token, "next": "/"})
    code = browser.get("/login/card/wait").text.split(f'href="{ORIGIN}/login/card/c/')[1].split('"')[0]
    post(portal, code, signed(portal, code, card(pki.auth)))
    browser.get("/login/card/finish")
    secrets.append(browser.cookies["madoguchi-session"])
    _, key = staff_key(portal, databases, browser=browser)
    secrets.append(browser.cookies["madoguchi-session"])
    token = browser.get("/staff/keys").forms[0]["csrf_token"].value
    options = browser.post_json("/staff/login/options", {}, headers={"X-CSRF-Token": token}).json
    browser.post(
        "/staff/login",
        {"csrf_token": token, "credential": json.dumps(key.authenticate(options, ORIGIN))},
        status=303,
    )
    secrets.append(browser.cookies["madoguchi-session"])
    assert len(set(secrets)) == 4
    for secret in secrets:
        other = portal.browser()
        other.set_cookie("madoguchi-session", secret)
        assert other.get("/my/sessions").status_code == (200 if secret == secrets[-1] else 303)


def test_staff_sign_in_over_http_with_a_software_key(portal: Portal, databases: Databases) -> None:
    _, key = staff_key(portal, databases)
    browser = portal.browser()
    form = browser.get("/staff/login?next=/my/sessions").forms[0]
    token = form["csrf_token"].value
    options = browser.post_json("/staff/login/options", {}, headers={"X-CSRF-Token": token}).json
    assert options["userVerification"] == "required"
    form["credential"] = json.dumps(key.authenticate(options, ORIGIN))
    landed = form.submit().follow()
    assert landed.request.path == "/my/sessions"
    assert "見本 太郎" in landed.text
    # The same form again, as the browser's back button would send it.
    assert form.submit(expect_errors=True).status_code == 409


@pytest.mark.parametrize(
    ("tenant", "role", "desk"),
    [
        (COMMISSION, "commission_reviewer", "/commission/"),
        (COMMISSION, "commission_member", "/commission/"),
        ("992011", "outside_reviewer", "/review/"),
        ("992011", "caseworker", "/staff/"),
    ],
)
def test_signing_in_shows_each_her_own_desk(
    portal: Portal, databases: Databases, tenant: str, role: str, desk: str
) -> None:
    portal.app.registry["keys"] = KeyRing(FileMasterKey.create(portal.settings.master_key))
    _, key = staff_key(portal, databases, role, tenant=tenant)
    browser = portal.browser()
    form = browser.get("/staff/login").forms[0]
    token = form["csrf_token"].value
    options = browser.post_json("/staff/login/options", {}, headers={"X-CSRF-Token": token}).json
    form["credential"] = json.dumps(key.authenticate(options, ORIGIN))
    answer = form.submit()
    assert answer.location.endswith(desk)
    assert browser.get("/staff/login").location.endswith(desk)
    if tenant == COMMISSION:
        assert "見本 太郎" in browser.get(desk).html.select_one("#assignee, .md-who__name").get_text()


def test_an_empty_answer_of_a_key_is_said_in_words(portal: Portal) -> None:
    browser = portal.browser()
    answer = browser.get("/staff/login").forms[0].submit(expect_errors=True)
    assert answer.status_code == 403
    assert "サインインできませんでした" in answer.text


def test_residents_do_not_reach_the_keys_of_staff(portal: Portal, good: SoftCard) -> None:
    browser, code = waiting(portal)
    post(portal, code, signed(portal, code, good))
    browser.get("/login/card/finish")
    assert browser.get("/staff/keys", expect_errors=True).status_code == 404
    assert browser.get("/staff/", expect_errors=True).status_code in (403, 404)


def test_the_page_of_a_link_opened_in_a_browser_warns(portal: Portal) -> None:
    _, code = waiting(portal)
    page = portal.browser().get(f"/login/card/c/{code}", headers={"Accept": "text/html"})
    assert "だれかが、あなたのカードで入ろうとしています" in page.text


def test_scripts_of_signing_in_lie_under_an_address_that_changes_with_them(portal: Portal) -> None:
    page = portal.browser().get("/staff/login")
    address = page.text.split('src="/sign-in-files/')[1].split('"')[0]
    answer = portal.browser().get(f"/sign-in-files/{address}")
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert "javascript" in answer.content_type


def test_refusals_come_in_english_too(portal: Portal) -> None:
    answer = portal.browser().get(
        "/login/card/c/0000000000", headers={**JSON, "Accept-Language": "en"}, expect_errors=True
    )
    assert answer.json["reason"] == "challenge_unknown"
    assert answer.json["detail"].isascii()


def test_who_is_led_to_the_sign_in_is_told_why(portal: Portal) -> None:
    browser = portal.browser()
    led = browser.get("/my/records/export").follow()
    assert "この先の画面を見るには、ログインが必要です。" in led.text
    assert "まだ記録していません" in led.text
    assert "この先の画面を見るには" not in browser.get("/login").text


def test_a_code_of_the_wrong_form_says_what_to_do_next(portal: Portal) -> None:
    page = portal.browser().get("/login/card/c/AAAA", headers={"Accept": "text/html"}, expect_errors=True)
    assert page.html.h1.get_text() == "確認コードが正しくありません"
    assert "新しいコードを出してください" in page.text

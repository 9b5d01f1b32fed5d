"""What every request meets: headers, limits, form tokens, languages, error pages."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.app import make_app
from portal.settings import Settings
from portal.web.headers import content_security_policy
from portal.web.language import safe_path, with_ruby
from portal.web.limits import MAX_BODY_BYTES, MAX_FIELDS
from portal.web.pages import UnreadableKey, decode_key, encode_key
from tests.conftest import Databases
from tests.web.conftest import TEST_PARTS, Counter
from tests.web.people import CLERK, RESIDENT


def test_every_answer_carries_the_security_headers_and_is_not_kept(counter: Counter) -> None:
    browser = counter.of(RESIDENT)
    for path, status in (("/my/", 200), ("/nowhere", 404), ("/help/", 200), ("/favicon.ico", 200)):
        answer = browser.get(path, status=status)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'")
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "camera=()" in answer.headers["Permissions-Policy"]
    assert browser.get("/my/").headers["Cache-Control"] == "no-store"


def test_the_host_of_the_card_may_receive_a_form_and_no_other() -> None:
    assert "form-action 'self' https://card.example;" in content_security_policy("https://card.example")
    assert "form-action 'self';" in content_security_policy()


def test_built_files_may_be_kept_for_a_year_because_their_names_change(counter: Counter) -> None:
    page = counter.of(None).get("/")
    style = page.html.find("link", rel="stylesheet")["href"]
    assert "max-age=31536000" in counter.of(None).get(style).headers["Cache-Control"]


def test_a_form_without_its_token_changes_nothing_and_says_what_to_do(counter: Counter) -> None:
    answer = counter.of(RESIDENT).post("/logout", status=400)
    assert "画面を開いてから時間がたちました" in answer.text
    assert "何も変更していません" in answer.text


def test_a_form_sent_from_another_site_is_refused_even_with_a_token(counter: Counter) -> None:
    browser = counter.of(RESIDENT)
    token = browser.get("/my/").html.find("input", attrs={"name": "csrf_token"})["value"]
    browser.post("/logout", {"csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"}, status=400)
    browser.post("/logout", {"csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"}, status=200)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:6543",
        "localhost.evil.example",
        "localhost@evil",
        "localhost:80@evil.example:80",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/my/", "/", "/health", "/nowhere"])
def test_another_host_is_refused_and_leads_nowhere(counter: Counter, host: str, path: str) -> None:
    answer = counter.of(None).get(path, extra_environ={"HTTP_HOST": host}, status=421)
    assert "evil" not in answer.text
    assert "Location" not in answer.headers
    assert "市区町村が案内している" in answer.text
    counter.of(RESIDENT).post("/logout", extra_environ={"HTTP_HOST": host}, status=421)


@pytest.mark.parametrize("host", ["localhost:6543", "localhost", "127.0.0.1:8080", "[::1]:6543"])
def test_a_demonstration_is_opened_by_any_name_of_this_machine(counter: Counter, host: str) -> None:
    answer = counter.of(None).get("/my/", extra_environ={"HTTP_HOST": host}, status=303)
    assert answer.headers["Location"].startswith(f"http://{host}/login?")


def test_behind_the_front_server_addresses_are_https_and_in_production_only_the_names_count(
    databases: Databases,
) -> None:
    settings = replace(
        Settings.from_env({}),
        mode="production",
        origin="https://counter.example",
        card_origin="https://card.example",
    )
    app = make_app(settings, database=databases.web, parts=TEST_PARTS)
    browser = Counter(app).of(None)
    for host, where in (
        ("counter.example", "https://counter.example/"),
        ("card.example", "https://card.example/"),
    ):
        answer = browser.get("/my/", extra_environ={"HTTP_HOST": host}, status=303)
        assert answer.headers["Location"].startswith(where + "login")
    for host in ("127.0.0.1:6543", "localhost", "evil.example"):
        browser.get("/my/", extra_environ={"HTTP_HOST": host}, status=421)
    browser.get("/health", extra_environ={"HTTP_HOST": "127.0.0.1:6543"}, status=200)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(counter: Counter) -> None:
    answer = counter.of(RESIDENT).post("/logout", b"x" * (MAX_BODY_BYTES + 1), status=413)
    assert "大きすぎます" in answer.text


@pytest.mark.parametrize("path", ["/help/?words=%00", "/help/?words=%ff", "/help/?%00=1"])
def test_an_address_that_holds_no_text_is_refused_and_breaks_nothing(counter: Counter, path: str) -> None:
    assert "読み取れませんでした" in counter.of(RESIDENT).get(path, status=400).text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"csrf_token=%00"),
        ("application/x-www-form-urlencoded", b"csrf_token=%ff"),
        ("application/x-www-form-urlencoded", b"csrf_token=\xff"),
        ("application/x-www-form-urlencoded", b"csrf_token=a&%E3%81=b"),
        ("application/x-www-form-urlencoded", b"csrf_token=%ed%a0%80"),
        ("application/x-www-form-urlencoded; charset=shift_jis", b"csrf_token=a"),
        ("application/x-www-form-urlencoded", b"csrf_token=\xe3%81"),
        ("application/x-www-form-urlencoded", b"csrf_token=%e3%41%81"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="csrf_token"; filename="a"\r\n\r\na\r\n--x--',
        ),
    ],
)
def test_a_form_that_holds_no_text_is_refused_and_breaks_nothing(
    counter: Counter, kind: str, body: bytes
) -> None:
    answer = counter.of(RESIDENT).post("/logout", body, headers={"Content-Type": kind}, status=400)
    assert "読み取れませんでした" in answer.text


def test_a_form_of_more_fields_than_any_page_has_is_refused_before_it_is_taken_apart(
    counter: Counter,
) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = counter.of(RESIDENT).post("/logout", b"a=&" * MAX_FIELDS, headers=kind, status=413)
    assert "大きすぎます" in answer.text
    assert (
        "時間がたちました"
        in counter.of(RESIDENT).post("/logout", b"a=&" * 1000, headers=kind, status=400).text
    )


LEAST = b"csrf_token="


@pytest.mark.parametrize(
    "body",
    [b"%" * MAX_BODY_BYTES, LEAST + b"%%" * 400_000, LEAST + b"%%%" + b"%2" * 500_000],
)
def test_a_form_of_hardly_anything_but_signs_of_escape_is_refused_unread(
    counter: Counter, body: bytes
) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    browser, spent = counter.of(RESIDENT), []
    for _ in range(3):
        before = process_time()
        answer = browser.post("/logout", body, headers=kind, status=400)
        spent.append(process_time() - before)
        assert "読み取れませんでした" in answer.text
    assert min(spent) < 0.1


@pytest.mark.parametrize("text", ["あ" * 100_000, "100%", "é a" * 30_000, "%E3%81", "𠮷󠄀"])
def test_a_form_of_much_text_is_read_whatever_its_letters(counter: Counter, text: str) -> None:
    answer = counter.of(RESIDENT).post("/logout", {"text": text}, status=400)
    assert "時間がたちました" in answer.text, "it was read, and had no token"


def test_who_goes_away_in_the_middle_of_a_form_is_no_fault_of_the_portal(
    counter: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    announced = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "1000"}
    answer = counter.of(RESIDENT).post("/logout", b"csrf_token=a", headers=announced, status=400)
    assert "読み取れませんでした" in answer.text
    assert "unexpected" not in capsys.readouterr().out


def test_cookies_that_are_no_text_are_refused_and_break_nothing(counter: Counter) -> None:
    cookies = {"Cookie": 'madoguchi-session="\\377\\376"'}
    assert "読み取れませんでした" in counter.of(None).get("/help/", headers=cookies, status=400).text


def test_another_method_gets_a_page_that_says_so(counter: Counter) -> None:
    answer = counter.of(RESIDENT).request("/help/", method="DELETE", expect_errors=True)
    assert answer.status_code in (400, 405)
    assert counter.of(RESIDENT).request("/help/", method="HEAD").body == b""


def test_a_browser_that_asks_for_english_gets_english_until_somebody_chooses(counter: Counter) -> None:
    browser = counter.of(None, accept_language="en-GB,en;q=0.9")
    assert browser.get("/").html.html["lang"] == "en"
    answer = browser.get("/display?language=ja_easy&back=/help/", status=303)
    assert answer.location.endswith("/help/")
    assert browser.get("/").html.html["lang"] == "ja"


def test_readings_are_off_until_switched_on_and_never_put_on_a_name(counter: Counter) -> None:
    browser = counter.of(RESIDENT)
    assert "<ruby>" not in browser.get("/my/").text
    browser.get("/display?ruby=on&back=/my/", status=303)
    page = browser.get("/my/")
    assert "<ruby>情報<rp>" in page.text
    assert RESIDENT.display_name in page.text


def test_a_reading_stands_above_the_kanji_only() -> None:
    assert with_ruby("見る<b>") == "<ruby>見<rp>（</rp><rt>み</rt><rp>）</rp></ruby>る&lt;b&gt;"


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/\\evil.example", "", None, "my", "/a\nb"]
)
def test_the_language_switch_leads_nowhere_else(path: str | None) -> None:
    assert safe_path(path) == "/"


# What the database can hold: no NUL, no half of a character.
KEPT_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=10)


@given(st.lists(st.one_of(st.integers(0, 2**53), KEPT_TEXT), max_size=3))
def test_a_page_key_is_read_back_as_it_was_written(values: list[str | int]) -> None:
    text = encode_key(values)
    if len(text) <= 200 and text:
        assert decode_key(text) == values


@given(st.text(min_size=1, max_size=250))
def test_a_changed_page_key_is_refused_and_never_breaks_anything(text: str) -> None:
    try:
        found = decode_key(text)
    except UnreadableKey:
        return
    assert isinstance(found, list)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ja", "この画面の番号：404（お問い合わせのときにお伝えください）"),
        ("ja_easy", "この ページの 番号：404（聞くときに 言ってください）"),
        ("en", "Number of this page: 404 (please quote it when you ask about it)"),
    ],
)
def test_an_error_page_says_what_its_number_is_for(counter: Counter, language: str, words: str) -> None:
    browser = counter.of(RESIDENT)
    browser.get(f"/display?language={language}&back=/help/", status=303)
    assert words in browser.get("/nowhere", status=404).html.main.get_text()


def test_a_caller_that_wants_json_gets_a_problem_document(counter: Counter) -> None:
    answer = counter.of(CLERK, accept="application/json").get("/nowhere", status=404)
    assert answer.content_type == "application/problem+json"
    assert set(answer.json) >= {"title", "status", "detail", "kept", "next"}
    assert "tween" not in answer.text

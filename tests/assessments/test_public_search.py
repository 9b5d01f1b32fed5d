"""Searching: words of two characters, any width and case, marked where they stand; nothing typed makes it fail."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from urllib.parse import quote
from uuid import UUID
from xml.etree import ElementTree

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_assessment.forms import load_form
from privacy_assessment.publication.folding import fold, read_query, snippet, tokens
from privacy_assessment.publication.rows import PublicForm
from privacy_assessment.publication.search import Filters, search
from privacy_assessment.publication.store import insert, row_of
from privacy_assessment.redaction import public
from privacy_assessment.statements.models import Statement
from storage.database import Database, Scope, Transaction
from tests.conftest import Databases
from tests.privacy_assessment.samples import EDITION, filled
from tests.web.conftest import Counter, counter

__all__ = ["counter"]
TODAY = date(2026, 11, 22)
TEXTS = {
    "1": ("税の賦課", "所得税の申告書を受け付ける。ｶﾞｲﾄﾞﾗｲﾝに従う。"),
    "2": ("国保の資格", "被保険者の資格を管理する。葛󠄀城と𠮷野の班。"),
    "3": ("児童手当", "児童手当を支給する。ＡＢＣシステムを使う。"),
    "4": ("介護", "介護保険を管理する。情報を報告する。"),
}


def write(worker: Database) -> None:
    form = load_form("form2", EDITION)
    with worker.transaction(Scope(tenant="992011")) as tx:
        for number, (title, text) in TEXTS.items():
            document = filled("form2")
            for key in [
                one
                for one in document.values
                if isinstance(document.values[one], str) and len(document.values[one]) > 8
            ]:
                document.set(key, "記載。")
            document.set("f2.1.1.2", text)
            document.set("f2.1.4.1", "1" if number == "1" else "2")
            shown = public(document, form, [], "first")
            statement = Statement(
                UUID(int=int(number)),
                "mayor",
                number,
                title,
                "basic",
                ("child-allowance",),
                None,
                None,
                None,
                None,
                None,
                None,
            )
            forms = {"form2": PublicForm(shown.document, shown.texts, shown.gaps)}
            row = row_of(
                "992011",
                statement,
                "甲野市長",
                "甲野市",
                forms,
                stage="published",
                ordinal=1,
                publication="first" if number != "3" else "amended",
                shown_on=date(2026, 1, int(number)),
                closes=None,
                review_by=None,
                redo_by=None,
                changed_at=datetime(2026, 1, int(number), tzinfo=UTC),
            )
            insert(tx, row)


@pytest.fixture(scope="module")
def found_in(databases: Databases) -> Iterator[Database]:
    write(databases.worker)
    return databases.web


def numbers(database: Database, typed: str, **filters) -> list[str]:
    return [hit.number for hit in search(database, read_query(typed), Filters(**filters), None, TODAY).hits]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("所得", ["1"]), ("児童", ["3"]), ("税", ["1"]), ("資格", ["2"]), ("被保険者の資格", ["2"]), ("ガイドライン", ["1"]),
        ("ｶﾞｲﾄﾞ", ["1"]), ("abcシステム", ["3"]), ("ＡＢＣ", ["3"]), ("葛城", ["2"]), ("葛󠄀城", ["2"]), ("𠮷野", ["2"]), ("𠮷", ["2"]),
        ("管理 介護", ["4"]), ("管理　保険", ["4", "2"]), ("介護保険 児童", []), ("甲野市", ["4", "3", "2", "1"]), ("", ["4", "3", "2", "1"]),
        ("「被保険者の 資格」", ["2"]), ("税の賦課", ["1"]), ("報情", []), ("情報を報告", ["4"]), ("報告情報", []),
    ],
)  # fmt: skip
def test_words_are_found_whatever_their_width_case_and_length(
    found_in: Database, typed: str, wanted: list[str]
) -> None:
    assert numbers(found_in, typed) == wanted


def test_a_word_whose_pairs_all_occur_but_which_itself_does_not_is_not_found(found_in: Database) -> None:
    assert set(read_query("の資格を管").tokens) <= tokens(fold(TEXTS["2"][1]))
    assert numbers(found_in, "資格の資格") == []


def test_filters_narrow_and_none_asks_for_nothing(found_in: Database) -> None:
    assert numbers(found_in, "", network=True) == ["1"]
    assert numbers(found_in, "", state="amended") == ["3"]
    assert numbers(found_in, "", prefecture="99", kind="basic", affair="child-allowance") == [
        "4",
        "3",
        "2",
        "1",
    ]
    assert numbers(found_in, "", since=date(2026, 1, 2), until=date(2026, 1, 3)) == ["3", "2"]
    assert numbers(found_in, "", tenant="992020") == []
    assert numbers(found_in, "", state="consulting") == []


def test_pages_follow_each_other_without_gap_or_repetition(found_in: Database) -> None:
    seen, after = [], None
    while True:
        found = search(found_in, read_query("甲野市"), Filters(), after, TODAY, size=1)
        seen += [hit.number for hit in found.hits]
        after = found.after
        if after is None:
            break
    assert seen == ["4", "3", "2", "1"]


def test_the_result_shows_the_item_and_marks_the_words(found_in: Database) -> None:
    (hit,) = search(found_in, read_query("申告書　所得"), Filters(), None, TODAY).hits
    assert hit.address == "Ⅰ-1②"
    assert hit.anchor == "form2#I-1-2"
    assert [part.text for part in hit.parts if part.found] == ["所得", "申告書"]


def test_a_count_over_long_words_says_that_it_is_an_upper_bound(found_in: Database) -> None:
    assert search(found_in, read_query("管理"), Filters(), None, TODAY).exact
    first = search(found_in, read_query("を管理する"), Filters(), None, TODAY, size=1)
    assert (first.exact, first.count) == (False, 2)


written = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(
    before=written,
    word=st.text(st.sampled_from("税務ｶﾞガＡaー葛𠮷\U000e0100-㍿"), min_size=1, max_size=6),
    after=written,
)
def test_whatever_stands_in_a_text_is_found_by_its_tokens(before: str, word: str, after: str) -> None:
    folded = fold(f"{before}。{word}。{after}")
    query = read_query(f"「{word}」")
    assert set(query.tokens) <= tokens(folded)
    assert all(one in folded for one in query.words)


@given(text=written, typed=st.text(max_size=20))
def test_a_snippet_holds_the_text_as_written_and_never_fails(text: str, typed: str) -> None:
    parts = snippet(text, read_query(typed).words, longest=500)
    shown = "".join(part.text for part in parts).replace("…", "")
    bare = re.sub(r"[\s\u3000]+", " ", text).replace("…", "")
    assert shown in bare or re.sub(r"\s+", "", shown) == re.sub(r"\s+", "", bare)


class Same:
    """Reads inside a transaction, so that what a test wrote can be taken back."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    def read(self, _scope: Scope, *statements: tuple) -> list:
        """The rows of each statement."""
        return [self.tx.raw.execute(*one).fetchall() for one in statements]


def test_words_late_in_a_long_item_are_shown_where_they_stand(tx: Transaction, found_in: Database) -> None:
    form = load_form("form2", EDITION)
    document = filled("form2")
    document.set("f2.1.1.2", "申請を受け付ける。\n" * 9000 + "鸞鳳の装置を使う。" + "終わり。" * 3000)
    shown = public(document, form, [], "first")
    statement = Statement(
        UUID(int=99),
        "mayor",
        "1000",
        "長い評価書",
        "basic",
        ("child-allowance",),
        None,
        None,
        None,
        None,
        None,
        None,
    )
    row = row_of(
        "992011", statement, "甲野市長", "甲野市", {"form2": PublicForm(shown.document, shown.texts, shown.gaps)}, stage="published",
        ordinal=1, publication="first", shown_on=date(2020, 1, 1), closes=None, review_by=None, redo_by=None,
        changed_at=datetime(2020, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    insert(tx, row)
    (hit,) = search(Same(tx), read_query("鸞鳳の装置"), Filters(), None, TODAY).hits
    assert hit.anchor == "form2#I-1-2"
    assert [part.text for part in hit.parts if part.found] == ["鸞鳳の装置"]


HOSTILE = [
    "' OR 1=1 --", "%", "_", "\\", "<script>alert(1)</script>", "💣" * 500, "あ" * 100_000, "( & | ! :*", "\ud7ff\ue000", "ﾞﾞﾞ", "​",
    '"""', "「」", "。" * 50, "\u202eabc", " ".join("語" + chr(0x4E00 + n) for n in range(300)), "%(tenant)s", "{0}", "𠮷" * 250, "\u0301" * 300,
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE)
def test_whatever_is_typed_gets_a_page(counter: Counter, found_in: Database, typed: str) -> None:
    browser = counter.of(None)
    for path in (
        "/statements/",
        "/statements/atom.xml",
        "/statements/open-data.csv",
        "/statements/open-data.json",
    ):
        page = browser.get(f"{path}?q={quote(typed)}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text


def test_an_address_that_holds_no_text_is_refused_with_words(counter: Counter, found_in: Database) -> None:
    for path in ("/statements/?q=%00", "/statements/compare?with=%00/a/b", "/statements/?q=%ff"):
        assert "読み取れませんでした" in counter.of(None).get(path, status=400).text


@pytest.mark.parametrize(
    "query",
    [
        "kind=x",
        "state=x",
        "prefecture=%27",
        "tenant=9",
        "tenant=９９２０１１",
        "affair=nope",
        "from=2026-02-30",
        "to=昨日",
        "network=maybe",
        "kind=basic&kind=full",
    ],
)
def test_conditions_that_cannot_be_read_are_left_aside_and_said(
    counter: Counter, found_in: Database, query: str
) -> None:
    page = counter.of(None).get(f"/statements/?{quote(query, safe='=&%')}")
    assert ("読み取れなかった条件があります" in page.text) is ("kind=full" not in query)


@pytest.mark.parametrize(
    "after", ["x", "W10", quote("['a']"), "WyJhIiwiYiIsImMiLCJkIiwiZSJd", "W251bGxd", "A" * 5000]
)
def test_a_place_in_the_list_that_is_none_is_refused_with_words(
    counter: Counter, found_in: Database, after: str
) -> None:
    page = counter.of(None).get(f"/statements/?after={after}", status=400)
    assert "読み取れませんでした" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "992011/mayor/99", "992011/nobody/1", "992020/mayor/1", "000000/mayor/1", "992011/mayor/1/v2", "992011/mayor/1/c1", "992011/mayor/1/v0",
        "992011/mayor/1/v1/changes", "992011/mayor/1/v1/form4.pdf", "992011/mayor/%00/v1", "992011/" + "x" * 3000 + "/1", "99201%EF%BC%91/mayor/1",
        "992011/mayor/1/v9999999", "992011/mayor/1/v1/form2.exe", "992011/mayor/1/v1/changes?from=v1", "992011/%E8%91%9B%F3%A0%84%80/1",
    ],
)  # fmt: skip
def test_what_is_not_there_is_one_and_the_same_page(counter: Counter, found_in: Database, path: str) -> None:
    browser = counter.of(None)
    usual = browser.get("/statements/992011/no/1", status=404)
    page = browser.get(f"/statements/{path}", status=404)
    strip = re.compile(r"back=[^\"]*")
    assert strip.sub("", page.text) == strip.sub("", usual.text)


def test_the_csv_is_for_spreadsheets_and_holds_no_formula(counter: Counter, found_in: Database) -> None:
    answer = counter.of(None).get("/statements/open-data.csv")
    assert answer.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [row[4] for row in rows[1:]] == ["4", "3", "2", "1"]
    assert rows[4][12] == "有"
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


def test_the_json_holds_every_text_and_the_feed_every_change(counter: Counter, found_in: Database) -> None:
    browser = counter.of(None)
    body = orjson.loads(browser.get("/statements/open-data.json?q=" + quote("児童")).body)
    assert [one["number"] for one in body["statements"]] == ["3"]
    assert body["statements"][0]["forms"]["form2"]["texts"]["f2.1.1.2"] == TEXTS["3"][1]
    feed = ElementTree.fromstring(browser.get("/statements/atom.xml").body)
    space = {"a": "http://www.w3.org/2005/Atom"}
    assert next(one.text for one in feed.findall("a:entry/a:title", space)) == "介護（甲野市長）"
    assert feed.find("a:updated", space).text.startswith("2026-01-04")
    assert len(browser.get("/statements/atom.xml?kind=full").body) > 100


def test_side_by_side_shows_the_same_item_of_each(counter: Counter, found_in: Database) -> None:
    browser = counter.of(None)
    page = browser.get("/statements/compare?with=992011/mayor/1&with=992011/mayor/2&only=different")
    (row,) = [one for one in page.html.select("tbody tr") if "事務の概要" in one.th.get_text()]
    assert ["所得税" in cell.get_text() for cell in row.select("td")] == [True, False]
    assert not [one for one in page.html.select("tbody tr") if "評価実施機関名" in one.th.get_text()]
    for query in (
        "",
        "with=992011/mayor/1",
        "with=x&with=y",
        "with=992011/mayor/1&with=992011/mayor/1",
        "with=%20/a/b&with=a/b/c/d",
    ):
        assert "2件から4件を選んでください" in browser.get(f"/statements/compare?{query}").text
    many = "&".join(f"with=992011/mayor/{n}" for n in (1, 2, 3, 4, 1, 5))
    assert "4件まで" in browser.get(f"/statements/compare?{many}").text


def test_results_can_be_followed_to_the_item(counter: Counter, found_in: Database) -> None:
    browser = counter.of(None)
    page = browser.get("/statements/?q=" + quote("被保険者"))
    link = page.html.select_one(".md-found__words a")["href"]
    path, _, anchor = link.partition("#")
    assert browser.get(path).html.find(id=anchor).find("dd").get_text(strip=True).startswith("被保険者")
    assert [one.get_text() for one in page.html.select("mark")] == ["被保険者"]


def test_nothing_found_says_what_to_do(counter: Counter, found_in: Database) -> None:
    page = counter.of(None).get("/statements/?q=" + quote("龘龘"))
    assert "見つかりませんでした" in page.text
    assert "条件を消して、すべて見る" in page.text

"""Pictures of a statement: they say what the form says, in words too, and never more."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy_assessment.forms import FILE, Document, Place, choice, load_form
from privacy_assessment.pictures import (
    BurndownPoint,
    CalendarEntry,
    Flow,
    Picture,
    burndown,
    flow,
    flows_in,
    risk_matrix,
    who_gets_what,
    written,
    year_calendar,
)
from privacy_assessment.pictures.risks import NONE, risks_of
from privacy_assessment.pictures.svg import clusters, width_of, wrap
from tests.privacy_assessment.samples import EDITION, filled, real_size

FULL = load_form("form4", EDITION)
LONG = "乙川市長（個人住民税の賦課徴収に関する事務を所掌する税務部市民税課及び収納課）" * 3


def drawn(picture: Picture) -> list[ElementTree.Element]:
    """Both layouts, checked to be well-formed, named, and free of what the content policy forbids."""
    found = []
    for text in (picture.svg, picture.narrow):
        root = ElementTree.fromstring(text)
        assert "style=" not in text
        assert "<script" not in text
        assert "href" not in text
        names = [child.tag.rpartition("}")[2] for child in root[:2]]
        assert names == ["title", "desc"]
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        assert set(root.get("aria-labelledby", "").split()) <= set(ids)
        found.append(root)
    assert found[1].get("width") == "340"
    assert picture.rows
    assert all(len(row) == len(picture.columns) for row in picture.rows)
    return found


def shown(picture: Picture) -> str:
    return "".join(ElementTree.fromstring(picture.svg).itertext())


def first_file(document: Document) -> str:
    return document.rows_of(FILE)[0]


class TestRisks:
    @pytest.mark.parametrize(("form", "least"), [("form2", 8), ("form3", 8), ("form4", 24)])
    def test_every_question_about_a_risk_is_a_row(self, form: str, least: int):
        picture = risk_matrix(filled(form), load_form(form, EDITION))
        drawn(picture)
        assert len(picture.rows) >= least

    def test_what_the_body_answered_is_where_the_arrow_ends(self):
        document = filled("form4")
        file = first_file(document)
        document.set(Place("f4.3.2.1e", (file,)), "3")
        row = next(one for one in risk_matrix(document, FULL).rows if one[0] == "Ⅲ-2-リスク1")
        assert row[3:] == ("リスクあり", "2項目のうち2項目", "課題が残されている")

    def test_an_answer_not_given_is_said_to_be_missing_and_not_sufficient(self):
        document = filled("form4")
        document.set(Place("f4.3.2.1e", (first_file(document),)), None)
        picture = risk_matrix(document, FULL)
        assert picture.rows[0][5] == "未記入"
        assert "未記入1件" in picture.description

    def test_a_measure_answered_with_no_is_not_counted_as_written(self):
        document = filled("form4")
        file = first_file(document)
        document.set(Place("f4.3.3.2b", (file,)), "2")
        document.set(Place("f4.3.3.2b.d", (file,)), None)
        row = next(one for one in risk_matrix(document, FULL).rows if one[0] == "Ⅲ-3-リスク2")
        assert row[4].startswith("7項目のうち6項目、「行っていない」")

    def test_a_risk_that_does_not_arise_is_no_risk(self):
        document = filled("form4")
        document.set(Place("f4.3.4.n", (first_file(document),)), True)
        risk = next(one for one in risks_of(document, FULL) if one.place == "Ⅲ-4")
        assert risk.after == NONE
        row = next(one for one in risk_matrix(document, FULL).rows if one[0] == "Ⅲ-4")
        assert row[3:] == ("該当なし", "－", "－")

    def test_a_risk_is_called_what_the_forms_call_it(self):
        names = {row[0]: row[1] for row in risk_matrix(filled("form4"), FULL).rows}
        assert names["Ⅲ-4"] == "委託先における不正な使用等のリスク"
        assert names["Ⅲ-7-リスク1"] == "特定個人情報の漏えい・滅失・毀損リスク"

    def test_no_size_or_likelihood_is_made_up(self):
        picture = risk_matrix(filled("form4"), FULL)
        assert "数で問わない" in picture.description
        assert not re.search(r"高|中|低|影響度", "".join("".join(row[3:]) for row in picture.rows))

    def test_a_form_without_such_items_draws_nothing_and_says_so(self):
        picture = risk_matrix(Document("form1", EDITION), load_form("form1", EDITION))
        assert not picture.drawn
        assert "ありません" in picture.description

    def test_an_empty_document_draws_too(self):
        document = Document("form4", EDITION)
        document.add_row(FILE)
        assert {row[5] for row in risk_matrix(document, FULL).rows} == {"未記入"}
        drawn(risk_matrix(document, FULL))


class TestRecipients:
    def document(self, what: str = "住民税の課税額", scope: str = "1") -> Document:
        document = filled("form4")
        file = first_file(document)
        document.set(Place("f4.2.2.4b", (file,)), choice("1", "8", "14"))
        document.set(Place("f4.2.5p.what", (file, document.rows_of("f4.2.5p", (file,))[0])), what)
        document.set(Place("f4.2.4n.scope", (file, document.rows_of("f4.2.4n", (file,))[0])), scope)
        return document

    def row(self, picture: Picture, role: str) -> tuple[str, ...]:
        return next(one for one in picture.rows if one[0] == role)

    def test_a_kind_counts_when_the_text_names_it(self):
        picture = who_gets_what(self.document(), FULL)
        drawn(picture)
        assert self.row(picture, "提供")[3] == "● 地方税関係情報"

    def test_a_text_that_names_no_kind_is_left_as_text(self):
        picture = who_gets_what(self.document("別に定めるもの"), FULL)
        assert self.row(picture, "提供")[3:5] == ("文のとおり", "別に定めるもの")

    def test_the_whole_file_and_a_part_of_it_are_told_apart(self):
        whole = self.row(who_gets_what(self.document(), FULL), "委託")[3]
        part = self.row(who_gets_what(self.document(scope="2"), FULL), "委託")[3]
        assert whole == "◎ ファイルの全体（個人番号、地方税関係情報、介護・高齢者福祉関係情報）"
        assert part == "△ ファイルの一部"

    def test_nobody_named_draws_nothing(self):
        document = Document("form4", EDITION)
        document.add_row(FILE)
        picture = who_gets_what(document, FULL)
        assert not picture.drawn
        assert "書かれていません" in picture.description

    def test_the_basic_form_says_that_it_does_not_ask(self):
        assert not who_gets_what(filled("form2"), load_form("form2", EDITION)).drawn

    def test_real_size_fits_and_long_names_are_wrapped(self):
        document = real_size()
        for file in document.rows_of(FILE):
            document.set(Place("f4.2.5p.to", (file, document.rows_of("f4.2.5p", (file,))[0])), LONG)
        picture = who_gets_what(document, FULL)
        roots = drawn(picture)
        assert LONG in picture.rows[[row[1] for row in picture.rows].index(LONG)]
        assert LONG not in shown(picture)
        inside(roots[1], 340)


def inside(root: ElementTree.Element, width: float) -> None:
    """Every text begins and ends within the paper."""
    for node in root.iter():
        if node.tag.endswith("}text"):
            x, size = float(node.get("x", "0")), float(node.get("font-size", "0"))
            if node.get("text-anchor") is None:
                assert x >= 0
                assert x + width_of(node.text or "", size) <= width + 2, node.text


class TestFlow:
    def test_everybody_named_is_drawn_and_told(self):
        document = real_size()
        picture = flow(document, FULL)
        roots = drawn(picture)
        assert {"入手元", "委託先", "提供先", "移転先", "特定個人情報ファイル"} <= {
            text for text in (node.text for node in roots[0].iter()) if text
        }
        inside(roots[1], 340)

    def test_steps_in_the_note_become_arrows_between_lanes(self):
        document = filled("form4")
        document.rows.pop("f4.a1.flow")
        document.set("f4.a1.note", "①住民→市民税課：申告書（窓口）\n②市民税課→税システム：入力\n説明の文。")
        picture = flow(document, FULL)
        assert picture.rows[0] == ("①", "住民", "市民税課", "申告書", "窓口")
        assert "流れの順" in shown(picture)

    def test_rows_of_the_table_of_flows_come_before_the_note(self):
        document = filled("form4")
        document.rows["f4.a1.flow"] = []
        row = document.add_row("f4.a1.flow")
        for name, value in (("from", "住民"), ("to", "窓口"), ("what", "申請書"), ("how", "郵送")):
            document.set(Place(f"f4.a1.flow.{name}", (row,)), value)
        document.add_row("f4.a1.flow")
        document.set("f4.a1.note", "①別の者→窓口：書類")
        picture = flow(document, FULL)
        assert picture.rows[0] == ("①", "住民", "窓口", "申請書", "郵送")
        assert "別の者" not in picture.svg

    @pytest.mark.parametrize(
        ("line", "found"),
        [
            ("1. 住民 → 窓口：申請書", Flow("住民", "窓口", "申請書", "①")),
            ("(2)窓口->税務課: 申請書", Flow("窓口", "税務課", "申請書", "②")),
            ("㉑は流れではない", None),
            ("提出された申告書は保管する。", None),
        ],
    )
    def test_steps_are_read_as_people_write_them(self, line: str, found: Flow | None):
        assert flows_in(line) == ([found] if found else [])

    def test_written_steps_are_read_back(self):
        steps = [Flow("住民", "市民税課", "申告書", "①", "窓口"), Flow("市民税課", "税システム", "入力", "②")]
        assert flows_in(written(steps)) == steps

    def test_many_parties_become_a_list(self):
        steps = [Flow(f"部署{n}", f"部署{n + 1}", "書類", f"({n})") for n in range(12)]
        drawn(flow(filled("form4"), FULL, flows=steps))

    def test_nothing_handed_over_is_said(self):
        document = Document("form4", EDITION)
        document.add_row(FILE)
        assert "なし（評価書の記載）" in shown(flow(document, FULL))


class TestCalendar:
    def test_a_fiscal_year_ends_in_march(self):
        entries = [
            CalendarEntry(date(2027, 3, 31), "見直し", "review"),
            CalendarEntry(date(2027, 4, 1), "次の年度"),
        ]
        picture = year_calendar(entries, 2026)
        drawn(picture)
        assert [row[1] for row in picture.rows] == ["見直し"]
        assert "令和8年度" in picture.title

    def test_a_period_stands_in_every_month_it_touches(self):
        entries = [CalendarEntry(date(2026, 11, 10), "意見聴取", "consultation", date(2026, 12, 9))]
        picture = year_calendar(entries, 2026, today=date(2026, 11, 22))
        text = shown(picture)
        assert "10– 意見聴取" in text
        assert "–9 意見聴取" in text
        assert picture.rows[0][0] == "令和8年11月10日から令和8年12月9日まで"

    def test_an_empty_year_is_drawn_with_its_days(self):
        picture = year_calendar([], 2027, "en", fiscal=False)
        assert "No deadlines in 2027" in picture.description
        assert picture.drawn
        assert not picture.rows

    def test_leap_day(self):
        picture = year_calendar([CalendarEntry(date(2028, 2, 29), "閏日")], 2027)
        assert picture.rows[0][0] == "令和10年2月29日"

    def test_more_than_fits_is_counted(self):
        entries = [CalendarEntry(date(2026, 5, 1 + n), f"期限{n}") for n in range(20)]
        assert "ほか14件" in shown(year_calendar(entries, 2026))


class TestBurndown:
    def test_the_numbers_are_told(self):
        start = date(2026, 11, 1)
        points = [BurndownPoint(start + timedelta(days=n), 10 - n, done=1, late=n % 2) for n in range(10)]
        picture = burndown(points)
        drawn(picture)
        assert "10件から" in picture.description
        assert "1件になりました" in picture.description

    def test_one_day_and_no_day(self):
        assert burndown([BurndownPoint(date(2026, 11, 1), 0)]).drawn
        assert not burndown([]).drawn


TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=120)


@given(text=TEXTS, width=st.integers(30, 400))
def test_wrapping_loses_no_character_and_fits(text: str, width: int):
    lines = wrap(text, width, 14)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
    for line in lines:
        # One closing mark may hang over, and nothing is narrower than one character.
        assert width_of(line, 14) <= width + 28


@given(text=TEXTS)
@settings(max_examples=60, deadline=None)
def test_any_text_makes_a_well_formed_drawing(text: str):
    document = filled("form4")
    file = first_file(document)
    document.set(Place("f4.2.5p.to", (file, document.rows_of("f4.2.5p", (file,))[0])), text)
    document.set(Place("f4.2.1", (file,)), text)
    drawn(flow(document, FULL, flows=[Flow(text, "窓口", text)]))
    drawn(who_gets_what(document, FULL))
    drawn(risk_matrix(document, FULL))


def test_a_character_keeps_its_variation_selector():
    assert clusters("葛\U000e0100城") == ["葛\U000e0100", "城"]
    assert wrap("葛\U000e0100城" * 3, 30, 14) == ["葛\U000e0100城"] * 3


def test_the_same_statement_gives_the_same_picture():
    document = real_size()
    assert risk_matrix(document, FULL) == risk_matrix(document.copy(), FULL)


@pytest.mark.parametrize("language", ["ja", "ja_easy", "en"])
def test_every_language_has_every_word(language: str):
    from privacy_assessment.pictures.words import words

    assert set(words(language)) == set(words("ja"))

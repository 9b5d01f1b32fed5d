"""Comparison: complete, readable, fast; and what it proposes in law."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy_assessment.comparison import (
    AMENDMENT,
    MATERIAL,
    BadDecision,
    Decided,
    changes,
    check_decision,
    compare,
    flags,
    write_change_table,
)
from privacy_assessment.forms import FILE, Place, load_form
from tests.privacy_assessment.samples import filled, real_size

FORM = load_form("form4", "R6.10")


def changed(place: str, value, files: int = 1):
    old = filled("form4", files=files)
    new = old.copy()
    new.set(place, value)
    return changes(old, FORM, new, FORM)


@given(
    st.text(alphabet="特定個人情報のファイルを取扱う。、\n1２a", max_size=80),
    st.text(alphabet="特定個人情報のファイル委託を行う。、\n12b", max_size=80),
)
def test_the_pieces_joined_are_the_two_texts(before, after):
    found = compare(before, after)
    assert "".join(one.before for one in found) == before
    assert "".join(one.after for one in found) == after
    assert all((one.before == one.after) is (one.kind == "equal") for one in found)


def test_a_change_is_shown_as_phrases_not_as_confetti():
    found = compare("市民税課の職員が窓口で受け付ける。", "資産税課の職員が郵送で受け付ける。")
    shown = [(one.kind, one.before, one.after) for one in found if one.kind != "equal"]
    assert len(shown) == 2
    assert shown[1] == ("replaced", "窓口", "郵送")


def test_a_number_between_equal_words_stays_readable():
    found = [one for one in compare("保管期間は5年とする。", "保管期間は7年とする。") if one.kind != "equal"]
    assert [(one.before, one.after) for one in found] == [("5", "7")]


def test_added_and_removed_are_told_apart():
    assert [one.kind for one in compare("委託する。", "委託する。再委託する。")][-1] in ("added", "equal")
    assert [one.kind for one in compare("", "新しい")] == ["added"]
    assert [one.kind for one in compare("古い", "")] == ["removed"]
    assert compare("", "") == []


def test_a_hostile_text_does_not_hold_the_machine_up():
    start = time.process_time()
    compare("あいう、" * 50_000, "うえお、" * 50_000)
    assert time.process_time() - start < 5


def test_two_versions_of_real_size_are_compared_within_a_second():
    old = real_size()
    new = old.copy()
    for place in list(new.values)[::3]:
        if isinstance(new.values[place], str) and len(new.values[place]) > 40:
            new.values[place] = (
                new.values[place].replace("生体認証", "二要素認証").replace("毎月", "四半期ごとに")
            )
    start = time.process_time()
    found = changes(old, FORM, new, FORM)
    pieces = sum(len(one.segments) for one in found)
    took = time.process_time() - start
    assert len(found) > 50
    assert pieces > 200
    assert took < 1.0


def test_a_marked_item_is_proposed_as_material_and_an_unmarked_one_as_amendment():
    (one,) = changed("f4.1.1.2", "まったく別の事務の内容")
    assert (one.proposal, one.where, one.kind) == (MATERIAL, "Ⅰ-1②", "changed")
    (one,) = changed("f4.1.7.1", "資産税課")
    assert one.proposal == AMENDMENT


def test_the_range_of_persons_is_named_by_the_rule():
    file = filled("form4").rows_of(FILE)[0]
    (one,) = changed(f"f4.2.2.3@{file}", "市内に住所を有しない者を含む")
    assert one.proposal == MATERIAL
    assert "規則11条" in one.why


def test_a_difference_of_width_or_punctuation_is_form_only():
    old = filled("form4")
    old.set("f4.1.1.2", "第1号、第2号に基づく事務")
    new = old.copy()
    new.set("f4.1.1.2", "第１号，第２号に基づく 事務")
    (one,) = changes(old, FORM, new, FORM)
    assert one.proposal == AMENDMENT


def test_a_new_row_and_a_removed_row_are_seen():
    old = filled("form4", rows=2)
    new = old.copy()
    file = new.rows_of(FILE)[0]
    new.remove_row(FORM, "f4.2.4n", new.rows_of("f4.2.4n", (file,))[0], (file,))
    row = new.add_row("f4.2.4n", (file,))
    new.set(Place("f4.2.4n.who", (file, row)), "見本計算センター")
    kinds = {one.kind for one in changes(old, FORM, new, FORM)}
    assert kinds == {"added", "removed"}


def test_editions_are_compared_by_key_so_a_renumbered_item_is_not_a_change():
    old = filled("form2", "H30.5")
    old.set("f2.4.9", {"chosen": ["1"], "texts": {}})
    new = old.copy()
    new.edition = "R6.10"
    assert changes(old, load_form("form2", "H30.5"), new, load_form("form2", "R6.10")) == []


def test_the_order_of_choices_as_they_are_written_is_shown_in_words():
    file = filled("form4").rows_of(FILE)[0]
    (one,) = changed(f"f4.2.1@{file}", "住民税ファイル")
    assert one.after == "住民税ファイル"
    (one,) = changed("f4.1.1.3", "5")
    assert one.after == "30万人以上"


def test_a_person_decides_with_a_reason_and_within_the_rules():
    (one,) = changed("f4.1.1.2", "別の内容")
    with pytest.raises(BadDecision, match="理由"):
        check_decision(one, Decided(AMENDMENT, " ", "before", ""))
    with pytest.raises(BadDecision, match="28条1項"):
        check_decision(one, Decided(MATERIAL, "", "after", "説明"))
    with pytest.raises(BadDecision, match="説明"):
        check_decision(one, Decided(AMENDMENT, "誤字の訂正", "after", ""))
    with pytest.raises(BadDecision, match="選んでください"):
        check_decision(one, Decided("perhaps", "", "before", ""))
    check_decision(one, Decided(AMENDMENT, "誤字の訂正", "after", "重要な変更に当たらない"))
    check_decision(one, Decided(MATERIAL, "", "before", ""))


def test_the_range_of_persons_filed_afterwards_as_amendment_is_flagged():
    file = filled("form4").rows_of(FILE)[0]
    (one,) = changed(f"f4.2.2.3@{file}", "別の範囲")
    decided = Decided(AMENDMENT, "リスクを明らかに軽減する", "after", "説明")
    assert "事後の修正" in next(flags(one, decided))
    assert list(flags(one, Decided(MATERIAL, "", "before", ""))) == []


def test_the_change_table_is_written_from_the_decisions():
    old = filled("form4")
    new = old.copy()
    new.set("f4.1.1.2", "別の内容")
    (one,) = changes(old, FORM, new, FORM)
    (row,) = write_change_table(new, FORM, "2026-11-22", [(one, Decided(MATERIAL, "", "before", ""))])
    assert new.get(Place("f4.chg.item", (row,))) == "Ⅰ-1②"
    assert new.get(Place("f4.chg.before", (row,))) == old.get("f4.1.1.2")
    assert new.get(Place("f4.chg.after", (row,))) == "別の内容"
    assert new.get(Place("f4.chg.timing", (row,))) == "1"
    assert "重要な変更" in new.get(Place("f4.chg.timing_note", (row,)))
    # The table itself is no change of the statement.
    assert len(changes(old, FORM, new, FORM)) == 1

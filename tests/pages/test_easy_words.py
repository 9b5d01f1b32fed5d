"""A resident who chose やさしい日本語 or ふりがな gets it on every page made for her, not on some of them."""

from __future__ import annotations

import re
from collections import Counter

from babel.messages.pofile import read_po

from portal.web.language import LOCALE, catalogue, with_ruby
from tests.web.texts import NOT_ON_PAGES, of_modules, of_templates
from workflows.linkage.wire.codes import RESULT_CLASSES

HERS = (
    "base", "parts/", "components/", "errors/", "identity/", "resident/", "print/records", "web/errors.py",
    "public/home", "public/help", "public/accessibility", "public/log_keys", "public/views",
)  # fmt: skip
STAFF_ONLY = (
    "identity/keys", "identity/passkey", "identity/staff", "identity/views_keys", "identity/views_staff",
)  # fmt: skip
DESKS = {
    "さん（委員会）", "さん（職員）", "セキュリティーキーを登録しました", "セキュリティーキーを使えなくしました",
    "セキュリティーキーの複製の疑いがあり、止めました", "キーで確かめる", "仕事の一覧", "点検の部屋", "届かなかった連絡",
    "審査の一覧", "会議と資料",
}  # fmt: skip
"""Words on pages of hers that only members of staff get to see."""

OF_THE_LAW = {
    "情報照会者", "情報提供者", "特定個人情報の項目", "事務", "根拠", "情報提供等記録", "不開示情報",
    "団体内統合宛名番号", "機関別符号", "副本", "特定個人情報保護評価書", "評価実施機関", "しきい値判断", "意見聴取",
    "第三者点検", "重要な変更", "非公表",
}  # fmt: skip
"""Words of the law, shown beside the plain word and so the same in every kind of Japanese."""

KANJI = re.compile("[一-龥々]+")
LEFT_BARE = {"年", "月", "日", "高", "髙", "崎"}
"""A day in figures, whose reading depends on the figure; and the examples of kanji that only look alike."""


def hers() -> set[str]:
    """Every fixed text of a resident's pages."""
    places = {
        text: place for text, place in of_modules().items() if place not in NOT_ON_PAGES
    } | of_templates()
    ends = {found.ja for found in RESULT_CLASSES.values()}
    return ends | {
        text
        for text, place in places.items()
        if place.startswith(HERS) and not place.startswith(STAFF_ONLY) and text not in DESKS
    }


def test_every_text_of_a_residents_pages_has_its_easy_japanese() -> None:
    easy = catalogue("ja_easy")
    assert len(hers()) > 400
    assert not {text for text in hers() - OF_THE_LAW if text not in easy}


def test_every_kanji_of_a_residents_pages_has_its_reading() -> None:
    easy = catalogue("ja_easy")
    bare = {}
    for text in hers() | {easy[text] for text in hers() if text in easy}:
        without = re.sub("<ruby>.*?</ruby>", "", str(with_ruby(text)))
        left = [run for run in KANJI.findall(without) if run not in LEFT_BARE]
        if left:
            bare[text] = left
    assert not bare


def test_no_text_is_translated_twice() -> None:
    """Of two translations of one text, the file that is read last would win without anybody having chosen it."""
    for language in ("en", "ja_easy"):
        found: Counter[str] = Counter()
        for path in (LOCALE / language / "LC_MESSAGES").glob("*.po"):
            with path.open("rb") as file:
                found.update(str(message.id) for message in read_po(file) if message.id)
        assert not [text for text, count in found.items() if count > 1]

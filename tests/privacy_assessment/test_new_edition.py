"""A new edition is data only, as docs/forms.md says: made in a folder, read, and an old statement matched with it item by item."""

from __future__ import annotations

import shutil
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from privacy_assessment.comparison import changes
from privacy_assessment.exchange import BadFile, read_workbook, write_workbook
from privacy_assessment.exchange.merging import LEFT, merge
from privacy_assessment.forms import Document, FormError, address, load_form, validate
from privacy_assessment.forms.loader import load_from
from tests.privacy_assessment.samples import EDITION, filled

NEW = "R9.4"
ROW = "  - {id: R9.4, printed: 令和9年4月, from: 2027-04-01, usable: true, certainty: known, source: 見本の改正（試験）}\n"
ADDED = (
    '      - {key: f4.4.4, number: "2", label: 生成人工知能の利用, type: select, options: yes_no, since: R9.4, material: true,'
    " certainty: known}\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped data with the steps of docs/forms.md done: a row of the editions, an item added, two renumbered, one dropped."""
    with as_file(files("privacy_assessment.forms") / "data") as data:
        shutil.copytree(data, tmp_path / "forms")
    made = tmp_path / "forms"
    with (made / "editions.yaml").open("a", encoding="utf-8") as file:
        file.write(ROW)
    lines = (made / "form4.yaml").read_text("utf-8").splitlines(keepends=True)
    changed = []
    for line in lines:
        if "key: f4.4.2," in line:
            changed.append(ADDED)
        if "key: f4.4.2," in line or "key: f4.4.2.d," in line:
            older = ", ".join(f'{one}: "2"' for one in ("H26.4", "H28.1", "H29.5", "H30.5", "R6.10"))
            line = line.replace('number: "2"', f'number: "3", number_in: {{{older}}}')
        if "key: f4.2.7," in line:
            line = line.replace("certainty: known", "certainty: known, until: R6.10")
        changed.append(line)
    (made / "form4.yaml").write_text("".join(changed), "utf-8")
    return made


@pytest.fixture
def old() -> Document:
    """A statement written on the edition before."""
    document = filled("form4")
    document.set("f4.4.2.d", "年に1回、全員に研修を行う。")
    document.set(f"f4.2.7@{document.rows_of('file')[0]}", "備考の文")
    return document


def test_the_old_edition_is_as_it_was(folder: Path) -> None:
    shipped, read = load_form("form4", EDITION), load_from(folder, "form4", EDITION)
    assert [(one.key, one.number, one.label) for one in read.all_items] == [
        (one.key, one.number, one.label) for one in shipped.all_items
    ]


def test_the_renumbered_item_has_its_new_address_and_its_old_key(folder: Path) -> None:
    before, after = load_from(folder, "form4", EDITION), load_from(folder, "form4", NEW)
    assert address(before, before.item("f4.4.2")) == "Ⅳ-2"
    assert address(after, after.item("f4.4.2")) == "Ⅳ-3"
    assert address(after, after.item("f4.4.4")) == "Ⅳ-2"
    assert "f4.4.4" not in before.by_key
    assert "f4.2.7" not in after.by_key
    assert after.cover_mark == "[令和9年4月 様式4]"


def test_an_old_statement_goes_into_the_new_edition_item_by_item(folder: Path, old: Document) -> None:
    before, after = load_from(folder, "form4", EDITION), load_from(folder, "form4", NEW)
    merged = merge(Document("form4", NEW), after, old, before, own=True)
    assert merged.document.get("f4.4.2.d") == "年に1回、全員に研修を行う。"
    assert [(one.after, one.kind) for one in merged.changes if one.place is None] == [("備考の文", LEFT)]
    assert len(merged.document.values) == len(old.values) - 1
    # Only what is new has to be written; what is asked is said with its new address.
    problems = validate(merged.document, after, today=date(2027, 5, 1))
    assert [(one.code, one.where) for one in problems] == [("missing", "Ⅳ-2")]


def test_two_versions_across_the_editions_are_compared_item_with_item(folder: Path, old: Document) -> None:
    before, after = load_from(folder, "form4", EDITION), load_from(folder, "form4", NEW)
    new = merge(Document("form4", NEW), after, old, before, own=True).document
    new.set("f4.4.4", "2")
    new.set("f4.4.2.d", "年に2回、全員に研修を行う。")
    found = {one.place.key: one for one in changes(old, before, new, after)}
    assert set(found) == {"f4.4.4", "f4.4.2.d", "f4.2.7"}
    assert (found["f4.4.2.d"].where, found["f4.4.2.d"].kind) == ("Ⅳ-3 具体的な方法", "changed")
    assert found["f4.2.7"].kind == "moved_edition"
    assert found["f4.4.4"].proposal == "material"


def test_the_workbook_of_the_new_edition_names_it(folder: Path, old: Document) -> None:
    after = load_from(folder, "form4", NEW)
    data = write_workbook(
        merge(Document("form4", NEW), after, old, load_form("form4", EDITION), own=True).document, after
    )
    # The running system does not know the edition yet: it says so instead of guessing a near one.
    with pytest.raises(BadFile, match="読めません"):
        read_workbook(data)


@pytest.mark.parametrize(
    ("old_text", "new_text", "says"),
    [
        ("since: R9.4", "since: R99", "unknown edition 'R99'"),
        ("options: yes_no, since", "options: nothing, since", "no list of choices 'nothing'"),
        ("key: f4.4.4,", "key: f4.4.2,", "keys used twice: f4.4.2"),
        ("since: R9.4, material: true", "since: R9.4, materiel: true", "unknown keys materiel"),
    ],
)
def test_a_mistake_in_the_data_is_named_with_its_item(
    folder: Path, old_text: str, new_text: str, says: str
) -> None:
    path = folder / "form4.yaml"
    text = path.read_text("utf-8")
    assert old_text in text
    path.write_text(text.replace(old_text, new_text, 1), "utf-8")
    with pytest.raises(FormError, match=says):
        load_from(folder, "form4", NEW)

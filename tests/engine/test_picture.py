"""The picture: valid, accessible, nothing overlaps, and it says in words what it shows."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.conftest import DEFINITIONS
from workflows.engine.check import definition_files
from workflows.engine.definition import Definition
from workflows.engine.layout import Drawing, Node, Way, lay_out
from workflows.engine.picture import describe, draw, drawing
from workflows.engine.reading import read_definition

SVG = "{http://www.w3.org/2000/svg}"
SAMPLE = read_definition(DEFINITIONS / "workflow.yaml")
ALL = [SAMPLE, *(read_definition(file) for file in definition_files())]


def overlaps(found: Drawing) -> list[tuple[str, str]]:
    nodes = [*found.states.values(), *found.labels.values()]
    return [
        (one.name, other.name)
        for one, other in combinations(nodes, 2)
        if abs(one.x - other.x) < (one.width + other.width) / 2 - 0.01
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    ]


@pytest.mark.parametrize("definition", ALL, ids=lambda one: one.kind)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_definition_can_be_drawn_in_every_state(definition: Definition, language: str) -> None:
    for current in (None, *definition.states):
        root = ElementTree.fromstring(draw(definition, current, language))
        title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert title is not None
        assert desc is not None
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
        texts = [text.text or "" for text in root.iter(f"{SVG}text")]
        for state in definition.states.values():
            assert any(state.label[language] in text for text in texts)
        marks = [text for text in texts if "▶" in text]
        assert len(marks) == (0 if current is None else 1)
        assert not any(element.get("style") or element.get("class") for element in root.iter())
        assert not list(root.iter(f"{SVG}script"))


@pytest.mark.parametrize("definition", ALL, ids=lambda one: one.kind)
def test_no_words_lie_on_each_other(definition: Definition) -> None:
    assert overlaps(drawing(definition, definition.initial, "ja")) == []


def test_the_description_says_what_the_picture_shows() -> None:
    told = describe(SAMPLE, "waiting")
    assert "いまの状態は「審査待ち」です。" in told
    assert "「審査待ち」から「決定」へ: 決定する。" in told
    assert "「審査待ち」のまま: 書き足す、督促。" in told
    assert "It now stands at “Waiting for review”." in describe(SAMPLE, "waiting", "en")


def test_two_pictures_can_share_a_page() -> None:
    one = ElementTree.fromstring(draw(SAMPLE, prefix="first"))
    other = ElementTree.fromstring(draw(SAMPLE, prefix="second"))
    assert not {node.get("id") for node in one.iter()} & {node.get("id") for node in other.iter()} - {None}


def test_words_with_markup_in_them_stay_words(tmp_path: Path) -> None:
    text = (DEFINITIONS / "workflow.yaml").read_text(encoding="utf-8").replace("審査待ち", "<b>&審査")
    (tmp_path / "workflow.yaml").write_text(text, encoding="utf-8")
    root = ElementTree.fromstring(draw(read_definition(tmp_path / "workflow.yaml"), "waiting"))
    assert any(text.text == "<b>&審査" for text in root.iter(f"{SVG}text"))


@given(
    st.integers(1, 9).flatmap(
        lambda count: st.tuples(
            st.just(count),
            st.sets(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=20),
        )
    )
)
def test_any_graph_is_laid_out_without_overlap(graph: tuple[int, set[tuple[int, int]]]) -> None:
    count, pairs = graph
    states = {str(number): Node(str(number), 80 + 13 * number, 40) for number in range(count)}
    ways = [Way(str(one), str(other), f"{one}>{other}") for one, other in sorted(pairs) if one != other]
    labels = {way.label: Node(way.label, 60, 24) for way in ways}
    found = lay_out("0", states, labels, ways)
    assert overlaps(found) == []
    assert all(
        node.x - node.width / 2 >= -0.01 and node.x + node.width / 2 <= found.width + 0.01
        for node in states.values()
    )
    assert all(way.nodes[0] is states[way.source] and way.nodes[-1] is states[way.target] for way in ways)

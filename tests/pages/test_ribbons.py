"""The flow picture: blocks add up, small shares keep room, nothing divides by zero, names are never cut inside a character."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from portal.resident.provision_records import ribbons, year
from portal.resident.provision_records.summaries import Flow

FLOWS = st.lists(
    st.builds(
        lambda holder, asker, count: Flow(f"h{holder}", f"役所{holder}", f"a{asker}", f"市{asker}", count),
        st.integers(0, 14), st.integers(0, 14), st.integers(1, 5000),
    ),
    min_size=1, max_size=40, unique_by=lambda flow: (flow.holder_code, flow.asker_code),
)  # fmt: skip


@given(FLOWS)
def test_each_side_adds_up_to_the_whole_and_has_at_most_nine_blocks(flows: list[Flow]) -> None:
    picture = ribbons.draw(flows, "そのほか")
    assert picture is not None
    total = sum(flow.count for flow in flows)
    for side in (picture.left, picture.right):
        assert sum(block.count for block in side) == total
        assert len(side) <= ribbons.MAX_BODIES + 1
        for above, below in pairwise(side):
            assert above.y + above.height < below.y
        assert all(block.height >= ribbons.MIN_BLOCK for block in side)
    assert sum(ribbon.count for ribbon in picture.ribbons) == total


def test_nothing_given_draws_nothing() -> None:
    assert ribbons.draw([], "そのほか") is None


@given(st.text(alphabet="葛\U000e0100髙﨑𠮷子市福祉課", max_size=40))
def test_a_long_name_is_broken_into_two_lines_and_never_inside_a_variation(name: str) -> None:
    lines = ribbons.broken(name)
    assert len(lines) <= 2
    assert not any(line.startswith("\U000e0100") for line in lines[1:])
    if "…" not in "".join(lines):
        assert "".join(lines) == name


def test_a_year_has_a_square_for_every_day() -> None:
    rows = year.months(2028, {date(2028, 2, 29): 7})
    assert sum(len(row.days) for row in rows) == 366
    assert rows[1].busy[0].fill == year.STEPS[4][0]
    assert [year.step(count) for count in (0, 1, 2, 3, 4, 5, 99)] == [0, 1, 2, 3, 3, 4, 4]

"""Names that the frame of all pages sets for itself are no names of a page: the page would silently show the frame's value."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, meta, nodes

TEMPLATES = Path(__file__).parents[2] / "templates"


def test_no_page_reads_a_name_that_the_frame_sets() -> None:
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=True)
    frame = environment.parse((TEMPLATES / "base.jinja2").read_text("utf-8"))
    names = {
        one.target.name
        for one in frame.find_all(nodes.Assign)
        if isinstance(one.target, nodes.Name) and one in frame.body
    }
    assert names
    looked, found = 0, []
    for path in sorted(TEMPLATES.rglob("*.jinja2")):
        page = environment.parse(path.read_text("utf-8"))
        extended = [one.template for one in page.find_all(nodes.Extends)]
        if any(isinstance(one, nodes.Const) and one.value == "base.jinja2" for one in extended):
            looked += 1
            found += [(path.name, name) for name in meta.find_undeclared_variables(page) & names]
    assert looked > 50
    assert not found

"""Cells that are templates and static files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb import web
from flask_nb.cells.contents import apply_static, apply_template, parse_static, parse_template
from flask_nb.engines.ours import OurEngine
from flask_nb.errors import CellError, CellSyntaxError, MagicArgumentError


@pytest.fixture
def engine(tmp_path: Path) -> OurEngine:
    return OurEngine.new("nb", root_path=str(tmp_path))


@pytest.fixture
def render(engine: OurEngine) -> Iterator[Any]:
    with engine.app.app_context():
        yield web.render_template


def test_a_cell_is_a_template(engine, render):
    summary = apply_template(parse_template("a/hello.html", "Hello {{ name }}!\n"), engine)
    assert summary == "template a/hello.html (takes name)"
    assert render("a/hello.html", name="<Ann>") == "Hello &lt;Ann&gt;!"


def test_the_line_of_a_template_is_the_same_in_each_run(engine):
    definition = parse_template("a.html", "{% extends 'b.html' %}{% include 'c.html' %}{{ y }}{{ x }}")
    lines = [apply_template(definition, engine) for _ in range(2)]
    assert lines == ["template a.html (uses b.html, c.html; takes x, y)"] * 2
    assert apply_template(parse_template("b.html", "plain"), engine) == "template b.html"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{% if x %}\nno end\n", "line 2: Unexpected end of template"),
        ("fine\n{{ x", "line 3: unexpected end of template"),
        ("fine\n\n{% nope %}", "line 4: Encountered unknown tag 'nope'"),
        ("{{ x | shout }}", "line 2: No filter named 'shout'\n    {{ x | shout }}"),
    ],
)
def test_a_template_that_does_not_compile_names_the_line_of_the_cell(engine, render, body, says):
    apply_template(parse_template("a.html", "old"), engine)
    with pytest.raises(CellSyntaxError) as caught:
        apply_template(parse_template("a.html", body), engine)
    assert str(caught.value).startswith(says)
    assert render("a.html") == "old"


def test_a_cell_is_a_static_file(engine):
    summary = apply_static(parse_static("css/site.css", "p { color: red }\n"), engine)
    assert summary == "static css/site.css → /static/css/site.css (text/css, 17 B)"
    response = engine.app.test_client().get("/static/css/site.css")
    assert (response.text, response.mimetype) == ("p { color: red }\n", "text/css")


def test_the_type_of_a_static_file_may_be_given(engine):
    summary = apply_static(parse_static("humans --type text/Plain", "us"), engine)
    assert summary == "static humans → /static/humans (text/plain, 2 B)"


def test_half_a_character_does_no_harm(engine):
    assert apply_static(parse_static("a.txt", "\ud800"), engine).endswith("1 B)")


def test_an_app_without_static_files(tmp_path):
    engine = OurEngine(web.Flask("nb", static_folder=None, root_path=str(tmp_path)))
    with pytest.raises(CellError, match="static_folder=None"):
        apply_static(parse_static("a.css", ""), engine)


@pytest.mark.parametrize("parse", [parse_template, parse_static])
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "the name is missing"),
        ("a b", "one name at a time, not 'a b'"),
        ("../a.txt", "Type {magic} a.txt"),
        ("/a.txt", "Type {magic} a.txt"),
        ("a//b.txt", "Type {magic} a/b.txt"),
        ("a\\b.txt", "Type {magic} a/b.txt"),
        ("{folder}/a.txt", "Type {magic} a.txt"),
        ("..", "is not a path below the folder {folder}"),
        ("a.txt --escape", "unknown flag '--escape'"),
        ("'a.txt", "not closed"),
    ],
)
def test_mistakes_of_the_name(parse, line, says):
    magic, folder = ("%%template", "templates") if parse is parse_template else ("%%static", "static")
    with pytest.raises(MagicArgumentError) as caught:
        parse(line.format(folder=folder), "body")
    assert says.format(magic=magic, folder=folder) in str(caught.value)


def test_a_type_that_is_none():
    with pytest.raises(MagicArgumentError, match="'css' is not a content type, such as text/plain"):
        parse_static("a --type css", "")


@given(st.sampled_from([parse_template, parse_static]), st.text())
def test_any_line_names_a_file_of_the_folder_or_is_refused(parse, line):
    try:
        definition = parse(line, "")
    except MagicArgumentError:
        return
    path = getattr(definition, "path", None) or definition.name
    assert ".." not in path.split("/")
    assert not path.startswith("/")

"""Where the value of a magic is displayed, and where it is silent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flask_nb.notebook.display import Report, StatementDisplay

if TYPE_CHECKING:
    from .conftest import Bundle

Displayed = Callable[[str], list[str]]


@pytest.fixture
def displayed(shell: InteractiveShell, outputs: list[Bundle]) -> Displayed:
    """Run a cell and return the text of each output."""
    register: Any = shell.register_magic_function
    register(lambda line, cell=None: Report(line.strip()), "line_cell", "get")
    register(lambda line: None, "line", "none")
    shell.ast_transformers.append(StatementDisplay({"get", "none"}, lambda: shell.ast_node_interactivity))

    def run(cell: str) -> list[str]:
        outputs.clear()
        shell.run_cell(cell).raise_error()
        return [output["text/plain"] for output in outputs]

    return run


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%get /a\n%get /b", ["/a", "/b"]),
        ("%get /a\nx = 1", ["/a"]),
        ("for n in 1, 2:\n    %get /a", ["/a", "/a"]),
        ("if True:\n    %get /a\nelse:\n    %get /b", ["/a"]),
        ("def ask():\n    %get /a\n\nask()", ["/a"]),
        ("try:\n    %get /a\nfinally:\n    %get /b", ["/a", "/b"]),
        ("r = %get /a", []),
        ("%get /a;", []),
        ("%get;\n%get ;", []),
        ("%get /a ;\n%get /b", ["/b"]),
        ("for n in 1, 2:\n    %get /a;", []),
        ("%none\n%get /a", ["/a"]),
        ("%%get /a\nbody", ["/a"]),
        ("%%get /a ;\nbody", []),
    ],
)
def test_a_magic_is_displayed_where_it_stands_as_a_statement(
    displayed: Displayed, cell: str, expected: list[str]
) -> None:
    assert displayed(cell) == expected


def test_the_last_value_is_displayed_once_and_kept(shell: InteractiveShell, displayed: Displayed) -> None:
    assert displayed("%get /a\n%get /b") == ["/a", "/b"]
    assert shell.user_ns["_"].text == "/b"


def test_an_assigned_value_survives_a_semicolon(shell: InteractiveShell, displayed: Displayed) -> None:
    assert displayed("r = %get /a;") == []
    assert shell.user_ns["r"].text == "/a"


@pytest.mark.parametrize(("interactivity", "expected"), [("all", ["/a", "/b"]), ("none", [])])
def test_the_shells_own_setting_is_followed(
    shell: InteractiveShell, displayed: Displayed, interactivity: str, expected: list[str]
) -> None:
    shell.ast_node_interactivity = interactivity
    assert displayed("%get /a\n%get /b") == expected


def test_other_magics_and_expressions_are_left_alone(displayed: Displayed) -> None:
    assert displayed("1\n'two'\n%config\nthree = 3") == []


def test_a_report_escapes_its_text_around_the_link() -> None:
    report = Report("<b> at http://localhost:1/?a&b", link="http://localhost:1/?a&b")
    html = report._repr_mimebundle_()["text/html"]
    assert "&lt;b&gt; at <a href=" in html
    assert 'href="http://localhost:1/?a&amp;b"' in html


def test_a_semicolon_silences_every_line_magic_and_is_no_part_of_its_last_word(loaded, capsys):
    loaded.run_cell("%%route /x\n'x'").raise_error()
    capsys.readouterr()
    loaded.run_cell("%config_from SEATS=14 TEAS=['green', 'mint'];").raise_error()
    loaded.run_cell("%routes;").raise_error()
    assert capsys.readouterr().out == ""
    assert loaded.user_ns["app"].config["TEAS"] == ["green", "mint"]

"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flask_nb.notebook.magics import CELL_MAGICS, LINE_MAGICS
from flask_nb.project.reading import bundled_notebook, code_cells, output_text, read_notebook

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("language", ["sh", "powershell"])
def test_the_first_two_commands_are_one_line_each(language: str) -> None:
    demo, tests = blocks(language)
    assert "\n" not in demo + tests
    assert demo.endswith("flask-nb demo")
    assert re.search(r"pytest( -n \d+)?$", tests)


def test_ci_runs_the_second_command() -> None:
    pattern = re.search(r"grep -m 1 -E '(.*)' README\.md", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert pattern is not None
    found = [line for line in README.splitlines() if re.search(pattern[1], line)]
    assert found == [blocks("sh")[1]]


def test_every_magic_of_the_table_is_there() -> None:
    cells = re.findall(r"^\| `(%.*?) \|", README, re.MULTILINE)
    names = [name for cell in cells for name in re.findall(r"%%?(\w+)", cell)]
    assert len(names) > 10
    assert set(names) <= CELL_MAGICS | LINE_MAGICS


def test_the_example_shows_what_is_shown() -> None:
    example = blocks("text")[0]
    shown = [output_text(cell) for cell in code_cells(read_notebook(bundled_notebook("quickstart")))]
    for text in ("GET /hello/<name> → hello_name (body)", "GET /hello/Ann → 200 OK · text/html · 10 B"):
        assert text in example
        assert any(output.startswith(text) for output in shown)


def test_every_file_that_is_named_exists() -> None:
    names = re.findall(r"`([\w/]+\.(?:md|ipynb))`", README)
    assert len(names) > 4
    assert [name for name in names if not (ROOT / name).is_file()] == []

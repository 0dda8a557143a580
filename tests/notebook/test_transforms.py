"""Our magics under comments, without a body, with a question mark, and without a percent sign."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from flask_nb.errors import CellError
from flask_nb.notebook.transforms import (
    PlainNames,
    keep_question_marks,
    refuse_buried_cell_magics,
    uncover_cell_magics,
)

Asked = list[tuple[str, str | None]]
TRANSFORMS = (uncover_cell_magics, refuse_buried_cell_magics, keep_question_marks)


@pytest.fixture
def asked(shell: InteractiveShell) -> Iterator[Asked]:
    """What the magics were asked with."""
    asked: Asked = []

    def magic(line: str, cell: str | None = None) -> str:
        asked.append((line, cell))
        return line

    for name in ("get", "app"):
        shell.register_magic_function(magic, "line_cell", name)  # type: ignore[arg-type]
    shell.input_transformers_cleanup.extend(make({"get"}) for make in TRANSFORMS)
    names = PlainNames({"get", "app"}, shell)
    yield asked
    names.remove()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%get /search?", "/search?"),
        ("%get /search??", "/search??"),
        ("r = %get /search?q=a?", "/search?q=a?"),
        ("if True:\n    %get /search?\n", "/search?"),
        ("x = [\n1]\n%get /search?", "/search?"),
        ("%get /search? \\\n--in-process?", "/search?  --in-process?"),
        ("%get /search?q=1", "/search?q=1"),
    ],
)
def test_a_question_mark_belongs_to_the_request(
    shell: InteractiveShell, asked: Asked, cell: str, expected: str
) -> None:
    assert shell.run_cell(cell).success
    assert asked == [(expected, None)]


def test_two_question_marks_in_two_lines_are_two_requests(shell: InteractiveShell, asked: Asked) -> None:
    shell.run_cell("%get /a?\nr = %get /b?\nassert r == '/b?'").raise_error()
    assert [line for line, _ in asked] == ["/a?", "/b?"]


def test_a_magic_within_a_string_stays_text(shell: InteractiveShell, asked: Asked) -> None:
    shell.run_cell('text = """\n%get /search?\n"""')
    assert shell.user_ns["text"] == "\n%get /search?\n"
    assert not asked


@pytest.mark.parametrize("cell", ["%get?", "%get ?", "len?", "%time?", "x = 1\nx?"])
def test_questions_about_names_stay_questions(shell: InteractiveShell, asked: Asked, cell: str) -> None:
    before = shell.input_transformer_manager.__class__().transform_cell(cell)
    assert shell.input_transformer_manager.transform_cell(cell) == before


def test_the_body_of_another_cell_magic_is_left_alone(shell: InteractiveShell, asked: Asked) -> None:
    cell = "%%writefile x.txt\n%get /search?\n"
    assert "%get /search?" in shell.transform_cell(cell)


@pytest.mark.parametrize("above", ["# a comment\n", "\n# one\n\n  # two\n", "   \n"])
def test_our_cell_magics_work_below_comments(shell: InteractiveShell, asked: Asked, above: str) -> None:
    shell.run_cell(f"{above}%%get /items\nbody").raise_error()
    assert asked == [("/items", "body\n")]


def test_other_cell_magics_below_comments_stay_what_they_were(shell: InteractiveShell, asked: Asked) -> None:
    assert uncover_cell_magics({"get"})(["# a\n", "%%time\n", "1\n"]) == ["# a\n", "%%time\n", "1\n"]
    assert uncover_cell_magics({"get"})(["# a\n", "%%getter\n", "1\n"]) == ["# a\n", "%%getter\n", "1\n"]


@pytest.mark.parametrize("above", ["x = 1", "import os  # what for", "%get /", "if True:\n    x = 1"])
def test_a_cell_with_our_cell_magic_below_code_fails(
    shell: InteractiveShell, asked: Asked, above: str
) -> None:
    ran = shell.run_cell(f"{above}\n%%get /items\nreturn 'body'")
    number = above.count("\n") + 2
    assert isinstance(ran.error_in_exec, CellError)
    assert str(ran.error_in_exec).startswith(f"line {number}: %%get is below code")
    assert not asked


@pytest.mark.parametrize(
    "cell", ['text = """\n%%get /\n"""', "%%writefile a\n%%get /", "x = 5 \\\n%%get\n", "x = 1\n%%time\n2"]
)
def test_what_only_looks_like_our_cell_magic_below_code_is_left_alone(cell: str) -> None:
    lines = cell.splitlines(keepends=True)
    assert refuse_buried_cell_magics({"get"})(lines) == lines


def test_a_cell_magic_may_have_no_body(shell: InteractiveShell, asked: Asked) -> None:
    shell.run_cell("%%get /items").raise_error()
    assert asked == [("/items", "\n")]


def test_a_cell_of_one_line_is_python(shell: InteractiveShell, asked: Asked) -> None:
    shell.run_cell("get: list = []").raise_error()
    shell.run_cell("app = 1").raise_error()
    assert shell.run_cell("app").result == 1
    assert not asked


def test_a_lone_name_is_not_taken_for_its_magic(
    shell: InteractiveShell, asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(shell.run_cell("app").error_in_exec, NameError)
    assert not asked


def test_the_percent_sign_still_means_the_magic(shell: InteractiveShell, asked: Asked) -> None:
    shell.run_cell("app = 1\n%app").raise_error()
    shell.run_cell("%app").raise_error()
    assert asked == [("", None), ("", None)]


def test_names_are_magics_again_after_removal(shell: InteractiveShell) -> None:
    names = PlainNames({"time"}, shell)
    assert shell.transform_cell("time 1+1") == "time 1+1\n"
    names.remove()
    assert "run_line_magic" in shell.transform_cell("time 1+1")


OURS = ["%get /a?", "%get", "%%get /a"]
FRAGMENTS = ["?", "%", "x", " ", "    ", "\n", "=", "'", '"""', "(", "[", "#", "\\\n"]


@given(st.lists(st.sampled_from([*OURS, *FRAGMENTS]), max_size=12).map("".join))
@example("  ?%get /\n ?")  # an indentation that Python's tokens end at
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    for transform in (make({"get"}) for make in TRANSFORMS):
        transform(text.splitlines(keepends=True))


@given(st.lists(st.sampled_from([*FRAGMENTS, "%time?", "%%time\n", "get ?"]), max_size=12).map("".join))
def test_text_without_our_magics_stays_as_it_is(text: str) -> None:
    assume("%get" not in text)  # signs before "get ?" may make it ours
    lines = text.splitlines(keepends=True)
    for transform in (make({"get"}) for make in TRANSFORMS):
        assert transform(list(lines)) == lines

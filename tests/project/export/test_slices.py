"""Source that is cut out of cells and moved to the right says what it said."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells import parse_route
from flask_nb.cells.view import ViewSource, wrap_body
from flask_nb.cells.writing import parameters_of
from flask_nb.project.export.naming import distribution_name, import_name
from flask_nb.project.export.slices import indent, slice_statement
from flask_nb.project.export.sources import write_package
from flask_nb.project.planning import plan_cells
from flask_nb.project.program_cells import make_cells

LINES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\0\x0c"), max_size=12), min_size=1
)


@given(LINES)
def test_strings_are_the_same_after_indentation(lines):
    text = "\n".join(lines).replace("\\", "/").replace('"', "'")
    source = f'x = """{text}"""\ny = [\n  f"""{{x}}\n  """,\n]'
    (function,) = ast.parse(f"def f():\n{indent(source)}").body
    assert isinstance(function, ast.FunctionDef)
    assert list(map(ast.dump, function.body)) == list(map(ast.dump, ast.parse(source).body))


STATEMENTS = [
    "name = 'Ünïcödé'  # é",
    "# a comment\nx = 1",
    'text = """a\n  b\n"""',
    "if name:\n    y = [\n      1,\n  2]\nelse: y = 2",
    "a = 1; b = 2",
    "def inner():\n    '''Doc\n  string.'''\n    yield 1",
    "for i in range(3):\n\n    i",
    "return 'early'",
    "f'''{\n 1 + 1\n}\n  {{}}'''",
    "'ö'; x",
    "(1,\n 2)",
    "await x()",
    "yield 1",
]


@given(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=5))
def test_a_written_body_is_the_function_that_the_notebook_compiles(statements):
    if {"await x()", "yield 1"} <= set(statements):
        return
    body = "\n".join(statements)
    route = parse_route("/a/<name>", f"{body}\n")
    source = ViewSource(route.body, route.body_line)
    tree = source.parse()
    if isinstance(tree.body[-1], (ast.FunctionDef, ast.ClassDef)):
        return
    wanted = wrap_body(source, tree, parameters_of(route)).body[0]
    assert isinstance(wanted, (ast.FunctionDef, ast.AsyncFunctionDef))
    cells = make_cells("made.ipynb", [{"cell_type": "code", "source": f"%%route /a/<name>\n{body}"}])
    package = write_package(plan_cells(Path("/nowhere/made.ipynb"), cells), "flask")
    factory = next(
        one for one in ast.parse(package.files["made/__init__.py"]).body if isinstance(one, ast.FunctionDef)
    )
    (written,) = [one for one in factory.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))]
    assert type(written) is type(wanted)
    assert list(map(ast.dump, written.body)) == list(map(ast.dump, wanted.body))


def test_comments_above_and_behind_statements_stay():
    lines = textwrap.dedent("""\
        # first
        x = 1  # one
        # on y

        y = 2
        # at the end""").split("\n")
    nodes = ast.parse("\n".join(lines)).body
    assert [slice_statement(lines, nodes, index).render() for index in (0, 1)] == [
        "# first\nx = 1  # one",
        "# on y\ny = 2\n# at the end",
    ]


def test_packages_are_named_after_their_notebooks():
    names = {
        "2 My Shop": "my_shop",
        "json": "json_app",
        "Été-1": "ete_1",
        "42": "app_42",
        "class": "class_app",
    }
    assert {stem: import_name(stem) for stem in names} == names
    assert distribution_name("my_shop") == "my-shop"

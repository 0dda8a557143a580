from __future__ import annotations

import ast
import asyncio
import math
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells import ViewSource, framework_names, missing_names
from flask_nb.cells.view import awaits, form_of, make_function, own_nodes, streams, wrap_body
from flask_nb.errors import CellSyntaxError


def view_of(body, *variables, namespace=None, **options):
    source = ViewSource(body, **options)
    code = source.compile(wrap_body(source, source.parse(), variables))
    return make_function(code, {} if namespace is None else namespace, "shown")


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ("x", "body"),
        ("return 1", "body"),
        ("def helper(): pass\nhelper()", "body"),
        ("x = 1\ndef view(): pass", "function"),
        ("async def view(): pass\n# done", "function"),
        ("@cached\ndef view(): pass", "function"),
        ("class V(View): pass", "class"),
        ("class V(View): pass\nV", "body"),
    ],
)
def test_the_last_statement_decides_the_form(body, form):
    assert form_of(ViewSource(body).parse()) == form


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("'Hello'", "Hello"),
        ("f'Hello {name}'", "Hello Ann"),
        ("'Hello';", "Hello"),
        ("'a docstring'\nname", "Ann"),
        ("return name\n", "Ann"),
        ("if name:\n    return 'yes'\n'no'", "yes"),
        ("x = 1", None),
        ("name = name.upper()\nname", "ANN"),
        ("def twice(text):\n    return text * 2\ntwice(name)", "AnnAnn"),
        ("class Box:\n    size = len(name)\nBox.size", 3),
        ("[letter for letter in name if letter != name[0]]", ["n", "n"]),
        ("(lambda: name)()", "Ann"),
        ("import math\nmath.pi", math.pi),
        ("def count():\n    yield from name\nlist(count())", ["A", "n", "n"]),
        ("# a note\n\n(\n    name\n)", "Ann"),
    ],
)
def test_a_body_is_a_function_of_its_variables(body, expected):
    assert view_of(body, "name")(name="Ann") == expected


def test_assigned_names_are_local_unless_declared_global():
    namespace = {"count": 1}
    view_of("other = 2\nother", namespace=namespace)()
    assert "other" not in namespace
    assert view_of("global count\ncount += 1\ncount", namespace=namespace)() == 2
    assert namespace["count"] == 2


def test_making_a_view_binds_nothing_in_the_notebook():
    namespace = {"shown": "mine"}
    assert view_of("shown", namespace=namespace)() == "mine"


def test_functions_of_a_view_see_the_notebook_as_it_is_now():
    namespace = {"greet": lambda: "old"}
    view = view_of("def inner():\n    return greet()\ninner()", namespace=namespace)
    namespace["greet"] = lambda: "new"
    assert view() == "new"


def test_yield_streams():
    assert list(view_of("for n in range(3):\n    yield str(n)")()) == ["0", "1", "2"]
    assert list(view_of("yield 'a'\n'not sent'")()) == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        "await answer()",
        "value = await answer()\nvalue",
        "[await answer() for _ in '1'][0]",
        "async with lock():\n    return 42",
        "async for n in many():\n    return n",
        "[n async for n in many()][0]",
    ],
)
def test_await_makes_it_async(body):
    async def answer():
        return 42

    async def many():
        yield 42

    view = view_of(body, namespace={"answer": answer, "many": many, "lock": asyncio.Lock})
    if "lock" in body:
        view = view_of(body, namespace={"lock": lambda: asyncio.timeout(None)})
    assert asyncio.run(view()) == 42


@pytest.mark.parametrize(
    "body",
    [
        "async def f():\n    await x\n    yield 1\nf",
        "lambda: (yield)",
        "class A:\n    def f(self):\n        yield\nA",
    ],
)
def test_what_nested_functions_do_does_not_count(body):
    tree = ast.parse(body)
    assert not awaits(tree)
    assert not streams(tree)


def test_decorators_and_defaults_belong_to_the_cell():
    assert awaits(ast.parse("def f(x=await y): pass\nf"))
    assert streams(ast.parse("@(yield)\ndef f(): pass\nf"))


def test_own_nodes_come_in_source_order():
    names = [
        node.id for node in own_nodes(ast.parse("a\nb(c, lambda d=e: f)\ng")) if isinstance(node, ast.Name)
    ]
    assert names == ["a", "b", "c", "e", "g"]


def test_the_view_is_called_as_its_endpoint():
    view = view_of("1 / 0", namespace={"__name__": "__main__"})
    assert (view.__name__, view.__qualname__, view.__module__) == ("shown", "shown", "__main__")
    assert view.__code__.co_name == "shown"


@pytest.mark.parametrize("body_line", [1, 2, 5])
def test_tracebacks_count_the_lines_of_the_cell(body_line):
    view = view_of("x = 1\n\n1 / 0", body_line=body_line, filename="<the cell>")
    with pytest.raises(ZeroDivisionError) as caught:
        view()
    entry = caught.traceback[-1]
    assert (entry.lineno + 1, str(entry.frame.code.raw.co_filename)) == (body_line + 2, "<the cell>")


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("", None, "the cell is empty"),
        ("# only a note\n\n", None, "the cell is empty"),
        ("x = 1\ny = = 2", 3, "invalid syntax"),
        ("x = (", 2, "'(' was never closed"),
        ("  x", 2, "unexpected indent"),
        ("break", 2, "'break' outside loop"),
        ("nonlocal x\nx", 2, "no binding for nonlocal 'x' found"),
        ("from os import *", 2, "import * only allowed at module level"),
        ("x = 1\nglobal name\nname", 3, "'name' is a variable of the rule, so it cannot be global here"),
        ("if 1:\n    global a, name\nname", 3, "'name' is a variable of the rule"),
        ("await x\nyield 1", 3, "cannot both await and yield"),
        ("'a'\n%%route /b\n'b'", 3, "a cell can have only one %% magic"),
        ("x = 1\n%get /x", 3, "a view is plain Python"),
        ("!ls", 2, "a view is plain Python"),
        ("x = '\0'", None, "null byte"),
        ("x = '\ud800'", None, "cannot compile the cell"),
        ("(" * 3000 + ")" * 3000, None, "too many nested parentheses"),
        ("-" * 100_000 + "1", None, ""),
    ],
)
def test_a_cell_that_does_not_compile_names_its_line(body, line, message):
    with pytest.raises(CellSyntaxError) as caught:
        view_of(body, "name")
    assert message in str(caught.value)
    assert line is None or caught.value.line == line
    assert line is None or caught.value.text == body.split("\n")[line - 2]


def test_flags_of_the_notebook_are_honoured_but_for_top_level_await():
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    source = ViewSource("await x\ndef view(): pass", flags=flags)
    with pytest.raises(CellSyntaxError, match="'await' outside function"):
        source.compile(source.parse())
    annotations = __import__("__future__").annotations.compiler_flag
    view = view_of("def f(a: missing): pass\nf.__annotations__", flags=annotations)
    assert view() == {"a": "missing"}


FRAMEWORK = {"request": object(), "jsonify": object(), "g": object(), "len": object()}


def names_used(body, **namespace):
    return missing_names(view_of(body, "name").__code__, namespace, FRAMEWORK)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("request.args", ("request",)),
        ("jsonify(request.args)", ("jsonify", "request")),
        ("def f():\n    return [g for _ in request]\nf()", ("g", "request")),
        ("x.request", ()),
        ("request = 1\nrequest", ()),
        ("global g\ng = 1\nrequest", ("request",)),
        ("class A:\n    g = 1\n    h = g\nrequest", ("request",)),
        ("'request'", ()),
        ("len(name)", ()),
        ("from x import g\ng", ()),
    ],
)
def test_the_framework_names_of_a_cell_are_found(body, names):
    assert names_used(body) == names


def test_what_the_notebook_defines_is_its_own():
    assert names_used("request, g", request=1) == ("g",)


def test_the_names_are_the_same_when_the_cell_runs_again():
    assert names_used("request, g", request=FRAMEWORK["request"]) == ("g", "request")


def test_names_that_a_module_assigns_are_its_own():
    code = compile("from x import g\ndef view() -> jsonify: return g, request", "", "exec", dont_inherit=True)
    assert missing_names(code, {}, FRAMEWORK) == ("jsonify", "request")


def test_submodules_of_the_framework_are_no_names():
    framework = types.ModuleType("framework")
    vars(framework).update(app=types.ModuleType("app"), request=1, _private=2)
    code = compile("app, request, _private", "", "exec")
    assert missing_names(code, {}, framework_names(framework)) == ("request",)


def test_the_classes_of_views_are_names_of_the_framework():
    framework = types.ModuleType("framework")
    vars(framework)["views"] = types.ModuleType("views")
    framework.views.View, framework.views.MethodView, framework.views.other = 1, 2, 3
    code = compile("View, MethodView, other", "", "exec")
    assert missing_names(code, {}, framework_names(framework)) == ("MethodView", "View")


SMALL = st.integers(-9, 9)
STATEMENTS = st.sampled_from(
    [
        "total = a + b",
        "a = b * 2",
        "total = [a, b]",
        "if a > b:\n    return 'more'",
        "for n in range(3):\n    b += n",
        "def helper(n):\n    return n + a\nb = helper(b)",
        "squares = {n: n * a for n in range(2)}",
        "while a < 20:\n    a += 5",
    ]
)


@given(st.lists(STATEMENTS), st.sampled_from(["a", "(a, b)", "f'{a}-{b}'"]), SMALL, SMALL)
def test_a_body_does_what_the_same_function_does(statements, last, a, b):
    lines = "\n".join([*statements, f"return {last}"]).split("\n")
    written = {}
    exec("def view(a, b):\n" + "\n".join(f"    {line}" for line in lines), written)
    assert view_of("\n".join([*statements, last]), "a", "b")(a=a, b=b) == written["view"](a, b)


@given(
    st.text()
    | st.lists(
        st.sampled_from(["yield", "await", "x", " ", "\n", "(", ")", "=", ":", "def", "return", "global"])
    ).map(" ".join)
)
def test_any_text_is_a_view_or_a_clear_error(body):
    try:
        assert callable(view_of(body, "x"))
    except CellSyntaxError:
        pass

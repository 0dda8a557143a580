import linecache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.exchange import Failure
from flask_nb.exchange.failure import project_file_name


def run_cell(source, name, **variables):
    """Compile a cell as a kernel does, and return the failure of calling its view."""
    filename = f"/tmp/ipykernel_1/{name}.py"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {"__name__": "__main__", **variables}
    exec(compile(source, filename, "exec"), namespace)
    try:
        namespace["view"]()
    except BaseException as exc:
        return Failure.from_exception(exc, lambda file: "the cell" if file == filename else None)


def test_a_failure_names_the_lines_of_the_cell_and_the_message():
    failure = run_cell("def view():\n    total = 0\n    return 1 / total\n", "a")
    assert failure.text("view") == (
        "view view, line 3:   return 1 / total\nZeroDivisionError: division by zero\n  total = 0"
    )


def test_a_name_that_is_meant_is_told_among_however_many():
    source = "def view():\n    return countr\n"
    others = {f"_i{number}": "" for number in range(1000)}  # as a kernel has them
    message = "NameError: name 'countr' is not defined. Did you mean: 'counter'?"
    assert run_cell(source, "a", counter=1).message == message
    assert run_cell(source, "a", counter=1, **others).message == message


def test_a_failure_in_a_module_names_its_file():
    source = "def view():\n    return 1 / 0\n"
    namespace = {}
    exec(compile(source, "/home/ann/shop/books.py", "exec"), namespace)
    with pytest.raises(ZeroDivisionError) as info:
        namespace["view"]()
    failure = Failure.from_exception(info.value, lambda file: "books.py" if "shop" in file else None)
    assert failure.text("view").startswith("view view of books.py, line 2:")


@pytest.mark.parametrize("folder", ["/usr/lib/python3/dist-packages", "/home/ann/.local/lib/site-packages"])
def test_what_a_system_or_a_person_has_installed_is_a_library(folder):
    assert project_file_name(f"{folder}/shop/books.py") is None
    assert project_file_name("/home/ann/shop/books.py") == "books.py"


def test_lines_of_libraries_are_left_out():
    failure = run_cell("import json\ndef view():\n    return json.loads('x')\n", "b")
    assert [line.line for line in failure.lines] == [3]


def test_methods_and_functions_are_no_values_at_hand():
    source = "def view():\n    start, count = Server().start, 0\n    return start(1 / count)\n"
    failure = run_cell(source, "methods", Server=type("Server", (), {"start": lambda self, _: None}))
    assert failure.variables == (("count", "0"),)


def test_secret_variables_are_masked():
    source = "def view():\n    api_key = 'abc'\n    data = {'password': 'x'}\n    return api_key + data\n"
    failure = run_cell(source, "c")
    assert "abc" not in failure.text()
    assert failure.variables == (("api_key", "<hidden>"), ("data", "{'password': <hidden>}"))


def test_the_value_of_a_secret_variable_is_hidden_in_the_message_too():
    source = (
        "def view():\n    password, place = 'hunter2', 'at hunter2'\n    raise KeyError(password, place)\n"
    )
    failure = run_cell(source, "s")
    assert failure.message == "KeyError: ('<hidden>', 'at <hidden>')"
    assert failure.variables == (("password", "<hidden>"), ("place", "'at <hidden>'"))


def test_a_secret_of_a_form_is_hidden_without_its_name():
    source = "def view():\n    form = {'token': 'abc123'}\n    raise ValueError(f'no {form[\"token\"]}')\n"
    assert run_cell(source, "t").message == "ValueError: no <hidden>"


def test_a_short_value_does_not_hide_parts_of_words():
    assert (
        run_cell("def view():\n    pin = 'a'\n    raise ValueError('cat')\n", "u").message
        == "ValueError: cat"
    )


def test_a_secret_goes_before_its_text_is_cut():
    source = "def view():\n    text = 'x ' * 60 + 'Bearer ' + 'A1b2' * 30\n    return text + 1\n"
    assert "A1b2" not in run_cell(source, "v").text()


def test_literals_in_the_line_that_failed_are_masked_and_code_is_not():
    source = "def view():\n    return dict(password='abc', token=str(1 / 0), secret=None)\n"
    assert run_cell(source, "w").lines[-1].source == (
        "return dict(password=<hidden>, token=str(1 / 0), secret=None)"
    )


def test_the_hint_names_global_where_a_cell_hides_the_notebooks_variable():
    failure = run_cell("def view():\n    count += 1\n", "d", count=0)
    assert failure.hint.endswith("global count")


def test_no_hint_where_the_notebook_has_no_such_variable():
    assert run_cell("def view():\n    count += 1\n", "e").hint is None


def test_causes_are_shown():
    source = "def view():\n    try:\n        1 / 0\n    except ZeroDivisionError as exc:\n"
    source += "        raise ValueError('x') from exc\n"
    text = run_cell(source, "f").text()
    assert text.index("ValueError: x") < text.index("caused by:") < text.index("ZeroDivisionError")


def test_addresses_do_not_get_into_the_text():
    assert "0x…" in run_cell("def view():\n    raise ValueError(object())\n", "g").text()


@pytest.mark.parametrize("method", ["__str__", "__repr__"])
def test_an_exception_that_cannot_be_shown_is_shown_all_the_same(method):
    source = f"class Odd(Exception):\n    def {method}(self):\n        raise ValueError\n"
    source += "def view():\n    odd = Odd()\n    raise odd\n"
    assert run_cell(source, f"h{method}").message.startswith("Odd")


def test_deep_recursion_is_cut():
    failure = run_cell("def view():\n    return view()\n", "i")
    assert len(failure.lines) == 12


@given(st.text())
def test_any_message_can_be_shown(message):
    assert Failure.from_exception(ValueError(message)).text()

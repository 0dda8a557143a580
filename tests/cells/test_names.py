from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells import cell_name
from flask_nb.cells.names import derive_endpoint

METHODS = st.lists(st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]), unique=True)
RULES = st.lists(st.from_regex(r"[a-z0-9.-]{1,5}|<(int:)?[a-z]{1,4}>", fullmatch=True)).map(
    lambda parts: "/" + "/".join(parts)
)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("%%route POST /items\nx", "%%route POST /items"),
        ("\n# the items\n\n  app = Flask(__name__)  \nx", "app = Flask(__name__)"),
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 39 + "…"),
        ("# only a note", "# only a note"),
        (" \n", "(empty cell)"),
        ("", "(empty cell)"),
    ],
)
def test_a_cell_is_named_by_its_first_code_line(source, name):
    assert cell_name(source) == name


@given(st.text())
def test_a_cell_name_is_one_short_line(source):
    name = cell_name(source)
    assert 1 <= len(name) <= 40
    assert len(name.splitlines()) == 1


@pytest.mark.parametrize(
    ("rule", "methods", "endpoint"),
    [
        ("/hello/<name>", None, "hello_name"),
        ("/hello/<name>", ["GET"], "hello_name"),
        ("/items", ["POST"], "post_items"),
        ("/items/", None, "items"),
        ("/", None, "index"),
        ("/", ["POST"], "post_index"),
        ("/<name>", None, "name"),
        ("/items/<int:id>", ["PUT", "DELETE"], "delete_put_items_id"),
        ("/x", ["GET", "POST"], "post_x"),
        ("/x", ["GET", "HEAD", "OPTIONS"], "x"),
        ("/x", ["OPTIONS"], "options_x"),
        ("/x", ["HEAD"], "head_x"),
        ("/x", ["POST", "OPTIONS"], "post_x"),
        ("/a-b/v1.0", None, "a_b_v1_0"),
        ("/<any('a/b', c):kind>/<string(length=2):code>", None, "kind_code"),
        ("/files/<path:name>.txt", None, "files_name__txt"),
        ("/<a><b>", None, "a_b"),
        ("/größe", None, "gr__e"),
        ("//x", None, "x"),
    ],
)
def test_the_endpoint_is_made_of_methods_and_rule(rule, methods, endpoint):
    assert derive_endpoint(rule, methods) == endpoint


@given(RULES, METHODS)
def test_an_endpoint_is_made_of_letters_digits_and_underscores(rule, methods):
    assert re.fullmatch(r"[A-Za-z0-9_]+", derive_endpoint(rule, methods))


@given(RULES, METHODS, st.randoms())
def test_the_order_of_methods_does_not_matter(rule, methods, random):
    shuffled = random.sample(methods, len(methods))
    assert derive_endpoint(rule, shuffled) == derive_endpoint(rule, methods)


@given(RULES, METHODS)
def test_methods_other_than_get_stand_in_front(rule, methods):
    plain = derive_endpoint(rule)
    assert derive_endpoint(rule, methods).endswith(plain)
    assert derive_endpoint(rule, ["GET", *methods]).count("get") == plain.count("get")

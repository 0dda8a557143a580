from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.routing import BaseConverter, Map, Rule

from flask_nb.cells.rules import Variable, check_converters, check_rule, find_variables, split_rule
from flask_nb.errors import RuleError

KNOWN = Map().converters


def test_a_rule_is_cut_into_texts_and_variables():
    pieces = list(split_rule("/a/<any(x, 'y/z'):kind>-<id>"))
    assert pieces == ["/a/", Variable("kind", "any", "x, 'y/z'"), "-", Variable("id")]


def test_variables_of_the_subdomain_come_first():
    names = [variable.name for variable in find_variables("<user>", None, "/<int:id>")]
    assert names == ["user", "id"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("hello", "'hello' has to begin with a slash. Type /hello"),
        ("", "'' has to begin with a slash. Type /"),
        ("/x/<int:id", "malformed at '<int:id'"),
        ("/x/<int:>", "malformed at '<int:>'"),
        ("/x/<>", "malformed at '<>'"),
        ("/x/id>", "malformed at '>'"),
        ("/x/<in t:id>", "malformed at '<in t:id>'"),
        ("/x/<int(:id>", "malformed at"),
        ("/<id>/<id>", "the variable 'id' twice"),
        ("/<class>", "'class' of the rule '/<class>' is a reserved word in Python. Type <class_>"),
        ("/<int(a-b):id>", "is malformed: Cannot parse"),
        ("/search?q=<q>", "has a query, but rules are compared with paths alone. Type /search, and"),
        ("/<int:id>?x=1", "Type /<int:id>, and read request.args"),
        ("/what?", "Type /what, and read request.args"),
    ],
)
def test_a_malformed_rule_is_named_in_one_line(rule, message):
    with pytest.raises(RuleError) as caught:
        check_rule(rule)
    assert message in str(caught.value)
    assert repr(rule) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("argument", ["'a?'", "'a?b=c'", "'(?P<b>c)?'", "'a?', 'b'"])
def test_a_question_mark_in_a_converters_argument_is_no_query(argument):
    check_rule(f"/<regex({argument}):id>")


def test_a_malformed_host_is_named():
    with pytest.raises(RuleError, match=r"'<user\.example'"):
        check_rule("/", host="<user.example")


def test_an_unknown_converter_passes_until_there_is_an_app():
    check_rule("/<mine(3, x='y'):id>")
    with pytest.raises(RuleError, match=r"unknown converter 'itn'. Did you mean int\?"):
        check_converters("/<itn:id>", KNOWN)


def test_the_known_converters_are_listed():
    with pytest.raises(RuleError, match="Known converters: any, default, float, int, path, string, uuid"):
        check_converters("/<colour:c>", KNOWN)


def test_arguments_are_tried_where_the_classes_are_known():
    check_converters("/<int(nonsense=1):id>", list(KNOWN))
    with pytest.raises(RuleError, match="nonsense"):
        check_converters("/<int(nonsense=1):id>", KNOWN)


@given(st.text(alphabet="/<>:(),'\"= ab1é\\%"))
def test_a_rule_that_passes_is_one_that_werkzeug_accepts(rule):
    try:
        check_rule(rule)
        check_converters(rule, KNOWN)
    except RuleError:
        return
    bound = Rule(rule, endpoint="x")
    Map([bound])
    assert bound.arguments == {variable.name for variable in find_variables(rule)}


class AnyConverter(BaseConverter):
    def __init__(self, url_map, *arguments, **options):
        super().__init__(url_map)


@given(st.text(alphabet="/<>:(),'\"= ab1é\\%"))
def test_a_rule_that_passes_is_well_formed_whatever_the_converters_are(rule):
    try:
        check_rule(rule)
    except RuleError:
        return
    converters = {variable.converter or "default": AnyConverter for variable in find_variables(rule)}
    Map([Rule(rule, endpoint="x")], converters=converters)


def test_a_converter_that_cannot_be_made_is_named():
    with pytest.raises(RuleError, match=r"'/<mine:x>' is malformed: no such thing"):
        check_converters("/<mine:x>", {**KNOWN, "mine": Failing})


class Failing(BaseConverter):
    def __init__(self, url_map):
        raise ValueError("no such thing")


@pytest.mark.parametrize("rule", ["/", "/<x>/<int:y>/<path:z>"])
def test_an_ordinary_rule_is_not_compiled_to_be_checked(rule, monkeypatch):
    monkeypatch.setattr(Rule, "bind", None)
    check_rule(f"{rule}not-seen-before")
    check_converters(rule, KNOWN)

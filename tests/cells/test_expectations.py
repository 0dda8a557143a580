"""What an expectation finds in an answer."""

from __future__ import annotations

import pytest
from werkzeug import Request, Response
from werkzeug.exceptions import NotFound
from werkzeug.test import Client

from flask_nb.cells import Answer, parse_checks
from flask_nb.errors import MagicArgumentError
from flask_nb.jsonpath import parse_paths

JSON = '{"id": 7, "ok": true, "items": [{"n": 1, "name": "tea"}, {"n": 2.5, "name": null}]}'
PAGE = "<h1 class=big>Our\n guests</h1><ul><li>Ann</li><li>Bob <b>B.</b></li></ul>"
VALUES = {"n": 7, "name": "tea", "what": object()}


def answer(body=JSON, status=200, mimetype="application/json", **headers) -> Answer:
    @Request.application
    def app(_request):
        return Response(body, status, mimetype=mimetype, headers=headers)

    return Answer(Client(app).open("/"))


def findings(typed, answer):
    (check,) = parse_checks("", f"GET /x -> {typed}")
    return [one.examine(answer, lambda source: eval(source, dict(VALUES))) for one in check.expectations]


def is_met(typed, answer):
    (found,) = findings(typed, answer)
    return found.is_met


def came(typed, answer):
    (found,) = findings(typed, answer)
    assert not found.is_met
    return found.came


@pytest.mark.parametrize(
    "typed",
    [
        "200", "2xx", "200,404", "not 404", '"items"', "'{n}'", 'not "coffee"',
        "$", "$.id", "$.items[0]", "$.items[-1].n", "not $.error", "not $.items[2]",
        "$.id:int", "$.id:number", "$.ok:bool", "$.items:list", "$:dict", "$:object", "$.items[1].name:null",
        "$.items[1].n:float", "$.items[*].n:number", "not $.items[*].n:int", "not $.ok:int",
        "$.id=7", "$.id == 7.0", "$.id={n}", "$.id != 8", "not $.id=8", "not $.ok=1",
        "$.items[0].name='{name}'",
        "$.items[*].name='tea'", "not $.items[*].name='coffee'", "$..n=2.5",
        "$.items[0] = {\"name\": \"tea\", \"n\": 1}",
    ],
)  # fmt: skip
def test_what_is_so_is_met(typed):
    assert is_met(typed, answer())


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("404", "200"),
        ("not 2xx", "200"),
        ('"coffee"', JSON),
        ("$.id:str", "7 (int)"),
        ("$.items[*].name:str", '"tea", null (str, null)'),
        ("$.id=8", "7"),
        ("$.ok=1", "true"),
        ("$.id != 7", "7"),
        ("not $.id", "7"),
        ("$.items[0].nmae", 'no $.items[0].nmae; $.items[0] is {"n": 1, "name": "tea"}'),
        ("$.a.b.c=1", f"no $.a.b.c; $ is {JSON}"),
        ("X-A:b", "no X-A"),
        ("h1", f"no h1 in {JSON}"),
    ],
)
def test_a_difference_says_what_came(typed, words):
    assert came(typed, answer()) == words


def test_headers_fit_a_pattern():
    one = answer(status=302, Location="http://localhost/items/7?a=b")
    assert is_met("Location:/items/*", one)
    assert is_met("location:*/items/{n}?a=b", one)
    assert is_met("Content-Type:application/json", one)
    assert came("Location:/items/", one) == "http://localhost/items/7?a=b"
    assert came("not Location:*", one) == "http://localhost/items/7?a=b"


def test_elements_contain_a_text_whose_white_space_does_not_count():
    one = answer(PAGE, mimetype="text/html")
    assert is_met('h1.big "Our guests"', one)
    assert is_met('li "Bob B."', one)
    assert is_met("not h2", one)
    assert came("li 'Cy'", one) == 'li "Ann", "Bob B."'
    assert came("not li 'Bob'", one) == 'li "Bob B."'


def test_a_body_that_is_no_json_is_shown():
    assert came("$.id", answer("oh no", mimetype="text/plain")) == "not JSON (text/plain): oh no"
    assert came("$.id", answer("", mimetype="text/plain")) == "not JSON (text/plain): no body"
    assert is_met("$.id", answer('{"id": 1}', mimetype="text/plain"))


def test_a_stock_page_is_named_instead_of_shown():
    page = NotFound().get_body()
    assert came("h2", answer(page, 404, "text/html")) == "no h2 in the stock page for 404"
    assert came("h2", answer(page, 410, "text/html")).startswith("no h2 in <!doctype html>")


def test_bytes_are_counted_instead_of_shown():
    assert came("'b'", answer(b"\0\1a", mimetype="image/png")) == "3 bytes that are no text"
    assert is_met("'a'", answer(b"\0\1a", mimetype="image/png"))


def test_what_is_kept_is_the_value():
    found = findings("$.items[*].name as a Content-Type:* as b", answer())
    assert [one.value for one in found] == ["tea", "application/json"]
    assert [one.value for one in findings("li 'Bob' as c", answer(PAGE, mimetype="text/html"))] == ["Bob B."]


def test_what_is_masked_is_not_shown_but_compared():
    one = Answer(
        answer().response, parse_paths("$.id"), lambda name, text: f"<{name}>" if name == "name" else text
    )
    assert is_met("$.id=7", one)
    assert came("$.id=8", one) == '"…"'
    assert came("$.items[0].name=1", one) == "<name>"
    assert '"id": "…"' in came("$.error", one)


def test_a_value_that_cannot_be_compared_is_one_error():
    with pytest.raises(MagicArgumentError, match=r"what \$\.id is compared with cannot be sent: a object"):
        findings("$.id={what}", answer())


def test_a_long_answer_is_cut():
    assert len(came('"x"', answer("a " * 500, mimetype="text/plain"))) == 160
    assert came('not "x"', answer("a" * 300 + "x", mimetype="text/plain")) == f"…{'a' * 30}x"

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells import http_parser, parse_http
from flask_nb.errors import MagicArgumentError, MagicHelpRequested

# An earlier request has left it in the notebook.
ANSWER = SimpleNamespace(
    json={"token": "t/1", "rows": [{"id": 7}]}, headers={"X-Next": "/next"}, text="all of it"
)
VALUES = {"item_id": "a/b", "n": 3, "name": 'Ann "A"', "login": ANSWER}


def evaluate(source):
    return eval(source, dict(VALUES))


def sent(cell, line=""):
    resolved = [definition.expand(evaluate) for definition in parse_http(line, cell)]
    return [(one.method, one.path, one.headers, one.body.decode()) for one in resolved]


def body_of(cell):
    return sent(cell)[0][3]


def test_a_request_is_a_line_headers_and_a_body():
    cell = 'POST /items?a=1 HTTP/1.1\nContent-Type: application/json\nX-A : b\n\n{"n": 1,\n "m": 2}\n\n'
    headers = (("Content-Type", "application/json"), ("X-A", "b"))
    assert sent(cell) == [("POST", "/items?a=1", headers, '{"n": 1,\n "m": 2}')]


@pytest.mark.parametrize(
    ("cell", "method", "path"),
    [
        ("GET /items", "GET", "/items"),
        ("/items", "GET", "/items"),
        ("items", "GET", "/items"),
        ("http://localhost/items", "GET", "/items"),
        ("# a note\n\n// another\nDELETE /items/1  HTTP/2", "DELETE", "/items/1"),
        ("GET /items\n    ?page=2\n    &size=10\n\n", "GET", "/items?page=2&size=10"),
        ("GET /items/{{item_id}}?n={{n + 1}}", "GET", "/items/a%2Fb?n=4"),
        ("GET /items/{id}", "GET", "/items/%7Bid%7D"),
        ("GET /größe", "GET", "/gr%C3%B6%C3%9Fe"),
        ("PROPFIND /x", "PROPFIND", "/x"),
    ],
)
def test_a_request_line_is_read_as_editors_read_it(cell, method, path):
    assert sent(cell)[0][:2] == (method, path)


def test_requests_are_separated_by_three_hashes():
    cell = "### first\nGET /a\n###\n\n### nothing here\n# a note\n### second\nPOST /b\n\nbody\n"
    assert [(method, path, body) for method, path, _headers, body in sent(cell)] == [
        ("GET", "/a", ""),
        ("POST", "/b", "body"),
    ]


def test_variables_of_the_cell_stand_for_their_text():
    cell = (
        "@host = http://localhost\n@id = 7\n@url = {{host}}/items/{{id}}\n\n"
        "PUT {{url}}?tag={{tag}}\nX-Id: {{id}}\nContent-Type: text/plain\n\nnumber {{ id }}\n###\n@tag=new\n"
    )
    headers = (("X-Id", "7"), ("Content-Type", "text/plain"))
    assert sent(cell) == [("PUT", "/items/7?tag=new", headers, "number 7")]


def test_variables_of_the_notebook_are_written_as_json_within_json():
    assert body_of('POST /x\n\n{"n": {{n}}, "name": {{name}}, "say": "<{{name}}>"}') == (
        '{"n": 3, "name": "Ann \\"A\\"", "say": "<Ann \\"A\\">"}'
    )
    assert body_of("POST /x\n\nhello {{name}}, {n}") == 'hello Ann "A", {n}'
    assert body_of('POST /x\n\n{"a": "{n}"}') == '{"a": "{n}"}'


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("{{login.response.body.$.token}}", "t/1"),
        ("{{login.response.body.rows[0].id}}", "7"),
        ("{{login.response.body.*}}", "all of it"),
        ("{{login.response.headers.X-Next}}", "/next"),
        ("{{login.json['token']}}", "t/1"),
    ],
)
def test_an_earlier_answer_can_be_named(typed, value):
    assert sent(f"GET /x\nX-A: {typed}")[0][2] == (("X-A", value),)


def test_comments_say_how_a_request_is_sent():
    cell = "# @name login\n# @no-redirect\n// @no-cookie-jar\nPOST /login\n"
    (definition,) = parse_http("--expect 302 --time", cell)
    assert (definition.as_name, definition.follow, definition.fresh) == ("login", False, True)
    assert (definition.expect, definition.timed) == (("302",), True)


def test_a_form_may_stand_on_several_lines():
    cell = "POST /x\nContent-Type: application/x-www-form-urlencoded\n\nname=Ann\n&age=3\n"
    assert body_of(cell) == "name=Ann&age=3"


def test_the_lines_of_a_multipart_body_end_as_they_must():
    cell = "POST /x\nContent-Type: multipart/form-data; boundary=B\n\n--B\nA: b\n\n{{n}}\n--B--\n"
    assert body_of(cell) == "--B\r\nA: b\r\n\r\n3\r\n--B--\r\n"


def test_a_file_may_be_the_body(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "3.json").write_text("[1]")
    assert sent("POST /x\n\n< ./{{n}}.json")[0][2:] == ((), "[1]")
    with pytest.raises(MagicArgumentError, match=r"the file './gone' of '< ./gone' cannot be read"):
        sent("POST /x\n\n< ./gone")


def test_a_pasted_length_is_counted_anew_and_lines_may_end_in_crlf():
    assert sent("POST /x HTTP/1.1\r\nContent-Length: 99\r\n\r\nab\r\n") == [("POST", "/x", (), "ab")]


def test_curl_commands_may_stand_between_requests():
    cell = (
        "@id = 7\nGET /a\n###\ncurl -X DELETE \\\n  localhost/items/{{id}}\n###\n# @name x\ncurl localhost/c"
    )
    assert [request[:2] for request in sent(cell)] == [("GET", "/a"), ("DELETE", "/items/7"), ("GET", "/c")]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("", "there is no request in the cell. Type one, such as GET /items"),
        (None, "there is no request. Type --file requests.http, or %%http with the requests below it"),
        ("# only a note\n@a = b", "there is no request in the cell"),
        ("GET /a b", "'GET /a b' is not a request line. Type one, such as POST /items"),
        ("GET", "the path is missing after GET. Type one, such as GET /items"),
        ("@a\nGET /x", "'@a' is not a variable. Type it as @name = value"),
        ("POST /x\nno header", "'no header' is not a header. Put a blank line between"),
        ('POST /x\n{"a": 1}', "is not a header. Put a blank line between"),
        ("GET /{{}}", "{{}} is neither a variable of the cell nor an expression of the notebook"),
        ("GET /{{$guid}}", "{{$guid}} is neither a variable of the cell"),
        ("GET /{{my-host}}", "'my' is not defined"),
        ("@a = {{b}}\n@b = {{a}}\nGET /{{a}}", "the variable {{a}} refers to itself"),
        ("# @name my-name\nGET /x", "# @name my-name: 'my-name' is not a Python name"),
        ("POST /x\n\n{}\n\n> {% client.test() %}", "is a script for another editor"),
        ("POST /x\n\n<@ file.txt", "is a script for another editor"),
        ("GET https://example.com/x", "'https://example.com/x' leads to another server"),
        ("GET /x\nX: \x00", "the value of the header X has to be one line of text"),
    ],
)
def test_a_mistake_is_one_clear_message(cell, message):
    if "my-host" in str(cell):
        with pytest.raises(NameError, match=message):
            sent(cell)
        return
    with pytest.raises(MagicArgumentError) as caught:
        sent(cell)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_line_holds_flags_only():
    with pytest.raises(MagicArgumentError, match="'/items' is not understood: requests belong in the cell"):
        parse_http("/items", "GET /x")
    with pytest.raises(MagicArgumentError, match=r"unknown flag '--expct'\. Did you mean --expect"):
        parse_http("--expct 200", "GET /x")
    with pytest.raises(MagicHelpRequested, match="examples:"):
        parse_http("--help", "")
    assert "{{name}}" in http_parser().format_help()


PIECES = [
    "GET /x",
    "\n",
    "\n\n",
    "###",
    "@a = b",
    "{{a}}",
    "{{",
    "}}",
    "curl ",
    "'",
    "# @name ",
    "X: y",
    "< ",
    "{",
]


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_requests_or_one_clear_error(cell):
    try:
        for definition in parse_http("", cell):
            path = definition.expand(lambda _source: "value").path
            assert path.startswith("/")
            assert path.isascii()
    except MagicArgumentError:
        pass


FILE = """@host = http://localhost:5000

### log in
# @name login
POST {{host}}/login

< ./login.json
### what is there
# @name items
GET {{host}}/items
Authorization: Bearer {{login.response.body.token}}
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file with requests in a folder below the notebook's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "login.json").write_text('{"user": "ann"}')
    (tmp_path / "api" / "requests.http").write_text(FILE)
    return tmp_path / "api" / "requests.http"


def test_a_file_is_sent_as_a_cell_is(file):
    login, items = [one.expand(evaluate) for one in parse_http("--file api/requests.http", None)]
    assert (login.method, login.path, login.body) == ("POST", "/login", b'{"user": "ann"}')
    assert (items.path, items.headers) == ("/items", (("Authorization", "Bearer t/1"),))
    assert login.elsewhere == "localhost:5000"


def test_requests_of_a_file_are_chosen_by_their_names(file):
    requests = parse_http("--file api/requests.http items login", None)
    assert [request.as_name for request in requests] == ["items", "login"]
    with pytest.raises(MagicArgumentError, match=r"there is no request 'logn'\. Did you mean login\?"):
        parse_http("--file api/requests.http logn", None)


def test_variables_of_the_cell_count_for_the_file_and_before_its_own(file):
    requests = parse_http("--file api/requests.http", "@host = /v2\nGET {{host}}/more")
    assert [request.expand(evaluate).path for request in requests] == ["/v2/login", "/v2/items", "/v2/more"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("GET /a\n###\n\nGET /a b", "api/requests.http, line 4"),
        ("GET /a\nX-A: b\nno header", "api/requests.http, line 3"),
        ("# @name my-name\nGET /a", "api/requests.http, line 1"),
        ("###\ncurl -X", "api/requests.http, line 2"),
        ("POST /a\n\n{}\n> {% test %}", "api/requests.http, line 4"),
    ],
)
def test_an_error_names_the_file_and_the_line(file, text, place):
    file.write_text(text)
    with pytest.raises(MagicArgumentError) as caught:
        parse_http("--file api/requests.http", None)
    assert caught.value.place == place
    assert str(caught.value).startswith(f"{place}: ")


def test_a_request_knows_where_it_stands(file):
    requests = parse_http("--file api/requests.http", "\nGET /more", 3)
    assert [request.place for request in requests] == [
        "api/requests.http, line 5",
        "api/requests.http, line 10",
        "line 4",
    ]


def test_a_file_that_cannot_be_read_is_said(file):
    with pytest.raises(MagicArgumentError, match=r"of '--file gone\.http' cannot be read"):
        parse_http("--file gone.http", None)
    file.write_bytes(b"\xff")
    with pytest.raises(MagicArgumentError, match="is not UTF-8 text"):
        parse_http("--file api/requests.http", None)
    file.write_text("# nothing")
    with pytest.raises(MagicArgumentError, match=r"there is no request in api/requests\.http"):
        parse_http("--file api/requests.http", None)

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.cells import RequestDefinition, parse_request, quote_word
from flask_nb.cells.expressions import Expression
from flask_nb.errors import MagicArgumentError, MagicHelpRequested

VALUES = {"name": "Ann Lee", "n": 3, "d": {"a}b": "x/y"}, "home": "/hello/Ann?x=1"}


def evaluate(source):
    return eval(source, dict(VALUES))


def expand(method, line, cell=None):
    return parse_request(method, line, cell).expand(evaluate)


def body_of(method, line, cell=None):
    return expand(method, line, cell).body.decode()


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("/hello/Ann", "/hello/Ann"),
        ("hello/Ann", "/hello/Ann"),
        ("/", "/"),
        ("''", "/"),
        ("?q=1", "/?q=1"),
        ("/search?", "/search?"),
        ("'/search?'", "/search?"),
        ("/search?q=a&r=b?", "/search?q=a&r=b?"),
        ("/search?q='a b'", "/search?q=a%20b"),
        ("/größe?q=é", "/gr%C3%B6%C3%9Fe?q=%C3%A9"),
        ("/a%2Fb/%C3%A9", "/a%2Fb/%C3%A9"),
        ("/a%2Fb/100%", "/a%252Fb/100%25"),
        ("/don't", "/don't"),
        ("/x#top", "/x"),
        ("//x/../y", "//y"),
        ("/x/./y/..", "/x/"),
        ("/x?a=b/../c", "/x?a=b/../c"),
        ("/x  # a note", "/x"),
        ("/hello/{name}", "/hello/Ann%20Lee"),
        ("hello/{name}/{n + 1}", "/hello/Ann%20Lee/4"),
        ("/hello/{ name.replace(' ', '?') }/x", "/hello/Ann%3FLee/x"),
        ("/x/{d['a}b']}", "/x/x%2Fy"),
        ('/x/{d["a}b"]}?q={len({"k": {}})}', "/x/x%2Fy?q=1"),
        ("'/x/{d[\"a}b\"]}'", "/x/x%2Fy"),
        ("{n}/x", "/3/x"),
        ("{d['a}b']}", "/x%2Fy"),
        ("{home}", "/hello/Ann?x=1"),
        ("/x#{n}", "/x"),
        ("/x/{{n}}", "/x/%7Bn%7D"),
        ("/x/\\{n}", "/x/%7Bn%7D"),
        ("/x/{{{n}}}", "/x/%7B3%7D"),
    ],
)
def test_a_path_is_expanded_and_encoded(line, path):
    assert expand("GET", line).path == path


def test_expressions_are_kept_until_the_request_is_sent():
    assert parse_request("GET", "/x/{ n }/y").path == ("/x/", Expression("n"), "/y")


def test_the_error_of_an_expression_is_its_own():
    with pytest.raises(NameError, match="missing"):
        expand("GET", "/x/{missing}")


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("/s q=tea", "/s?q=tea"),
        ("/s q='a b&c' n:=3", "/s?q=a+b%26c&n=3"),
        ("/s?a=1 q=é q=2", "/s?a=1&q=%C3%A9&q=2"),
        ("/s? q=1", "/s?q=1"),
        ('/s q:="a b" list:=[1, 2]', "/s?q=a+b&list=%5B1%2C+2%5D"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_fields_of_get_and_head_are_the_query(method, line, path):
    resolved = expand(method, line)
    assert (resolved.path, resolved.headers, resolved.body) == (path, (), b"")


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("/x name=Ann age:=3", '{"name": "Ann", "age": 3}'),
        ("/x price:=1.50 big:=1e3", '{"price": 1.50, "big": 1e3}'),
        ("""/x a:='{"b": [1]}' c:={"d": "e f"}""", '{"a": {"b": [1]}, "c": {"d": "e f"}}'),
        ('/x name:="Ann Lee" ok:=true', '{"name": "Ann Lee", "ok": true}'),
        ("/x name='say \"é\"' eq=a=b", '{"name": "say \\"é\\"", "eq": "a=b"}'),
        ('/x {"a": 1, "b": "c  d"}', '{"a": 1, "b": "c  d"}'),
        ("/x [1, 2]", "[1, 2]"),
        ("""/x '{"a": 1}'""", '{"a": 1}'),
        ('--timeout 3 /x {"a": "}"} --as r  # note', '{"a": "}"}'),
        ("/x/{d['a}b']} {}", "{}"),
    ],
)
def test_other_methods_send_json(line, body):
    resolved = expand("POST", line)
    assert resolved.body.decode() == body
    assert resolved.headers == (
        ("Content-Type", "application/json"),
        ("Accept", "application/json, */*;q=0.5"),
    )


def test_a_request_without_fields_has_no_body():
    resolved = expand("DELETE", "/items/1")
    assert (resolved.method, resolved.headers, resolved.body) == ("DELETE", (), b"")


def test_form_fields_are_encoded_as_a_browser_does():
    resolved = expand("POST", "/login user='Ann Lee' n:=3 n=4 --form")
    assert resolved.body == b"user=Ann+Lee&n=3&n=4"
    assert resolved.headers == (("Content-Type", "application/x-www-form-urlencoded"),)


def test_json_can_be_asked_for_with_get():
    assert body_of("GET", "/x a=1 --json") == '{"a": "1"}'


def test_the_cell_is_the_json_body():
    assert body_of("POST", "/x", '\n{"a":\n  [1, 2]}\n') == '{"a":\n  [1, 2]}'
    assert body_of("POST", "/x a=1", "  \n") == '{"a": "1"}'


def test_with_form_the_cell_holds_a_field_a_line():
    assert body_of("POST", "/x --form", "# who\nname=Ann Lee\n\nage:=3\n") == "name=Ann+Lee&age=3"


def test_flags_become_attributes():
    assert parse_request("GET", "--in-process /x --timeout 0.5 --as r;") == RequestDefinition(
        "GET", ("/x",), timeout=0.5, in_process=True, as_name="r"
    )


def test_the_defaults_are_the_ones_that_the_help_names():
    definition = parse_request("GET", "/x")
    assert (definition.timeout, definition.in_process, definition.as_name) == (30.0, False, None)


HOSTS = ("localhost", "127.0.0.1:40123", "localhost:40123", "api.example", ".apps.example", "shop.example:80")


@pytest.mark.parametrize(
    ("line", "path", "host"),
    [
        ("http://localhost/items?a=1", "/items?a=1", None),
        ("http://localhost", "/", None),
        ("https://LOCALHOST:443/x", "/x", None),
        ("http://localhost:40123/x#top", "/x", None),
        ("http://127.0.0.1:40123/x", "/x", None),
        ("localhost:40123/x", "/x", None),
        ("localhost/x", "/x", None),
        (":40123/x", "/x", None),
        (":/x", "/x", None),
        ("http://localhost:{port}/{name}", "/Ann%20Lee", None),
        ("{url}/y", "/x/y", None),
        ("http://api.example/x", "/x", "api.example"),
        ("http://shop.example/x", "/x", "shop.example"),
        ("http://a.apps.example/x q=1", "/x?q=1", "a.apps.example"),
        ("/http://example.com/", "/http://example.com/", None),
        ("local/x", "/local/x", None),
    ],
)
def test_a_url_of_this_server_is_its_path(line, path, host):
    values = {**VALUES, "port": 40123, "url": "http://localhost:40123/x"}
    resolved = parse_request("GET", line).expand(lambda source: eval(source, values), HOSTS)
    assert (resolved.path, dict(resolved.headers).get("Host")) == (path, host)


@pytest.mark.parametrize(
    "line",
    [
        "https://example.com/items",
        "http://localhost:5000/x",
        "http://127.0.0.1/x",
        ":5000/x",
        "http://a.apps.example.evil/x",
        "http://apps.example/x",
        "ftp://localhost/x",
        "http://localhost.evil/x",
        "{other}",
    ],
)
def test_a_url_of_another_server_is_refused(line):
    with pytest.raises(
        MagicArgumentError, match="leads to another server, but requests go only to the notebook"
    ):
        parse_request("GET", line).expand(lambda _source: "http://example.com/x", HOSTS)


def test_a_url_with_a_password_says_where_to_type_it():
    with pytest.raises(MagicArgumentError, match=r"Type them as -u user:password, and the path alone: /x"):
        expand("GET", "http://ann:secret@localhost/x")


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        ("/x X-A:b 'X-B: c d'", (("X-A", "b"), ("X-B", "c d"))),
        ("/x -H 'X-A: {n}' -HX-B:c", (("X-A", "3"), ("X-B", "c"))),
        ("/x --bearer {name}", (("Authorization", "Bearer Ann Lee"),)),
        ("/x -u {name}:x", (("Authorization", "Basic QW5uIExlZTp4"),)),
        ("/x --bearer abc Authorization:mine", (("Authorization", "mine"),)),
        ("/x Host:api.example", (("Host", "api.example"),)),
    ],
)
def test_headers_are_typed_as_items_or_flags(line, headers):
    assert expand("GET", line).headers == headers


def test_a_header_without_a_value_is_left_out_by_everybody():
    resolved = expand("GET", "/x User-Agent: X-A:1 x-a: Cookie:")
    assert (resolved.headers, resolved.dropped) == ((), {"user-agent", "x-a", "cookie"})
    assert expand("GET", "/x X: X:1").dropped == frozenset()


def test_another_method_may_be_chosen():
    assert parse_request("POST", "/x -X PUT").method == "PUT"
    assert expand("GET", "/x a=1 -Xpost").body == b'{"a": "1"}'


def test_a_request_to_try_that_has_data_is_posted_as_curl_does():
    assert [parse_request(None, line).method for line in ("/x -d a=1", "/x -F a=1", "PUT /x -d a=1")] == [
        "POST",
        "POST",
        "PUT",
    ]


def test_flags_say_how_a_request_is_sent_and_shown():
    definition = parse_request(
        "GET", "/x --no-follow --fresh --time --scripts --expect 200,4xx --mask '$..id, $.at'"
    )
    assert (definition.follow, definition.fresh, definition.timed, definition.scripts) == (
        False,
        True,
        True,
        True,
    )
    assert (definition.expect, definition.mask) == (("200", "4xx"), ("$..id, $.at",))


def test_flags_say_how_tall_a_page_is_shown_and_whether_with_its_headers():
    definition = parse_request("GET", "/x -i --height 600")
    assert (definition.headers_shown, definition.height) == (True, 600)
    definition = parse_request("GET", "/x")
    assert (definition.headers_shown, definition.height) == (False, None)


@pytest.mark.parametrize("height", ["0", "-5", "1e3", "tall", "600px", "123456"])
def test_a_height_is_a_number_of_pixels(height):
    with pytest.raises(MagicArgumentError, match="such as 600"):
        parse_request("GET", f"/x --height={height}")


@pytest.mark.parametrize(
    ("expect", "accepted", "refused"),
    [
        ("201", [201], [200]),
        ("2xx", [200, 204], [302]),
        ("200,404", [200, 404], [201]),
        ("2XX", [201], [500]),
    ],
)
def test_a_status_can_be_expected(expect, accepted, refused):
    definition = parse_request("GET", f"/x --expect {expect}")
    assert all(map(definition.is_expected, accepted))
    assert not any(map(definition.is_expected, refused))
    assert parse_request("GET", "/x").is_expected(500)


@pytest.mark.parametrize(
    ("line", "path"), [("/x;", "/x"), ("/x ;  ", "/x"), ("'/x;'", "/x;"), ("/x;;", "/x;")]
)
def test_a_semicolon_at_the_end_is_not_part_of_the_path(line, path):
    assert parse_request("GET", line).path == (path,)


@pytest.mark.parametrize(
    ("line", "method", "path"),
    [
        ("/hello/Ann", "GET", "/hello/Ann"),
        ("POST /items", "POST", "/items"),
        ("delete {n}", "DELETE", "/3"),
        ("post", "GET", "/post"),
        ("GET /x a=1", "GET", "/x?a=1"),
    ],
)
def test_a_request_to_try_may_begin_with_its_method(line, method, path):
    resolved = expand(None, line)
    assert (resolved.method, resolved.path) == (method, path)


def test_a_request_to_try_takes_a_json_body():
    assert body_of(None, 'POST /items {"a": "b c"}') == '{"a": "b c"}'


@pytest.mark.parametrize(
    ("line", "cell", "message"),
    [
        ("", None, "the path is missing. Type one, such as /items"),
        ("--form", None, "the path is missing"),
        ("/x name", None, "'name' is not understood. After the path come name=value"),
        ("/x =3", None, "'=3' is not understood"),
        ("/x a=1 a=2", None, "the field 'a' is given twice. For a list, type a[]=… a[]=…"),
        ('/x {"a": b c}', None, "the JSON body is not valid JSON: Expecting value at column 7"),
        ('/x {"a": 1} x', None, "'x' is not understood"),
        ('/x {"a": 1', None, "the JSON body is not valid JSON: Expecting ',' delimiter at column 8"),
        ("/x {'a': 1", None, "the JSON body is not valid JSON: Expecting property name"),
        ("/x n:=three", None, "the value of n:= is not valid JSON: Expecting value at column 1 of 'three'"),
        ("/x n:=NaN", None, "JSON has no NaN"),
        ("/x n:=3x", None, "the value of n:= is not valid JSON: Extra data at column 2"),
        ("/x", '{"a": 1,\n b}', "at line 2, column 2 of"),
        ("/x", "hello", "the JSON body is not valid JSON"),
        ("/x []", "[]", "two bodies. Keep one: in the line, in --data, or in the cell"),
        ("/x {} []", None, "two bodies"),
        ("/x a=1 {}", None, "two bodies: a whole one and the field 'a=1'"),
        ("/x a=1", "{}", "two bodies"),
        ("/x --form", "{}", "'{}' is not understood"),
        ("/x {} --form", None, "Leave out --form"),
        ("/x --form --json", None, "argument --json: not allowed with argument --form"),
        ("/x --timeout 0", None, "'0' is not a number of seconds above 0, such as 5"),
        ("/x --timeout -1", None, "'-1' is not a number of seconds"),
        ("/x --timeout [1", None, "'[1' is not a number of seconds"),
        ("/x --timeout nan", None, "'nan' is not a number of seconds"),
        ("/x --timeout soon", None, "'soon' is not a number of seconds"),
        (
            "/x --expect soon",
            None,
            "argument --expect: 'soon' is not a status. Type it as 201, 2xx or 200,404",
        ),
        ("/x --expect 2000", None, "'2000' is not a status"),
        ("/x --mask id", None, "'id' is not a list of JSON paths"),
        ("/x -X 'A B'", None, "-X 'A B' is not a method. Type one, such as -X PUT"),
        ("/x -H wrong", None, "'wrong' is not a header. Type it as 'Name: value'"),
        ("/x -u a:b --bearer c", None, "there are two authorizations. Keep --bearer or -u"),
        ("/x --bearer", None, "--bearer needs a value. Type --bearer TOKEN"),
        ("/x 'a b:c'", None, "'a b' is not a header name"),
        ("/x a[=1", None, "the brackets of the field 'a[' do not match"),
        ("/x a=1 a[b]=2", None, "the field 'a[b]' does not fit: a is already a value"),
        ("/x", "hello", "For other text, name its type: Content-Type:text/plain"),
        ("/x --as a-b", None, "'a-b' is not a Python name"),
        ("/x --as class", None, "'class' is not a Python name"),
        ("/x --tiemout 3", None, "unknown flag '--tiemout'. Did you mean --timeout?"),
        ("/x name='Ann", None, "the quote ' before 'Ann' is not closed"),
        ("/x/{", None, "no valid Python expression at '{'"),
        ("/x/{a b}", None, "no valid Python expression at '{a'"),
        ("/x/{}", None, "no valid Python expression at '{}'"),
        ("/x/n}", None, "a } without its { at '}'"),
        ("/x/\ud800", None, "half a character"),
    ],
)
def test_a_mistake_is_one_clear_message(line, cell, message):
    with pytest.raises(MagicArgumentError) as caught:
        parse_request("POST", line, cell)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_help_can_be_asked_for():
    with pytest.raises(MagicHelpRequested, match="usage: %get PATH"):
        parse_request("GET", "--help")


# Braces may hold expressions; that they are kept in a cell is a test of its own.
BRACELESS = st.text(st.characters(exclude_characters="{", codec="utf-8"))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | BRACELESS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(BRACELESS, inner, max_size=3),
    max_leaves=5,
)
PLAIN_TEXT = st.text(st.characters(exclude_characters="\\", codec="utf-8"))
FIELD_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)


@given(st.text())
def test_a_value_in_a_path_arrives_as_one_segment(value):
    resolved = parse_request("GET", "/a/{value}/b").expand(lambda _source: value)
    before, middle, after = resolved.path[1:].split("/")
    assert (before, unquote(middle), after) == ("a", value, "b")


@given(st.dictionaries(FIELD_NAMES, PLAIN_TEXT, min_size=1))
def test_fields_arrive_in_the_query_as_they_were(fields):
    escaped = {name: re.sub(r"([:;=@{])", r"\\\1", value) for name, value in fields.items()}
    line = " ".join(["/s", *(quote_word(f"{name}={value}") for name, value in escaped.items())])
    query = urlsplit(expand("GET", line).path).query
    assert dict(parse_qsl(query, keep_blank_values=True)) == fields


@given(st.dictionaries(FIELD_NAMES, JSON_VALUES, min_size=1), st.booleans())
def test_json_fields_arrive_as_they_were(fields, quoted):
    typed = [f"{name}:={json.dumps(value)}" for name, value in fields.items()]
    line = " ".join(["/x", *(map(quote_word, typed) if quoted else typed)])
    assert json.loads(body_of("POST", line)) == fields


@given(st.dictionaries(st.text(), JSON_VALUES) | st.lists(JSON_VALUES), st.booleans())
def test_a_json_body_arrives_as_it_was(value, ensure_ascii):
    text = json.dumps(value, ensure_ascii=ensure_ascii)
    assert body_of("POST", "/x", text) == text
    if not re.search(r'"[^"]*{', text):  # braces in strings may hold expressions
        assert body_of("POST", f"/x {text}") == text
        assert body_of("POST", f"/x {quote_word(text)}") == text


LINES = st.text() | st.lists(
    st.sampled_from(
        ["/x", "{n}", "{", "}", '{"a": ', "1}", "[", "]", "'", '"', "a=", ":=", "--as", "r", ";", " ", "\\"]
    )
).map("".join)


@given(st.sampled_from(["GET", "POST", None]), LINES, st.none() | st.text())
def test_any_text_is_a_request_or_one_clear_error(method, line, cell):
    path = "/"
    try:
        path = parse_request(method, line, cell).expand(lambda _source: "value").path
    except MagicArgumentError:
        pass
    assert path.startswith("/")
    assert path.isascii()
    assert " " not in path


WORDS = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["a", "a[b]", "a[]", "[0]", "X-A", "", "a\\=", "é", "a[", "{n}", "a{n}"]),
        st.sampled_from(["=", ":=", "==", ":", ";", "@", "=@", ":=@", "==@", ":@", ""]),
        st.sampled_from(["", "1", "x y", "{n}", '{"a": {n}}', "[", "{", "gone.txt", "\\", "\n", "é"]),
    )
    | st.sampled_from(["--form", "--json", "-d", "-F", "-H", "-u", "-X", "--bearer", "--expect", "--expand"]),
    max_size=4,
)


@given(
    st.sampled_from(["GET", "POST", None]), WORDS, st.none() | st.sampled_from(["", "{}", "{'a': n}", "a=1"])
)
def test_any_items_are_a_request_or_one_clear_error(method, words, cell):
    line = " ".join(["/x", *map(quote_word, words)])
    lines = []
    try:
        resolved = parse_request(method, line, cell).expand(evaluate)
        lines = [resolved.path, *(name + value for name, value in resolved.headers)]
    except MagicArgumentError as exc:
        lines = [str(exc)]
    assert lines
    assert not any("\n" in text for text in lines)


def test_a_deep_or_long_body_is_no_crash():
    for text in ("[" * 100_000, "9" * 10_000):
        with pytest.raises(MagicArgumentError):
            parse_request("POST", f"/x n:={text}")

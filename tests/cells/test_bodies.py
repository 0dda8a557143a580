from __future__ import annotations

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from flask_nb.cells import parse_request
from flask_nb.errors import MagicArgumentError

VALUES = {"item": {"name": "Ann", "n": [1, None, True]}, "rows": [1], "text": "hello", "n": 3, "s": {1}}


def evaluate(source):
    return eval(source, dict(VALUES))


REQUESTS = []


@pytest.fixture(autouse=True)
def closed_requests():
    yield
    while REQUESTS:
        REQUESTS.pop().close()


def send(line, cell=None, method="POST"):
    resolved = parse_request(method, line, cell).expand(evaluate)
    builder = EnvironBuilder(resolved.path, method=method, headers=list(resolved.headers), data=resolved.body)
    REQUESTS.append(Request(builder.get_environ()))
    builder.close()
    return REQUESTS[-1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'a "b".png').write_bytes(b"PNG\r\n--x")
    (tmp_path / "data.txt").write_bytes(b"a=1\r\n&b=2\n")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("/x {item}", {"name": "Ann", "n": [1, None, True]}),
        ("/x {rows}", [1]),
        ("/x {[n for n in rows]}", [1]),
        ("/x {'a': n, 'b': (1, 2)}", {"a": 3, "b": [1, 2]}),
        ("/x {'a': 'don\\'t', 'b': None} --timeout 3", {"a": "don't", "b": None}),
        ("/x [n, text]", [3, "hello"]),
        ('/x {"a": {n}, "b": "say {text}"}', {"a": 3, "b": "say hello"}),
        ("/x a:={item} b={n}", {"a": {"name": "Ann", "n": [1, None, True]}, "b": "3"}),
        ('/x a:={"b": [{n}, {text}]} c=d', {"a": {"b": [3, "hello"]}, "c": "d"}),
        ("/x name={text.upper() + '!'} ok:=true", {"name": "HELLO!", "ok": True}),
        ("/x k{n}[]={n}", {"k3": ["3"]}),
        ("/x a[{text}]=1", {"a": {"hello": "1"}}),
        ("/x a=\\{n}", {"a": "{n}"}),
        ("/x a={{ n }}", None),
        ("/x 'a={{ n }}'", {"a": "{{ n }}"}),
        ("/x --json -d {item}", {"name": "Ann", "n": [1, None, True]}),
        ("/x []=1 []:=2", ["1", 2]),
    ],
)
def test_values_of_the_notebook_become_json(line, value):
    if value is None:
        with pytest.raises(MagicArgumentError):
            send(line)
    else:
        assert send(line).get_json() == value


def test_a_cell_may_be_a_literal_of_python():
    assert send("/x", "{'a': None,  # nothing\n 'b': (1, 'é')}\n").get_json() == {"a": None, "b": [1, "é"]}


def test_expressions_in_a_cell_count_with_a_flag_only():
    assert send("/x", '{"a": "{n}"}').get_json() == {"a": "{n}"}
    assert send("/x --expand", '{"a": "{n}", "b": {item}}').get_json()["b"]["name"] == "Ann"
    assert send("/x --expand", "{'a': n}").get_json() == {"a": 3}
    for cell in ("{'a': n}", '{"a": {n}}', "{item}"):
        with pytest.raises(
            MagicArgumentError, match=r"is not valid JSON.*\. For values of the notebook, add --expand"
        ):
            send("/x", cell)


def test_a_cell_is_any_text_when_its_type_is_given():
    request = send("/x Content-Type:text/csv", "a,b\n1,{n}\n")
    assert (request.mimetype, request.get_data(as_text=True)) == ("text/csv", "a,b\n1,{n}")
    assert send("/x Content-Type:text/plain --expand", "n is {n}").get_data() == b"n is 3"


def test_with_form_a_cell_holds_items():
    assert dict(send("/x --form", "# who\nname=Ann Lee\nn={n}\n").form) == {"name": "Ann Lee", "n": "3"}


def test_a_file_makes_the_request_multipart(folder):
    request = send("/x 'f@a \"b\".png;type=image/x' name={text} n:=3 'g@a \"b\".png;filename=c.gif'")
    assert dict(request.form) == {"name": "hello", "n": "3"}
    file, other = request.files["f"], request.files["g"]
    assert (file.read(), file.mimetype, file.filename) == (b"PNG\r\n--x", "image/x", 'a "b".png')
    assert (other.filename, other.mimetype) == ("c.gif", "image/png")


def test_a_multipart_request_is_the_same_in_every_run(folder):
    definition = parse_request("POST", "/x f@data.txt a=1")
    assert definition.expand(evaluate) == definition.expand(evaluate)


def test_the_boundary_of_a_form_does_not_stand_in_it(folder):
    body = parse_request("POST", "/x f@data.txt").expand(evaluate).body
    (folder / "data.txt").write_bytes(body)
    request = send("/x f@data.txt")
    assert request.files["f"].read() == body


@pytest.mark.parametrize(
    ("line", "mimetype", "body"),
    [
        ("/x -d a=1 -d b=2", "application/x-www-form-urlencoded", b"a=1&b=2"),
        ("/x --data a={n}", "application/x-www-form-urlencoded", b"a=3"),
        ("/x -d @data.txt", "application/x-www-form-urlencoded", b"a=1&b=2"),
        ("""/x -d '{"a": {n}}' -H 'Content-Type: application/json'""", "application/json", b'{"a": 3}'),
        ('/x -d {"a": 1} --json', "application/json", b'{"a": 1}'),
        ("/x -d {text} Content-Type:text/plain", "text/plain", b"hello"),
        ("/x @data.txt", "text/plain", b"a=1\r\n&b=2\n"),
        ("/x @data.txt Content-Type:a/b", "a/b", b"a=1\r\n&b=2\n"),
    ],
)
def test_the_body_may_be_data_or_a_file(folder, line, mimetype, body):
    request = send(line)
    assert (request.mimetype, request.get_data()) == (mimetype, body)


def test_parts_are_read_as_curl_has_them(folder):
    request = send("/x -F a=1 -F 'f=@data.txt;type=text/x' -F 'b=<data.txt'")
    assert dict(request.form) == {"a": "1", "b": "a=1\r\n&b=2\n"}
    assert request.files["f"].mimetype == "text/x"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/x {text}", "{text} is a str, but a body is a dict or a list. Type name={text} for a field"),
        ("/x {'a': s}", "the body cannot be sent: a dict cannot be written as JSON: set has no form in JSON"),
        ("/x a:={s}", "'a:={s}' cannot be sent: a set cannot be written as JSON"),
        ("/x -F a", "'a' is not a part. Type it as name=value or name=@path"),
        ("/x -F a=1 {}", "not a whole body"),
        ("/x --form a:=[1]", "'a:=[1]': a form holds only text. Type a=text, or leave out --form"),
        ("/x f@gone.txt", "the file 'gone.txt' of 'f@gone.txt' cannot be read"),
        ("/x @gone.txt", "the file 'gone.txt' of '@gone.txt' cannot be read"),
        ("/x -d @gone.txt", "the file 'gone.txt' of '-d @gone.txt' cannot be read"),
        ("/x -F a=@gone.txt", "the file 'gone.txt' of '-F a=@gone.txt' cannot be read"),
        ("/x f@data.txt --json", "--json cannot upload files"),
        ("/x f@data.txt {}", "there are two bodies"),
        ("/x -d a=1 b=2", "there are two bodies: a whole one and the field 'b=2'"),
        ("/x -d a=1 {}", "there are two bodies"),
    ],
)
def test_what_cannot_be_sent_is_one_clear_error(folder, line, message):
    with pytest.raises(MagicArgumentError) as caught:
        send(line)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)

"""A request in other notations, held against what reads them: our own parsers, and Python itself."""

from __future__ import annotations

import json
import os
import shlex
import sys
from types import ModuleType, SimpleNamespace
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flask_nb.cells import parse_http
from flask_nb.exchange import Request
from flask_nb.exchange.copies import as_curl, as_http, as_python, python_text
from flask_nb.exchange.sending import Sending, guarded_json

BASE = "http://localhost"

words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs", "S"]), min_size=1, max_size=12)
names = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True).map(lambda name: f"f{name}")
plain = st.one_of(st.none(), st.booleans(), st.integers(-1000, 1000), words)
json_values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)


def has_secrets(value: object) -> bool:
    """Whether anything in it stands for a secret, as ``fpwd`` may."""
    return "os.environ[" in python_text(guarded_json(value))


def parsed(text: str) -> SimpleNamespace:
    """What ``%%http`` makes of a copy."""
    (definition,) = parse_http("", text)
    resolved = definition.expand(lambda source: pytest.fail(source), ["localhost"])
    return SimpleNamespace(
        method=resolved.method, path=resolved.path, headers=dict(resolved.headers), body=resolved.body
    )


def request_with_json(value: object) -> Request:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Request("POST", "/items?q=a%20b", (("Content-Type", "application/json"),), body)


@pytest.mark.parametrize("write", [as_curl, as_http])
@given(value=st.dictionaries(names, json_values, max_size=3))
def test_json_comes_back_as_it_was(write, value):
    assume(not has_secrets(value))
    back = parsed(write(Sending(request_with_json(value), BASE)))
    assert (back.method, back.path) == ("POST", "/items?q=a%20b")
    assert back.headers["Content-Type"] == "application/json"
    assert json.loads(back.body) == value


@pytest.mark.parametrize("write", [as_curl, as_http])
@given(fields=st.dictionaries(names, words, min_size=1, max_size=3))
def test_a_form_comes_back_as_it_was(write, fields):
    assume(not has_secrets(fields))
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    request = Request("POST", "/login", headers, urlencode(fields).encode())
    back = parsed(write(Sending(request, BASE)))
    assert dict(parse_qsl(back.body.decode())) == fields


@pytest.mark.parametrize("write", [as_curl, as_http])
def test_method_headers_and_cookies_come_back(write):
    request = Request("DELETE", "/items/1", (("X-Reason", 'it\'s "old"'), ("Cookie", "theme=dark")))
    back = parsed(write(Sending(request, BASE)))
    assert back.method == "DELETE"
    assert back.headers["X-Reason"] == 'it\'s "old"'
    assert back.headers["Cookie"] == "theme=dark"


@given(text=words)
def test_a_placeholder_in_the_shell_leaves_what_stands_beside_it_as_it_is(text):
    request = Request(
        "GET", f"/?token=geheim12345&q={quote(text)}", (("Cookie", f"session=abc; q={quote(text)}"),)
    )
    words = shlex.split(as_curl(Sending(request, BASE)).replace("\\\n", ""))
    assert words[1] == f"http://localhost/?token=$TOKEN&q={quote(text)}"
    assert words[3] == f"session=$SESSION; q={quote(text)}"


@given(json_values)
def test_python_reads_what_is_written_as_python(value):
    assert eval(python_text(value), {}) == value


LONG = {"first": ["a" * 30, "b" * 30], "second": {"inner": "c" * 40, "other": "d" * 40}}


def test_a_long_value_has_an_item_on_each_line():
    text = python_text(LONG)
    assert max(map(len, text.splitlines())) <= 88
    assert eval(text) == LONG
    assert text.splitlines()[1].startswith('    "first": [')


def sent_by(script: str, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Run a script with a stand-in for requests; return the call."""
    calls: list[SimpleNamespace] = []

    def post(*args: object, **options: object) -> SimpleNamespace:
        calls.append(SimpleNamespace(args=args, **options))
        return SimpleNamespace(status_code=200, text="")

    module = ModuleType("requests")
    module.post = post  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "requests", module)
    exec(script, {})
    return calls[0]


def test_a_script_sends_the_same_and_takes_secrets_from_the_environment(monkeypatch):
    headers = (("Content-Type", "application/json"), ("Authorization", "Bearer abcdefgh12345678"))
    request = Request("POST", "/items?token=geheim12345", headers, b'{"name": "pen", "password": "geheim"}')
    script = as_python(Sending(request, "http://127.0.0.1:5000"))
    assert "geheim" not in script
    assert "abcdefgh" not in script
    for name in ("AUTHORIZATION", "TOKEN", "PASSWORD"):
        monkeypatch.setitem(os.environ, name, f"my {name.lower()}")
    call = sent_by(script, monkeypatch)
    assert call.args == ("http://127.0.0.1:5000/items",)
    assert call.params == {"token": "my token"}
    assert call.headers == {"Authorization": "my authorization"}
    assert call.json == {"name": "pen", "password": "my password"}


def test_a_command_names_the_variables_of_secrets_and_lets_the_shell_fill_them_in():
    headers = (("X-Api-Key", "abcdef123456"), ("Cookie", "session=abc; theme=dark"))
    request = Request("GET", "/items?token=geheim12345", headers)
    assert as_curl(Sending(request, BASE)).splitlines() == [
        'curl "http://localhost/items?token=$TOKEN" \\',
        '  -H "X-Api-Key: $X_API_KEY" \\',
        '  -b "session=$SESSION; theme=dark"',
    ]


UPLOAD = (
    b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n--x\r\n'
    b'Content-Disposition: form-data; name="file"; filename="cat.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\nmiau\r\n"
    b"--x--\r\n"
)


def test_an_upload_is_copied_as_the_name_of_its_file():
    request = Request("POST", "/up", (("Content-Type", "multipart/form-data; boundary=x"),), UPLOAD)
    sending = Sending(request, BASE)
    assert as_curl(sending).splitlines() == [
        "# To be found in the folder in which this is run: cat.txt",
        "curl http://localhost/up \\",
        "  -F note=hi \\",
        "  -F 'file=@cat.txt;type=text/plain'",
    ]
    assert 'files={"file": open("cat.txt", "rb")}' in as_python(sending)
    assert "< ./cat.txt" in as_http(sending)


def test_bytes_that_are_no_text_are_named_as_a_file():
    request = Request("PUT", "/raw", (("Content-Type", "image/png"),), b"\x89PNG\xff")
    assert "--data-binary @body" in as_curl(Sending(request, BASE))
    assert as_http(Sending(request, BASE)).startswith("# The body is left out")
    assert 'open("body", "rb")' in as_python(Sending(request, BASE))

"""Curl commands; what they send was watched with curl 7.88 on a socket."""

from __future__ import annotations

import pytest

from flask_nb.cells import parse_http
from flask_nb.errors import MagicArgumentError

from .comparison import write_files

FORM = ("Content-Type", "application/x-www-form-urlencoded")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files that the commands name, which nothing changes."""
    folder = tmp_path_factory.mktemp("files")
    write_files(folder)
    return folder


@pytest.fixture(autouse=True)
def files(folder, monkeypatch):
    monkeypatch.chdir(folder)


def sent(command, hosts=("localhost",)):
    (definition,) = parse_http("", command)
    resolved = definition.expand(eval, hosts)
    return resolved.method, resolved.path, resolved.headers, resolved.body.decode()


@pytest.mark.parametrize(
    ("command", "request_"),
    [
        ("curl localhost/x", ("GET", "/x", (), "")),
        ("curl -X PUT localhost/x", ("PUT", "/x", (), "")),
        ("curl -sXDELETE localhost/x", ("DELETE", "/x", (), "")),
        ("curl -I localhost/x", ("HEAD", "/x", (), "")),
        ("curl -d a=1 -d 'b=2 c' localhost/x", ("POST", "/x", (FORM,), "a=1&b=2 c")),
        ("curl -d a=1 -d @text.txt localhost/x", ("POST", "/x", (FORM,), "a=1&text é")),
        ("curl --data-binary @text.txt localhost/x", ("POST", "/x", (FORM,), "text é\n")),
        ("curl --data-raw @text.txt localhost/x", ("POST", "/x", (FORM,), "@text.txt")),
        ("curl -d '' localhost/x", ("POST", "/x", (FORM,), "")),
        (
            "curl --data-urlencode 'a=x y&z' --data-urlencode '=q é' --data-urlencode n@text.txt localhost/x",
            ("POST", "/x", (FORM,), "a=x+y%26z&q+%C3%A9&n=text+%C3%A9%0A"),
        ),
        ("curl -G -d a=1 --data-urlencode 'q=x y' 'localhost/x?b=2'", ("GET", "/x?b=2&a=1&q=x+y", (), "")),
        (
            """curl --json '{"a":' --json '1}' localhost/x""",
            (
                "POST",
                "/x",
                (("Content-Type", "application/json"), ("Accept", "application/json")),
                '{"a":1}',
            ),
        ),
        (
            """curl -H 'X-A: b' -H 'X-E;' -H "content-type: application/json" -d '{"a": {}}' localhost/x""",
            (
                "POST",
                "/x",
                (("X-A", "b"), ("X-E", ""), ("content-type", "application/json")),
                '{"a": {}}',
            ),
        ),
        (
            "curl -u ann:se:cret localhost/x",
            ("GET", "/x", (("Authorization", "Basic YW5uOnNlOmNyZXQ="),), ""),
        ),
        ("curl --oauth2-bearer abc localhost/x", ("GET", "/x", (("Authorization", "Bearer abc"),), "")),
        ("curl -b 'a=1; b=2' localhost/x", ("GET", "/x", (("Cookie", "a=1; b=2"),), "")),
        (
            "curl -A me -e http://r/ localhost/x",
            ("GET", "/x", (("User-Agent", "me"), ("Referer", "http://r/")), ""),
        ),
        ("curl -sS -L -k -i --compressed localhost/x", ("GET", "/x", (), "")),
        ("curl --url http://localhost/x --data x", ("POST", "/x", (FORM,), "x")),
        ("$ curl localhost", ("GET", "/", (), "")),
        ("curl \\\n  -H 'A: b' \\\n  'localhost/x?a=1#top'", ("GET", "/x?a=1", (("A", "b"),), "")),
        ("curl localhost/x/../y/{id}", ("GET", "/y/%7Bid%7D", (), "")),
        ("curl -H 'Content-Length: 3' localhost/x", ("GET", "/x", (), "")),
    ],
)
def test_a_curl_command_is_sent_as_curl_sends_it(command, request_):
    assert sent(command) == request_


def test_parts_are_a_form_with_files():
    _method, _path, headers, body = sent(
        "curl -F a=1 -F 'f=@text.txt;type=a/b;filename=q' -F 'h=<text.txt' localhost/x"
    )
    boundary = headers[0][1].partition("boundary=")[2]
    assert body.replace(boundary, "B") == (
        '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        '--B\r\nContent-Disposition: form-data; name="f"; filename="q"\r\n'
        "Content-Type: a/b\r\n\r\ntext é\n\r\n"
        '--B\r\nContent-Disposition: form-data; name="h"\r\n\r\ntext é\n\r\n--B--\r\n'
    )


def test_a_timeout_is_kept_and_several_commands_are_several_requests():
    first, second = parse_http("--expect 2xx", "curl -m 5 localhost/a\n\ncurl localhost/b")
    assert (first.timeout, second.timeout, second.expect) == (5.0, 30.0, ("2xx",))


@pytest.mark.parametrize("flag", ["-i", "-si", "--include", "--show-headers"])
def test_the_headers_of_the_response_are_shown_where_curl_shows_them(flag):
    first, second = parse_http("", f"curl {flag} localhost/a\n\ncurl localhost/b")
    assert (first.headers_shown, second.headers_shown) == (True, False)


def test_the_headers_of_all_responses_are_shown_where_the_cell_says_so():
    definitions = parse_http("-i", "curl localhost/a\n\ncurl localhost/b")
    assert [definition.headers_shown for definition in definitions] == [True, True]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("curl", "the curl command has no URL"),
        ("curl -X PUT", "the curl command has no URL"),
        ("curl -X", "the value of curl's -X is missing"),
        ("curl --hedaer 'A: b' localhost", "curl's --hedaer is not understood here. Did you mean --header?"),
        ("curl -o out localhost", "curl's -o is not understood here. Leave it out"),
        ("curl -T text.txt localhost", "curl's -T is not understood here"),
        ("curl localhost/a localhost/b", "there are two URLs"),
        ("curl -b jar.txt localhost", "-b 'jar.txt' names a cookie file. Type the cookies: -b name=value"),
        ("curl -H 'no header' localhost", "'no header' is not a header"),
        ("curl -d a=1 -F b=2 localhost", "curl's -d and -F do not go together"),
        ("curl -d @gone localhost", "the file 'gone' of '-d @gone' cannot be read"),
        ("curl -m soon localhost", "-m 'soon' is not a number of seconds"),
        ("curl https://example.com/items", "'https://example.com/items' leads to another server"),
        ("curl http://192.168.1.5:5000/items", "leads to another server"),
        ("curl http://localhost.example:5000/items", "leads to another server"),
        ("curl localhost | jq", "is for the shell"),
    ],
)
def test_what_curl_means_otherwise_is_one_clear_error(command, message):
    with pytest.raises(MagicArgumentError) as caught:
        sent(command)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("command", "path", "elsewhere"),
    [
        ("curl http://localhost:5000/items?a=1", "/items?a=1", "localhost:5000"),
        ("curl localhost:5000", "/", "localhost:5000"),
        ("curl https://127.0.0.1:8443/x", "/x", "127.0.0.1:8443"),
        ("curl 'http://[::1]:5000/x'", "/x", "[::1]:5000"),
        ("curl http://127.0.0.1:4711/x", "/x", None),
        ("curl http://localhost/x", "/x", None),
        ("curl localhost:80/x", "/x", None),
    ],
)
def test_a_curl_for_another_port_of_this_machine_means_the_app(command, path, elsewhere):
    (definition,) = parse_http("", command)
    resolved = definition.expand(eval, ("localhost", "127.0.0.1:4711"))
    assert (resolved.path, resolved.headers, resolved.elsewhere) == (path, (), elsewhere)

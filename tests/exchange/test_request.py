import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Request as WerkzeugRequest

from flask_nb.exchange import Request


def test_a_request_reads_as_method_and_path():
    assert str(Request("get", "/hello/Ann")) == "GET /hello/Ann"


def test_letters_of_other_scripts_are_decoded_for_people():
    assert str(Request("GET", "/hello/J%C3%BCrgen")) == "GET /hello/Jürgen"


@pytest.mark.parametrize("path", ["/a%20b", "/a%2Fb", "/a%3Fb", "/%E2%80%AE", "/%FF", "/%0A"])
def test_what_would_mislead_stays_encoded(path):
    assert str(Request("GET", path)) == f"GET {path}"


def test_secret_query_values_are_not_displayed():
    assert str(Request("GET", "/login?user=ann&api_key=s3cret")) == "GET /login?user=ann&api_key=…"


def test_the_host_is_localhost_unless_the_headers_name_one():
    assert dict(Request("GET", "/").wire_headers())["Host"] == "localhost"
    own = Request("GET", "/", (("host", "api.example"),))
    assert [value for name, value in own.wire_headers() if name.lower() == "host"] == ["api.example"]


def test_characters_that_may_not_travel_are_encoded():
    assert Request("GET", "/ä b\r\nX: y#part").path == "/%C3%A4%20b%0D%0AX:%20y"


@pytest.mark.parametrize("arguments", [("GE T", "/"), ("", "/"), ("GET", "/", (("X", "a\r\nY: b"),))])
def test_what_could_split_a_request_is_refused(arguments):
    with pytest.raises(ValueError, match="Use a"):
        Request(*arguments)


@given(st.text())
def test_any_text_makes_a_path_that_can_be_sent(text):
    path = Request("GET", text).path
    assert path.startswith("/")
    assert path.isascii()
    assert not any(character.isspace() or not character.isprintable() for character in path)


def test_the_environ_is_that_of_werkzeugs_test_client():
    request = WerkzeugRequest(Request("POST", "/a%20b?x=%20y", (("X-A", "1"),), b"body").environ())
    assert (request.path, request.query_string, request.data) == ("/a b", b"x=%20y", b"body")
    assert (request.headers["X-A"], request.host, request.content_length) == ("1", "localhost", 4)

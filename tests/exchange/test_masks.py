import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.exchange import is_secret_name, mask_header, mask_text, mask_url
from flask_nb.exchange.masks import decode_session, drop_foreign_cookies

SECRETS = ["password", "PASSWORD", "userPassword", "api_key", "X-API-Key", "SECRET_KEY", "auth_token"]
SECRETS += ["accessToken", "Authorization", "pwd", "csrf"]
PLAIN = ["name", "key", "keys", "author", "tokens", "max_tokens", "monkey", "keyboard", "compass"]
PLAIN += ["passenger", "session_count"]


@pytest.mark.parametrize("name", SECRETS)
def test_names_of_secrets_are_known(name):
    assert is_secret_name(name)


@pytest.mark.parametrize("name", PLAIN)
def test_ordinary_names_are_not_taken_for_secrets(name):
    assert not is_secret_name(name)


def signed_session(values):
    app = Flask(__name__)
    app.secret_key = "never shown"
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return serializer.dumps(values)


def test_a_session_cookie_shows_what_it_holds_and_no_signature():
    cookie = signed_session({"n": 1, "pair": (1, 2), "user": "Ann"})
    shown = mask_header("Set-Cookie", f"session={cookie}; HttpOnly; Path=/")
    assert shown == 'session=<signed {"n": 1, "pair": [1, 2], "user": "Ann"}>; HttpOnly; Path=/'


def test_a_compressed_session_is_decoded_too():
    cookie = signed_session({"text": "long " * 200})
    assert cookie.startswith(".")
    assert decode_session(cookie) == {"text": "long " * 200}


def test_secrets_in_a_session_are_hidden():
    assert (
        mask_header("Set-Cookie", f"s={signed_session({'csrf_token': 'x'})}")
        == 's=<signed {"csrf_token": "…"}>'
    )


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.booleans() | st.none()))
def test_any_session_comes_back(values):
    assert decode_session(signed_session(values)) == values


@given(st.text())
def test_any_text_can_be_masked(text):
    for name in ("Set-Cookie", "Cookie", "Authorization", "Location", "X-Other"):
        mask_header(name, text)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Bearer abc", "Bearer <hidden>"),
        ("X-API-Key", "abc", "<hidden>"),
        ("Set-Cookie", "_xsrf=2|ab; Path=/", "_xsrf=<hidden>; Path=/"),
        (
            "Set-Cookie",
            "theme=dark; Max-Age=60; Expires=Mon, 23 Nov 2026",
            "theme=dark; Max-Age=60; Expires=…",
        ),
        ("Set-Cookie", "sessionid=4711", "sessionid=<hidden>"),
        ("Cookie", "_xsrf=1; theme=dark; username-localhost-8888=x", "theme=dark"),
        ("ETag", '"1718-5"', "…"),
        ("Expires", "Mon, 23 Nov 2026 00:00:00 GMT", "…"),
        ("Last-Modified", "Mon, 23 Nov 2026 00:00:00 GMT", "…"),
        ("Allow", "POST, GET", "GET, POST"),
        ("Location", "http://ann:pw@host/?token=1", "http://…@host/?token=…"),
        ("X-Other", "plain", "plain"),
    ],
)
def test_headers_are_shown_without_secrets_and_without_what_changes(name, value, shown):
    assert mask_header(name, value) == shown


def test_only_the_notebooks_own_cookies_are_dropped():
    assert drop_foreign_cookies("_xsrf=1; session=2; jupyterhub-user=3; a=b=c") == "session=2; a=b=c"


def test_addresses_credentials_and_quoted_secrets_are_masked_in_text():
    assert (
        mask_text("<A at 0x7f00deadbeef> {'password': 'a', 'n': 'b'}")
        == "<A at 0x…> {'password': <hidden>, 'n': 'b'}"
    )
    assert mask_url("/a?b=1&secret=2") == "/a?b=1&secret=…"

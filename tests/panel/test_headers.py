import pytest
from exchange.conftest import signed_session
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.panel.headers import mask_header


def test_a_session_cookie_shows_what_it_holds_and_no_signature():
    cookie = signed_session({"n": 1, "pair": (1, 2), "user": "Ann"})
    shown = mask_header("Set-Cookie", f"session={cookie}; HttpOnly; Path=/")
    assert shown == 'session=<signed {"n": 1, "pair": [1, 2], "user": "Ann"}>; HttpOnly; Path=/'


def test_secrets_in_a_session_are_hidden():
    assert (
        mask_header("Set-Cookie", f"s={signed_session({'csrf_token': 'x'})}")
        == 's=<signed {"csrf_token": "…"}>'
    )


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

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.exchange.masks import (
    decode_session,
    drop_foreign_cookies,
    mask_secrets,
    mask_text,
    mask_url,
    printable,
)
from flask_nb.exchange.secrecy import is_secret_name

from .conftest import signed_session

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


def test_a_compressed_session_is_decoded_too():
    cookie = signed_session({"text": "long " * 200})
    assert cookie.startswith(".")
    assert decode_session(cookie) == {"text": "long " * 200}


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.booleans() | st.none()))
def test_any_session_comes_back(values):
    assert decode_session(signed_session(values)) == values


def test_cookies_of_jupyter_and_of_editors_are_dropped():
    assert drop_foreign_cookies("vscode-tkn=1; coder_session_token=2; _oauth2_proxy=3") == "_oauth2_proxy=3"
    assert drop_foreign_cookies("_xsrf=1; session=2; jupyterhub-user=3; a=b=c") == "session=2; a=b=c"


def test_addresses_credentials_and_quoted_secrets_are_masked_in_text():
    assert (
        mask_text("<A at 0x7f00deadbeef> {'password': 'a', 'n': 'b'}")
        == "<A at 0x…> {'password': <hidden>, 'n': 'b'}"
    )
    assert mask_url("/a?b=1&secret=2") == "/a?b=1&secret=…"


@given(st.text())
def test_printable_text_has_no_control_characters(text):
    assert all(character in "\n\t" or ord(character) >= 32 for character in printable(text))


SHAPES = [
    ("to postgres://ann:p@ss@db/shop now", "to postgres://…@db/shop now"),
    ("curl -H 'Authorization: Bearer abc'", "curl -H 'Authorization: Bearer <hidden>'"),
    ("sent Bearer x1y2z3w4, then Basic YW5uOnB3", "sent Bearer <hidden>, then Basic <hidden>"),
    ("the Basic rules and a Bearer of news", "the Basic rules and a Bearer of news"),
    ("password=hunter2 for ann", "password=<hidden> for ann"),
    ("Pwd=a;Server=db", "Pwd=<hidden>;Server=db"),
    ("(password: hunter2)", "(password: <hidden>)"),
    ("User(name='ann', password='a', n=1)", "User(name='ann', password=<hidden>, n=1)"),
    ("[('password', 'a'), ('n', 1)]", "[('password', <hidden>), ('n', 1)]"),
    ("('password', 'email', 'name')", "('password', 'email', 'name')"),
    ("['x', '--password', 'a']", "['x', '--password', <hidden>]"),
    ('{"password": "a \\" b", "n": 1}', '{"password": <hidden>, "n": 1}'),
    ('{"x": "{\\"password\\": \\"a\\"}"}', '{"x": "{\\"password\\": <hidden>}"}'),
    ("{'passwords': ['a', 'b'], 'n': 1}", "{'passwords': <hidden>, 'n': 1}"),
    ("{'password': ['This field is required.']}", "{'password': ['This field is required.']}"),
    ("<password>a</password>", "<password><hidden></password>"),
    ("Cookie: theme=dark; sid=1\nHost: x", "Cookie: theme=dark; sid=<hidden>\nHost: x"),
    ("{'Cookie': 'a=1; sid=2'}", "{'Cookie': 'a=1; sid=<hidden>'}"),
    ("[('Cookie', 'a=1; _oauth2_proxy=2')]", "[('Cookie', 'a=1; _oauth2_proxy=<hidden>')]"),
    ("set ghp_aaaaaaaaaaaaaaaaaaaaaaaa1 up", "set <hidden> up"),
    ("a\n-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nb", "a\n<hidden>\nb"),
    ("hash scrypt:32768:8:1$ab$0123 of ann", "hash <hidden> of ann"),
    ("token=None password=%s", "token=None password=%s"),
    ("key=a1b2c3d4e5f6g7", "key=a1b2c3d4e5f6g7"),
    ("License: Apache-2.0-with-GPL2-LGPL2-Exception", "License: Apache-2.0-with-GPL2-LGPL2-Exception"),
]


@pytest.mark.parametrize(("text", "shown"), SHAPES)
def test_in_a_text_a_secret_is_hidden_and_the_rest_stays(text, shown):
    assert mask_secrets(text) == shown


def test_a_signed_value_shows_what_it_holds_and_cannot_be_sent_back():
    cookie = signed_session({"user": "ann"})
    assert mask_secrets(f"got {cookie} twice") == 'got <signed {"user": "ann"}> twice'


def test_what_joins_a_name_and_a_value_may_be_escaped_in_a_url():
    assert mask_url("/a?next=%2Fb%3Ftoken%3Dxyz&code=DE") == "/a?next=%2Fb%3Ftoken%3D<hidden>&code=DE"
    assert mask_url("/a?code=4/0AX4XfWhTq1&n=1#access_token=x") == "/a?code=…&n=1#access_token=<hidden>"


@given(st.text(alphabet="abc ,.;()\n"))
def test_a_text_without_secrets_stays_as_it_is(text):
    assert mask_secrets(text) == text


@given(st.text(alphabet="password='\"[({,:)}]\\ -x1Bearer\n"))
def test_a_masked_text_is_not_masked_further(text):
    once = mask_secrets(text)
    assert mask_secrets(once) == once

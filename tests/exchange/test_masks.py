import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.exchange.masks import (
    decode_session,
    drop_foreign_cookies,
    is_secret_name,
    mask_text,
    mask_url,
    printable,
)

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


def test_only_the_notebooks_own_cookies_are_dropped():
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

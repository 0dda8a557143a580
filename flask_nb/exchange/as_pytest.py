"""A request and what is expected of its answer, as a test for pytest has them.

What writes a test of an exchange and what writes the tests of an exported notebook share it, so that both
read alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from .copies import WIDTH, address_arguments, call_text, python_pairs, python_text, raw_body
from .sending import Sending

INDENT = "    "
"""What the lines of a function begin with."""

_MAX_JSON = 3_000
_MAX_TEXT = 120
_TELLING = re.compile(r"<(title|h1)\b[^<>]*>[^<>\n]+</\1>", re.IGNORECASE)
_CLIENT_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")


def name_test(method: str, path: str) -> str:
    """Return what the test of a request is called, without ``test_``.

    :param path: without the query.
    """
    words = re.sub(r"\W+", "_", f"{method} {path}".lower()).strip("_")
    return words if path != "/" else f"{words}_index"


def sending_lines(
    sending: Sending, *, is_followed: bool, client: str = "client", target: str = "response"
) -> Iterator[str]:
    """Yield the lines that send a request.

    :param is_followed: whether the redirects that answer it are followed.
    :param client: the client, as an expression.
    :param target: the variable that the response is bound to; empty for none.
    """
    for name, value in sending.cookies:
        yield f"{INDENT}{client}.set_cookie({python_text(name)}, {python_text(value)})"
    verb = sending.method.lower()
    opening = f"{client}.{verb}(" if verb in _CLIENT_VERBS else f"{client}.open("
    arguments = [*_arguments(sending)]
    arguments += [f"method={python_text(sending.method)}"] if verb not in _CLIENT_VERBS else []
    arguments += ["follow_redirects=True"] if is_followed else []
    yield call_text(f"{target} = {opening}" if target else opening, arguments, INDENT)


def _arguments(sending: Sending) -> Iterator[str]:
    yield from address_arguments(sending, "query_string")
    if headers := sending.without_json_type():
        yield f"headers={python_pairs(headers)}"
    if sending.json is not None:
        yield f"json={python_text(sending.json)}"
    elif sending.form or sending.uploads:
        fields = [python_pairs(sending.form)[1:-1]] if sending.form else []
        fields += [
            f'{python_text(each.name)}: open({python_text(each.file_name)}, "rb")' for each in sending.uploads
        ]
        yield f"data={{{', '.join(fields)}}}"
    elif sending.text:
        yield f"data={raw_body(sending)}"


def json_assertion(value: Any) -> str:
    """Return the assertion that an answer's JSON is this; of much JSON, that it has so many items."""
    left = "response.json == "
    text = python_text(value, WIDTH - len(f"{INDENT}assert {left}")).replace("\n", f"\n{INDENT}")
    if len(json.dumps(value, default=str)) <= _MAX_JSON or not isinstance(value, (dict, list)):
        return assertion(f"{left}{text}")
    return assertion(f"len(response.get_json()) == {len(value)}")


def text_assertions(text: str) -> Iterator[str]:
    """Yield assertions on a body: a short text as it is, of a longer one what tells it from others."""
    if "\n" not in text.rstrip("\n") and len(text) <= _MAX_TEXT:
        yield assertion(f"response.text == {python_text(text)}")
        return
    telling = [found[0] for found in _TELLING.finditer(text)][:2]
    for piece in telling or [line.strip() for line in text.splitlines() if line.strip()][:1]:
        yield assertion(f"{python_text(piece[:_MAX_TEXT])} in response.text")


def assertion(text: str) -> str:
    """Return a line that asserts."""
    return f"{INDENT}assert {text}"

"""An exchange as a test for pytest: a function that sends the request and asserts what was seen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from flask_nb.exchange.copies import address_arguments, call_text, python_pairs, python_text, raw_body
from flask_nb.exchange.masks import mask_secrets, mask_url
from flask_nb.exchange.recall import sent_request
from flask_nb.exchange.sending import Secret, Sending, guarded_json
from flask_nb.jsonpath import mask_json

from .body import Body
from .exchanger import PanelResponse

_INDENT = "    "
_MAX_JSON = 3_000
_MAX_TEXT = 120
_TELLING = re.compile(r"<(title|h1)\b[^<>]*>[^<>\n]+</\1>", re.IGNORECASE)
_CLIENT_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")


class _Any:
    """Equals whatever comes; written as ``unittest.mock.ANY``."""

    def __repr__(self) -> str:
        return "ANY"


def as_test(response: PanelResponse) -> str:
    """Return a function for pytest, for the fixture ``client`` of Flask's documentation.

    What the display masks, and what is a secret by its name, may be anything.
    """
    sending = Sending(sent_request(response))
    lines = [*_sent(sending, is_followed=bool(response.history)), *_seen(response)]
    head = f"def test_{_name(sending)}(client):"
    text = "\n".join([head, *lines])
    imports = ["import os"] if "os.environ[" in text else []
    imports += ["from unittest.mock import ANY"] if re.search(r"\bANY\b", text) else []
    return sending.remarks() + "\n".join([*imports, *(["", ""] if imports else []), text])


def _name(sending: Sending) -> str:
    words = re.sub(r"\W+", "_", f"{sending.method} {sending.path}".lower()).strip("_")
    return words if sending.path != "/" else f"{words}_index"


def _sent(sending: Sending, *, is_followed: bool) -> Iterator[str]:
    for name, value in sending.cookies:
        yield f"{_INDENT}client.set_cookie({python_text(name)}, {python_text(value)})"
    verb = sending.method.lower()
    opening = f"{verb}(" if verb in _CLIENT_VERBS else "open("
    arguments = [*_arguments(sending)]
    arguments += [f"method={python_text(sending.method)}"] if verb not in _CLIENT_VERBS else []
    arguments += ["follow_redirects=True"] if is_followed else []
    yield call_text(f"response = client.{opening}", arguments, _INDENT)


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


def _seen(response: PanelResponse) -> Iterator[str]:
    yield _assert(f"response.status_code == {response.status_code}")
    if response.location and mask_url(response.location) == response.location:
        yield _assert(f"response.location == {python_text(response.location)}")
    body = Body(response.exchange, response.display)
    if body.is_redirect_page or body.kind == "empty" or response.exchange.truncated:
        return
    yield _assert(f"response.mimetype == {python_text(body.mimetype)}")
    if body.kind == "json":
        yield from _of_json(body, response)
    elif body.kind in ("html", "text", "csv") and not body.is_default_page:
        yield from _of_text(body)


def _of_json(body: Body, response: PanelResponse) -> Iterator[str]:
    try:
        value = json.loads(body.text)
    except (ValueError, RecursionError):
        return
    value = _without_secrets(guarded_json(mask_json(value, response.display.masked_paths, _Any())))
    text = python_text(value).replace("\n", f"\n{_INDENT}")
    if len(text) <= _MAX_JSON:
        yield _assert(f"response.json == {text}")
    else:
        yield _assert(f"len(response.json) == {len(value)}")


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return _Any() if isinstance(value, Secret) else value


def _of_text(body: Body) -> Iterator[str]:
    """Assert a short text as it is, of a longer one what tells it from others."""
    text = body.text
    if mask_secrets(text) != text:
        return
    if "\n" not in text.rstrip("\n") and len(text) <= _MAX_TEXT:
        yield _assert(f"response.text == {python_text(text)}")
        return
    telling = [found[0] for found in _TELLING.finditer(text)][:2]
    for piece in telling or [line.strip() for line in text.splitlines() if line.strip()][:1]:
        yield _assert(f"{python_text(piece[:_MAX_TEXT])} in response.text")


def _assert(text: str) -> str:
    return f"{_INDENT}assert {text}"

"""An exchange as a test for pytest: a function that sends the request and asserts what was seen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from flask_nb.exchange.as_pytest import (
    assertion,
    json_assertion,
    name_test,
    sending_lines,
    text_assertions,
)
from flask_nb.exchange.copies import python_text
from flask_nb.exchange.masks import mask_secrets, mask_url
from flask_nb.exchange.recall import sent_request
from flask_nb.exchange.sending import Secret, Sending, guarded_json
from flask_nb.jsonpath import mask_json

from .body import Body
from .exchanger import PanelResponse


class _Any:
    """Equals whatever comes; written as ``unittest.mock.ANY``."""

    def __repr__(self) -> str:
        return "ANY"


def as_test(response: PanelResponse) -> str:
    """Return a function for pytest, for the fixture ``client`` of Flask's documentation.

    What the display masks, and what is a secret by its name, may be anything.
    """
    sending = Sending(sent_request(response))
    lines = [*sending_lines(sending, is_followed=bool(response.history)), *_seen(response)]
    head = f"def test_{name_test(sending.method, sending.path)}(client):"
    text = "\n".join([head, *lines])
    imports = ["import os"] if "os.environ[" in text else []
    imports += ["from unittest.mock import ANY"] if re.search(r"\bANY\b", text) else []
    return sending.remarks() + "\n".join([*imports, *(["", ""] if imports else []), text])


def _seen(response: PanelResponse) -> Iterator[str]:
    yield assertion(f"response.status_code == {response.status_code}")
    if response.location and mask_url(response.location) == response.location:
        yield assertion(f"response.location == {python_text(response.location)}")
    body = Body(response.exchange, response.display)
    if body.is_redirect_page or body.kind == "empty" or response.exchange.truncated:
        return
    yield assertion(f"response.mimetype == {python_text(body.mimetype)}")
    if body.kind == "json":
        yield from _of_json(body, response)
    elif body.kind in ("html", "text", "csv") and not body.is_default_page and not _has_secrets(body.text):
        yield from text_assertions(body.text)


def _has_secrets(text: str) -> bool:
    return mask_secrets(text) != text


def _of_json(body: Body, response: PanelResponse) -> Iterator[str]:
    try:
        value = json.loads(body.text)
    except (ValueError, RecursionError):
        return
    yield json_assertion(
        _without_secrets(guarded_json(mask_json(value, response.display.masked_paths, _Any())))
    )


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return _Any() if isinstance(value, Secret) else value

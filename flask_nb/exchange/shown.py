"""The body of an exchange as it is shown: its kind, its text, its JSON without what is masked."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from .bodies import BodyKind, body_kind, body_text, mimetype
from .exchange import Exchange
from .json_layout import MAX_JSON, Literal_, parse_json
from .jsonpath import JsonPath, mask_json
from .masks import VOLATILE

MAX_MASKED = 2_000_000
"""Characters of JSON that are parsed at most to find what is masked."""


class JsonBody(NamedTuple):
    """A JSON body, parsed.

    :param value: without what is masked.
    :param is_masked: whether anything is.
    """

    value: Any
    is_masked: bool


class ShownBody:
    """The body of an exchange as it is shown."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.response = exchange.response

    @property
    def data(self) -> bytes:
        """The bytes as they came."""
        return self.response.get_data()

    @cached_property
    def text(self) -> str:
        """The text as it came."""
        return body_text(self.response)

    @cached_property
    def kind(self) -> BodyKind:
        """How it is to be shown."""
        return body_kind(self.response)

    @property
    def mimetype(self) -> str:
        """The MIME type, empty if the response names none."""
        return mimetype(self.response)

    @cached_property
    def json(self) -> JsonBody | None:
        """The JSON value, None if it is none or too much to be laid out."""
        return _parsed(self.text, self.exchange.display.masked_paths) if self.kind == "json" else None

    @property
    def is_masked(self) -> bool:
        """Whether something of it is masked, so that its length says nothing either."""
        return bool(self.exchange.display.masked_paths) and self.json is not None and self.json.is_masked

    @property
    def is_beyond_masks(self) -> bool:
        """Whether masks were given and the body is too long for them."""
        has_masks = bool(self.exchange.display.masked_paths)
        return has_masks and self.kind == "json" and len(self.text) > MAX_MASKED


@lru_cache(maxsize=1)  # one display asks for it several times
def _parsed(text: str, paths: tuple[JsonPath, ...]) -> JsonBody | None:
    try:
        value = parse_json(text, MAX_MASKED if paths else MAX_JSON)
        shown = mask_json(value, paths, Literal_(VOLATILE))
        return JsonBody(shown, shown != value)
    except (ValueError, RecursionError):
        return None

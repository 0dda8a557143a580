"""The body of an exchange as it is shown: its kind, its text, its JSON without what is masked."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from werkzeug.exceptions import NotFound, default_exceptions
from werkzeug.http import parse_options_header

from flask_nb.exchange import Exchange
from flask_nb.exchange.masks import VOLATILE, printable
from flask_nb.lazy import pattern

from .words import clipped, size

if TYPE_CHECKING:
    from .json_layout import Layout
    from .options import Display
    from .tables import Table

MAX_MASKED = 2_000_000
"""Characters of JSON that are parsed at most to find what is masked."""

BodyKind = Literal["empty", "html", "json", "csv", "svg", "image", "audio", "video", "text", "binary"]

_PICTURES = ("png", "jpeg", "gif", "webp", "avif", "bmp", "x-icon")
_TABLES = ("text/csv", "application/csv", "text/tab-separated-values")
_KINDS: dict[str, BodyKind] = {
    "application/json": "json",
    "image/svg+xml": "svg",
    **dict.fromkeys((f"image/{name}" for name in _PICTURES), "image"),
    **dict.fromkeys(_TABLES, "csv"),
}
_TEXTS = frozenset(
    f"application/{name}"
    for name in ("xml", "javascript", "x-www-form-urlencoded", "x-ndjson", "yaml", "toml")
)
_FAMILIES: dict[str, BodyKind] = {"audio": "audio", "video": "video", "text": "text"}
_TAG_OR_ENTITY = pattern(r"<[A-Za-z!/]|&(?:#\d+|#x[0-9a-fA-F]+|[A-Za-z]\w*);")
_NOT_IN_NAME = pattern(r"[^\w.()+-]+")


class JsonBody:
    """A JSON body, parsed.

    :param value: without what is masked.
    :param is_masked: whether anything is.
    :param layout: its first lines.
    """

    __slots__ = ("is_masked", "layout", "value")

    def __init__(self, value: Any, is_masked: bool, layout: Layout) -> None:
        self.value = value
        self.is_masked = is_masked
        self.layout = layout


class Body:
    """The body of an exchange as it is shown."""

    def __init__(self, exchange: Exchange, display: Display) -> None:
        self.response = exchange.response
        self.data: bytes = exchange.response.get_data()
        """The bytes as they came."""
        self._display = display
        self.name = display.name
        """What the next cell calls the response."""
        self._path = exchange.request.path
        kind, self._options = parse_options_header(self.response.headers.get("Content-Type", ""))
        self.mimetype = kind.lower()
        """The MIME type, empty if the response names none."""

    @cached_property
    def text(self) -> str:
        """The text as it came, decoded as its Content-Type says."""
        try:
            return self.data.decode(self._options.get("charset", "utf-8"), "replace")
        except (LookupError, ValueError):
            return self.data.decode("utf-8", "replace")

    @cached_property
    def clipped(self) -> str:
        """The first lines of the text, and how to get the rest."""
        return clipped(self.text, f"{self.name}.text")

    def _has_markup(self) -> bool:
        text = self.text
        return ("<" in text or "&" in text) and _TAG_OR_ENTITY.search(text) is not None

    @cached_property
    def kind(self) -> BodyKind:
        """How it is to be shown."""
        if not self.data:
            return "empty"
        if self.response.headers.get("Content-Encoding", "identity").lower() != "identity":
            return "binary"
        if self.mimetype in {"text/html", "application/xhtml+xml"}:
            # Views return plain words as text/html; they need no frame.
            return "html" if self._has_markup() else "text"
        if self.mimetype in _KINDS:
            return _KINDS[self.mimetype]
        if self.mimetype.endswith("+json"):
            return "json"
        if (family := self.mimetype.partition("/")[0]) in _FAMILIES:
            return _FAMILIES[family]
        is_text = self.mimetype in _TEXTS or self.mimetype.endswith("+xml")
        is_unknown_text = not self.mimetype and b"\0" not in self.data[:1000]
        return "text" if is_text or is_unknown_text else "binary"

    @cached_property
    def json(self) -> JsonBody | None:
        """The JSON value; None if it is not JSON, or too much or too deep to be laid out."""
        if self.kind != "json":
            return None
        from flask_nb.jsonpath import mask_json

        from .json_layout import MAX_JSON, Literal_, lay_out, parse_json

        paths = self._display.masked_paths
        try:
            value = parse_json(self.text, MAX_MASKED if paths else MAX_JSON)
            shown = mask_json(value, paths, Literal_(VOLATILE))
            return JsonBody(shown, bool(paths) and shown != value, lay_out(shown))
        except (ValueError, RecursionError):
            return None

    @cached_property
    def table(self) -> Table | None:
        """The table that it is or holds, if any."""
        if self.kind == "csv":
            from .tables import csv_table

            return csv_table(self.text, self.mimetype)
        if self.json is None:
            return None
        from .tables import json_table

        return json_table(self.json.value)

    @property
    def is_masked(self) -> bool:
        """Whether something of it is masked, so that its length says nothing either."""
        return self.json is not None and self.json.is_masked

    @property
    def is_beyond_masks(self) -> bool:
        """Whether masks were given and the body is too long for them."""
        return bool(self._display.masked_paths) and self.kind == "json" and len(self.text) > MAX_MASKED

    @property
    def caption(self) -> str:
        """What can be said of a body that is not text: ``image/png, 12 kB; all of it: _.data``."""
        return f"{printable(self.mimetype) or 'bytes'}, {size(len(self.data))}; all of it: _.data"

    @property
    def file_name(self) -> str:
        """The name under which it is saved: the app's, else the last part of the path."""
        path = self._path.partition("?")[0]
        options = parse_options_header(self.response.headers.get("Content-Disposition", ""))[1]
        name = options.get("filename") or path.rstrip("/").rpartition("/")[2]
        return _NOT_IN_NAME.sub("_", name).strip("._")[:80] or "body.bin"

    @property
    def is_redirect_page(self) -> bool:
        """Whether it is Werkzeug's own page of a redirect, which only repeats where it leads."""
        is_redirect = 300 <= self.response.status_code < 400 and "Location" in self.response.headers
        return is_redirect and b"<h1>Redirecting...</h1>" in self.data[:200]

    @property
    def is_default_page(self) -> bool:
        """Whether it is Werkzeug's own page for the status, which only repeats the status."""
        page = default_exceptions.get(self.response.status_code)
        if page is None or self.mimetype != "text/html" or len(self.data) >= 2000:
            return False
        return b"<h1>" in self.data and page().get_body().encode()[:60] == self.data[:60]

    @property
    def is_bare_not_found(self) -> bool:
        """Whether it is Werkzeug's page for 404 without a word of the app's own."""
        return self.response.status_code == 404 and self.data == NotFound().get_body().encode()

"""A JSON value as nested folds."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from flask_nb.exchange.masks import printable

from .json_layout import JsonObject, Token, one_line
from .palette import QUIET, TOKENS
from .styles import WORDS
from .words import counted

_MAX_TREE = 50_000
_MAX_ITEMS = 50
_MAX_DEPTH = 50


def json_tree(value: Any) -> str:
    """Return a JSON value as nested folds, the outer ones open."""
    return _Tree().render(value)


def token_html(token: Token) -> str:
    """Return a piece of JSON in its colour."""
    kind, text = token
    colour = TOKENS.get(kind)
    return f'<span style="color:{colour}">{escape(text)}</span>' if colour else escape(text)


class _Tree:
    """A JSON value as nested folds, the outer ones open."""

    def __init__(self) -> None:
        self._room = _MAX_TREE

    def render(self, value: Any, lead: str = "", depth: int = 0) -> str:
        """Return a value as a fold if it has parts, else as a line."""
        if not isinstance(value, (JsonObject, list)) or not value:
            line = "".join(token_html((kind, text[:500])) for kind, text in one_line(value) or ())
            return self._spend(f'<div>{lead}<code style="{WORDS}">{line}</code></div>')
        count = f"{lead}{_code(counted(len(value), 'item'), QUIET)}"
        if self._room <= 0:
            return f"<div>{count}</div>"
        title = self._spend(f'<summary style="cursor:pointer">{count}</summary>')
        inner = "".join(self._items(value, depth))
        is_open = " open" if depth < 1 else ""
        return f'<details{is_open}>{title}<div style="padding-left:1.4em">{inner}</div></details>'

    def _items(self, value: Any, depth: int) -> Iterator[str]:
        pairs = (
            value
            if isinstance(value, JsonObject)
            else [(str(index), each) for index, each in enumerate(value)]
        )
        for index, (name, item) in enumerate(pairs):
            # Whatever the first member takes up, its neighbours are named.
            has_room = depth == 0 or (self._room > 0 and depth <= _MAX_DEPTH)
            if index == _MAX_ITEMS or not has_room:
                yield f"<div>… {len(pairs) - index:,} more</div>"
                return
            yield self.render(item, f"{_code(printable(name), TOKENS['key'])}: ", depth + 1)

    def _spend(self, text: str) -> str:
        self._room -= len(text)
        return text


def _code(text: str, colour: str) -> str:
    return f'<code style="{WORDS};color:{colour}">{escape(text[:500])}</code>'

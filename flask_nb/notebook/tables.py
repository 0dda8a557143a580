"""Small tables that magics answer with: settings, cookies, routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import zip_longest
from typing import Any

from flask_nb.cells import NOT_SET, AppliedConfig
from flask_nb.engines import RouteRow
from flask_nb.exchange import Cookie, mask_value
from flask_nb.exchange.masked_repr import MaskedRepr
from flask_nb.exchange.masks import printable, readable_cookie
from flask_nb.panel.palette import LINE, QUIET, TEXT
from flask_nb.panel.styles import CODE, WORDS, WRAPPED

_LONGEST = 80
_BOX = f"padding:4px .6em;color:{TEXT};{CODE}"
_TABLE = "color:inherit;border-collapse:collapse;border:0;margin:0;font:inherit"
_CELL = "padding:1px 16px 1px 0;text-align:left;vertical-align:top;border:0"
_HEAD = f"{_CELL};color:{QUIET};border-bottom:1px solid {LINE}"


@dataclass(frozen=True)
class Table:
    """A table of short texts, with lines above and below it. A text may have several lines.

    :param headings: the names of the columns.
    :param rows: as many texts in each as there are headings.
    :param notes: what else there is to say.
    :param whole: how many columns, from the left, have texts that never wrap.
    :param colours: the colours of texts that have one, as CSS.
    :param title: what it is about.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    whole: int = 0
    colours: Mapping[str, str] = field(default_factory=dict)
    title: str = ""

    def __repr__(self) -> str:
        return "\n".join([*([self.title] if self.title else []), *self._lines(), *self.notes])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _lines(self) -> Iterator[str]:
        rows = [
            [text.split("\n") for text in row] for row in ([self.headings, *self.rows] if self.rows else [])
        ]
        lines = [line for row in rows for line in zip_longest(*row, fillvalue="")]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            yield "  ".join(map(str.ljust, line, widths)).rstrip()

    def _html(self) -> str:
        head = _row((f"<b>{escape(heading)}</b>" for heading in self.headings), _HEAD)
        rows = [_row([self._cell(text, i) for i, text in enumerate(row)], _CELL) for row in self.rows]
        table = f'<table style="{_TABLE}">{head}{"".join(rows)}</table>' if rows else ""
        notes = "".join(f"<div>{_code(note)}</div>" for note in self.notes)
        title = f"<div><b>{_code(self.title)}</b></div>" if self.title else ""
        return f'<div style="{_BOX}">{title}{table}{notes}</div>'

    def _cell(self, text: str, column: int) -> str:
        colour = f";color:{self.colours[text]}" if text in self.colours else ""
        return _code(text, ("white-space:nowrap" if column < self.whole else WRAPPED) + colour)


def _code(text: str, wrapping: str = WRAPPED) -> str:
    """Mark words of the app or the user, so that front ends do not typeset them."""
    return f'<code style="{WORDS};{wrapping}">{escape(text)}</code>' if text else ""


def _row(cells: Iterable[str], style: str) -> str:
    inner = "".join(f'<td style="{style}">{cell}</td>' for cell in cells)
    return f'<tr style="background:none">{inner}</tr>'


def route_table(rows: Sequence[RouteRow]) -> Table:
    """Return the routes with the names of the cells that hold them, and hosts or subdomains if any."""
    columns: dict[str, list[str]] = {
        "methods": [", ".join(row.methods) or "any" for row in rows],
        "domain": [row.domain for row in rows],
        "rule": [row.rule for row in rows],
        "endpoint": [row.endpoint for row in rows],
        "cell": [row.owner or "" for row in rows],
    }
    if not any(columns["domain"]):
        del columns["domain"]
    whole = list(columns).index("rule")
    return Table(tuple(columns), list(zip(*columns.values(), strict=True)), whole=whole)


def config_table(applied: AppliedConfig) -> Table:
    """Return what became of each key that was set, secrets masked."""
    rows = [
        (change.key, show_setting(change.key, change.before), show_setting(change.key, change.now))
        for change in applied.changes
    ]
    return Table(("key", "before", "now"), rows, applied.notes)


def show_setting(key: str, value: object) -> str:
    """Return the value of a setting for people: short, the same in each run, hidden if it is a secret."""
    shown = _cut(" ".join(_shorten.repr(value).split()))
    return shown if value is None or value is NOT_SET else printable(mask_value(key, shown, "setting"))


def cookie_table(cookies: Iterable[Cookie]) -> Table:
    """Return the cookies with what they hold; signatures and secrets are masked."""
    rows = [
        (cookie.name, _cut(readable_cookie(cookie.name, cookie.value)), cookie.path, _attributes(cookie))
        for cookie in cookies
    ]
    return Table(("cookie", "value", "path", "attributes"), rows, () if rows else ("no cookies",))


def _attributes(cookie: Cookie) -> str:
    flags = {
        "HttpOnly": cookie.http_only,
        "Secure": cookie.secure,
        f"Domain={cookie.domain}": not cookie.host_only,
        "expires": cookie.expires is not None,
    }
    return "; ".join(name for name, is_set in flags.items() if is_set)


def _cut(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


_shorten = MaskedRepr(length=_LONGEST, count=12)

"""The HTML lens: an exchange as one calm panel, readable in every viewer.

What must be read stands in ``div span table tr td pre code b a`` with inline styles: static and untrusted
viewers drop or print ``<style>``, ``<details>`` and frames, so those only decorate. The app's and the user's
words always stand in ``pre`` or ``code``, where front ends do not typeset ``$…$``. A body that is HTML
gets a frame of its own without scripts, forms, popups or origin, and its escaped source stands outside.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from html import escape
from itertools import islice
from typing import Any

from .bodies import (
    MAX_CHARACTERS,
    BodyKind,
    JsonObject,
    Token,
    body_kind,
    body_text,
    clip,
    json_lines,
    mimetype,
    parse_json,
    printable,
    size,
    status_line,
)
from .exchange import Exchange, OutputPart
from .failure import Failure
from .masks import visible_headers
from .response import ExchangeResponse
from .text import details, exchange_text, failed_lines, is_body_shown, notes, output_text, shown_headers

MAX_BUNDLE = 300_000
"""Bytes that a displayed bundle has at most, text and HTML together."""

MAX_FRAME = 200_000
"""Bytes that a frame, or an image, has at most."""

_RESERVE = 4_000
_MAX_TREE = 60_000
_TREE_LINES = 20

# Lab's variable, then VS Code's, then a tone that can be read on white and on black.
_MONO = "var(--jp-code-font-family,var(--vscode-editor-font-family,ui-monospace,Menlo,Consolas,monospace))"
_SANS = "var(--jp-ui-font-family,var(--vscode-font-family,system-ui,sans-serif))"
_TEXT = "var(--jp-content-font-color1,var(--vscode-foreground,inherit))"
_QUIET = "var(--jp-content-font-color2,var(--vscode-descriptionForeground,#768390))"
_LINE = "var(--jp-border-color2,var(--vscode-panel-border,rgba(128,128,128,.3)))"
_BAR = "rgba(128,128,128,.1)"  # a tint of the page: themes' own bars leave the status hard to read

_BOX = (
    f"font:13px/1.5 {_SANS};color:{_TEXT};border:1px solid {_LINE};border-radius:6px;"
    "margin:4px 0;max-width:60rem;overflow:hidden"
)
_ROW = f"padding:5px 12px;background:{_BAR};font:12.5px/1.6 {_MONO};overflow-x:auto;white-space:nowrap"
_PLAIN = "font:inherit;color:inherit;background:none;padding:0;margin:0;border:0;white-space:inherit"
_PRE = (
    f"margin:0;padding:8px 12px;font:12.5px/1.5 {_MONO};color:{_TEXT};background:none;border:0;"
    "overflow:auto;max-height:22rem;white-space:pre"
)
_NOTE = f"padding:4px 12px;border-top:1px solid {_LINE};color:{_QUIET};font-size:12px"
_FOOT = f"border-top:1px solid {_LINE};padding:0 4px"
_FOLD = "display:inline-block;vertical-align:top;max-width:100%;margin:0"
_SUMMARY = f"cursor:pointer;padding:4px 8px;color:{_QUIET};font-size:12px"
_TABLE = f"color:{_TEXT};border-collapse:collapse;border:0;margin:0 0 6px;font-size:12px"
_CELL = (
    "padding:1px 12px;text-align:left;vertical-align:top;border:0;color:inherit;"
    "white-space:normal;max-width:44rem"
)
_FRAME = "display:block;width:100%;border:0;background:#fff;color-scheme:light;resize:vertical;overflow:auto"

_COLOURS = {
    "key": "var(--jp-mirror-editor-property-color,var(--vscode-debugTokenExpression-name,#8250df))",
    "string": "var(--jp-mirror-editor-string-color,var(--vscode-debugTokenExpression-string,#2f7d4f))",
}
_STATUS_COLOURS = {
    "1": _QUIET,
    "2": "var(--jp-success-color0,var(--vscode-testing-iconPassed,#2e8b57))",
    "3": "var(--jp-info-color1,var(--vscode-charts-blue,#3a7bd5))",
    "4": "var(--vscode-charts-orange,#c77700)",
    "5": "var(--jp-error-color0,var(--vscode-errorForeground,#d1383d))",
}

_PICTURE_PARTS = (
    ("link", "links", re.compile(r"<a\s[^>]*href", re.IGNORECASE)),
    ("form", "forms", re.compile(r"<form[\s>]", re.IGNORECASE)),
    ("script", "scripts", re.compile(r"<script[\s>]", re.IGNORECASE)),
    (
        "file that is not loaded",
        "files that are not loaded",
        re.compile(
            r"<(?:link|img|source|video|audio)\s[^>]*?(?:href|src)\s*=\s*[\"']?(?!https?:|//|data:|#)",
            re.IGNORECASE,
        ),
    ),
)
# What an element adds to a page's height in a browser's own styles, its margins included.
_BLOCKS = tuple(
    (pixels, re.compile(rf"<(?:{names})\b", re.IGNORECASE))
    for pixels, names in (
        (62, "h1"),
        (50, "h[2-6]"),
        (36, "p|pre|hr|form|input|button|textarea|img|table|blockquote"),
        (20, "li|tr|br|div|ul|ol|option|label|dt|dd"),
    )
)


def exchange_html(exchange: Exchange) -> str:
    """Return an exchange as HTML that is safe in every front end and readable without frames and styles."""
    room = MAX_BUNDLE - _RESERVE - _length(exchange_text(exchange))
    history = [_summary(earlier.exchange) for earlier in exchange.response.history]  # type: ignore[attr-defined]
    head = [*history, _summary(exchange)]
    tail = [*_notes(exchange), *_output(exchange), *_failure(exchange)]
    folds = [_foot([*_tree(exchange), *_source(exchange), *_headers(exchange)])]
    room -= sum(_length(piece) for piece in (*head, *tail, *folds))
    pieces = [*head, *_body(exchange, room), *tail, *folds]
    return f'<div style="{_BOX}">{"".join(pieces)}</div>'


def _length(text: str) -> int:
    return len(text.encode())


def _code(text: str, style: str = "") -> str:
    return f'<code style="{_PLAIN}{";" + style if style else ""}">{escape(text)}</code>'


def _mono(text: str) -> str:
    return _code(text, f"font-family:{_MONO}")


def _pre(inner: str) -> str:
    return f'<pre style="{_PRE}">{inner}</pre>'


def _fold(title: str, inner: str) -> str:
    return f'<details style="{_FOLD}"><summary style="{_SUMMARY}">{escape(title)}</summary>{inner}</details>'


def _foot(folds: list[str]) -> str:
    return f'<div style="{_FOOT}">{"".join(folds)}</div>' if folds else ""


def _note(inner: str) -> str:
    return f'<div style="{_NOTE}">{inner}</div>'


def _summary(exchange: Exchange) -> str:
    method, _, path = str(exchange.request).partition(" ")
    status = status_line(exchange.response.status)
    colour = _STATUS_COLOURS.get(status[:1], _QUIET)
    rest = "".join(f" · {part}" for part in details(exchange))
    return (
        f'<div style="{_ROW}"><code style="{_PLAIN}">{escape(method)} <b>{escape(path)}</b> → '
        f'<b style="color:{colour}">{escape(status)}</b>'
        f'<span style="color:{_QUIET}">{escape(rest)}</span></code></div>'
    )


def _notes(exchange: Exchange) -> Iterator[str]:
    for note in notes(exchange):
        yield _note(_mono(note))


def _body(exchange: Exchange, room: int) -> Iterator[str]:
    if is_body_shown(exchange):
        yield from _BODIES[body_kind(exchange.response)](exchange.response, room)


def _empty_body(response: ExchangeResponse, room: int) -> Iterator[str]:
    yield from ()


def _html_body(response: ExchangeResponse, room: int) -> Iterator[str]:
    """A frame with nothing allowed. The page is a picture: what does not work in it is counted below."""
    page = body_text(response)
    shown, is_cut = _fitting(page, min(MAX_FRAME, room))
    # A base target without leave for popups makes links inert; they would open Jupyter inside the frame.
    source = escape('<base target="_blank">') + shown
    yield (
        f'<div style="border-top:1px solid {_LINE}">'
        f'<iframe sandbox="" style="{_FRAME};height:{_height(page)}px" '
        f'srcdoc="{source}"></iframe></div>'
    )
    counted = [
        f"{count} {one if count == 1 else many}"
        for one, many, pattern in _PICTURE_PARTS
        if (count := len(pattern.findall(page[:MAX_FRAME])))
    ]
    if is_cut:
        counted.append(f"cut at {size(MAX_FRAME)}")
    if counted:
        yield _note(f"still picture: {escape(', '.join(counted))}")


def _fitting(text: str, room: int) -> tuple[str, bool]:
    """Return as much of a text, escaped, as has room."""
    whole = escape(printable_page(text[:room]))
    if len(text) <= room and _length(whole) <= room:
        return whole, False
    cut = whole.encode()[:room].decode("utf-8", "ignore")
    return re.sub(r"&[#\w]*\Z", "", cut), True


def printable_page(text: str) -> str:
    """Return a page without the characters that no HTML document may hold."""
    return re.sub(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]", "\ufffd", text)


def _height(page: str) -> int:
    """Guess the height of a page: one without scripts and origin cannot be measured."""
    blocks = sum(pixels * len(pattern.findall(page[:MAX_FRAME])) for pixels, pattern in _BLOCKS)
    words = len(
        re.sub(r"<(style|script)\b.*?</\1\s*>|<[^>]*>", "", page[:20_000], flags=re.DOTALL | re.IGNORECASE)
    )
    return max(64, min(360, 28 + blocks + 20 * (words // 110)))


def _json_body(response: ExchangeResponse, room: int) -> Iterator[str]:
    try:
        value = parse_json(body_text(response))
        lines = list(json_lines(value))
    except (ValueError, RecursionError):
        yield from _text_body(response, room)
        return
    kept, hidden = _fitting_lines(lines)
    inner = "\n".join("".join(_token(token) for token in line) for line in kept)
    yield _pre(inner + (escape(f"\n… {hidden}; all of it: _.json") if hidden else ""))


def _fitting_lines(lines: list[list[Token]]) -> tuple[list[list[Token]], str | None]:
    text = "\n".join("".join(piece for _, piece in line) for line in lines)
    part = clip(text)
    if part.hidden is None:
        return lines, None
    count = part.text.count("\n") + 1
    if len(part.text) == MAX_CHARACTERS:
        return [[("other", line)] for line in part.text.split("\n")], part.hidden
    return lines[:count], part.hidden


def _token(token: Token) -> str:
    kind, text = token
    colour = _COLOURS.get(kind)
    return f'<span style="color:{colour}">{escape(text)}</span>' if colour else escape(text)


class _Tree:
    """A JSON value as nested folds, the outer ones open."""

    def __init__(self) -> None:
        self._room = _MAX_TREE

    def render(self, value: Any, lead: str = "", depth: int = 0) -> str:
        """Return a value as a fold if it has parts, else as a line."""
        if not isinstance(value, (JsonObject, list)) or not value:
            return self._spend(f"<div>{lead}{self._scalar(value)}</div>")
        count = f"{len(value):,} {'item' if len(value) == 1 else 'items'}"
        title = self._spend(
            f'<summary style="cursor:pointer">{lead}{_code(count, f"color:{_QUIET}")}</summary>'
        )
        inner = "".join(self._items(value, depth))
        is_open = " open" if depth < 1 else ""
        return f'<details{is_open}>{title}<div style="padding-left:1.4em">{inner}</div></details>'

    def _items(self, value: Any, depth: int) -> Iterator[str]:
        pairs = (
            value
            if isinstance(value, JsonObject)
            else ((str(index), item) for index, item in enumerate(value))
        )
        for name, item in pairs:
            if self._room <= 0 or depth > 50:
                yield "<div>…</div>"
                return
            label = _code(printable(name), f"color:{_COLOURS['key']}")
            yield self.render(item, f"{label}: ", depth + 1)

    def _scalar(self, value: Any) -> str:
        line = next(json_lines(value))
        return f'<code style="{_PLAIN}">{"".join(_token((kind, text[:500])) for kind, text in line)}</code>'

    def _spend(self, text: str) -> str:
        self._room -= len(text)
        return text


def _text_body(response: ExchangeResponse, room: int) -> Iterator[str]:
    yield _pre(_clipped(body_text(response)))


def _clipped(text: str) -> str:
    part = clip(printable(text).rstrip("\n"))
    return escape(part.text + (f"\n… {part.hidden}; all of it: _.text" if part.hidden else ""))


def _image_body(response: ExchangeResponse, room: int) -> Iterator[str]:
    data = response.get_data()
    if len(data) * 4 / 3 > min(MAX_FRAME, room):
        yield from _opaque_body(response, room)
        return
    yield _image(mimetype(response), b64encode(data).decode())


def _image(kind: str, data: str) -> str:
    return (
        f'<div style="padding:8px 12px"><img alt="" src="data:{escape(kind)};base64,{escape(data)}" '
        'style="max-width:100%;max-height:24rem"></div>'
    )


def _opaque_body(response: ExchangeResponse, room: int) -> Iterator[str]:
    words = f"{printable(mimetype(response)) or 'bytes'}, {size(len(response.get_data()))}; all of it: _.data"
    yield _note(_mono(words))


_BODIES: dict[BodyKind, Callable[[ExchangeResponse, int], Iterator[str]]] = {
    "empty": _empty_body,
    "html": _html_body,
    "json": _json_body,
    "text": _text_body,
    "image": _image_body,
    "binary": _opaque_body,
}


def _tree(exchange: Exchange) -> Iterator[str]:
    """Offer a JSON body that is longer than a glance as folds."""
    if body_kind(exchange.response) != "json":
        return
    try:
        value = parse_json(body_text(exchange.response))
        is_long = len(list(islice(json_lines(value), _TREE_LINES + 1))) > _TREE_LINES
        if is_long:
            yield _fold("as a tree", f'<div style="{_PRE}">{_Tree().render(value)}</div>')
    except (ValueError, RecursionError):
        return


def _source(exchange: Exchange) -> Iterator[str]:
    if body_kind(exchange.response) == "html" and is_body_shown(exchange):
        yield _fold("source", _pre(_clipped(body_text(exchange.response))))


def _headers(exchange: Exchange) -> Iterator[str]:
    sent = visible_headers(exchange.request.headers)
    answered = shown_headers(exchange)
    if sent:
        yield _fold(_counted(len(sent), "request header"), _table(sent))
    if answered:
        yield _fold(_counted(len(answered), "header"), _table(answered))


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _table(pairs: list[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr style="background:none">'
        f'<td style="{_CELL};color:{_QUIET};white-space:nowrap">{_code(printable(name))}</td>'
        f'<td style="{_CELL}">{_code(printable(value), "overflow-wrap:anywhere")}</td></tr>'
        for name, value in pairs
    )
    return f'<table style="{_TABLE}">{rows}</table>'


def _output(exchange: Exchange) -> Iterator[str]:
    text = output_text(exchange)
    if text:
        yield _note(f"printed{_pre_inside(escape(text))}")
    pictures = [part for part in exchange.parts if part.kind == "display" and "image/png" in part.data]
    for part in pictures[:4]:
        yield from _picture(part)


def _pre_inside(inner: str) -> str:
    return f'<pre style="{_PRE};padding:2px 0 4px">{inner}</pre>'


def _picture(part: OutputPart) -> Iterator[str]:
    data = part.data["image/png"]
    text = b64encode(data).decode() if isinstance(data, bytes) else str(data)
    if len(text) <= MAX_FRAME // 8:
        yield _image("image/png", text)


def _failure(exchange: Exchange) -> Iterator[str]:
    if exchange.failure is not None:
        inner = _failure_inner(exchange.failure, exchange.endpoint)
        yield f'<pre style="{_PRE};border-top:1px solid {_LINE}">{inner}</pre>'
        yield from _failure_notes(exchange.failure)


def _failure_inner(failure: Failure, endpoint: str | None) -> str:
    colour = _STATUS_COLOURS["5"]
    kind, colon, words = printable(failure.message).partition(":")
    lines = [
        f'<span style="color:{_QUIET}">{escape(place)}</span>   {escape(source)}'
        for place, source in failed_lines(failure, endpoint)
    ]
    lines.append(f'<b style="color:{colour}">{escape(kind)}</b>{escape(colon + words)}')
    if failure.cause is not None:
        lines += [
            "",
            f'<span style="color:{_QUIET}">caused by</span>',
            _failure_inner(failure.cause, endpoint),
        ]
    return "\n".join(lines)


def _failure_notes(failure: Failure) -> Iterator[str]:
    if failure.variables:
        yield _note(" · ".join(_mono(printable(f"{name} = {value}")) for name, value in failure.variables))
    if failure.hint:
        yield _note(_mono(printable(failure.hint)))

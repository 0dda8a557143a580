"""The HTML lens: an exchange as one calm panel, readable in every viewer.

What must be read stands in ``div span table tr td pre code b a`` with inline styles: static and untrusted
viewers drop or print ``<style>``, ``<details>`` and frames, so those only decorate. The app's and the user's
words always stand in ``pre`` or ``code``, where front ends do not typeset ``$…$``. A body that is HTML
gets a frame of its own without scripts, forms, popups or origin, and its escaped source stands outside.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from html import escape
from itertools import islice
from typing import Any

from .bodies import MAX_CHARACTERS, BodyKind, clip, clipped, printable, status_line
from .exchange import Exchange, OutputPart
from .failure import Failure
from .frame import html_body
from .inlining import MAX_FRAME
from .json_layout import JsonObject, Token, json_lines
from .media import audio_body, binary_body, image_body, image_html, video_body
from .shown import ShownBody
from .styles import (
    BOX,
    ERROR,
    HOP,
    LINE,
    PLAIN,
    PRE,
    QUIET,
    ROW,
    TEXT,
    WRAPPED,
    code,
    fold,
    foot,
    mono,
    note,
    pre,
    status_colour,
)
from .tables import find_table, table_html
from .text import (
    are_headers_the_answer,
    details,
    exchange_text,
    failed_lines,
    hops,
    is_body_shown,
    notes,
    output_text,
    sent_headers,
    shown_headers,
    summary,
)
from .tree import json_tree, token_html

MAX_BUNDLE = 300_000
"""Bytes that a displayed bundle has at most, text and HTML together."""

_RESERVE = 4_000
_MAX_TABLE = 25_000
_TREE_LINES = 20
_MAX_LINE = 110
_PAIRS = f"color:{TEXT};border-collapse:collapse;border:0;margin:0 0 6px;font-size:12px"
_CELL = (
    "padding:1px 12px;text-align:left;vertical-align:top;border:0;color:inherit;"
    "white-space:normal;max-width:44rem"
)


def exchange_html(exchange: Exchange) -> str:
    """Return an exchange as HTML that is safe in every front end and readable without frames and styles."""
    body = ShownBody(exchange)
    room = MAX_BUNDLE - _RESERVE - _length(exchange_text(exchange))
    head = [*_hops(exchange), _summary(exchange)]
    tail = [*_notes(exchange), *_output(exchange), *_failure(exchange)]
    room -= sum(_length(piece) for piece in (*head, *tail))
    folds = foot(_fitting([*_json_folds(body), *_source(body), *_headers(exchange)], room // 2))
    room -= _length(folds)
    pieces = [*head, *_body(body, room), *tail, folds]
    return f'<div style="{BOX}">{"".join(pieces)}</div>'


def _fitting(folds: list[str], room: int) -> list[str]:
    """Return the folds that have room: they offer more, the body comes first."""
    kept = []
    for each in folds:
        if _length(each) <= room:
            room -= _length(each)
            kept.append(each)
    return kept


def _length(text: str) -> int:
    return len(text.encode())


def _summary(exchange: Exchange) -> str:
    row = f"{ROW};{WRAPPED}" if len(summary(exchange)) > _MAX_LINE else ROW
    return f'<div style="{row}">{_words(exchange, "b")}</div>'


def _hops(exchange: Exchange) -> Iterator[str]:
    """The redirects on the way, quieter than where they led."""
    lines = [hop if isinstance(hop, str) else _words(hop, "span") for hop in hops(exchange)]
    if lines:
        yield f'<div style="{HOP}">{"".join(f"<div>{line}</div>" for line in lines)}</div>'


def _words(exchange: Exchange, tag: str) -> str:
    method, _, path = str(exchange.request).partition(" ")
    status = status_line(exchange.response.status)
    rest = "".join(f" · {part}" for part in details(exchange))
    return (
        f'<code style="{PLAIN}">{escape(method)} <{tag}>{escape(path)}</{tag}> → '
        f'<{tag} style="color:{status_colour(status)}">{escape(status)}</{tag}>'
        f'<span style="color:{QUIET}">{escape(rest)}</span></code>'
    )


def _notes(exchange: Exchange) -> Iterator[str]:
    for words in notes(exchange):
        yield note(mono(words))


def _body(body: ShownBody, room: int) -> Iterator[str]:
    if is_body_shown(body.exchange):
        yield from _BODIES[body.kind](body, room)


def _empty_body(body: ShownBody, room: int) -> Iterator[str]:
    yield from ()


def _json_body(body: ShownBody, room: int) -> Iterator[str]:
    try:
        lines = None if body.json is None else list(json_lines(body.json.value))
    except RecursionError:
        lines = None
    if lines is None:
        yield from _text_body(body, room)
        return
    kept, hidden = _fitting_lines(lines)
    inner = "\n".join("".join(token_html(token) for token in line) for line in kept)
    if _length(inner) > room:  # colours cost many times what they colour
        inner = "\n".join(escape("".join(text for _, text in line)) for line in kept)
    yield pre(inner + (escape(f"\n… {hidden}; all of it: _.json") if hidden else ""))


def _fitting_lines(lines: list[list[Token]]) -> tuple[list[list[Token]], str | None]:
    text = "\n".join("".join(piece for _, piece in line) for line in lines)
    part = clip(text)
    if part.hidden is None:
        return lines, None
    count = part.text.count("\n") + 1
    if len(part.text) == MAX_CHARACTERS:
        return [[("other", line)] for line in part.text.split("\n")], part.hidden
    return lines[:count], part.hidden


def _csv_body(body: ShownBody, room: int) -> Iterator[str]:
    table = find_table(body)
    if table is None:
        yield from _text_body(body, room)
    else:
        yield table_html(table, min(room, MAX_FRAME), "_.text")


def _text_body(body: ShownBody, room: int) -> Iterator[str]:
    yield pre(escape(clipped(body.text, "_.text")))


_BODIES: dict[BodyKind, Callable[[ShownBody, int], Iterator[str]]] = {
    "empty": _empty_body,
    "html": html_body,
    "json": _json_body,
    "csv": _csv_body,
    "svg": image_body,
    "image": image_body,
    "audio": audio_body,
    "video": video_body,
    "text": _text_body,
    "binary": binary_body,
}


def _json_folds(body: ShownBody) -> Iterator[str]:
    """Offer a JSON array of objects as a table too, and what is nested or long as a tree."""
    if body.json is None:
        return
    try:
        table = find_table(body)
        if table is not None:
            title = f"{table.name} as a table" if table.name else "as a table"
            yield fold(title, table_html(table, _MAX_TABLE, "_.json"))
        if _is_nested(body.json.value) or _is_long(body.json.value):
            yield fold("as a tree", f'<div style="{PRE}">{json_tree(body.json.value)}</div>')
    except RecursionError:
        return


def _is_nested(value: Any) -> bool:
    """Whether a member is itself an object or array that has members."""
    if not isinstance(value, (JsonObject, list)):
        return False
    members = [member for _, member in value] if isinstance(value, JsonObject) else value
    return any(isinstance(member, (JsonObject, list)) and member for member in members)


def _is_long(value: Any) -> bool:
    return len(list(islice(json_lines(value), _TREE_LINES + 1))) > _TREE_LINES


def _source(body: ShownBody) -> Iterator[str]:
    if body.kind in {"html", "csv", "svg"} and is_body_shown(body.exchange):
        yield fold("source", pre(escape(clipped(body.text, "_.text"))))


def _headers(exchange: Exchange) -> Iterator[str]:
    sent = sent_headers(exchange)
    answered = shown_headers(exchange)
    if sent:
        yield fold(_counted(len(sent), "request header"), _pairs(sent))
    if answered:
        opens = are_headers_the_answer(exchange)
        yield fold(_counted(len(answered), "header"), _pairs(answered), is_open=opens)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _pairs(pairs: list[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr style="background:none">'
        f'<td style="{_CELL};color:{QUIET};white-space:nowrap">{code(printable(name))}</td>'
        f'<td style="{_CELL}">{code(printable(value), "overflow-wrap:anywhere")}</td></tr>'
        for name, value in pairs
    )
    return f'<table style="{_PAIRS}">{rows}</table>'


def _output(exchange: Exchange) -> Iterator[str]:
    text = output_text(exchange)
    if text:
        yield note(f"printed{_pre_inside(escape(text))}")
    pictures = [part for part in exchange.parts if part.kind == "display" and "image/png" in part.data]
    for part in pictures[:4]:
        yield from _picture(part)


def _pre_inside(inner: str) -> str:
    return f'<pre style="{PRE};padding:2px 0 4px">{inner}</pre>'


def _picture(part: OutputPart) -> Iterator[str]:
    data = part.data["image/png"]
    text = b64encode(data).decode() if isinstance(data, bytes) else str(data)
    if len(text) <= MAX_FRAME // 8:
        yield image_html("image/png", text)


def _failure(exchange: Exchange) -> Iterator[str]:
    if exchange.failure is not None:
        inner = _failure_inner(exchange.failure, exchange.endpoint)
        yield f'<pre style="{PRE};border-top:1px solid {LINE}">{inner}</pre>'
        yield from _failure_notes(exchange.failure)


def _failure_inner(failure: Failure, endpoint: str | None) -> str:
    colour = ERROR
    kind, colon, words = printable(failure.message).partition(":")
    lines = [
        f'<span style="color:{QUIET}">{escape(place)}</span>   {escape(source)}'
        for place, source in failed_lines(failure, endpoint)
    ]
    lines.append(f'<b style="color:{colour}">{escape(kind)}</b>{escape(colon + words)}')
    if failure.cause is not None:
        lines += [
            "",
            f'<span style="color:{QUIET}">caused by</span>',
            _failure_inner(failure.cause, endpoint),
        ]
    return "\n".join(lines)


def _failure_notes(failure: Failure) -> Iterator[str]:
    if failure.variables:
        yield note(" · ".join(mono(printable(f"{name} = {value}")) for name, value in failure.variables))
    if failure.hint:
        yield note(mono(printable(failure.hint)))

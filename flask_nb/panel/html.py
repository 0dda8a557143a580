"""The HTML writer: a panel that is calm, and readable in every viewer.

What must be read stands in ``div span table tr td pre code b a`` with inline styles: static and untrusted
viewers drop or print ``<style>``, ``<details>`` and frames, so those only decorate. The app's and the user's
words always stand in ``pre`` or ``code``, where front ends do not typeset ``$…$``. A body that is HTML
gets a frame of its own without scripts, forms, popups or origin, and its escaped source stands outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from flask_nb.exchange.masks import printable
from flask_nb.lazy import pattern

from .body import Body, BodyKind
from .palette import ERROR, LINE, QUIET, status_colour
from .panel import Panel, Summary, picture_data
from .seen import seen_folds
from .styles import (
    BOX,
    HOP,
    PLAIN,
    PRE,
    PROSE,
    ROW,
    SIDE,
    SMALL,
    SMALL_SIDE,
    fold,
    foot,
    mono,
    note,
    pairs,
    pre,
)
from .words import counted, more

if TYPE_CHECKING:
    from flask_nb.exchange import Failure

    from .json_layout import Token

# What only some kinds of bodies need is imported by the function that writes them.
_RESERVE = 4_000
_MAX_TABLE = 25_000
_TREE_LINES = 20
_LONG_LINE = 72  # a narrow cell has so many
_COLUMNS = pattern(r"\S(?: {2,}|\t)\S")
_PRINTED = f"border-top:1px solid {LINE};padding:4px 0"
_STEPS = f"border-bottom:1px solid {LINE};padding:4px 0 0;overflow:auto"
_LABEL = f"padding:0 {SMALL_SIDE};color:{QUIET};{SMALL}"


def write_html(panel: Panel, room: int) -> str:
    """Return a panel as HTML that is safe in every front end and readable without frames and styles.

    :param room: bytes that it may have. What must be said is bounded and comes first, the folds offer
        more and get half of what is left, and the body gets the rest.
    """
    head = [*_hops(panel), f'<div style="{ROW}">{_words(panel.summary, "b")}</div>', *_steps(panel)]
    tail = [*(note(mono(words)) for words in panel.notes), *_output(panel), *_failure(panel)]
    room -= _RESERVE + sum(_length(piece) for piece in (*head, *tail))
    offered = [
        *_handled(panel),
        *_json_folds(panel.body),
        *_source(panel),
        *_headers(panel),
        *seen_folds(panel),
    ]
    folds = foot(_fitting(offered, room // 2))
    room -= _length(folds)
    body = _BODIES[panel.body.kind](panel, room) if panel.is_body_shown else ()
    return f'<div style="{BOX}">{"".join([*head, *body, *tail, folds])}</div>'


def _fitting(folds: list[str], room: int) -> list[str]:
    kept = []
    for each in folds:
        if _length(each) <= room:
            room -= _length(each)
            kept.append(each)
    return kept


def _length(text: str) -> int:
    return len(text.encode())


def _hops(panel: Panel) -> Iterator[str]:
    """Yield the redirects on the way, quieter than where they led."""
    lines = [hop if isinstance(hop, str) else _words(hop, "span") for hop in panel.hops]
    if lines:
        yield f'<div style="{HOP}">{"".join(f"<div>{line}</div>" for line in lines)}</div>'


def _words(summary: Summary, tag: str) -> str:
    rest = "".join(f" · {part}" for part in summary.details)
    return (
        f'<code style="{PLAIN}">{escape(summary.method)} <{tag}>{escape(summary.path)}</{tag}> → '
        f'<{tag} style="color:{status_colour(summary.status)}">{escape(summary.status)}</{tag}>'
        f'<span style="color:{QUIET}">{escape(rest)}</span></code>'
    )


def _steps(panel: Panel) -> Iterator[str]:
    """Yield the steps of the request as a table, where they were asked for."""
    if panel.steps:
        yield f'<div style="{_STEPS}">{pairs(panel.steps)}</div>'


def _page_body(panel: Panel, room: int) -> Iterator[str]:
    from .frame import page_frame
    from .inlining import inlined_page

    page = panel.page or inlined_page(panel.body.text, "", lambda path: None)
    title = f"{panel.summary.method} {panel.summary.path}"
    return page_frame(page, room, title=title, display=panel.display)


def _json_body(panel: Panel, room: int) -> Iterator[str]:
    if panel.body.json is None:
        yield from _text_body(panel, room)
        return
    layout = panel.body.json.layout
    inner = "\n".join(map(_json_line, layout.lines))
    if _length(inner) > room:  # colours cost many times what they colour
        inner = escape(layout.text)
    yield pre(inner + escape(more(layout.hidden, f"{panel.body.name}.json")))


def _json_line(line: list[Token]) -> str:
    """Return a line of JSON; a long one goes on below its beginning, set in."""
    from .tree import token_html

    inner = "".join(token_html(token) for token in line)
    if sum(len(text) for _, text in line) <= _LONG_LINE:
        return inner
    depth = len(line[0][1]) + 2
    return f'<span style="display:inline-block;padding-left:{depth}ch;text-indent:-{depth}ch">{inner}</span>'


def _csv_body(panel: Panel, room: int) -> Iterator[str]:
    if panel.body.table is None:
        yield from _text_body(panel, room)
    else:
        from .grid import table_html
        from .inlining import MAX_FRAME

        yield table_html(panel.body.table, min(room, MAX_FRAME), f"{panel.body.name}.text")


def _text_body(panel: Panel, room: int) -> Iterator[str]:
    text = panel.body.clipped
    # Columns need the whole width; lines of prose are hard to read when they are long.
    has_columns = ("  " in text or "\t" in text) and _COLUMNS.search(text)
    yield pre(escape(text), "" if has_columns else f"max-width:{PROSE}")


def _media_body(panel: Panel, room: int) -> Iterator[str]:
    from .media import media_body

    return media_body(panel.body, room)


def _binary_body(panel: Panel, room: int) -> Iterator[str]:
    from .media import binary_body

    return binary_body(panel.body, room)


_BODIES: dict[BodyKind, Callable[[Panel, int], Iterator[str]]] = {
    "empty": lambda panel, room: iter(()),
    "html": _page_body,
    "json": _json_body,
    "csv": _csv_body,
    "svg": _media_body,
    "image": _media_body,
    "audio": _media_body,
    "video": _media_body,
    "text": _text_body,
    "binary": _binary_body,
}


def _json_folds(body: Body) -> Iterator[str]:
    """Offer a JSON array of objects as a table too, and what is nested or long as a tree."""
    if body.json is None:
        return
    from .grid import table_html
    from .tree import json_tree

    if body.table is not None:
        title = f"{body.table.name} as a table" if body.table.name else "as a table"
        yield fold(title, table_html(body.table, _MAX_TABLE, "_.json"))
    if _is_nested(body.json.value) or body.json.layout.total > _TREE_LINES:
        yield fold("as a tree", f'<div style="{PRE}">{json_tree(body.json.value)}</div>')


def _is_nested(value: Any) -> bool:
    """Whether a member is itself an object or array that has members."""
    from .json_layout import JsonObject

    if not isinstance(value, (JsonObject, list)):
        return False
    members = [member for _, member in value] if isinstance(value, JsonObject) else value
    return any(isinstance(member, (JsonObject, list)) and member for member in members)


def _source(panel: Panel) -> Iterator[str]:
    if panel.body.kind in {"html", "csv", "svg"} and panel.is_body_shown:
        yield fold("source", pre(escape(panel.body.clipped)))


def _headers(panel: Panel) -> Iterator[str]:
    if panel.sent_headers:
        yield fold(counted(len(panel.sent_headers), "request header"), pairs(panel.sent_headers))
    if panel.headers:
        title = counted(len(panel.headers), "header")
        yield fold(title, pairs(panel.headers), is_open=panel.are_headers_the_answer)


def _output(panel: Panel) -> Iterator[str]:
    if panel.printed:
        printed = pre(escape(panel.printed), f"padding:2px {SIDE} 4px")
        yield f'<div style="{_PRINTED}"><div style="{_LABEL}">printed</div>{printed}</div>'
    for part in panel.pictures:
        from .media import image_html

        yield image_html("image/png", picture_data(part))


def _failure(panel: Panel) -> Iterator[str]:
    if panel.failure is not None:
        inner = pre(_traceback(panel.failure, panel.exchange.endpoint), f"max-width:{PROSE}")
        yield f'<div style="border-top:1px solid {LINE}">{inner}</div>'
        yield from _details(panel.failure)


def _handled(panel: Panel) -> Iterator[str]:
    """Offer what a handler for all exceptions would hide."""
    if panel.handled is not None:
        inner = pre(_traceback(panel.handled, panel.exchange.endpoint), f"max-width:{PROSE}")
        kind = printable(panel.handled.message).partition(":")[0]
        yield fold(f"{kind}, handled", inner + "".join(_details(panel.handled)))


def _details(failure: Failure) -> Iterator[str]:
    if failure.variables:
        yield note(" · ".join(mono(printable(f"{name} = {value}")) for name, value in failure.variables))
    if failure.hint:
        yield note(mono(printable(failure.hint)))


def _traceback(failure: Failure, endpoint: str | None) -> str:
    kind, colon, words = printable(failure.message).partition(":")
    lines = [
        f'<span style="color:{QUIET}">{escape(place)}</span>   {escape(source)}'
        for place, source in failure.places(endpoint)
    ]
    lines.append(f'<b style="color:{ERROR}">{escape(kind)}</b>{escape(colon + words)}')
    if failure.cause is not None:
        caused = f'<span style="color:{QUIET}">caused by</span>'
        lines += ["", caused, _traceback(failure.cause, endpoint)]
    return "\n".join(lines)

"""Bodies that are not text: pictures, sound, film, and bytes as a hex dump."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from html import escape

from werkzeug.http import parse_options_header

from .bodies import printable, size
from .inlining import MAX_FRAME
from .shown import ShownBody
from .styles import QUIET, mono, note, pre

_WIDTH = 16
_TEXT_ROWS = 4
_HTML_ROWS = 8
_NAME = re.compile(r"[^\w.()+-]+")


def opaque_text(body: ShownBody) -> str:
    """Return what can be said of a body that is no text: ``image/png, 12 kB; all of it: _.data``."""
    return f"{printable(body.mimetype) or 'bytes'}, {size(len(body.data))}; all of it: _.data"


def hex_text(body: ShownBody) -> str:
    """Return the first bytes and what there is more."""
    return f"{hex_dump(body.data, _TEXT_ROWS)}\n({opaque_text(body)})"


def hex_dump(data: bytes, rows: int) -> str:
    """Return the first bytes in rows: place, hexadecimal, and as characters where they are some."""
    kept = data[: rows * _WIDTH]
    return "\n".join(_hex_row(start, kept[start : start + _WIDTH]) for start in range(0, len(kept), _WIDTH))


def _hex_row(start: int, data: bytes) -> str:
    characters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data)
    return f"{start:04x}  {data.hex(' '):{3 * _WIDTH - 1}}  {characters}"


def image_body(body: ShownBody, room: int) -> Iterator[str]:
    """Yield a picture; an SVG too stands in an ``img``, where nothing in it runs."""
    yield from _embedded(body, room, lambda data: image_html(body.mimetype, data))


def audio_body(body: ShownBody, room: int) -> Iterator[str]:
    """Yield a player."""
    yield from _embedded(body, room, lambda data: _player("audio", body.mimetype, data))


def video_body(body: ShownBody, room: int) -> Iterator[str]:
    """Yield a player."""
    yield from _embedded(body, room, lambda data: _player("video", body.mimetype, data))


def binary_body(body: ShownBody, room: int) -> Iterator[str]:
    """Yield the first bytes, and all of them to download."""
    yield pre(escape(hex_dump(body.data, _HTML_ROWS)))
    yield note(mono(opaque_text(body)) + _download(body, room))


def _embedded(body: ShownBody, room: int, render: Callable[[str], str]) -> Iterator[str]:
    if len(body.data) * 4 / 3 > min(MAX_FRAME, room) - 1000:
        yield note(mono(opaque_text(body)))
        return
    yield render(b64encode(body.data).decode())


def image_html(kind: str, data: str) -> str:
    """Return a picture from its bytes in base64."""
    return (
        f'<div style="padding:8px 12px"><img alt="" src="data:{escape(kind)};base64,{escape(data)}" '
        'style="display:block;max-width:100%;max-height:24rem"></div>'
    )


def _player(tag: str, kind: str, data: str) -> str:
    return (
        f'<div style="padding:8px 12px"><{tag} controls src="data:{escape(kind)};base64,{data}" '
        f'style="display:block;max-width:100%;max-height:24rem"></{tag}></div>'
    )


def _download(body: ShownBody, room: int) -> str:
    """Return a link that saves the body, if there is room for it.

    It is never named by its own type: a browser must not open what it could run.
    """
    if len(body.data) * 4 / 3 > min(MAX_FRAME, room) - 2000:
        return ""
    data = b64encode(body.data).decode()
    return (
        f' · <a download="{escape(file_name(body))}" href="data:application/octet-stream;base64,{data}" '
        f'style="color:{QUIET};text-decoration:underline">download</a>'
    )


def file_name(body: ShownBody) -> str:
    """Return the name under which the body is saved: the app's, else the last part of the path."""
    options = parse_options_header(body.response.headers.get("Content-Disposition", ""))[1]
    path = body.exchange.request.path.partition("?")[0]
    name = options.get("filename") or path.rstrip("/").rpartition("/")[2]
    return _NAME.sub("_", name).strip("._")[:80] or "body.bin"

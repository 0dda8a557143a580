"""Pictures, sound and film as HTML, and bytes to download."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from html import escape

from .body import Body
from .inlining import MAX_FRAME
from .palette import QUIET
from .styles import SIDE, mono, note, pre
from .words import hex_dump

_HEX_ROWS = 8


def media_body(body: Body, room: int) -> Iterator[str]:
    """Yield a picture or a player; an SVG too stands in an ``img``, where nothing in it runs."""
    if len(body.data) * 4 / 3 > min(MAX_FRAME, room) - 1000:
        yield note(mono(body.caption))
        return
    tag = {"audio": "audio controls", "video": "video controls"}.get(body.kind, 'img alt=""')
    yield _element(tag, body.mimetype, b64encode(body.data).decode())


def image_html(kind: str, data: str) -> str:
    """Return a picture from its bytes in base64."""
    return _element('img alt=""', kind, data)


def _element(tag: str, kind: str, data: str) -> str:
    end = "" if tag.startswith("img") else f"</{tag.partition(' ')[0]}>"
    return (
        f'<div style="padding:8px {SIDE}"><{tag} src="data:{escape(kind)};base64,{escape(data)}" '
        f'style="display:block;max-width:100%;max-height:24rem">{end}</div>'
    )


def binary_body(body: Body, room: int) -> Iterator[str]:
    """Yield the first bytes, and a link that saves all of them, if there is room for it."""
    yield pre(escape(hex_dump(body.data, _HEX_ROWS)), "white-space:pre")
    link = ""
    if len(body.data) * 4 / 3 <= min(MAX_FRAME, room) - 2000:
        # Never named by its own type: a browser must not open what it could run.
        data = f"data:application/octet-stream;base64,{b64encode(body.data).decode()}"
        style = f"color:{QUIET};text-decoration:underline"
        link = f' · <a download="{escape(body.file_name)}" href="{data}" style="{style}">download</a>'
    yield note(mono(body.caption) + link)

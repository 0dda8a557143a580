"""An HTML body in a frame of its own: no origin, no forms, no popups, scripts only if they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from flask_nb.exchange.masks import printable
from flask_nb.exchange.request import readable_path

from .inlining import MAX_FRAME, FramedPage, Page
from .options import Display
from .palette import LINE
from .styles import mono, note
from .webrtc import NO_WEBRTC
from .words import size

# A base target without leave for popups makes links inert; they would open Jupyter inside the frame.
_HEAD = '<base target="_blank">'

# What scripts may reach: nothing outside the frame. The page's own files are in it as data: addresses.
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="'
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline' data:; img-src data:; "
    "font-src data:; media-src data:; form-action 'none'; base-uri 'none'\">"
)
_STYLE = "display:block;width:100%;border:0;background:#fff;color-scheme:light;resize:vertical;overflow:auto"
_MAX_NAMED = 3
_MAX_TITLE = 200
_MOST = 480  # pixels of a page whose height nobody has chosen
_LEAST = 40
_SLACK = 1.1  # the height is a guess


def page_frame(page: Page, room: int, *, title: str, display: Display) -> Iterator[str]:
    """Yield the frame, and a line on what does not work or is not there in it.

    :param room: in bytes.
    :param title: what a screen reader calls it.
    :param display: whether scripts run, and how high it is: unless chosen, as the page seems to need.
    """
    shown = max(_LEAST, min(_MOST, page.height)) if display.height is None else display.height
    head = _POLICY + NO_WEBRTC + _HEAD if display.scripts else _HEAD
    framed = page.fit(min(MAX_FRAME, room) - len(escape(head)))
    sandbox = "allow-scripts" if display.scripts else ""
    yield (
        f'<div style="border-top:1px solid {LINE}">'
        f'<iframe sandbox="{sandbox}" title="{escape(title[:_MAX_TITLE])}" style="{_STYLE};height:{shown}px" '
        f'srcdoc="{escape(head + framed.source)}"></iframe></div>'
    )
    remarks = [*_still(page, scripts=display.scripts), *_missing(framed)]
    if page.height > shown * _SLACK:
        remarks.append(f"more below: {mono(f'--height {-(-page.height // 100) * 100}')}")
    if framed.is_cut:
        remarks.append(
            f"cut after {size(len(framed.source.encode()))}; all of it: " + mono(f"{display.name}.text")
        )
    if remarks:
        yield note(" · ".join(remarks))


def _still(page: Page, *, scripts: bool) -> Iterator[str]:
    """Name what a reader might try in vain."""
    counts = [
        f"{count} {word}{'s' * (count != 1)}"
        for word, count in page.still
        if not (scripts and word == "script")
    ]
    if counts:
        lead = "scripts run; still: " if scripts else "still picture: "
        can_run = not scripts and "script" in dict(page.still)
        yield lead + ", ".join(counts) + (f" (scripts run with {mono('--scripts')})" if can_run else "")


def _missing(framed: FramedPage) -> Iterator[str]:
    if framed.missing:
        named = [f"{printable(readable_path(path))[:80]} ({reason})" for path, reason in framed.missing]
        more = f" and {len(named) - _MAX_NAMED} more" if len(named) > _MAX_NAMED else ""
        yield f"not loaded: {mono(', '.join(named[:_MAX_NAMED]))}{more}"

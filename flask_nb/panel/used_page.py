"""A page that is used in the notebook: its document, and what may be loaded into it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flask_nb.exchange.masks import printable
from flask_nb.exchange.request import readable_path

from .assets import Fetch
from .body import Body
from .exchanger import PanelResponse
from .html import write_html
from .inlining import inlined_page
from .panel import Panel
from .words import size, status_line

MAX_PAGE = 8 * 1024 * 1024
"""Bytes that a page may have with the files of the app in it."""

_MAX_NAMED = 5
_FROM_HOSTS = ("script-src", "style-src", "font-src", "img-src")
_SOURCES = {
    "default-src": "'none'",
    # A page on a port may compile code as well; what a script can reach does not depend on it.
    "script-src": "'unsafe-inline' 'unsafe-eval' data: blob:",
    "style-src": "'unsafe-inline' data: blob:",
    "img-src": "data: blob:",
    "font-src": "data: blob:",
    "media-src": "data: blob:",
    "connect-src": "data: blob:",
    "form-action": "'none'",
    "frame-src": "'none'",
}
_BOMS = (("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"))
_META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_LENS = (
    '<!doctype html><meta charset="utf-8"><style>body{margin:8px;font:13px/1.5 sans-serif;color:#212121;'
    "background:#fff}</style>"
)


@dataclass(frozen=True)
class UsedPage:
    """What the view shows of an answer.

    :param document: HTML.
    :param notes: what is to be said of it.
    """

    document: str
    notes: tuple[str, ...]


def policy(hosts: Iterable[str] = ()) -> str:
    """Return what a page may load: its own files, which are in it, and those of hosts that were allowed."""
    more = "".join(f" https://{host} http://{host}" for host in hosts)
    return "; ".join(
        f"{name} {sources}{more if name in _FROM_HOSTS else ''}" for name, sources in _SOURCES.items()
    )


def used_page(response: PanelResponse, fetch: Fetch) -> UsedPage:
    """Return what is shown of an answer: a page as it is, all else as the panel shows it.

    :param fetch: asks the app for the files that the page names.
    """
    body = Body(response.exchange, response.display)
    text = text_of(body.data, response.headers.get("Content-Type", ""))
    if not _is_page(body, text) or response.exchange.failure is not None:
        return UsedPage(_LENS + write_html(Panel(response.exchange, response.display), MAX_PAGE), ())
    request = response.exchange.request
    url = f"http://{request.host}{request.path}"
    page = inlined_page(text, url, fetch, scripts=True, room=MAX_PAGE, is_used=True)
    notes = list(map(printable, response.exchange.notes))
    framed = page.fit(MAX_PAGE)
    if framed.is_cut:
        notes.append(f"The page is longer than {size(MAX_PAGE)}: this is its beginning.")
    if response.exchange.truncated:
        notes.append(f"The answer was {response.exchange.truncated}.")
    if framed.missing:
        named = [f"{printable(readable_path(path))[:80]} ({reason})" for path, reason in framed.missing]
        rest = f" and {len(named) - _MAX_NAMED} more" if len(named) > _MAX_NAMED else ""
        notes.append(f"Not loaded: {', '.join(named[:_MAX_NAMED])}{rest}")
    return UsedPage(framed.source, tuple(notes))


def _is_page(body: Body, text: str) -> bool:
    is_html = body.mimetype in ("text/html", "application/xhtml+xml")
    return is_html and body.kind != "binary" and re.search(r"<[A-Za-z!/]", text) is not None


def text_of(data: bytes, content_type: str) -> str:
    """Return a page as text: its byte order mark, header or own words say how (HTML standard, 13.2.3.2)."""
    marked = next((name for name, mark in _BOMS if data.startswith(mark)), None)
    named = re.search(r"charset=\"?([\w-]+)", content_type, re.IGNORECASE)
    declared = _META_CHARSET.search(data[:1024])
    name = marked or (named[1] if named else declared[1].decode() if declared else "utf-8")
    try:
        return data.decode(name, "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def summary_of(response: PanelResponse) -> str:
    """Return what the view says of an answer: ``200 OK · text/html · 1.2 kB``."""
    body = Body(response.exchange, response.display)
    return " · ".join(
        filter(None, [status_line(response.status), printable(body.mimetype), size(len(body.data))])
    )


def still_html(html: str) -> str:
    """Return the still picture's HTML, marked so that a view that is alive can hide it."""
    return f'<div class="flask-nb-still">{html}</div>'

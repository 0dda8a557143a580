"""A page with the app's own styles, images and fonts within it, so that it looks right with no server.

A frame's relative addresses start from the notebook's front end, not from the app. What the page names
of the app is therefore put into it when the exchange is made; the rest of the page stays as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from html import escape
from typing import NamedTuple
from urllib.parse import urljoin

from flask_nb.lazy import pattern

from .assets import Assets, Fetch, cost
from .heights import page_height
from .markup import Attribute, StartTag, start_tags

MAX_FRAME = 200_000
"""Bytes that a frame has at most."""

_SOURCES = {
    "img": ("src",),
    "source": ("src",),
    "audio": ("src",),
    "video": ("src", "poster"),
    "input": ("src",),
    "image": ("href", "xlink:href"),
}
# Pages within the page, which would be asked of the front end.
_FRAMES = {"iframe": "src", "frame": "src", "embed": "src", "object": "data"}
_NOT_IN_PAGE = pattern(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_CANDIDATE = pattern(r"[\s,]*(\S+)")
_STYLE_END = pattern(r"</(?=style)", re.IGNORECASE)


class Edit(NamedTuple):
    """What stands instead of a piece of the page.

    :param start: where the piece begins.
    :param text: what stands instead.
    :param path: the file of the app it is for, empty for none.
    """

    start: int
    end: int
    text: str
    path: str = ""


class FramedPage(NamedTuple):
    """What of a page is shown in a frame.

    :param source: the page.
    :param is_cut: whether there was no room for all of it.
    :param missing: the app's files that are not in it, each with the reason.
    """

    source: str
    is_cut: bool
    missing: tuple[tuple[str, str], ...]


class Page(NamedTuple):
    """A page and what the app's own files make of it.

    :param text: the page as it came, as far as a frame can hold it.
    :param is_cut: whether there is more of it.
    :param edits: the changes, the more important ones first; none overlaps another.
    :param missing: the app's files that could not be had, each with the reason.
    :param still: how many links, forms, frames and scripts it has.
    :param height: a guess in pixels, see :mod:`.heights`.
    """

    text: str
    is_cut: bool
    edits: tuple[Edit, ...]
    missing: tuple[tuple[str, str], ...]
    still: tuple[tuple[str, int], ...]
    height: int

    def fit(self, room: int) -> FramedPage:
        """Return the page with as many of its files as have room, in bytes of an escaped attribute."""
        left = room - cost(self.text)
        if left < 0:
            return FramedPage(_cut(self.text, room), True, self.missing)
        kept, missing = [], list(self.missing)
        for edit in self.edits:
            growth = cost(edit.text) - cost(self.text[edit.start : edit.end])
            if growth <= left:
                left -= growth
                kept.append(edit)
            elif edit.path:
                missing.append((edit.path, "too large"))
        return FramedPage(_edited(self.text, kept), self.is_cut, tuple(dict(missing).items()))


def _cut(text: str, room: int) -> str:
    fitting = bisect_right(range(len(text) + 1), room, key=lambda length: cost(text[:length]))
    return text[: max(0, fitting - 1)]


def _edited(text: str, edits: list[Edit]) -> str:
    pieces, end = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        pieces += [text[end : edit.start], edit.text]
        end = edit.end
    return "".join([*pieces, text[end:]])


def inlined_page(
    text: str, url: str, fetch: Fetch, *, scripts: bool = False, room: int = MAX_FRAME, is_used: bool = False
) -> Page:
    """Return a page with the app's own files.

    :param url: the address of the page.
    :param fetch: asks the app for a file.
    :param scripts: whether scripts are to be there too, because they will run.
    :param room: bytes that it may have.
    :param is_used: whether its links and forms will work, so that their targets stay.
    """
    page = _NOT_IN_PAGE.sub("\ufffd", text[:room])
    tags = list(start_tags(page))
    assets = Assets(_base(tags, url), fetch, room - 1000 - cost(page))
    edits = list(_Inliner(page, tags, assets, scripts=scripts, is_used=is_used).edits())
    own_css = [page[tag.end : tag.content_end] for tag in tags if tag.name == "style"]
    linked_css = [edit.text.partition(">")[2] for edit in edits if edit.text.startswith("<style")]
    return Page(
        page,
        is_cut=len(text) > room,
        edits=tuple(edits),
        missing=tuple(assets.missing.items()),
        still=_still(tags),
        height=page_height(page, tags, "\n".join([*own_css, *linked_css])),
    )


def _base(tags: list[StartTag], url: str) -> str:
    """Return what relative addresses start from: the first ``<base href>``, else the page."""
    href = next((tag.get("href") for tag in tags if tag.name == "base" and tag.get("href")), "")
    try:
        return urljoin(url, href)
    except ValueError:
        return url


def _still(tags: list[StartTag]) -> tuple[tuple[str, int], ...]:
    counts = {
        "link": sum(tag.name == "a" and "href" in tag.attributes for tag in tags),
        "form": sum(tag.name == "form" for tag in tags),
        "frame": sum(tag.name in _FRAMES for tag in tags),
        "script": sum(tag.name == "script" for tag in tags),
    }
    return tuple((word, count) for word, count in counts.items() if count)


class _Inliner:
    """Finds what to change in a page, stylesheets and scripts first: without them nothing looks right."""

    def __init__(
        self, page: str, tags: list[StartTag], assets: Assets, *, scripts: bool, is_used: bool = False
    ) -> None:
        self._page = page
        self._tags = tags
        self._assets = assets
        self._scripts = scripts
        self._is_used = is_used

    def edits(self) -> Iterator[Edit]:
        """Yield the changes."""
        for find in (self._inert, self._linked, self._styles, self._script, self._sources, self._inline):
            for tag in self._tags:
                yield from find(tag)

    def _inert(self, tag: StartTag) -> Iterator[Edit]:
        """Take the target off links and the source off frames: they would load Jupyter inside the frame."""
        target = tag.attributes.get("target")
        if target is not None and tag.name in {"a", "area", "form"} and not self._is_used:
            yield Edit(target.start, target.end, '"_blank"')
        source = tag.attributes.get(_FRAMES.get(tag.name, ""))
        if source is not None and self._path(source.value):
            yield Edit(source.start, source.end, '""')

    def _linked(self, tag: StartTag) -> Iterator[Edit]:
        kinds = tag.get("rel").lower().split()
        if tag.name != "link" or "stylesheet" not in kinds or "alternate" in kinds:
            return
        css = self._assets.stylesheet(tag.get("href"))
        if css is not None:
            media = f' media="{escape(tag.get("media"))}"' if tag.get("media") else ""
            text = _STYLE_END.sub(r"<\\/", css)
            yield Edit(tag.start, tag.end, f"<style{media}>{text}</style>", self._path(tag.get("href")))

    def _styles(self, tag: StartTag) -> Iterator[Edit]:
        if tag.name == "style":
            css = self._page[tag.end : tag.content_end]
            yield from _changed(tag.end, tag.content_end, css, self._assets.css(css), lambda text: text)

    def _script(self, tag: StartTag) -> Iterator[Edit]:
        if tag.name == "script" and self._scripts:
            yield from self._source(tag.attributes.get("src"))

    def _sources(self, tag: StartTag) -> Iterator[Edit]:
        for name in _SOURCES.get(tag.name, ()):
            yield from self._source(tag.attributes.get(name))
        candidates = tag.attributes.get("srcset")
        if candidates is not None and tag.name in {"img", "source"}:
            yield from self._candidates(candidates)

    def _source(self, attribute: Attribute | None) -> Iterator[Edit]:
        uri = self._assets.data_uri(attribute.value) if attribute is not None else None
        if attribute is not None and uri is not None:
            yield Edit(attribute.start, attribute.end, f'"{escape(uri)}"', self._path(attribute.value))

    def _candidates(self, attribute: Attribute) -> Iterator[Edit]:
        """Keep the candidates that can be had: the browser might choose one that cannot."""
        kept, path = [], ""
        for reference, descriptor in parse_srcset(attribute.value):
            uri = self._assets.data_uri(reference)
            if uri is not None:
                kept.append(f"{uri} {descriptor}".strip())
                path = path or self._path(reference)
        if kept:
            yield Edit(attribute.start, attribute.end, f'"{escape(", ".join(kept))}"', path)

    def _path(self, reference: str) -> str:
        return self._assets.own_path(reference) or ""

    def _inline(self, tag: StartTag) -> Iterator[Edit]:
        style = tag.attributes.get("style")
        if style is not None:
            css = self._assets.css(style.value)
            yield from _changed(style.start, style.end, style.value, css, lambda text: f'"{escape(text)}"')


def _changed(start: int, end: int, old: str, new: str, quote: Callable[[str], str]) -> Iterator[Edit]:
    if new != old:
        yield Edit(start, end, quote(new))


def parse_srcset(text: str) -> list[tuple[str, str]]:
    """Return the candidates of a ``srcset`` as address and descriptor (HTML standard, 4.8.4.2.1)."""
    found, position = [], 0
    while (match := _CANDIDATE.match(text, position)) is not None:
        reference, position = match[1].rstrip(","), match.end()
        descriptor = ""
        if reference == match[1]:  # else the comma has ended the candidate
            end = text.find(",", position)
            descriptor = text[position : end if end >= 0 else len(text)].strip()
            position = end + 1 if end >= 0 else len(text)
        if reference:
            found.append((reference, descriptor))
    return found

"""How tall a page is, guessed: a frame that has neither scripts nor an origin cannot be measured.

The guess follows a browser's own styles (HTML standard, 15.3): blocks stand below each other, the larger of
two margins that meet counts, text wraps. Of the page's own styles it knows the rules for plain elements, and
of those what says how tall a line, a margin or a padding is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flask_nb.lazy import pattern

from .markup import StartTag

_WIDTH = 940  # pixels, of a notebook's cell in a window of ordinary size
_LETTER = 7.2  # the mean width of a letter at 16 px
_LINE = 18.4
_BODY_MARGIN = 8
_PICTURE = 60

# Each character is looked at a bounded number of times.
_END_TAG = pattern(r"</([A-Za-z][\w-]*)[^<>]*>")
_OTHER = pattern(r"<!--.*?(?:-->|\Z)|<![^<>]*>", re.DOTALL)
_NUMBER = pattern(r"\d{1,4}")
_ELEMENT = pattern(r"[a-z][a-z0-9]*")
_FONT = pattern(r"(\d+px)(?:/([\d.]+(?:px)?))?")
_LENGTH = pattern(r"(-?\d*\.?\d+)(px|r?em)?")


class _Block(NamedTuple):
    """How an element takes up height by itself.

    :param margin: above and below.
    :param line: the height of a line in it.
    :param inside: its border and padding, above and below.
    """

    margin: float = 0
    line: float = _LINE
    inside: float = 0


_PLAIN = _Block()
_PLAIN_NAMES = (
    "div li dt dd form table caption section article header footer main nav aside address details summary"
    " legend figcaption center"
)
_PARAGRAPH = _Block(16)
_BLOCKS = {
    "h1": _Block(21.4, 37),
    "h2": _Block(19.9, 27),
    "h3": _Block(18.7, 21.5),
    "h4": _Block(21.3),
    "h5": _Block(22.2, 15),
    "h6": _Block(25, 12.5),
    "pre": _Block(13, 15),
    "tr": _Block(0, _LINE, 4),
    "hr": _Block(8, _LINE, 2),
    "fieldset": _Block(0, _LINE, 7),
    "body": _Block(_BODY_MARGIN),
    **dict.fromkeys(("p", "ul", "ol", "dl", "blockquote", "figure"), _PARAGRAPH),
    **dict.fromkeys(_PLAIN_NAMES.split(), _PLAIN),
}
_INLINE = {"input": 21.5, "button": 21.5, "select": 19, "progress": 16, "meter": 16}
_FRAMES = {"iframe": 154, "object": 154, "embed": 154, "audio": 58, "video": 154, "canvas": 154}
_NOT_BELOW = frozenset(["tr", "hr"])  # what they add stands above them already
_MAX_CSS = 20_000
_INVISIBLE = frozenset(["script", "style", "title", "template", "textarea", "noscript"])


def page_height(page: str, tags: Sequence[StartTag], css: str = "") -> int:
    """Return the height of a page in pixels.

    :param tags: its start tags.
    :param css: its stylesheets.
    """
    flow, position = _Flow(_styled_blocks(css)), 0
    for tag in tags:
        flow.read(page[position : tag.start])
        flow.begin(tag)
        position = tag.content_end if tag.name in _INVISIBLE else tag.end
    flow.read(page[position:])
    return flow.end()


def _styled_blocks(css: str) -> dict[str, _Block]:
    """Return how elements take up height where the page has styles of its own."""
    blocks = dict(_BLOCKS)
    for rule in css[:_MAX_CSS].split("}"):
        selectors, _, body = rule.rpartition("{")
        declarations = dict(_declared(body))
        for selector in selectors.rpartition("{")[2].split(","):
            name = selector.strip().lower().rpartition(" ")[2]
            if _ELEMENT.fullmatch(name):
                _apply(blocks, name, declarations)
    line = blocks["body"].line
    return {
        name: block._replace(line=line) if block.line == _LINE else block for name, block in blocks.items()
    }


def _declared(text: str) -> Iterator[tuple[str, str]]:
    for declaration in text.split(";"):
        name, _, value = declaration.partition(":")
        yield name.strip().lower(), value.strip().lower()


def _apply(blocks: dict[str, _Block], name: str, declarations: dict[str, str]) -> None:
    """Note what the declarations say of an element; a cell's padding is its row's."""
    name = {"td": "tr", "th": "tr", "html": "body"}.get(name, name)
    if name not in blocks:
        if declarations.get("display") not in {"block", "flex", "grid"}:
            return
        blocks[name] = _PLAIN
    block = blocks[name]
    if "padding" in declarations:
        sides = _vertical(declarations["padding"])
        block = block._replace(inside=sides if name == "tr" else sides / 2)
    if "margin" in declarations:
        block = block._replace(margin=_vertical(declarations["margin"]) / 2)
    line = _line_height(declarations)
    blocks[name] = block._replace(line=line or block.line)


def _vertical(value: str) -> float:
    """Return what a margin or a padding has above and below together."""
    lengths = [_pixels(part) for part in value.split()]
    return lengths[0] + lengths[2 if len(lengths) > 2 else 0] if lengths else 0


def _pixels(text: str) -> float:
    found = _LENGTH.match(text)
    return float(found[1]) * (16 if (found[2] or "").endswith("em") else 1) if found else 0


def _line_height(declarations: dict[str, str]) -> float:
    """Return the height of a line, 0 if nothing is said of it; ``font: 16px/1.5 serif`` says both."""
    font = _FONT.search(declarations.get("font", "")[:80])
    size = _pixels(declarations.get("font-size") or (font[1] if font else "")) or 16
    ratio = _LENGTH.fullmatch(declarations.get("line-height") or (font[2] if font else None) or "")
    if ratio is not None:
        return float(ratio[1]) * (1 if ratio[2] == "px" else size)
    return 0 if size == 16 else size * _LINE / 16


class _Flow:
    """Text and elements as they flow down a page."""

    def __init__(self, blocks: dict[str, _Block]) -> None:
        self._blocks = blocks
        self._height = 0.0
        self._margin = blocks["body"].margin
        self._end = self._margin
        self._width = 0.0
        self._taller = 0.0
        self._base = self._line = blocks["body"].line
        self._in_pre = False
        self._in_row = False

    def begin(self, tag: StartTag) -> None:
        """Begin an element."""
        name = tag.name
        if name == "br":
            self._break(at_least=1)
        elif name in self._blocks:
            self._begin_block(name)
        elif name == "input" and tag.get("type").lower() == "hidden":
            return
        elif name == "textarea":
            self._put(150, 6 + 15 * _number(tag.get("rows"), 2))
        elif name in _INLINE:
            self._put(150, _INLINE[name])
        elif name in _FRAMES:
            self._put(300, _number(tag.get("height"), _FRAMES[name]))
        elif name in {"img", "svg"}:
            self._put(_number(tag.get("width"), _PICTURE), _number(tag.get("height"), _PICTURE))

    def _begin_block(self, name: str) -> None:
        self._break()
        if name == "body":
            return
        block = self._blocks[name]
        self._margin = max(self._margin, block.margin)
        self._line, self._in_pre, self._in_row = block.line, name == "pre", name == "tr"
        if block.inside:
            self._add(block.inside)

    def read(self, text: str) -> None:
        """Take what stands between two start tags: text and end tags."""
        position = 0
        for match in _END_TAG.finditer(text := _OTHER.sub("", text)):
            self._write(text[position : match.start()])
            if match[1].lower() in self._blocks:
                self._finish_block(match[1].lower())
            position = match.end()
        self._write(text[position:])

    def _finish_block(self, name: str) -> None:
        self._break()
        block = self._blocks[name]
        if block.inside and name not in _NOT_BELOW:
            self._add(block.inside)
        self._margin = max(self._margin, block.margin)
        self._line, self._in_pre, self._in_row = self._base, False, False

    def _write(self, text: str) -> None:
        if self._in_pre:
            self._add(self._line * text.strip("\n").count("\n"))
            text = text.rpartition("\n")[2] or " x"
        words = " ".join(text.split())
        if words:
            self._width += 0.0 if self._in_row and self._width else len(words) * _LETTER * self._line / _LINE

    def _put(self, width: float, height: float) -> None:
        """Put an element into the line."""
        self._width += width
        self._taller = max(self._taller, height)

    def _break(self, at_least: int = 0) -> None:
        """End the line, with all that has been written since the last one ended."""
        lines = max(-(-self._width // _WIDTH), at_least)
        if lines:
            self._add((lines - 1) * self._line + max(self._line, self._taller))
        self._width = self._taller = 0.0

    def _add(self, height: float) -> None:
        self._height += self._margin + height
        self._margin = 0.0

    def end(self) -> int:
        """Return the height, rounded up."""
        self._break()
        return -int(-(self._height + max(self._margin, self._end)) // 1)


def _number(text: str, default: float) -> float:
    found = _NUMBER.match(text)
    return float(found[0]) if found else default

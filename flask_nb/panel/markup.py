"""The start tags of a page with their places in the text, so that one can be changed and the rest stays.

Tags are found as a browser finds them (HTML standard, 13.2.5): not within comments, scripts and styles,
and a ``>`` within a quoted value ends nothing. Each character is looked at a bounded number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

_OPENING = re.compile(r"<(?:([A-Za-z][^\s/>]*)|!--|[!?/])")
_COMMENT_END = re.compile(r"--!?>")
_NAME = re.compile(r"[\s/]*([^\s/>][^\s/>=]*)\s*")
_VALUE = re.compile(r"""=\s*("[^"]*"|'[^']*'|[^\s>"'][^\s>]*|(?=>))""")
_TAG_END = re.compile(r"[\s/]*>")
_RAW = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})


class Attribute(NamedTuple):
    """An attribute that has a value.

    :param value: with its entities decoded.
    :param start: where the value begins in the page, its quote included.
    """

    value: str
    start: int
    end: int


class StartTag(NamedTuple):
    """A start tag.

    :param name: in lower case.
    :param attributes: by name in lower case; of a name that stands twice the first counts.
    :param start: where it begins in the page.
    :param end: the place behind it.
    :param content_end: where the text of a script, a style and the like ends.
    """

    name: str
    attributes: dict[str, Attribute]
    start: int
    end: int
    content_end: int

    def get(self, name: str) -> str:
        """Return the value of an attribute, empty if it is not there."""
        found = self.attributes.get(name)
        return found.value if found else ""


def start_tags(page: str) -> Iterator[StartTag]:
    """Yield the start tags of a page; one that never ends does not count, and nothing follows it."""
    position = 0
    while (match := _OPENING.search(page, position)) is not None:
        if match[1] is None:
            position = _behind_other(page, match)
            continue
        tag = _start_tag(page, match)
        if tag is None:
            return
        yield tag
        position = tag.content_end


def _behind_other(page: str, match: re.Match[str]) -> int:
    """Return the place behind a comment, an end tag or a declaration."""
    if match[0] == "<!--":
        found = _COMMENT_END.search(page, match.start() + 2)
        return found.end() if found else len(page)
    return page.find(">", match.end()) + 1 or len(page)


def _start_tag(page: str, match: re.Match[str]) -> StartTag | None:
    attributes: dict[str, Attribute] = {}
    position = match.end()
    while (end := _TAG_END.match(page, position)) is None:
        name = _NAME.match(page, position)
        if name is None:
            return None
        position = name.end()
        if page[position : position + 1] == "=":
            value = _VALUE.match(page, position)
            if value is None:
                return None
            attributes.setdefault(name[1].lower(), _attribute(value))
            position = value.end()
    tag_name = match[1].lower()
    return StartTag(tag_name, attributes, match.start(), end.end(), _content_end(page, tag_name, end.end()))


def _attribute(match: re.Match[str]) -> Attribute:
    text = match[1]
    return Attribute(unescape(text[1:-1] if text[:1] in {'"', "'"} else text), match.start(1), match.end(1))


def _content_end(page: str, name: str, start: int) -> int:
    if name not in _RAW:
        return start
    found = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(page, start)
    return found.start() if found else len(page)

"""``%browse``: a page of the app that can be used in the notebook."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from functools import cache

from flask_nb.errors import MagicArgumentError

from .arguments import MagicParser
from .request import DEFAULT_TIMEOUT, RequestDefinition
from .request_line import LineReader, parse_path

WIDTHS = ("phone", "tablet", "full")

_HOST = re.compile(r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]+(?::[0-9]{1,5})?", re.ASCII)


@dataclass(frozen=True)
class BrowseArguments:
    """What ``%browse`` was asked for.

    :param request: the first page.
    :param height: of the view in pixels.
    :param zoom: per cent of their size in which pages are shown.
    :param width: one of :data:`WIDTHS`.
    :param is_live: whether the page is loaded again when a cell has changed the app.
    :param is_new: whether another view of the same app stays.
    :param is_docked: whether the view is to stand beside the notebook.
    :param allowed: other hosts whose styles, scripts, fonts and pictures are loaded.
    """

    request: RequestDefinition
    height: int = 480
    zoom: int = 100
    width: str = "full"
    is_live: bool = True
    is_new: bool = False
    is_docked: bool = False
    allowed: tuple[str, ...] = ()

    @property
    def app(self) -> str | None:
        """The variable of another app than the current one."""
        return self.request.app


@cache
def browse_parser() -> MagicParser:
    """Return the parser of ``%browse``."""
    parser = MagicParser(
        "%browse",
        "[PATH]",
        "Show a page of the app that can be used: links, forms and scripts work, through the kernel.",
        examples=(
            "%browse",
            "%browse /items?page=2 --height 600",
            "%browse --allow cdn.jsdelivr.net",
            "%browse --dock --no-live",
        ),
    )
    parser.add_words("PATH", "a path with its query, default /")
    add = parser.add_argument
    add("--height", type=_parse_pixels, default=480, metavar="PX", help="how tall it is, in pixels")
    add("--zoom", type=_parse_zoom, default=100, metavar="PERCENT", help="in which size pages are shown")
    add("--width", choices=WIDTHS, default="full", metavar="WIDTH", help="phone, tablet or full")
    add(
        "--no-live",
        dest="is_live",
        action="store_false",
        help="do not load it again when a cell changes the app",
    )
    add("--new", dest="is_new", action="store_true", help="leave an earlier view of the app where it is")
    add(
        "--dock",
        dest="is_docked",
        action="store_true",
        help="beside the notebook, where sidecar is installed",
    )
    parser.add_repeatable(
        "--allow",
        type=parse_host,
        metavar="HOST",
        help="load styles, scripts, fonts, pictures of this host, too",
    )
    parser.add_app()
    return parser


def parse_browse(line: str) -> BrowseArguments:
    """Parse the line of ``%browse``.

    :raises MagicArgumentError: when it is not understood.
    """
    parser = browse_parser()
    arguments = parser.parse_line(line, LineReader(lambda: parser, "GET").verbatim)
    if len(arguments.words) > 1:
        typed = " ".join(arguments.words)
        raise MagicArgumentError(f"one path at a time, not {typed!r}. Quote a path that has a space in it")
    path = parse_path(arguments.words[0] if arguments.words else "/")
    return BrowseArguments(
        RequestDefinition("GET", path, app=arguments.app, timeout=DEFAULT_TIMEOUT),
        arguments.height,
        arguments.zoom,
        arguments.width,
        arguments.is_live,
        arguments.is_new,
        arguments.is_docked,
        tuple(arguments.allow),
    )


def parse_host(text: str) -> str:
    """Return a host that files may come from; argparse shows the error with the flag's name."""
    if _HOST.fullmatch(text.lower()):
        return text.lower()
    raise argparse.ArgumentTypeError(f"{text!r} is not a host, such as cdn.jsdelivr.net")


def _parse_pixels(text: str) -> int:
    if text.isascii() and text.isdecimal() and 100 <= int(text[:6]) <= 5000 and len(text) < 5:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a height from 100 to 5000 pixels")


def _parse_zoom(text: str) -> int:
    digits = text.removesuffix("%")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 3 and 25 <= int(digits) <= 300:
        return int(digits)
    raise argparse.ArgumentTypeError(f"{text!r} is not a size from 25 to 300 per cent")

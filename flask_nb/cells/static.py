"""``%%static``: a cell that is a static file of the app."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .arguments import MagicParser
from .content_paths import parse_path

if TYPE_CHECKING:
    from flask_nb.engines.protocol import Engine


@dataclass(frozen=True)
class StaticDefinition:
    """A ``%%static`` cell.

    :param path: the path below the app's static folder.
    :param content: the text of the file.
    :param mimetype: its content type; None to find it by name and content.
    """

    path: str
    content: str
    mimetype: str | None = None


@dataclass(frozen=True)
class AppliedStatic:
    """A static file that is served.

    :param url: the path of its URL.
    :param mimetype: its content type.
    """

    definition: StaticDefinition
    url: str
    mimetype: str

    @property
    def summary(self) -> str:
        """One line on the file, the same whenever the cell runs."""
        length = len(self.definition.content.encode(errors="replace"))
        return f"static {self.definition.path} → {self.url} ({self.mimetype}, {length:,} B)"


def static_parser() -> MagicParser:
    """Return the parser of ``%%static``."""
    parser = MagicParser(
        "%%static",
        "PATH",
        "Make the cell a static file of the app; it is live at once.\n\n"
        "It wins over a file of that path in the folder static. The content type follows from the name,\n"
        "the ETag from the content.",
        examples=("%%static site.css", "%%static js/app.js", "%%static humans --type text/plain"),
    )
    parser.add_words("PATH", "as in url_for('static', filename='PATH')")
    parser.add_argument(
        "--type", dest="mimetype", type=_parse_type, metavar="TYPE", help="content type, such as text/plain"
    )
    return parser


def parse_static(line: str, body: str) -> StaticDefinition:
    """Parse the line of ``%%static``; the body is kept as it is.

    :raises MagicArgumentError: when the line is not understood.
    """
    arguments = static_parser().parse_line(line)
    path = parse_path(arguments.words, typed="%%static", folder="static", example="site.css")
    return StaticDefinition(path, body, arguments.mimetype)


def apply_static(definition: StaticDefinition, target: Engine) -> AppliedStatic:
    """Define the file; it is served when this returns.

    :raises CellError: when the app serves no static files.
    """
    data = definition.content.encode(errors="replace")
    url, mimetype = target.add_static(definition.path, data, definition.mimetype)
    return AppliedStatic(definition, url, mimetype)


def _parse_type(text: str) -> str:
    if re.fullmatch(r"[\w.+-]+/[\w.+-]+", text, re.ASCII):
        return text.lower()
    raise argparse.ArgumentTypeError(f"{text!r} is not a content type, such as text/plain")

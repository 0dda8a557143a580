"""``%%template`` and ``%%static``: cells that are templates and static files of the app."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from flask_nb.errors import MagicArgumentError

from .arguments import MagicParser

if TYPE_CHECKING:
    from flask_nb.engines.protocol import Engine


@dataclass(frozen=True)
class TemplateDefinition:
    """A ``%%template`` cell.

    :param name: the name by which views render it.
    :param source: the template.
    :param body_line: the line of the cell on which the template begins, from 1.
    """

    name: str
    source: str
    body_line: int = 2


@cache
def template_parser() -> MagicParser:
    """Return the parser of ``%%template``."""
    parser = MagicParser(
        "%%template",
        "NAME",
        "Make the cell a template of the app; it is live at once.\n\n"
        "It wins over a file of that name in the folder templates, and the two can extend and include\n"
        "each other. Values are escaped in .html, .htm, .xml, .xhtml and .svg.",
        examples=("%%template hello.html", "%%template mail/welcome.txt"),
    )
    parser.add_words("NAME", "as in render_template('NAME')")
    return parser


def parse_template(line: str, body: str, body_line: int = 2) -> TemplateDefinition:
    """Parse the line of ``%%template``; the body is kept as it is.

    :raises MagicArgumentError: when the line is not understood.
    """
    words = template_parser().parse_line(line).words
    return TemplateDefinition(_parse_path(words, "%%template", "templates", "hello.html"), body, body_line)


def apply_template(definition: TemplateDefinition, target: Engine, *, filename: str = "<cell>") -> str:
    """Define the template; one that does not compile leaves the old one.

    :param filename: what tracebacks call the cell.
    :return: one line on the template, the same whenever the cell runs.
    :raises CellSyntaxError: names the line of the cell.
    """
    uses, takes = target.add_template(definition.name, definition.source, filename, definition.body_line)
    named = [f"{verb} {', '.join(names)}" for verb, names in (("uses", uses), ("takes", takes)) if names]
    return f"template {definition.name}" + (f" ({'; '.join(named)})" if named else "")


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


@cache
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
    path = _parse_path(arguments.words, "%%static", "static", "site.css")
    return StaticDefinition(path, body, arguments.mimetype)


def apply_static(definition: StaticDefinition, target: Engine) -> str:
    """Define the file; it is served when this returns.

    :return: one line on the file, the same whenever the cell runs.
    :raises CellError: when the app serves no static files.
    """
    data = definition.content.encode(errors="replace")
    url, mimetype = target.add_static(definition.path, data, definition.mimetype)
    return f"static {definition.path} → {url} ({mimetype}, {len(data):,} B)"


def _parse_type(text: str) -> str:
    if re.fullmatch(r"[\w.+-]+/[\w.+-]+", text, re.ASCII):
        return text.lower()
    raise argparse.ArgumentTypeError(f"{text!r} is not a content type, such as text/plain")


def _parse_path(words: Sequence[str], typed: str, folder: str, example: str) -> str:
    """Return the one path below the folder that a line names, as URLs and Jinja write it."""
    if len(words) != 1:
        wrong = f"one name at a time, not {' '.join(words)!r}; a name with spaces needs quotes"
        message = wrong if words else f"the name is missing. Type one, such as {typed} {example}"
        raise MagicArgumentError(message)
    path = words[0]
    wanted = "/".join(part for part in path.replace("\\", "/").split("/") if part not in ("", ".", ".."))
    wanted = wanted.removeprefix(f"{folder}/")
    if wanted == path and not path.startswith("~") and path.isprintable():
        return path
    raise MagicArgumentError(
        f"{path!r} is not a path below the folder {folder}. Type {typed} {wanted or example}"
    )

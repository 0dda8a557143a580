"""The line of ``%export``: the folder that the notebook's project is written to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from flask_nb.errors import MagicArgumentError

from .arguments import MagicParser

ENGINES = ("flask", "flask_nb")
"""The frameworks that an exported package may import."""


@dataclass(frozen=True)
class ExportArguments:
    """What ``%export`` was asked for.

    :param folder: where the project goes.
    :param engine: the framework that the package imports.
    :param force: write although there is something in the folder.
    :param notebook: the notebook's file, None for the one that is open.
    """

    folder: str
    engine: Literal["flask", "flask_nb"] = "flask"
    force: bool = False
    notebook: str | None = None


@cache
def export_parser() -> MagicParser:
    """Return the parser of ``%export``."""
    parser = MagicParser(
        "%export",
        "DIR",
        "Write the notebook as a project: an installable package in Flask's layout, with its tests.\n\n"
        "What was saved is exported; nothing of it is run for that. If there is something in DIR, what\n"
        "would change is shown, and written with --force.",
        examples=("%export shop", "%export shop --force", "%export ../shop --engine flask_nb"),
    )
    parser.add_words("DIR", "a folder of the project's own, which need not exist")
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="flask",
        metavar="E",
        help="what the package imports: flask or flask_nb",
    )
    parser.add_argument("--force", action="store_true", help="write although DIR exists")
    parser.add_argument("--notebook", metavar="FILE", help="the notebook, where it is not known")
    return parser


def parse_export(line: str) -> ExportArguments:
    """Parse the line of ``%export``.

    :raises MagicArgumentError: when it is not understood.
    """
    arguments = export_parser().parse_line(line)
    words: list[str] = arguments.words
    if len(words) != 1:
        wrong = f"one folder at a time, not {' '.join(words)!r}; a name with spaces needs quotes"
        raise MagicArgumentError(wrong if words else "the folder is missing. Type one, such as %export shop")
    return ExportArguments(words[0], arguments.engine, arguments.force, arguments.notebook)

"""The line of ``%artifact``: values that programs load instead of computing them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from flask_nb.errors import MagicArgumentError

from .arguments import MagicParser


@dataclass(frozen=True)
class ArtifactDefinition:
    """A line of ``%artifact``.

    :param names: the variables whose values are kept.
    """

    names: tuple[str, ...]


@cache
def artifact_parser() -> MagicParser:
    """Return the parser of ``%artifact``."""
    parser = MagicParser(
        "%artifact",
        "NAME …",
        "Keep a value that takes long to compute, such as a fitted model or a table, in a file.\n\n"
        "It is written to the folder artifacts beside the notebook, by joblib where that is installed,\n"
        "else as a pickle. `flask-nb run`, gunicorn and an exported package load it instead of computing\n"
        "it. A pickle is a program: whoever can write the file can run code where it is loaded.",
        examples=("%artifact model", "%artifact model vocabulary"),
    )
    parser.add_words("NAME", "a variable of the notebook")
    return parser


def parse_artifact(line: str) -> ArtifactDefinition:
    """Parse the line of ``%artifact``.

    :raises MagicArgumentError: when it is not understood.
    """
    names: list[str] = artifact_parser().parse_line(line).words
    if not names:
        raise MagicArgumentError("the variable is missing. Type its name, such as %artifact model")
    for name in names:
        if not name.isidentifier():
            raise MagicArgumentError(f"{name!r} is not a variable. Give the value a name: model = …")
    return ArtifactDefinition(tuple(dict.fromkeys(names)))

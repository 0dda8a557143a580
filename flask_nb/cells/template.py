"""``%%template``: a cell that is a template of the app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .arguments import MagicParser
from .content_paths import parse_path

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


@dataclass(frozen=True)
class AppliedTemplate:
    """A template that can be rendered.

    :param uses: the templates that it extends, includes and imports.
    :param takes: the variables that it takes from the view.
    """

    definition: TemplateDefinition
    uses: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One line on the template, the same whenever the cell runs."""
        parts = [_named("uses", self.uses), _named("takes", self.takes)]
        details = "; ".join(filter(None, parts))
        return f"template {self.definition.name}" + (f" ({details})" if details else "")


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
    name = parse_path(words, typed="%%template", folder="templates", example="hello.html")
    return TemplateDefinition(name, body, body_line)


def apply_template(
    definition: TemplateDefinition, target: Engine, *, filename: str = "<cell>"
) -> AppliedTemplate:
    """Define the template; one that does not compile leaves the old one.

    :param filename: what tracebacks call the cell.
    :raises CellSyntaxError: names the line of the cell.
    """
    uses, takes = target.add_template(definition.name, definition.source, filename, definition.body_line)
    return AppliedTemplate(definition, tuple(uses), tuple(takes))


def _named(verb: str, names: Sequence[str]) -> str:
    return f"{verb} {', '.join(names)}" if names else ""

"""The place in a magic's line at which something is to be completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from flask_nb import engines
from flask_nb.cells.arguments import MagicParser
from flask_nb.cells.unfinished import UnfinishedLine
from flask_nb.engines import Engine, RouteRow
from flask_nb.errors import FlaskNbError

from .host import Host

Candidates = Iterable[str] | None
"""Whole words; None leaves the place to IPython."""


@dataclass(frozen=True)
class Cursor:
    """Where something is to be completed.

    :param magic: the magic's name with its percent signs.
    :param line: what is typed up to the cursor.
    :param is_in_braces: the cursor stands in an expression of Python or in JSON.
    """

    host: Host
    magic: str
    line: UnfinishedLine
    parser: MagicParser
    is_in_braces: bool = False

    @property
    def word(self) -> str:
        """What is typed of the word."""
        return self.line.word

    @property
    def before(self) -> Sequence[str]:
        """The words before it that are neither flags nor their values."""
        return self.line.positionals

    @property
    def app(self) -> str | None:
        """The variable of the app that the line is about; None for the current one."""
        return self.line.value_of("--app")

    @cached_property
    def engine(self) -> Engine | None:
        """The app that the line is about, or None without one."""
        try:
            if self.app is None:
                return self.host.followed.engine()
            return engines.adopt(self.host.ip.user_ns.get(self.app), self.app, is_chosen=True)
        except FlaskNbError:
            return None

    @cached_property
    def routes(self) -> list[RouteRow]:
        """The app's routes."""
        return self.engine.routes() if self.engine else []


Offer = Callable[[Cursor], Candidates]
"""What finds the candidates at a place."""

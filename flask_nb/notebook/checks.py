"""What ``%%check`` does: send the requests of its lines, compare, and say what came instead."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask_nb.cells import Answer, CheckDefinition, Expectation, RequestDefinition
from flask_nb.cells.expectations import HeaderValue, Status
from flask_nb.cells.expressions import Evaluate
from flask_nb.errors import FlaskNbError, MagicArgumentError
from flask_nb.exchange.masked_repr import MaskedRepr
from flask_nb.exchange.masks import indented, mask_secrets, mask_value, printable
from flask_nb.panel import PanelResponse, status_line
from flask_nb.panel.headers import mask_header
from flask_nb.panel.palette import ERROR, mixed
from flask_nb.panel.panel import Panel
from flask_nb.panel.words import counted, duration

from .evaluation import evaluate
from .tables import Table

Ask = Callable[[RequestDefinition, Evaluate], PanelResponse]
"""Sends a request; an error of ours says why there is no response."""

MOST_ROWS = 60
"""Checks that are shown at most; of more, those that failed."""

PASS, FAIL = "pass", "fail"

_COLOURS = {PASS: mixed("green"), FAIL: ERROR}
_MOST_CONTEXT = 40_000  # characters of all together; what is displayed is bounded
_shorten = MaskedRepr(length=80)


@dataclass(frozen=True)
class _Row:
    """One check that was run.

    :param differences: what was expected and what came instead, of each expectation that was not met.
    :param context: what else there is to say about an answer with differences.
    """

    line: int
    request: str
    status: str
    differences: list[tuple[str, str]] = field(default_factory=list)
    context: list[str] = field(default_factory=list)

    def cells(self) -> Iterator[tuple[str, ...]]:
        """Yield the row, and those below it that go on with what came."""
        said = [*self.differences, *(("", text) for text in self.context)]
        head = (str(self.line), FAIL if said else PASS, self.request, self.status)
        yield (*head, *(said[0] if said else ("", "")))
        yield from (("", "", "", "", *pair) for pair in said[1:])


class Checking:
    """The checks of one cell, run one after another.

    :param ask: sends a request.
    :param variables: returns the notebook's variables; what checks have kept comes before them.
    """

    def __init__(self, ask: Ask, variables: Callable[[], Mapping[str, Any]]) -> None:
        self._ask = ask
        self._variables = variables
        self._kept: dict[str, object] = {}
        self._lost: dict[str, int] = {}  # names that a line was to keep and did not
        self._rows: list[_Row] = []
        self._room = _MOST_CONTEXT

    @property
    def failed(self) -> dict[int, str]:
        """The requests whose checks failed, by their lines."""
        return {row.line: row.request for row in self._rows if row.differences}

    def run(self, check: CheckDefinition) -> None:
        """Send a check's request and compare the answer."""
        for expectation in check.expectations:
            if expectation.as_name is not None:
                self._lost[expectation.as_name] = check.line
        try:
            response = self._ask(check.request, self._evaluate)
        except FlaskNbError as exc:
            asked, why = (printable(mask_secrets(text, "ours")) for text in (check.asked, str(exc)))
            self._rows.append(_Row(check.line, asked, "no answer", [("", why)]))
            return
        status = status_line(response.status)
        if check.request.timed:
            status += f" · {duration(response.exchange.elapsed)}"
        differences = list(self._compare(check, response))
        context = list(_context(response, check)) if differences else []
        self._room -= sum(map(len, context))
        if self._room < 0:
            context = ["what else happened has no room here: send the request by itself"]
        self._rows.append(_Row(check.line, str(response.exchange.request), status, differences, context))

    def table(self) -> Table:
        """Return what became of the checks."""
        shown = self._rows
        if len(shown) > MOST_ROWS:
            shown = [row for row in self._rows if row.differences][:MOST_ROWS] or self._rows[:MOST_ROWS]
        rows = [cells for row in shown for cells in row.cells()]
        headings: tuple[str, ...] = ("line", "check", "request", "status", "expected", "came")
        if not self.failed:
            headings, rows = headings[:4], [row[:4] for row in rows]
        count, failed = counted(len(self._rows), "check"), len(self.failed)
        note = f"{failed} of {count} failed" if failed else f"{count} passed"
        hidden = len(self._rows) - len(shown)
        notes = [f"{counted(hidden, 'line')} not shown here", note] if hidden else [note]
        return Table(headings, rows, notes, whole=2, colours=_COLOURS)

    def _compare(self, check: CheckDefinition, response: PanelResponse) -> Iterator[tuple[str, str]]:
        answer = _answer(response)
        for expectation in check.expectations:
            values: dict[str, object] = {}
            try:
                found = expectation.examine(answer, partial(self._note, values))
            except MagicArgumentError as exc:
                yield _expected(expectation, {}), printable(mask_secrets(str(exc), "ours"))
                continue
            if not found.is_met:
                came = mask_header(found.header, found.came) if found.header else found.came
                yield _expected(expectation, values), printable(came)
            elif expectation.as_name is not None:
                self._kept[expectation.as_name] = found.value
                self._lost.pop(expectation.as_name, None)

    def _note(self, values: dict[str, object], source: str) -> object:
        values[source] = self._evaluate(source)
        return values[source]

    def _evaluate(self, source: str) -> object:
        """Return an expression's value; what a line was to keep and did not is not taken from elsewhere."""
        names = {node.id for node in ast.walk(ast.parse(source, mode="eval")) if isinstance(node, ast.Name)}
        for name in names & self._lost.keys():
            raise MagicArgumentError(
                f"there is no {{{name}}}, because the check of line {self._lost[name]} failed"
            )
        return evaluate({**self._variables(), **self._kept}, source)


def _expected(expectation: Expectation, values: Mapping[str, object]) -> str:
    """Return what was expected as it was typed, with the values of its expressions."""
    shown = [
        f"{{{source}}} is {mask_value(source, _shorten.repr(value))}" for source, value in values.items()
    ]
    return printable("\n".join([mask_secrets(expectation.typed, "ours"), *shown]))


def _answer(response: PanelResponse) -> Answer:
    return Answer(response, response.display.masked_paths, mask_value)


def _context(response: PanelResponse, check: CheckDefinition) -> Iterator[str]:
    """Yield what the panel of the exchange would say: notes, the body, what was printed, the failed lines."""
    panel = Panel(response.exchange, response.display)
    yield from panel.notes
    is_about_body = any(not isinstance(one.look, Status | HeaderValue) for one in check.expectations)
    if panel.is_body_shown and panel.body.data and not is_about_body and panel.failure is None:
        yield printable(_answer(response).beginning)
    if panel.output:
        yield f"printed:\n{indented(panel.output)}"
    if response.exchange.traceback:
        yield response.exchange.traceback

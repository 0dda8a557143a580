"""What of a notebook is run as a program, and why: decided by its source alone, without running any of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from .program_cells import ProgramCell
from .statements import Statement

BINDS = "it binds "
"""What the reason of a statement begins with that is taken for a name."""


@dataclass(frozen=True)
class Decision:
    """Whether a statement is taken.

    :param reason: why, or why not; ``it`` is the statement.
    :param calls: what it calls, where it is left out and nobody knows what that does.
    :param command: the command of the app that calls the same.
    """

    statement: Statement
    is_taken: bool
    reason: str
    calls: tuple[str, ...] = ()
    command: str = ""


@dataclass(frozen=True)
class PlannedCell:
    """A cell with the decisions on its statements; without any if it is left out unread.

    :param reason: why it is left out unread.
    """

    cell: ProgramCell
    decisions: tuple[Decision, ...]
    reason: str = ""

    @property
    def taken(self) -> list[Statement]:
        """The statements that are taken."""
        return [decision.statement for decision in self.decisions if decision.is_taken]

    @property
    def is_left_out(self) -> bool:
        """Whether nothing of it is taken."""
        return not self.taken

    @property
    def reasons(self) -> list[str]:
        """Why it is taken, or why not, each reason once; that it binds names is said last, and in one."""
        if self.reason:
            return [self.reason]
        found = dict.fromkeys(decision.reason for decision in self.decisions)
        binds = [reason for reason in found if reason.startswith(BINDS)]
        others = [reason for reason in found if reason not in binds]
        if len(binds) > 1:
            names = [reason.removeprefix(BINDS).partition(",")[0] for reason in binds]
            binds = [f"{BINDS}{', '.join(names)}"]
        return [*others, *binds]


@dataclass(frozen=True)
class Plan:
    """What of a notebook is run.

    :param path: the notebook.
    :param app_name: the variable that holds the app, or a factory.
    :param cells: all cells that hold code, in order.
    :param apps: the names of apps and blueprints.
    :param losses: what a person may miss that is left out, in sentences.
    :param advice: what will be otherwise when more than one process serves.
    """

    path: Path
    app_name: str
    cells: tuple[PlannedCell, ...]
    apps: frozenset[str] = frozenset()
    losses: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    @property
    def left_out(self) -> list[PlannedCell]:
        """The cells of which nothing is taken."""
        return [cell for cell in self.cells if cell.is_left_out]

    @property
    def unsure(self) -> list[Decision]:
        """The statements that are left out although nobody knows what they call."""
        return [decision for cell in self.cells for decision in cell.decisions if decision.calls]

    def notice(self) -> list[str]:
        """Return what is said when the notebook is served: one line, and one on each thing one may miss."""
        count = len(self.left_out)
        if not count and not self.unsure:
            return [*self.losses]
        cells = f"{count} cell{'' if count == 1 else 's'}" if count else "single statements"
        first = f"left out: {cells}; flask-nb run {shlex.quote(self.path.name)} --plan lists them"
        return [first, *map(describe_unsure, self.unsure), *self.losses]

    def __str__(self) -> str:
        taken = len(self.cells) - len(self.left_out)
        heading = (
            f"{self.path.name}: {taken} of {len(self.cells)} cells are taken, the app is {self.app_name}"
        )
        lines = [line for cell in self.cells for line in _describe(cell)]
        notes = [*map(describe_unsure, self.unsure), *self.losses, *self.advice]
        return "\n".join([heading, "", *lines, *(["", *notes] if notes else [])])


def describe_unsure(decision: Decision) -> str:
    """Return a line on a call that is left out."""
    statement = decision.statement
    calls = ", ".join(f"{call}()" for call in decision.calls)
    where = f"in the cell {statement.cell.name!r}, line {statement.line}"
    advice = "Tag the cell flask_nb:keep if the app needs it"
    if decision.command:
        advice = (
            f"The app's command {decision.command} calls it: type that when it is to be done. "
            f"Tagged flask_nb:keep, the cell is run at each start"
        )
    return f"left out: {calls} {where}: {decision.reason}. {advice}"


def _describe(cell: PlannedCell) -> Iterator[str]:
    if cell.is_left_out or len(cell.taken) == len(cell.decisions):
        verdict = "left out" if cell.is_left_out else "taken"
        yield f"{verdict:<9} {cell.cell.name.rstrip(':')}: {'; '.join(cell.reasons)}"
        return
    yield f"in part   {cell.cell.name}"
    for (is_taken, reason), group in groupby(cell.decisions, lambda one: (one.is_taken, one.reason)):
        lines = [one.statement.line for one in group]
        where = f"line {lines[0]}" if len(lines) == 1 else f"lines {lines[0]}–{lines[-1]}"
        yield f"            {where}: {'taken' if is_taken else 'left out'}: {reason}"

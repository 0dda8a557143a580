"""What a plan finds that will not work, or not as a person may think."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator
from pathlib import Path

from flask_nb.cells import ArtifactDefinition
from flask_nb.errors import ProgramError

from . import rules
from .cell_names import Change
from .cell_python import Magic
from .plan import Decision
from .statements import Statement

LONG = 2.0
"""Seconds of a cell's run that one should not wait for at each start."""

_BUILTINS = frozenset(dir(builtins))


def check_order(decisions: list[Decision], made_by_itself: str) -> None:
    """Refuse a notebook in which a statement reads what only a later cell binds.

    :param made_by_itself: the variable of the app, which the first definition makes if no cell has.
    :raises ProgramError: names both cells.
    """
    taken = [decision.statement for decision in decisions if decision.is_taken]
    bound = {*_BUILTINS, made_by_itself}
    for index, statement in enumerate(taken):
        missing = statement.names.reads - bound - statement.names.binds
        # What is tried may fail.
        for name in () if isinstance(statement.node, (ast.Try, ast.TryStar)) else sorted(missing):
            later = next((one for one in taken[index + 1 :] if name in one.names.binds), None)
            if later is not None:
                raise _out_of_order(statement, name, later)
        bound |= statement.names.binds


def _out_of_order(statement: Statement, name: str, later: Statement) -> ProgramError:
    circular = sorted(statement.names.binds & later.names.needs)
    advice = (
        f"That cell needs {circular[0]!r} of this one: move what both need into a cell above them"
        if circular
        else "Move that cell up"
    )
    where = f"line {statement.line} needs {name!r}, which only the cell {later.cell.name!r} below binds"
    return ProgramError.in_cell(statement.cell.name, f"{where}. {advice}")


def find_losses(decisions: list[Decision], folder: Path) -> Iterator[str]:
    """Yield sentences on what is left out, or will be missing, where somebody may count on it.

    :param folder: that of the notebook.
    """
    taken = [decision.statement for decision in decisions if decision.is_taken]
    left = [decision for decision in decisions if not decision.is_taken]
    yield from _on_magics(left, {statement.cell.key for statement in taken}, folder)
    for statement in taken:
        if "get_ipython" in statement.names.needs:
            yield f"{_place(statement)}: get_ipython() is there in a notebook only. Leave it out"
    yield from _on_missing(left, taken)


def _on_magics(left: list[Decision], cells: Collection[str], folder: Path) -> Iterator[str]:
    """Yield what is lost with magics: those of others in taken cells, and ours that take code with them."""
    for statement in (decision.statement for decision in left):
        for magic in (use.magic for use in statement.uses.values() if not use.definition):
            is_ours = magic.name in rules.ASKING
            is_lost = statement.cell.key in cells or magic.kind == "cell"
            if is_ours and (statement.is_compound or statement.is_definition):
                yield (
                    f"{_place(statement)}: this statement was left out with the {magic} in it. "
                    f"Move {magic} out of it if the app needs the rest"
                )
            elif is_lost and not is_ours and not rules.is_quiet(magic) and not _has_written(magic, folder):
                yield (
                    f"{_place(statement, magic.number)}: {magic} is known to IPython alone, and was left "
                    f"out. Write it in Python if the app needs it"
                )


def _has_written(magic: Magic, folder: Path) -> bool:
    """Whether a magic writes a file that lies beside the notebook already."""
    names = magic.line.split() if magic.name == "writefile" else []
    return bool(names) and (folder / names[-1]).is_file()


def _on_missing(left: list[Decision], taken: list[Statement]) -> Iterator[str]:
    """Yield what is needed of a statement that is left out."""
    bound = _BUILTINS.union(*(statement.names.binds for statement in taken))
    origins = {name: decision for decision in left for name in decision.statement.names.binds}
    for statement in taken:
        for name in sorted(statement.names.needs & set(origins) - bound):
            origin = origins[name]
            yield (
                f"{_place(statement)}: {name!r} is bound by the cell {origin.statement.cell.name!r}, line "
                f"{origin.statement.line}, which was left out: {origin.reason}. Bind it in Python"
            )


def find_long(decisions: list[Decision], apps: Collection[str]) -> Iterator[str]:
    """Yield sentences on what a program computes at each start although it takes long.

    :param apps: the names of apps and blueprints.
    """
    taken = [decision.statement for decision in decisions if decision.is_taken]
    keeping = [
        one
        for one in taken
        if any(isinstance(use.definition, ArtifactDefinition) for use in one.uses.values())
    ]
    for statement in keeping:
        if names := ", ".join(sorted(statement.names.needs)):
            yield (
                f"{_place(statement)}: {names} is computed at each start, as there is no file of it. "
                f"Run that cell in the notebook"
            )
    told = {statement.cell for statement in keeping}
    for cell in dict.fromkeys(statement.cell for statement in taken if _computes(statement, apps)):
        if cell not in told and cell.seconds is not None and cell.seconds > LONG:
            yield (
                f"the cell {cell.name!r} took {cell.seconds:.0f} s when it last ran, and runs at each start. "
                f"Keep what it makes: %artifact NAME"
            )


def _computes(statement: Statement, apps: Collection[str]) -> bool:
    """Whether a statement may make a value: a cell of imports, definitions and the app has none to keep."""
    names = statement.names
    return bool(names.calls) and not statement.is_definition and not (names.binds | names.needs) & set(apps)


def find_state(decisions: list[Decision], apps: Collection[str]) -> Iterator[str]:
    """Yield sentences on the globals that views write.

    :param apps: the names of apps and blueprints.
    """
    taken = [decision.statement for decision in decisions if decision.is_taken]
    values = [one for one in taken if not isinstance(one.node, (ast.Import, ast.ImportFrom))]
    own = {name for statement in values for name in statement.names.binds} - set(apps)
    for statement in _run_by_requests(taken, apps):
        changes = {*statement.names.writes, *filter(_is_write, statement.names.later)}
        for line, name in sorted({(change.line, change.name) for change in changes if change.name in own}):
            yield (
                f"{_place(statement, line)}: a view writes the global {name!r}, which every process has for "
                f"itself. Keep it in a database to serve from more than one"
            )


def _is_write(change: Change) -> bool:
    return change.how in ("=", "del") or (change.is_direct and change.how in rules.MUTATING)


def _run_by_requests(taken: list[Statement], apps: Collection[str]) -> list[Statement]:
    """Return the statements whose functions requests run: views, hooks, and what they call."""
    functions = {name: one for one in taken if one.is_definition for name in one.names.binds}
    found = [one for one in taken if _is_run_by_requests(one, apps)]
    for statement in found:
        for name in sorted({call.function for call in statement.names.later_calls} & set(functions)):
            if functions[name] not in found:
                found.append(functions[name])
    return found


def _is_run_by_requests(statement: Statement, apps: Collection[str]) -> bool:
    if statement.node is None:
        return statement.magic.name == "route"
    changed = [change.path for change in statement.names.changes if change.name in apps]
    return statement.is_definition and any(not path.endswith(".cli") for path in changed)


def _place(statement: Statement, line: int | None = None) -> str:
    return f"the cell {statement.cell.name!r}, line {line or statement.line}"

"""The rules by which a plan is made."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from flask_nb.cells import AppArguments, ArtifactDefinition
from flask_nb.errors import ProgramError

from . import rules
from .artifacts import Artifact, find_artifact
from .cell_names import Names, dotted
from .cell_python import Magic
from .definitions import KINDS
from .effects import Effects
from .plan import BINDS, Decision, Plan, PlannedCell
from .plan_checks import check_order, find_long, find_losses, find_state
from .program_cells import KEEP, ProgramCell, read_cells
from .statements import Statement, make_loading, read_statements

NOBODY = "nothing that is taken needs it"
_SHOWN = "its value is only shown"


def plan_notebook(path: Path, app_name: str | None = None) -> Plan:
    """Return what of a notebook is run as a program; nothing is run for it.

    :param app_name: what stands behind the colon of ``app.ipynb:name``; None for the app of a usual name.
    :raises ProgramError: the notebook cannot be read, or has no app, or more than one.
    """
    return plan_cells(path, read_cells(path), app_name)


def plan_cells(path: Path, cells: list[ProgramCell], app_name: str | None = None) -> Plan:
    """Return what is run of cells; see :func:`plan_notebook`."""
    if not cells:
        raise ProgramError(f"{path.name} holds no code. Write a cell, such as: %%route /")
    read = read_statements(cells)
    planner = Planner(path, read.statements, app_name)
    decisions = planner.decide()
    of_cell = {cell: tuple(one for one in decisions if one.statement.cell is cell) for cell in cells}
    planned = tuple(PlannedCell(cell, of_cell[cell], read.unread.get(cell, "")) for cell in cells)
    planned = tuple(cell for cell in planned if cell.decisions or cell.reason)
    check_order(decisions, planner.app_name)
    losses = (*find_losses(decisions, path.parent), *find_long(decisions, planner.apps))
    advice = tuple(find_state(decisions, planner.apps))
    told = (tuple(dict.fromkeys(losses)), tuple(dict.fromkeys(advice)))
    return Plan(path, planner.app_name, planned, frozenset(planner.apps), *told)


class Planner:
    """Decides on the statements of one notebook.

    What cannot be taken is settled first. The rest is taken as soon as something that is taken needs it,
    until nothing changes any more.

    :param path: the notebook, beside which its own modules lie.
    :param statements: those of all cells, in order.
    :param app_name: the app that was asked for.
    """

    def __init__(self, path: Path, statements: list[Statement], app_name: str | None) -> None:
        self._path = path
        self._statements = statements
        self._bound = {name for statement in statements for name in statement.names.binds}
        self._made = {kind: set(self._made_by(classes)) for kind, classes in _CLASSES.items()}
        self.app_name = self._find_app(app_name)
        self._variable = self.app_name.partition("(")[0].partition(".")[0]
        self.apps = {self._variable, *self._made["app"], *self._made["blueprint"]}
        self._decisions: dict[Statement, Decision] = {}
        self._needed: dict[str, str] = {self._variable: "", **dict.fromkeys(self._made["blueprint"], "")}
        self._effects = Effects(statements, self.apps, self._variable)
        self.artifacts: dict[str, Artifact] = {}
        """The values that are loaded instead of being computed."""
        self._loaded_below: dict[Statement, frozenset[str]] = {}

    def decide(self) -> list[Decision]:
        """Return a decision on each statement, in order."""
        self._find_artifacts()
        self._settle()
        pending = [one for one in self._statements if one not in self._decisions]
        count = -1
        while count != len(pending):
            count = len(pending)
            for statement in pending:
                if reason := self._why_taken(statement):
                    self._take(statement, reason)
            pending = [one for one in pending if one not in self._decisions]
        for statement in pending:
            self._leave_unneeded(statement)
        self._load_where_read()
        return [self._decisions[statement] for statement in self._statements]

    # --- the app ---

    def _made_by(self, classes: frozenset[str]) -> Iterator[str]:
        """Yield the variables that hold what one of these classes makes."""
        own = {
            one.node.name
            for one in self._statements
            if isinstance(one.node, ast.ClassDef)
            and any(dotted(base).rpartition(".")[2] in classes for base in one.node.bases)
        }
        for statement in self._statements:
            node = statement.node
            value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
            if isinstance(value, ast.Call) and dotted(value.func).rpartition(".")[2] in classes | own:
                yield from statement.names.binds

    def _find_app(self, asked: str | None) -> str:
        uses = [use for statement in self._statements for use in statement.uses.values() if use.definition]
        if asked is not None:
            name = asked.partition("(")[0].partition(".")[0]
            made = {_chosen(use.definition) for use in uses} | ({"app"} if uses else set())
            if name not in self._bound | made:
                raise ProgramError(
                    f"no cell of {self._path.name} binds {name!r}. Name a variable that one does"
                )
            return asked
        named = [name for name in rules.APP_NAMES if name in self._bound]
        if named:
            return named[0]
        if chosen := list(filter(None, (_chosen(use.definition) for use in uses))):
            return chosen[-1]
        if uses or any(change.name == "app" for one in self._statements for change in one.names.changes):
            return "app"  # the first definition makes it
        return self._only_app()

    def _only_app(self) -> str:
        apps = sorted(self._made["app"])
        if len(apps) > 1:
            raise ProgramError(
                f"{self._path.name} has {len(apps)} apps: {', '.join(apps)}. "
                f"Say which one: {self._path.name}:{apps[0]}"
            )
        found = [*apps, *(name for name in rules.FACTORIES if name in self._bound)]
        if not found:
            raise ProgramError(
                f"{self._path.name} has no app. Begin a cell with %%route /, or type app = Flask(__name__)"
            )
        return found[0]

    # --- artifacts ---

    def _find_artifacts(self) -> None:
        """Let values that are kept be loaded: what only makes them, above, is left out."""
        for position, statement in enumerate(self._statements):
            definitions = [use.definition for use in statement.uses.values()]
            for definition in definitions:
                if isinstance(definition, ArtifactDefinition):
                    self._use_artifacts(definition, statement, self._statements[:position])

    def _use_artifacts(
        self, definition: ArtifactDefinition, statement: Statement, above: list[Statement]
    ) -> None:
        found = {name: find_artifact(name, self._path.parent) for name in definition.names}
        kept = {name: artifact for name, artifact in found.items() if artifact is not None}
        self.artifacts |= kept
        missing = frozenset(found) - frozenset(kept)
        statement.names = Names(binds=frozenset(kept), needs=missing, reads=missing)
        for other in above:
            if other.uses or KEEP in other.cell.tags:
                continue
            self._loaded_below[other] = self._loaded_below.get(other, frozenset()) | frozenset(kept)
            made = other.names.binds | {self._effects.root(one) for one in self._effects.of(other)}
            if made and made <= frozenset(kept):
                name = min(made)
                self._leave(other, f"{name} is loaded from {kept[name].path}")

    def _load_where_read(self) -> None:
        """Load a value where it was made, if a statement that is taken reads it above its ``%artifact``."""
        for position, statement in enumerate(self._statements):
            use = next(iter(statement.uses.values()), None)
            if use is None or not isinstance(use.definition, ArtifactDefinition):
                continue
            for name in sorted(statement.names.binds):
                above = self._statements[:position]
                is_read = any(name in one.names.reads and self._decisions[one].is_taken for one in above)
                makes = next((one for one in above if name in one.names.binds), None)
                if is_read and makes is not None and not self._decisions[makes].is_taken:
                    self._load_at(makes, name, statement)

    def _load_at(self, makes: Statement, name: str, keeping: Statement) -> None:
        make_loading(makes, name)
        self._take(makes, f"it loads {self.artifacts[name].path}")
        number, use = next(iter(keeping.uses.items()))
        others = tuple(sorted(keeping.names.binds - {name}))
        kept = (*others, *sorted(keeping.names.needs))
        keeping.uses = {number: replace(use, definition=ArtifactDefinition(kept))}
        keeping.names = replace(keeping.names, binds=frozenset(others))
        if not kept:
            self._leave(keeping, f"{name} is loaded above")

    # --- what is settled from the start ---

    def _settle(self) -> None:
        from_magics: dict[str, str] = {}
        for statement in self._statements:
            if statement in self._decisions:
                continue
            is_kept = KEEP in statement.cell.tags
            origin = next(
                (from_magics[one] for one in sorted(statement.names.reads & set(from_magics))), None
            )
            is_asking = self._settle_one(statement, is_kept)
            if not is_asking and origin is not None and not is_kept and statement not in self._decisions:
                name = next(one for one in sorted(statement.names.reads) if one in from_magics)
                self._leave(statement, f"it reads {name}, which comes from {origin}")
                is_asking = True
            for name in statement.names.binds | _kept_as(statement):
                if is_asking:
                    from_magics[name] = origin or _origin(statement)
                else:
                    from_magics.pop(name, None)

    def _settle_one(self, statement: Statement, is_kept: bool) -> bool:
        """Decide where the statement alone says enough; tell whether it asks the app something."""
        if statement.uses and not all(use.definition for use in statement.uses.values()):
            magic = next(use.magic for use in statement.uses.values() if not use.definition)
            self._leave(statement, _why_magic(magic))
            return True
        if statement.is_magic:
            loaded = [
                self.artifacts[name].path for name in sorted(statement.names.binds & set(self.artifacts))
            ]
            says = f"it loads {', '.join(loaded)}" if loaded else KINDS[statement.magic.name].says
            self._take(statement, says)
        elif is_kept:
            self._take(statement, f"its cell is tagged {KEEP}")
        elif statement.uses:
            self._take(statement, "a definition stands in it")
        elif _is_for_main(statement.node):
            calls = tuple(self._effects.unknown_calls(statement))
            self._decisions[statement] = Decision(statement, False, "a program is not '__main__'", calls)
        elif reason := self._why_never(statement):
            self._leave(statement, reason)
            return reason == _ASKS
        return False

    def _why_never(self, statement: Statement) -> str:
        node = statement.node
        if isinstance(node, ast.Assert):
            return "it checks something"
        if isinstance(node, ast.Expr) and not isinstance(node.value, (ast.Call, ast.Await, ast.Tuple)):
            return _SHOWN
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = self._effects.resolve(dotted(node.value.func))
            if function in rules.SHOWING:
                return "it only shows something"
            if rules.is_below(function, rules.PLOTTING):
                return "it draws"
            if function.partition(".")[0] in self.apps and function.endswith(".run"):
                return "it serves the app"
        if not statement.is_compound and not statement.is_definition and self._asks_app(statement):
            return _ASKS
        return ""

    def _asks_app(self, statement: Statement) -> bool:
        return any(
            call.function.rpartition(".")[2] in rules.EXERCISING
            and (call.function.partition(".")[0] in self.apps or "." not in call.function)
            for call in statement.names.calls
        )

    # --- what depends on others ---

    def _why_taken(self, statement: Statement) -> str:
        if reason := self._why_import(statement.node):
            return reason
        loaded = self._loaded_below.get(statement, frozenset())
        for name in sorted(statement.names.binds - loaded):
            if name in self._needed:
                return f"{BINDS}{name}{self._for(name, statement)}"
        if path := next(filter(None, map(self._effects.sets, statement.names.calls)), ""):
            return f"it sets {path}"
        for change in self._effects.of(statement):
            name = self._effects.root(change)
            if path := self._effects.sets(change):
                return f"it sets {path}"
            if name in self._needed and name not in loaded:
                verb = "registers on" if name in self.apps and change.how not in ("=", "del") else "changes"
                return f"it {verb} {name}{self._for(name, statement)}"
        if name := self._effects.registers_on(statement):
            return f"it registers on {name}"
        return ""

    def _why_import(self, node: ast.stmt | None) -> str:
        if isinstance(node, ast.ImportFrom):
            if node.module == "__future__":
                return "it says how the cells are compiled"
            if any(alias.name == "*" for alias in node.names):
                return "nobody can tell which names it binds"
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in modules:
            top = self._path.parent / name.partition(".")[0]
            if top.with_suffix(".py").exists() or (top / "__init__.py").exists():
                return f"{name} lies beside the notebook"
        return ""

    def _for(self, name: str, statement: Statement) -> str:
        needed_by = self._needed[name]
        is_same = needed_by == statement.cell.name
        return f", which {'this cell' if is_same else needed_by} needs" if needed_by else ""

    def _take(self, statement: Statement, reason: str) -> None:
        self._decisions[statement] = Decision(statement, True, reason)
        for name in statement.names.needs:
            self._needed.setdefault(name, statement.cell.name)
        if self._effects.is_made_with_app(statement):
            # An extension, on which other cells register: login = LoginManager(app), then @login.user_loader
            self._needed.update((name, "") for name in statement.names.binds if name not in self._needed)

    def _leave_unneeded(self, statement: Statement) -> None:
        """Leave out what nobody needs, and note what it calls if more than a value may come of it."""
        is_effect = isinstance(statement.node, ast.Expr) or statement.is_compound
        calls = tuple(self._effects.unknown_calls(statement)) if is_effect else ()
        is_shown = statement.is_last and isinstance(statement.node, ast.Expr) and not calls
        reason = _SHOWN if is_shown else NOBODY
        command = self._effects.command_that_calls(calls)
        self._decisions[statement] = Decision(statement, False, reason, calls, command)

    def _leave(self, statement: Statement, reason: str) -> None:
        self._decisions[statement] = Decision(statement, False, reason)


_CLASSES = {"app": rules.APP_CLASSES, "blueprint": rules.BLUEPRINT_CLASSES}
_ASKS = "it asks the app something"


def _is_for_main(node: ast.stmt | None) -> bool:
    """Whether a statement is for a file that is run by itself, as ``flask run`` does not run it either."""
    return isinstance(node, ast.If) and "__name__ == '__main__'" in ast.unparse(node.test)


def _chosen(definition: object) -> str | None:
    """Return the variable that ``%app`` turns to."""
    return definition.name if isinstance(definition, AppArguments) and definition.module is None else None


def _kept_as(statement: Statement) -> frozenset[str]:
    """Return the variable in which ``--as NAME`` keeps a response."""
    words = [word for use in statement.uses.values() for word in use.magic.line.replace("=", " ").split()]
    return frozenset(after for word, after in pairwise(words) if word == "--as")


def _origin(statement: Statement) -> str:
    return str(statement.magic) if statement.uses else "a request"


def _why_magic(magic: Magic) -> str:
    if magic.kind == "shell":
        return "it is a command of the shell"
    if rules.is_quiet(magic):
        return "it is for the notebook alone"
    return rules.ASKING.get(magic.name) or f"{magic} is known to IPython alone"

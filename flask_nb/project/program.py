"""A plan carried out: the cells that it takes are run in a module, without IPython.

Each cell is a run of its own in a workspace, as in a kernel (:mod:`flask_nb.live.workspace`). So a rule that
two cells define is that of the later one, and an app that is made late has what the cells above it defined.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import linecache
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from flask_nb import engines
from flask_nb.cells import AppArguments
from flask_nb.engines import Engine, Workspace
from flask_nb.errors import FlaskNbError, ForeignAppError, NoAppError, ProgramError

from .cell_python import PLACEHOLDER, compile_flags
from .definitions import apply_definition
from .edits import Edit
from .plan import Plan, PlannedCell
from .program_cells import ProgramCell
from .statements import FAILING, Statement, Use

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def module_name(path: Path) -> str:
    """Return the name of a notebook's module: nobody else's, and the same in every process."""
    stem = "".join(character if character.isalnum() else "_" for character in path.stem)
    return f"{stem}_notebook"


class CurrentApp:
    """The app that definitions are applied to: the one that a variable holds.

    :param module: the notebook's.
    """

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._engine: Engine | None = None
        self._made: Any = None  # the app that no cell has made, but the first definition
        self.name = "app"

    @property
    def namespace(self) -> dict[str, Any]:
        """The variables of the notebook."""
        return vars(self._module)

    def engine(self) -> Engine:
        """Return the engine of the app that the variable holds now.

        :raises NoAppError: there is no such variable.
        :raises ForeignAppError: it holds something that is no app.
        """
        app = self.namespace.get(self.name)
        if app is None:
            raise NoAppError(self.name)
        if self._engine is None or self._engine.app is not app:
            before, self._engine = self._engine, engines.adopt(app, self.name, is_chosen=True)
            self._engine.follow()
            if before is not None and before.app is self._made:
                self._engine.take_over(before)
        return self._engine

    def engine_for_route(self) -> Engine:
        """Return the app's engine; without an app make one and bind it to the variable."""
        if self.namespace.get(self.name) is None:
            self._make(self.name)
            self._made = self.namespace[self.name]
        engine = self.engine()
        engines.check_definable(engine)
        return engine

    def choose(self, asked: AppArguments) -> Engine:
        """Turn to another app, as ``%app`` says, and return its engine."""
        if asked.module is not None:
            app = engines.find_app(asked.module, asked.name, engines.is_app)
            engines.adopt(app, asked.module, is_chosen=True)
            self.namespace[self.name] = app
            return self.engine()
        name = asked.name or self.name
        if asked.reset or (asked.name is not None and self.namespace.get(name) is None):
            self._make(name, fresh=asked.reset)
        self.name = name
        return self.engine_for_route() if asked.name is None else self.engine()

    def _make(self, name: str, *, fresh: bool = False) -> None:
        folder = str(Path(str(self._module.__file__)).parent)
        made = engines.new_app(self._module.__name__, folder, fresh=fresh, like=self._engine)
        self.namespace[name] = made.app


def _call_of(magic: Statement) -> ast.stmt:
    """Return the statement that stands for a cell that is one magic."""
    call = ast.parse(f"{PLACEHOLDER}(0)").body[0]
    return ast.increment_lineno(call, magic.line - 1)


class Program:
    """A notebook that runs in this process.

    :param plan: what of it is run.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.notes: list[str] = []
        """What happened meanwhile that a person should know."""
        self.module = ModuleType(module_name(plan.path))
        self.module.__file__ = str(plan.path.resolve())
        self._app = CurrentApp(self.module)
        self._workspace = Workspace()
        self._flags = 0

    def run(self) -> None:
        """Run the cells that are taken, in order; see :meth:`run_cells`."""
        for _ in self.run_cells():
            pass

    def run_cells(self) -> Iterator[PlannedCell]:
        """Run the cells of which something is taken; give each cell of the plan when its turn is over.

        :raises ProgramError: a definition cannot be applied.
        :raises Exception: whatever the cells raise; the traceback names the cell and its line.
        """
        folder = str(self.plan.path.resolve().parent)
        if folder not in sys.path:
            sys.path.insert(0, folder)  # as a kernel that is started there
        before = sys.modules.get(self.module.__name__)
        sys.modules[self.module.__name__] = self.module
        try:
            for cell in self.plan.cells:
                if cell.taken:
                    self._run_cell(cell)
                yield cell
        except Exception:
            self._give_way(before)
            raise

    def apply(self, edit: Edit) -> bool:
        """Run the cells of an edit; return whether that gives what a run from the top would.

        :raises Exception: see :meth:`run_cells`; then some of them may have run.
        """
        if self._workspace.is_contested:
            return False
        for name in edit.unbound:
            vars(self.module).pop(name, None)
        self._workspace.delete([("cell", one.cell.key) for one in edit.gone])
        for planned in edit.changed:
            self._run_cell(planned)
        self.plan = edit.plan
        return not self._workspace.is_contested

    def _give_way(self, before: ModuleType | None) -> None:
        if before is None:
            sys.modules.pop(self.module.__name__, None)
        else:
            sys.modules[self.module.__name__] = before

    def _run_cell(self, planned: PlannedCell) -> None:
        cell = planned.cell
        source = cell.text.splitlines(keepends=True)
        linecache.cache[cell.filename] = (len(cell.text), None, source, cell.filename)
        run = self._workspace.begin(("cell", cell.key), cell.name, is_certain=True)
        engines.note_older(self._workspace, list(vars(self.module).values()))
        succeeded = False
        try:
            self._run_statements(cell, planned.taken)
            engines.follow_all(list(vars(self.module).values()))
            with suppress(NoAppError, ForeignAppError):
                self._app.engine()
            succeeded = True
        except FlaskNbError as exc:
            raise ProgramError.in_cell(cell.name, exc) from exc
        except Exception as exc:
            if FAILING not in cell.tags:
                raise
            self.notes.append(f"the cell {cell.name!r} failed, as its tags say: {type(exc).__name__}: {exc}")
        finally:
            self._workspace.finish(run, succeeded)

    def _run_statements(self, cell: ProgramCell, statements: list[Statement]) -> None:
        self._make_app_for(statements)
        uses = {number: use for statement in statements for number, use in statement.uses.items()}
        namespace = vars(self.module)
        namespace[PLACEHOLDER] = lambda number: self._apply(uses[number], cell)
        # A cell that is a magic is code of the notebook, too: what it registers is not of the module, such as
        # wsgi.py, whose body is executing while it loads the notebook.
        nodes = [statement.node or _call_of(statement) for statement in statements]
        try:
            self._execute(cell, nodes)
        finally:
            namespace.pop(PLACEHOLDER, None)

    def _execute(self, cell: ProgramCell, nodes: list[ast.stmt]) -> None:
        tree = ast.Module(nodes, [])
        code = compile(tree, cell.filename, "exec", self._flags | _FLAGS, dont_inherit=True)
        self._flags |= compile_flags(code.co_flags)
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, vars(self.module)))
        else:
            exec(code, vars(self.module))

    def _make_app_for(self, statements: list[Statement]) -> None:
        """Make the app if a cell sets it up and none has made one, as the extension does."""
        name = self._app.name
        is_set_up = any(change.name == name for one in statements for change in one.names.changes)
        is_bound = any(name in one.names.binds for one in statements)
        if is_set_up and not is_bound and vars(self.module).get(name) is None:
            self._app.engine_for_route()

    def _apply(self, use: Use, cell: ProgramCell) -> None:
        assert use.definition is not None
        apply_definition(use.magic, use.definition, self._app, cell.filename, self._flags)

    def find_app(self) -> Any:
        """Return the app.

        :raises ProgramError: the variable holds none, or the factory does not make one.
        """
        try:
            return engines.app_of(self.module, self.plan.app_name, engines.is_app)
        except ForeignAppError as exc:
            raise ProgramError(str(exc).replace(self.module.__name__, self.plan.path.name)) from None

"""A notebook that is served as a program, and follows its file while it is worked on."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from flask_nb import engines
from flask_nb.engines import Engine
from flask_nb.errors import FlaskNbError, ProgramError

from .edits import Edit, find_edit
from .own_modules import OwnModules
from .plan import Plan
from .planning import plan_cells
from .program import Program
from .program_cells import ProgramCell, read_cells

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLL_SECONDS = 0.02
"""How often the file is looked at. One stat call costs 5 µs; notices of the system (watchfiles) came later
at the same cost, since they are collected in as many steps."""

SETTLE_SECONDS = 0.1
"""How long a file that cannot be read is left to whoever writes it."""

_NEVER: Any = object()


class ServedNotebook:
    """The app of a notebook, as a WSGI app that is the newest version that could be run.

    :param path: the notebook.
    :param app_name: see :func:`.load`.
    :param debug: what to set the debug mode of an app of Flask's kind to; None to leave it.
    """

    def __init__(self, path: Path, app_name: str | None = None, debug: bool | None = None) -> None:
        self.path = path
        self.debug = debug
        self._app_name = app_name
        self._cells: list[ProgramCell] = []
        self._seen = self._unread = _NEVER
        self._engine: Engine | None = None
        self._program: Program | None = None
        self._failure: BaseException | None = None
        self._told = ""
        self._own_modules = OwnModules()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request with the version that serves when it begins."""
        if self._engine is None:
            raise self._failure or RuntimeError("start() has not been called")
        return _wsgi_app(self._engine)(environ, start_response)

    def hosts(self) -> list[str]:
        """Return the host names that the app's configuration names as its own."""
        return [] if self._engine is None else self._engine.hosts()

    def read_plan(self) -> Plan:
        """Return what of the file is run, as it is now; nothing is run for it.

        :raises ProgramError: the notebook cannot be run.
        """
        return plan_cells(self.path, read_cells(self.path), self._app_name)

    def start(self) -> Plan:
        """Run the cells and return what of them was run.

        :raises Exception: whatever they raise; requests are answered by it until a version runs.
        """
        self._seen = _signature(self.path)
        try:
            self._cells = read_cells(self.path)
            plan = self._plan(self._cells)
            self._run(plan)
            return plan
        except (Exception, SystemExit) as exc:
            self._failure = exc
            raise

    def _plan(self, cells: list[ProgramCell]) -> Plan:
        return plan_cells(self.path, cells, self._app_name)

    def _run(self, plan: Plan) -> None:
        program = Program(plan)
        with self._own_modules.anew(self.path):
            program.run()
        engine = engines.adopt(program.find_app(), plan.app_name, is_chosen=True)
        if self.debug is not None and not engines.is_foreign(engine):
            engine.set_debug(self.debug)
        before, self._engine = self._engine, engine
        self._program = program
        if before is not None:
            engines.release(before)

    def _apply(self, edit: Edit) -> bool:
        """Make the version that serves the next one; where that fails, run it again as it was.

        :return: whether its cells that have changed were enough.
        """
        assert self._program is not None
        before = self._program.plan
        try:
            is_enough = self._program.apply(edit)
            if not is_enough:
                self._run(edit.plan)
            return is_enough
        except (Exception, SystemExit):
            with suppress(Exception, SystemExit):
                self._run(before)
            raise

    # --- following the file ---

    def follow(self, tell: Callable[[str], object]) -> Callable[[], None]:
        """Run each version that is saved from now on, in a thread; return what ends it.

        :param tell: called with what there is to say of a version.
        """
        is_ended = threading.Event()

        def watch() -> None:
            while not is_ended.wait(POLL_SECONDS if self._unread is _NEVER else SETTLE_SECONDS):
                if message := self.look():
                    tell(message)

        thread = threading.Thread(target=watch, name=f"flask_nb.follow {self.path.name}", daemon=True)
        thread.start()

        def end() -> None:
            is_ended.set()
            thread.join()

        return end

    def look(self) -> str:
        """Run the notebook again if another version was saved; return what is to be said of it.

        A version that fails changes nothing, and its error is said once. Other outputs are no other version.
        """
        seen = _signature(self.path)
        if seen == self._seen:
            return ""
        try:
            cells = read_cells(self.path)
        except ProgramError as exc:
            # A front end may be writing the file: only what is still so at the next look is meant.
            before, self._unread = self._unread, seen
            if before != seen:
                return ""
            self._seen, self._unread = seen, _NEVER
            return self._tell_failure(exc)
        is_same = cells == self._cells and not self._told
        self._seen, self._unread, self._cells = seen, _NEVER, cells
        return "" if is_same else self._replace(cells)

    def _replace(self, cells: list[ProgramCell]) -> str:
        try:
            plan = self._plan(cells)
            edit = self._find_edit(plan)
            if edit is None:
                self._run(plan)
            elif not self._apply(edit):
                edit = None
        except (Exception, SystemExit) as exc:
            return self._tell_failure(exc)
        self._told, self._failure = "", None
        if edit is not None:
            return f"{self.path.name} was saved; {edit}" if str(edit) else ""
        return "\n".join([f"{self.path.name} was saved, and is served anew", *plan.notice()])

    def _find_edit(self, plan: Plan) -> Edit | None:
        """Return what of a version has to be run; None if all of it."""
        can_replace = self._engine is not None and not engines.is_foreign(self._engine)
        if self._program is None or not can_replace or engines.is_strict():
            return None
        return find_edit(self._program.plan, plan)

    def _tell_failure(self, exc: BaseException) -> str:
        message = describe_failure(exc, self.path)
        if message == self._told:
            return ""
        self._told = message
        if self._engine is None:
            self._failure = exc
            return message
        return f"{message}\nThe version before it goes on serving"


def describe_failure(exc: BaseException, path: Path) -> str:
    """Return why a notebook does not run: one line, or the traceback from its first cell on."""
    if isinstance(exc, FlaskNbError):
        return str(exc)
    shown = traceback.format_exception(type(exc), exc, _in_cells(exc, path.name) or exc.__traceback__)
    return "".join(shown).rstrip()


def _in_cells(exc: BaseException, name: str) -> TracebackType | None:
    step = exc.__traceback__
    while step is not None and not step.tb_frame.f_code.co_filename.startswith(f"<{name}: "):
        step = step.tb_next
    return step


def _wsgi_app(engine: Engine) -> WSGIApplication:
    app: Any = engine.wsgi_app if engines.is_foreign(engine) else engine.app
    return app  # type: ignore[no-any-return]


def _signature(path: Path) -> tuple[int, int, int] | None:
    """Return what differs when a file was written."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

"""Put the extension into a shell, and take it out again without a trace."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import ExecutionInfo

from flask_nb import alias, engines
from flask_nb.errors import FlaskAlreadyImportedError
from flask_nb.exchange.masks import mask_text
from flask_nb.hints import hint_at

from .blocking import announce_blocking
from .breakpoints import stop_at_breakpoints
from .changes import Changes
from .completion import MagicCompletion
from .display import StatementDisplay
from .first_use import AppOnFirstUse
from .hints import hint_at_magic, hints_at_source
from .host import Host
from .live_pages import reloads
from .magics import CELL_MAGICS, LINE_MAGICS, REQUEST_MAGICS, NotebookMagics, install_magics
from .owners import CellEvents
from .serve_hints import hint_at_server
from .settings import FlaskNB
from .transforms import PlainNames, keep_question_marks, refuse_buried_cell_magics, uncover_cell_magics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_loaded: weakref.WeakKeyDictionary[InteractiveShell, Extension] = weakref.WeakKeyDictionary()


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Load the extension into a shell; a second time does nothing."""
    if ip not in _loaded:
        _loaded[ip] = Extension(ip)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Take the extension out of a shell; does nothing when it is not loaded."""
    extension = _loaded.pop(ip, None)
    if extension is not None:
        extension.close()


def get_host(ip: InteractiveShell) -> Host | None:
    """Return the host of a shell that has loaded the extension, or None."""
    extension = _loaded.get(ip)
    return None if extension is None else extension.host


class Extension:
    """Everything that the extension holds in one shell.

    Each step notes how it is undone; what fails half-way is undone at once.

    :param ip: the shell.
    """

    def __init__(self, ip: InteractiveShell) -> None:
        self.ip = ip
        self.events = CellEvents(ip, engines.Workspace())
        self._has_aliased = False
        with ExitStack() as undo:
            self.settings = self._add_settings(undo)
            self._offer_alias(undo)
            self.host = self._open_host(undo)
            self._add_transforms(undo)
            magics = NotebookMagics(ip, self.host, self.events)
            undo.callback(install_magics(magics))
            undo.callback(engines.give_back, self.events.workspace)
            self._magics = list(magics.parsers())
            self._add_completion(magics, undo)
            self._add_events(undo)
            self._undo = undo.pop_all()

    def close(self) -> None:
        """Undo every step, the last one first."""
        self._undo.close()

    def _add_settings(self, undo: ExitStack) -> FlaskNB:
        settings = FlaskNB(parent=self.ip)
        configurables: list[Any] = self.ip.configurables
        configurables.append(settings)
        undo.callback(configurables.remove, settings)
        return settings

    def _offer_alias(self, undo: ExitStack) -> None:
        undo.callback(self._unalias)
        if self.settings.as_flask:
            self._alias()
        elif line := alias.describe_flask():
            print(line)
        self.settings.observe(self._on_as_flask, "as_flask")
        undo.callback(self.settings.unobserve, self._on_as_flask, "as_flask")
        undo.callback(alias.offer_on_import(print))

    def _alias(self) -> None:
        self._has_aliased = self._has_aliased or not alias.is_aliased()
        alias.as_flask()

    def _unalias(self) -> None:
        if self._has_aliased:
            self._has_aliased = False
            alias.undo_as_flask()

    def _on_as_flask(self, change: Any) -> None:
        """Let ``%config FlaskNB.as_flask = True`` act at once; what cannot be is refused and not kept."""
        if not change["new"]:
            return self._unalias()
        try:
            self._alias()
        except FlaskAlreadyImportedError:
            self._has_aliased = False
            self.settings.as_flask = False
            raise
        return None

    def _open_host(self, undo: ExitStack) -> Host:
        host = Host(self.ip, self.settings)
        undo.callback(host.close)
        undo.callback(engines.replace_runner(host.run_app))
        undo.callback(announce_blocking(self.ip))
        undo.callback(stop_at_breakpoints(self.ip, host))
        undo.callback(_exit_only_from_cells(self.ip, host.recorder.current))
        return host

    def _add_transforms(self, undo: ExitStack) -> None:
        ip = self.ip
        uncover, refuse = uncover_cell_magics(CELL_MAGICS), refuse_buried_cell_magics(CELL_MAGICS)
        for transform in (uncover, refuse, keep_question_marks(REQUEST_MAGICS)):
            ip.input_transformers_cleanup.append(transform)
            undo.callback(_remove, ip.input_transformers_cleanup, transform)
        apps = self.host.apps
        first_use = AppOnFirstUse(
            lambda: apps.current.followed.name,
            lambda name: ip.user_ns.get(name) is not None,
            lambda: apps.current.followed.engine_for_route(),
        )
        ip.ast_transformers.append(first_use)
        undo.callback(_remove, ip.ast_transformers, first_use)
        display = StatementDisplay(CELL_MAGICS | LINE_MAGICS, lambda: ip.ast_node_interactivity)
        ip.ast_transformers.append(display)
        undo.callback(_remove, ip.ast_transformers, display)
        undo.callback(PlainNames(CELL_MAGICS | LINE_MAGICS, ip).remove)

    def _add_completion(self, magics: NotebookMagics, undo: ExitStack) -> None:
        matchers: list[Any] = self.ip.Completer.custom_matchers
        match = MagicCompletion(self.host, magics.parsers()).match
        matchers.append(match)
        undo.callback(_remove, matchers, match)

    def _hints(self, exc: BaseException | None, source: str) -> Iterator[str]:
        """Yield what to do about a cell's error, or about what it has done without one."""
        if exc is None:
            yield from hints_at_source(source, self.ip.user_ns)
        elif hint := self._hint_at(exc, source):
            yield mask_text(hint)

    def _hint_at(self, exc: BaseException, source: str) -> str | None:
        return (
            hint_at_magic(exc, self._magics)
            or hint_at_server(exc, source, self.ip.user_ns, self.host.apps)
            or hint_at(self.host.scene(exc, in_request=False))
        )

    def _add_events(self, undo: ExitStack) -> None:
        traffic = self.host.traffic
        self.events.settle = self.host.apps.settle
        self.events.begun, self.events.ended = traffic.begin_cell, traffic.end_cell
        self.events.news = traffic.news
        self.events.hints = self._hints
        self.events.register()
        undo.callback(self.events.unregister)
        self.ip.events.register("pre_run_cell", self.host.apps.begin_cell)
        undo.callback(self.ip.events.unregister, "pre_run_cell", self.host.apps.begin_cell)
        self._reload_pages(undo)
        info = _running_cell()
        if info is not None:  # what follows `%load_ext` in the same cell is this cell's own too
            self.events.begin(info)

    def _reload_pages(self, undo: ExitStack) -> None:
        """Let served pages reload after a cell, when what it has made is in its place."""
        apps = self.host.apps
        changes = Changes(
            self.events.workspace, self.ip.user_ns, lambda: [served.followed.app for served in apps]
        )
        for event, listen in reloads(self.host.pages, changes).items():
            self.ip.events.register(event, listen)
            undo.callback(self.ip.events.unregister, event, listen)


def _exit_only_from_cells(ip: Any, answering: Callable[[], object]) -> Callable[[], None]:
    """Let ``exit()`` in a view be what ``sys.exit()`` is there; of IPython, it would end the kernel."""
    ask_exit: Callable[[], None] | None = getattr(ip, "ask_exit", None)
    if ask_exit is None:  # a shell that no person sits at
        return lambda: None

    def ask() -> None:
        if answering() is not None:
            raise SystemExit
        ask_exit()

    ip.ask_exit = ask
    return lambda: delattr(ip, "ask_exit")


def _remove(sequence: list[Any], item: Any) -> None:
    """IPython takes out an AST transformer that failed; it is then not there to be removed."""
    if item in sequence:
        sequence.remove(item)


def _running_cell() -> ExecutionInfo | None:
    """Return the cell in which this is called. IPython announced it before anybody here was listening."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        info = frame.f_locals.get("info") if frame.f_code.co_name == "run_cell_async" else None
        if isinstance(info, ExecutionInfo):
            return info
        frame = frame.f_back
    return None

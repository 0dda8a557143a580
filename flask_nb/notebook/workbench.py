"""Everything that the extension holds in one shell: the host, magics, transforms, completion, cell events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any

from IPython.core.completer import context_matcher

from flask_nb import engines, hints, notebook
from flask_nb.exchange.masks import mask_text

from .blocking import announce_blocking
from .breakpoints import stop_at_breakpoints
from .display import StatementDisplay
from .first_use import AppOnFirstUse
from .host import Host
from .live_pages import reloads
from .magics import CELL_MAGICS, LINE_MAGICS, REQUEST_MAGICS, NotebookMagics, install_magics
from .owners import CellEvents
from .transforms import PlainNames, keep_question_marks, refuse_buried_cell_magics, uncover_cell_magics

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

    from .settings import FlaskNB


class Workbench:
    """The parts of the extension, put into a shell.

    Each step notes how it is undone; what fails half-way is undone at once.

    :param ip: the shell.
    :param settings: what a person can set.
    :param running: the cell in which this happens, if any.
    """

    def __init__(self, ip: InteractiveShell, settings: FlaskNB, running: ExecutionInfo | None) -> None:
        self.ip = ip
        self.settings = settings
        self.events = CellEvents(ip, engines.Workspace())
        with ExitStack() as undo:
            self.host = self._open_host(undo)
            self._add_transforms(undo)
            magics = NotebookMagics(ip, self.host, self.events)
            undo.callback(magics.close)
            undo.callback(install_magics(magics))
            undo.callback(engines.give_back, self.events.workspace)
            self._parsers = magics.parsers()
            self._add_completion(undo)
            self._add_events(magics, running, undo)
            self._undo = undo.pop_all()

    def close(self) -> None:
        """Undo every step, the last one first."""
        self._undo.close()

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
        self.transforms = (uncover, refuse, keep_question_marks(REQUEST_MAGICS))
        for transform in self.transforms:
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

    def _add_completion(self, undo: ExitStack) -> None:
        matchers: list[Any] = self.ip.Completer.custom_matchers

        @context_matcher(identifier="flask_nb")  # type: ignore[untyped-decorator]
        def match(context: CompletionContext) -> dict[str, Any]:
            return self._completion.match(context)

        matchers.append(match)
        undo.callback(_remove, matchers, match)

    @cached_property
    def _completion(self) -> notebook.MagicCompletion:
        """Made at the first Tab key."""
        return notebook.MagicCompletion(self.host, self._parsers)

    def _hints(self, exc: BaseException | None, source: str) -> Iterator[str]:
        """Yield what to do about a cell's error, or about what it has done without one."""
        if exc is None:
            yield from notebook.hints_at_source(source, self.ip.user_ns) if "@" in source else ()
        elif hint := self._hint_at(exc, source):
            yield mask_text(hint)

    def _hint_at(self, exc: BaseException, source: str) -> str | None:
        return (
            notebook.hint_at_magic(exc, self._parsers)
            or notebook.hint_at_server(exc, source, self.ip.user_ns, self.host.apps)
            or hints.hint_at(self.host.scene(exc, in_request=False))
        )

    def _add_events(self, magics: NotebookMagics, running: ExecutionInfo | None, undo: ExitStack) -> None:
        traffic = self.host.traffic
        self.events.settle = self.host.apps.settle
        self.events.begun, self.events.ended = traffic.begin_cell, traffic.end_cell
        self.events.news = traffic.news
        self.events.hints = self._hints
        self.events.register()
        undo.callback(self.events.unregister)
        self.ip.events.register("pre_run_cell", self.host.apps.begin_cell)
        undo.callback(self.ip.events.unregister, "pre_run_cell", self.host.apps.begin_cell)
        self._reload_pages(magics, undo)
        if running is not None:  # what follows `%load_ext` in the same cell is this cell's own too
            self.events.begin(running)

    def _reload_pages(self, magics: NotebookMagics, undo: ExitStack) -> None:
        """Let served pages reload after a cell, when what it has made is in its place."""
        for event, listen in reloads(self.host.pages, lambda: magics.changes).items():
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

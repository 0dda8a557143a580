"""Which cell is running: the owner of whatever is registered meanwhile.

A cell is known by the id that the front end gives it. Where there is none (nbval, nbclient, a terminal)
it is known by its name, and then nothing is withdrawn at its end: two cells may begin alike.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask_nb import engines
from flask_nb.cells import cell_name, telling_line
from flask_nb.engines import Run, Workspace

from .following import notebook_path

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell


class RunningCell:
    """A cell between its begin and its end.

    :param source: what was typed.
    :param run: its owner, as the engines know it.
    """

    __slots__ = ("run", "source")

    def __init__(self, source: str, run: Run) -> None:
        self.source = source
        self.run = run


class CellEvents:
    """Begins and ends owners with the cells of a shell.

    :param ip: the shell to listen to.
    :param workspace: what its cells have defined.
    """

    #: Called at the end of each cell, while the cell still owns what is registered, with whether it
    #: succeeded. Returns the variables that hold again what they held before.
    settle: Callable[[Run, bool], list[str]] = staticmethod(lambda run, succeeded: [])

    #: Called before each cell, and at its end with whether it succeeded.
    begun: Callable[[], None] = staticmethod(lambda: None)
    ended: Callable[[bool], None] = staticmethod(lambda succeeded: None)

    #: Asked at the end of a cell for what to do about its error, or about what it has done; each is a line.
    hints: Callable[[BaseException | None, str], Iterable[str]] = staticmethod(lambda exc, source: ())

    #: Asked at the end of a cell that the front end knows by an id for lines to be printed. They are of this
    #: run alone, and a front end without ids may be one that compares outputs.
    news: Callable[[], list[str]] = staticmethod(lambda: [])

    def __init__(self, ip: InteractiveShell, workspace: Workspace) -> None:
        self._ip = ip
        self.workspace = workspace
        self._deleted: dict[str, float] = {}  # the ids of deleted cells, and when that was reported
        self._local = threading.local()  # cells of a subshell run in a thread of their own

    def register(self) -> None:
        """Listen from now on, before all others: what an autoreloader executes is within the cell's run."""
        self._ip.events.register("pre_run_cell", self.begin)
        listeners = self._ip.events.callbacks["pre_run_cell"]
        listeners.insert(0, listeners.pop())
        self._ip.events.register("post_run_cell", self.end)

    def unregister(self) -> None:
        """Listen no more, and end what is running, such as the cell that unloads the extension."""
        self._ip.events.unregister("pre_run_cell", self.begin)
        self._ip.events.unregister("post_run_cell", self.end)
        while self._running:
            self.workspace.finish(self._running.pop().run, succeeded=False)

    @property
    def source(self) -> str | None:
        """What was typed into the innermost cell that is running, or None between cells."""
        return self._running[-1].source if self._running else None

    @property
    def _running(self) -> list[RunningCell]:
        if not hasattr(self._local, "running"):
            self._local.running = []
        running: list[RunningCell] = self._local.running
        return running

    def begin(self, info: ExecutionInfo) -> None:
        """Make the cell the current owner."""
        cell_id = getattr(info, "cell_id", None)
        source = str(info.raw_cell)
        key = ("cell", cell_id) if cell_id else ("name", telling_line(source))
        run = self.workspace.begin(key, cell_name(source), is_certain=bool(cell_id))
        for line in self._follow_deletions(run, cell_id):
            self.workspace.tell(run, line)
        self._running.append(RunningCell(source, run))
        engines.note_older(self.workspace, list(self._ip.user_ns.values()))
        self.begun()

    def _follow_deletions(self, run: Run, cell_id: str | None) -> Iterator[str]:
        """Withdraw what deleted cells had defined, and bring back what an undo has brought back.

        A front end reports with the next run which cells were deleted, those included that an undo or a
        paste has put back since (JupyterLab 4.6). Only the notebook's file knows of these: once it has been
        saved, what it holds again is registered again, unless it has run anyway.
        """
        parent: dict[str, Any] = getattr(self._ip, "get_parent", dict)() or {}
        reported = parent.get("metadata", {}).get("deletedCells") or ()
        deleted = {one for one in reported if isinstance(one, str)} - {cell_id}
        yield from self.workspace.delete([("cell", one) for one in deleted])
        self._deleted |= dict.fromkeys(deleted, time.time())
        if self._deleted.pop(str(cell_id), None):
            self.workspace.forget_deleted([("cell", cell_id)])
        saved_ids = self._saved_ids() if self._deleted else None
        if saved_ids is not None:
            yield from self.workspace.bring_back(
                run, [("cell", one) for one in saved_ids & set(self._deleted)]
            )
            self.workspace.forget_deleted(("cell", one) for one in self._deleted)
            self._deleted.clear()

    def _saved_ids(self) -> set[str] | None:
        """The ids of the cells in the notebook's file; None if it was not saved since the last deletion."""
        path = notebook_path(self._ip.user_ns)
        try:
            if path is None or os.path.getmtime(path) <= max(self._deleted.values()):
                return None
            with open(path, encoding="utf-8") as file:
                return {str(cell.get("id")) for cell in json.load(file)["cells"]}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # half written, or no file of that kind: the next run looks again

    def end(self, result: ExecutionResult | None) -> None:
        """End the cell's ownership; print what it replaced and withdrew, or what to do about its error.

        IPython announces the end of an empty cell without its begin, and passes None for a cell that
        was interrupted while it waited.
        """
        if not self._running or not _belongs(result, self._running[-1]):
            return
        succeeded = bool(result is not None and result.success)
        cell = self._running.pop()
        run = cell.run
        engines.follow_all(list(self._ip.user_ns.values()))
        names = [] if succeeded else self._put_back(run)
        names += self.settle(run, succeeded)
        self.ended(succeeded)
        for line in (*_stays(names), *self.workspace.finish(run, succeeded)):
            print(line)
        if result is not None:
            for line in self.hints(result.error_in_exec or result.error_before_exec, cell.source):
                print(line)
        if run.outer is None and run.owner.is_certain:
            for line in self.news():
                print(line)

    def _put_back(self, run: Run) -> list[str]:
        """Let variables hold again what a cell that failed has made anew; return their names."""
        namespace = self._ip.user_ns
        before = {
            name: old
            for old, new in self.workspace.given_up_by(run)
            for name, value in namespace.items()
            if value is new and not name.startswith("_")
        }
        namespace.update(before)
        return list(before)


def _stays(names: list[str]) -> Iterator[str]:
    if names:
        verb = "stays" if len(names) == 1 else "stay"
        yield (
            f"{', '.join(names)} {verb} as before this cell failed, and what was served goes on being "
            f"served, until the cell runs without an error"
        )


def _belongs(result: Any, cell: RunningCell) -> bool:
    return result is None or result.info is None or result.info.raw_cell == cell.source

"""Which cell is running: the owner of whatever is registered meanwhile.

A cell is known by the id that the front end gives it. Where there is none (nbval, nbclient, a terminal)
it is known by its name, and then nothing is withdrawn at its end: two cells may begin alike.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_nb.cells import cell_name
from flask_nb.engines import Run, Workspace

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell


@dataclass(frozen=True)
class RunningCell:
    """A cell between its begin and its end.

    :param source: what was typed.
    :param run: its owner, as the engines know it.
    """

    source: str
    run: Run


class CellEvents:
    """Begins and ends owners with the cells of a shell.

    :param ip: the shell to listen to.
    :param workspace: what its cells have defined.
    """

    #: Called at the end of each cell, while the cell still owns what is registered, with whether it
    #: succeeded. What it returns is printed.
    settle: Callable[[Run, bool], str] = staticmethod(lambda run, succeeded: "")

    #: Called before each cell, and at its end with whether it succeeded.
    begun: Callable[[], None] = staticmethod(lambda: None)
    ended: Callable[[bool], None] = staticmethod(lambda succeeded: None)

    #: Asked at the end of a cell that the front end knows by an id for lines to be printed. They are of this
    #: run alone, and a front end without ids may be one that compares outputs.
    news: Callable[[], list[str]] = staticmethod(lambda: [])

    def __init__(self, ip: InteractiveShell, workspace: Workspace) -> None:
        self._ip = ip
        self.workspace = workspace
        self._local = threading.local()  # cells of a subshell run in a thread of their own

    def register(self) -> None:
        """Listen from now on."""
        self._ip.events.register("pre_run_cell", self.begin)
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
        name = cell_name(source)
        key = ("cell", cell_id) if cell_id else ("name", name)
        run = self.workspace.begin(key, name, is_certain=bool(cell_id))
        for line in self.workspace.delete([("cell", one) for one in self._deleted() if one != cell_id]):
            self.workspace.tell(run, line)
        self._running.append(RunningCell(source, run))
        self.begun()

    def _deleted(self) -> list[str]:
        """The ids of cells that were deleted since the last run; front ends send them with the next."""
        parent: dict[str, Any] = getattr(self._ip, "get_parent", dict)() or {}
        deleted = parent.get("metadata", {}).get("deletedCells")
        return [one for one in deleted if isinstance(one, str)] if isinstance(deleted, list) else []

    def end(self, result: ExecutionResult | None) -> None:
        """End the cell's ownership, and print what it replaced and withdrew.

        IPython announces the end of an empty cell without its begin, and passes None for a cell that
        was interrupted while it waited.
        """
        if not self._running or not _belongs(result, self._running[-1]):
            return
        succeeded = bool(result is not None and result.success)
        run = self._running.pop().run
        lines = [self.settle(run, succeeded), *self.workspace.finish(run, succeeded)]
        self.ended(succeeded)
        if run.outer is None and run.owner.is_certain:
            lines += self.news()
        for line in filter(None, lines):
            print(line)


def _belongs(result: Any, cell: RunningCell) -> bool:
    return result is None or result.info is None or result.info.raw_cell == cell.source

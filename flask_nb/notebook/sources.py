"""The sources of cells: what tracebacks and the debugger show of them, and what people call them."""

from __future__ import annotations

import linecache
import sys
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from flask_nb import exchange
from flask_nb.cells import cell_name

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class CellSources:
    """The cells that have run, by the file names that their code has.

    :param ip: the shell that compiles them.
    """

    def __init__(self, ip: InteractiveShell) -> None:
        self._ip = ip
        self._cell_names: dict[str, str] = {}

    def name_cell(self, source: str) -> str:
        """Return the file name of a cell, as tracebacks have it, and remember what people call the cell."""
        filename = str(self._compiler.get_code_name(source, source, self._ip.execution_count))
        self._cell_names[filename] = cell_name(source)
        return filename

    def keep_source(self, filename: str, lines: list[str]) -> None:
        """Keep what tracebacks, the debugger and ``inspect`` shall read as a cell's source."""
        number = self._compiler._filename_map.get(filename, self._ip.execution_count)
        self._compiler._filename_map[filename] = number
        linecache.cache[filename] = (sum(map(len, lines)), None, lines, filename)

    @property
    def _compiler(self) -> Any:
        return self._ip.compile

    def place(self, filename: str) -> str | None:
        """What people call the cell, or the file of their own, that a traceback names."""
        if not self.is_cell(filename):
            return exchange.project_file_name(filename)
        return self._cell_names.get(filename) or cell_name("".join(linecache.getlines(filename)))

    def is_cell(self, filename: str) -> bool:
        return filename in self._compiler._filename_map

    def offer_to_debugger(self, exc: BaseException | None) -> None:
        """Let ``%tb`` and ``%debug`` open the view's frame, as if the cell itself had raised."""
        if exc is None:
            return
        sys.last_type, sys.last_value, sys.last_traceback = type(exc), exc, self._without_framework(exc)
        if sys.version_info >= (3, 12):
            sys.last_exc = exc
        self._ip.InteractiveTB.tb = None  # else %debug would open the error that IPython showed last

    def _without_framework(self, exc: BaseException) -> TracebackType | None:
        """The traceback from the first frame in a cell on, under one of IPython's, which it hides."""
        first = self._first_cell(exc)
        frame = _ipython_frame()
        if first is None or frame is None:
            return exc.__traceback__
        return TracebackType(first, frame, frame.f_lasti, frame.f_lineno)

    def cut_to_cell(self, exc: BaseException) -> None:
        """Let the traceback of *exc* begin with its first frame in a cell."""
        exc.__traceback__ = self._first_cell(exc) or exc.__traceback__

    def _first_cell(self, exc: BaseException) -> TracebackType | None:
        traceback = exc.__traceback__
        while traceback is not None and not self.is_cell(traceback.tb_frame.f_code.co_filename):
            traceback = traceback.tb_next
        return traceback


def _ipython_frame() -> FrameType | None:
    """The innermost frame of IPython: that of the call of a magic."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and not str(frame.f_globals.get("__name__")).startswith("IPython."):
        frame = frame.f_back
    return frame

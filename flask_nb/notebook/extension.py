"""Put the extension into a shell, and take it out again without a trace.

In a kernel a cell that only loads the extension ends at once: what the magics need is imported when that
cell has ended, or with whatever comes first that needs it.
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import ExecutionInfo

from flask_nb import alias
from flask_nb.errors import FlaskAlreadyImportedError

from .settings import FlaskNB

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .host import Host
    from .workbench import Workbench

_PAUSE = 0.05
"""Seconds after which a cell's reply is on its way."""

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
    return None if extension is None else extension.open().host


class Extension:
    """The extension in one shell: its settings, what ``import flask`` means, and the workbench.

    :param ip: the shell.
    """

    def __init__(self, ip: InteractiveShell) -> None:
        self.ip = ip
        self._has_aliased = False
        self._workbench: Workbench | None = None
        with ExitStack() as undo:
            self.settings = self._add_settings(undo)
            self._offer_alias(undo)
            self._waiting = undo.enter_context(ExitStack())
            undo.callback(self._close_workbench)
            if not self._open_later():
                self.open()
            self._undo = undo.pop_all()

    def open(self) -> Workbench:
        """Return the workbench, put into the shell by the first call."""
        if self._workbench is None:
            from .workbench import Workbench

            self._waiting.close()
            self._workbench = Workbench(self.ip, self.settings, running_cell())
        return self._workbench

    def close(self) -> None:
        """Undo every step, the last one first."""
        self._undo.close()

    def _close_workbench(self) -> None:
        if self._workbench is not None:
            self._workbench.close()

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

    def _open_later(self) -> bool:
        """Leave the workbench to the kernel's loop, or to the next cell if that comes first."""
        info = running_cell()
        if info is None or not _only_loads(info.raw_cell) or not hasattr(self.ip, "kernel"):
            return False
        transforms: list[Any] = self.ip.input_transformers_cleanup
        transforms.append(self._transform)
        self._waiting.callback(transforms.remove, self._transform)
        handle = asyncio.get_running_loop().call_later(_PAUSE, self.open)
        self._waiting.callback(handle.cancel)
        return True

    def _transform(self, lines: list[str]) -> list[str]:
        """Open for a cell that is about to run, and do to it what the workbench's own transforms do."""
        for transform in self.open().transforms:
            lines = transform(lines)
        return lines


def running_cell() -> ExecutionInfo | None:
    """Return the cell in which this is called. IPython announced it before anybody here was listening."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        info = frame.f_locals.get("info") if frame.f_code.co_name == "run_cell_async" else None
        if isinstance(info, ExecutionInfo):
            return info
        frame = frame.f_back
    return None


def _only_loads(cell: str | None) -> bool:
    return len((cell or "").strip().splitlines()) == 1

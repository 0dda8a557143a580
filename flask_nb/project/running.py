"""Run a notebook's cells in a real kernel, one after the other."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from flask_nb.cells import cell_name
from flask_nb.errors import NotebookRunError

from .reading import code_cells

START_SECONDS = 60
"""How long a kernel may take to start."""

CELL_SECONDS = 120
"""How long a cell may run."""

_LOG_TAIL = 2000


class _ThisInterpreter(KernelSpecManager):
    """Knows one kernel, that of the running interpreter, whatever kernels are installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, name=kernel_name, display_name="Python", language="python")


class NotebookRun(ExitStack):
    """A kernel, and a notebook whose cells it runs. Use it in a ``with`` block.

    The kernel reads no settings of the user's IPython and leaves nothing behind. However the block ends,
    the kernel is shut down.

    :param notebook: is copied; the copy receives the outputs.
    :param folder: where the kernel works, the notebook's own as a rule.
    :param kernel_name: an installed kernel; None for one of this interpreter.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        folder: Path,
        *,
        start_seconds: int = START_SECONDS,
        cell_seconds: float = CELL_SECONDS,
        kernel_name: str | None = None,
    ) -> None:
        super().__init__()
        self.notebook: NotebookNode = copy.deepcopy(notebook)
        self._folder = folder
        self._start_seconds = start_seconds
        self._cell_seconds = cell_seconds
        self._kernel_name = kernel_name

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            home = Path(undo.enter_context(TemporaryDirectory(prefix="flask-nb-")))
            self._log = undo.enter_context(open(home / "kernel.log", "w+", errors="replace"))
            self._client = self._make_client(home)
            try:
                undo.enter_context(self._client.setup_kernel(cleanup_kc=True, **self._process(home)))
            except (RuntimeError, OSError) as exc:
                raise NotebookRunError(
                    f"the kernel did not start: {exc}. Try: {sys.executable} -m ipykernel_launcher --help"
                    f"{self._log_tail()}"
                ) from exc
            self.push(undo.pop_all())
        return self

    def _make_client(self, home: Path) -> NotebookClient:
        # The connection file holds the kernel's key: not in a folder that outlives the kernel.
        manager = AsyncKernelManager(connection_file=str(home / "kernel.json"))
        if self._kernel_name is None:
            manager.kernel_spec_manager = _ThisInterpreter()
        else:
            manager.kernel_name = self._kernel_name
        return NotebookClient(
            self.notebook,
            km=manager,
            timeout=self._cell_seconds,
            startup_timeout=self._start_seconds,
            ipython_hist_file="",
            record_timing=False,
        )

    def _process(self, home: Path) -> dict[str, Any]:
        env = {**os.environ, "IPYTHONDIR": str(home / "ipython"), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        env.pop("FLASK_RUN_FROM_CLI", None)  # set by flask-nb itself; in the kernel app.run() is to serve
        return {"cwd": str(self._folder), "env": env, "stdout": self._log, "stderr": self._log}

    def _log_tail(self) -> str:
        self._log.seek(0)
        tail = self._log.read()[-_LOG_TAIL:].strip()
        return f"\nIt wrote:\n{tail}" if tail else ""

    def run_cells(self) -> Iterator[NotebookNode]:
        """Run the cells in order; give each one as soon as it has ended.

        :raises NotebookRunError: a cell failed or took too long, or the kernel died.
        """
        for cell in code_cells(self.notebook):
            self._execute(cell)
            yield cell

    def run(self, source: str) -> NotebookNode:
        """Run one more cell behind the others and return it.

        :raises NotebookRunError: as :meth:`run_cells`.
        """
        cell: NotebookNode = new_code_cell(source)  # type: ignore[no-untyped-call]
        self.notebook.cells.append(cell)
        self._execute(cell)
        return cell

    def _execute(self, cell: NotebookNode) -> None:
        name = cell_name(cell.source)
        position = next(number for number, other in enumerate(self.notebook.cells) if other is cell)
        try:
            self._client.execute_cell(cell, position)
        except CellExecutionError as exc:
            raise NotebookRunError(f"the cell {name!r} failed. {exc.ename}: {exc.evalue}") from None
        except CellTimeoutError:
            raise NotebookRunError(
                f"the cell {name!r} was still running after {self._cell_seconds} s and was given up"
            ) from None
        except DeadKernelError:
            raise NotebookRunError(f"the kernel died in the cell {name!r}{self._log_tail()}") from None

    def is_alive(self) -> bool:
        """Tell whether the kernel still runs."""
        manager = self._client.km
        provisioner = None if manager is None else manager.provisioner
        process = getattr(provisioner, "process", None)
        return process is not None and process.poll() is None

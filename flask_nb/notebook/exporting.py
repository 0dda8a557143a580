"""``%export`` and ``%artifact``: the saved notebook as a project, and values that go with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask_nb import cells
from flask_nb.errors import MagicArgumentError

from .display import Report
from .following import notebook_folder, notebook_path

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .owners import CellEvents


class Exporting:
    """What ``%export`` and ``%artifact`` do.

    :param ip: the shell, whose variables may name the notebook.
    :param events: tells which cell is running.
    """

    def __init__(self, ip: InteractiveShell, events: CellEvents) -> None:
        self._ip = ip
        self._events = events

    def export(self, line: str, cell: str | None, scope: object) -> Report:
        """Export the notebook that is open, as it was last saved."""
        from flask_nb.project.export.command import run_export  # nothing else waits for it

        arguments = cells.parse_export(line)
        path = self._path(arguments.notebook)
        lines, _ = run_export(path, Path(arguments.folder), arguments.engine, force=arguments.force)
        unsaved = [] if arguments.notebook else self._unsaved(Path(path))
        return Report("\n".join([*lines, *unsaved]))

    def artifact(self, line: str, cell: str | None, scope: object) -> Report:
        """Keep values of the notebook in files beside it."""
        from flask_nb.project.artifacts import save_artifact

        names = cells.parse_artifact(line).names
        if missing := next((name for name in names if name not in self._ip.user_ns), None):
            raise MagicArgumentError(f"there is no variable {missing!r}. Run the cell that makes it first")
        folder = Path(notebook_folder(self._ip.user_ns))
        values = [(name, self._ip.user_ns[name]) for name in names]
        kept = [(save_artifact(name, value, folder), type(value).__name__) for name, value in values]
        return Report(
            "\n".join(f"artifact {one.name} → {one.path} ({kind}, {one.format})" for one, kind in kept)
        )

    def _path(self, asked: str | None) -> str:
        path = asked or notebook_path(self._ip.user_ns)
        if path is None:
            raise MagicArgumentError(
                "which file this notebook is, is not known here. Name it: %export DIR --notebook app.ipynb"
            )
        # A Jupyter server names it from its own root; the kernel runs in its folder.
        return path if Path(path).exists() else Path(path).name

    def _unsaved(self, path: Path) -> list[str]:
        """Return a line if the running cell is not in the file: then the file is older than the notebook."""
        from flask_nb.project.program_cells import read_cells

        source = (self._events.source or "").strip()
        if not source or any(each.text.strip() == source for each in read_cells(path)):
            return []
        return [
            "",
            f"{path.name} lacks this cell: what was exported is what was last saved. Save, and run it again",
        ]

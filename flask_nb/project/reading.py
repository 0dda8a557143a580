"""Find and read notebooks, the bundled tutorials and the cookbook among them."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from flask_nb.errors import NotebookRunError

COOKBOOK = "cookbook"
"""The folder of the cookbook, beside the tutorials."""

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks")
"""Where the tutorials are: in the package when it was installed, beside it in a checkout."""


def bundled_notebook(name: str) -> Path:
    """Return the file of a tutorial.

    :param name: the file's name without ``.ipynb``.
    :raises NotebookRunError: there is none of that name.
    """
    for folder in _FOLDERS:
        path = folder / f"{name}.ipynb"
        if path.is_file():
            return path
    raise NotebookRunError(
        f"the tutorial {name!r} is not where flask_nb is installed ({_PACKAGE}). Install flask-nb again"
    )


def bundled_notebooks() -> list[Path]:
    """Return the files of all tutorials in the order in which they are read.

    :raises NotebookRunError: there are none.
    """
    first = bundled_notebook("quickstart")
    others = (path for path in first.parent.glob("*.ipynb") if path != first)
    return [first, *sorted(others, key=lambda path: (int(path.stem.partition("-")[0]), path.name))]


def bundled_cookbook() -> list[Path]:
    """Return the files of the cookbook: notebooks on one task each, which may need more than flask_nb does.

    :raises NotebookRunError: the tutorials are not there, beside which it is.
    """
    return sorted((bundled_notebook("quickstart").parent / COOKBOOK).glob("*.ipynb"))


def read_notebook(path: Path) -> NotebookNode:
    """Read and check a notebook of any version as one of version 4.

    :raises NotebookRunError: the file cannot be read, or is no notebook.
    """
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
    except OSError as exc:
        raise NotebookRunError(f"{path} cannot be read: {exc.strerror or exc}. Check the path") from exc
    except Exception as exc:  # nbformat raises whatever its converters stumble over
        raise NotebookRunError(
            f"{path} is no notebook ({_first_line(exc)}). Open it in JupyterLab and save it again"
        ) from exc
    return notebook


def _first_line(exc: Exception) -> str:
    return (str(exc).splitlines() or [type(exc).__name__])[0]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that there is something to run in."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def output_text(cell: NotebookNode) -> str:
    """Return a cell's outputs as a terminal shows them."""
    return "\n\n".join(text for output in cell.outputs if (text := _text_of(output)))


def _text_of(output: NotebookNode) -> str:
    text = output.text if output.output_type == "stream" else output.get("data", {}).get("text/plain", "")
    return str(text).rstrip("\n")

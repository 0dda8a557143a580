"""The outputs that a notebook stores, replaced by those of a run from the top."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import click
import nbformat
from nbformat import NotebookNode

from flask_nb.cells import cell_name
from flask_nb.errors import NotebookRunError

from .outputs import difference_lines, output_differences
from .reading import code_cells, read_notebook
from .running import NotebookRun

Tell = Callable[[str], object]

SKIP, IGNORE, RAISES = "nbval-skip", "nbval-ignore-output", "nbval-raises-exception"


def update_notebook(path: Path, tell: Tell, kernel_name: str | None, cell_seconds: float) -> None:
    """Run a notebook, tell what its cells give now that they did not, and store it.

    Cells that nbval skips are not run, and those whose output it ignores keep what they store. A notebook
    whose outputs are as they were is left untouched.

    :param kernel_name: see :class:`.NotebookRun`.
    :raises NotebookRunError: a cell failed, or the file cannot be written; it is as it was.
    """
    written = path.read_bytes()
    notebook = read_notebook(path)
    cells = [cell for cell in code_cells(notebook) if not is_marked(cell, SKIP)]
    ran = _run(notebook, cells, path.resolve().parent, kernel_name, cell_seconds)
    changed = [pair for pair in zip(cells, ran, strict=True) if _is_changed(*pair)]
    if not changed:
        tell(f"{path}: the outputs of {len(cells)} cells are as they were")
        return
    for cell, now in changed:
        name = f"{path}, the cell {cell_name(cell.source)!r}:"
        found = difference_lines(output_differences(cell.outputs, now.outputs))
        tell("\n".join([name, *(f"  {line}" for line in found or ["what stands around the outputs"])]))
    for cell, now in changed:
        cell.outputs = now.outputs
    _number(notebook, cells)
    if path.read_bytes() != written:
        raise NotebookRunError("the file was saved meanwhile. Run flask-nb test --update again")
    replace_file(path, (nbformat.writes(notebook).rstrip("\n") + "\n").encode())  # type: ignore[no-untyped-call]
    tell(f"{path}: the outputs of {len(changed)} of {len(cells)} cells were stored")


def is_marked(cell: NotebookNode, marker: str) -> bool:
    """Tell whether a cell has one of nbval's markers: as a tag, or as a comment line in capitals."""
    comment = marker.upper().replace("-", "_")
    lines = (line.strip() for line in cell.source.splitlines())
    return marker in cell.metadata.get("tags", ()) or any(
        line.startswith("#") and line.lstrip("#").strip() == comment for line in lines
    )


def _run(
    notebook: NotebookNode,
    cells: Sequence[NotebookNode],
    folder: Path,
    kernel_name: str | None,
    cell_seconds: float,
) -> list[NotebookNode]:
    meant = copy.deepcopy(nbformat.from_dict({**notebook, "cells": list(cells)}))  # type: ignore[no-untyped-call]
    for cell in meant.cells:
        cell.outputs = []
        if is_marked(cell, RAISES):  # nbclient knows the other tag
            cell.metadata["tags"] = [*cell.metadata.get("tags", ()), "raises-exception"]
    ran = []
    is_shown = sys.stdout.isatty()
    with (
        NotebookRun(meant, folder, cell_seconds=cell_seconds, kernel_name=kernel_name) as run,
        click.progressbar(length=len(cells), show_eta=False, hidden=not is_shown) as bar,
    ):
        for cell in run.run_cells():
            cell.outputs = _joined(cell.outputs)
            ran.append(cell)
            bar.update(1)
    return ran


def _joined(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Return outputs with what was printed in a row to one stream as one, as front ends store it."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if joined and _stream(output) is not None and _stream(output) == _stream(joined[-1]):
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _stream(output: NotebookNode) -> str | None:
    return output.name if output.output_type == "stream" else None


def _is_changed(cell: NotebookNode, now: NotebookNode) -> bool:
    if is_marked(cell, IGNORE):
        return False
    return [*map(_told, _joined(copy.deepcopy(cell.outputs)))] != [*map(_told, now.outputs)]


def _told(output: NotebookNode) -> dict[str, object]:
    """Return an output without what differs in each run: its count, and the file names of a traceback."""
    return {key: value for key, value in output.items() if key not in ("execution_count", "traceback")}


def _number(notebook: NotebookNode, ran: Sequence[NotebookNode]) -> None:
    """Count the cells as a run from the top does, also those skipped that a person has run."""
    number = 0
    for cell in code_cells(notebook):
        if cell.execution_count is None and not any(cell is each for each in ran):
            continue
        number += 1
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number


def replace_file(path: Path, content: bytes) -> None:
    """Write a file wholly or not at all; its mode stays, and a link goes on naming it.

    :raises NotebookRunError: it cannot be written, and is as it was.
    """
    target = path.resolve()
    try:
        with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                os.chmod(file.name, target.stat().st_mode & 0o7777)
                file.close()
                os.replace(file.name, target)
            except BaseException:
                file.close()
                with suppress(OSError):
                    os.unlink(file.name)
                raise
    except OSError as exc:
        raise NotebookRunError(f"it cannot be written: {exc.strerror or exc}. Check the folder") from None

"""The tutorials say the same when their apps are those of the installed Flask."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

if TYPE_CHECKING:
    from .conftest import Kernel, Ran

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PASSED_OVER = {"nbval-skip", "nbval-ignore-output"}


@pytest.mark.parametrize("own_kernel", ["flask"], indirect=True)
@pytest.mark.parametrize("tutorial", sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")))
def test_a_tutorial_shows_the_same(own_kernel: Kernel, tmp_path: Path, tutorial: str) -> None:
    shutil.copytree(NOTEBOOKS, tmp_path, dirs_exist_ok=True)
    own_kernel.run("%env PYTEST_DISABLE_PLUGIN_AUTOLOAD=1")  # a tutorial tests what it has exported
    shown = [(cell.id, _as_stored(ran)) for cell, ran in _run(own_kernel, tmp_path / tutorial)]
    stored = [(cell.id, _stored(cell)) for cell in _cells(NOTEBOOKS / tutorial) if not _is_passed_over(cell)]
    assert shown == stored


def _cells(path: Path) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def _is_passed_over(cell: Any) -> bool:
    return bool(PASSED_OVER & set(cell.metadata.get("tags", ())))


def _run(kernel: Kernel, path: Path) -> Iterator[tuple[Any, Ran]]:
    """Run the cells; yield those whose outputs are compared, with what they showed."""
    for cell in _cells(path):
        ran = kernel.run(cell.source, cell.id)
        if not _is_passed_over(cell):
            yield cell, ran


def _as_stored(ran: Ran) -> tuple[str, list[str], str | None]:
    return ran.stdout + ran.stderr, [output.get("text/plain", "") for output in ran.outputs], ran.error


def _stored(cell: Any) -> tuple[str, list[str], str | None]:
    streams = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    shown = [output.data.get("text/plain", "") for output in cell.outputs if "data" in output]
    errors = [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]
    return streams, shown, errors[0] if errors else None

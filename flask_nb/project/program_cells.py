"""The cells of a notebook's file as a plan takes them: sources, names and tags, without the outputs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_nb.cells import cell_name
from flask_nb.errors import ProgramError

KEEP, SKIP = "flask_nb:keep", "flask_nb:skip"
"""Tags of a cell that overrule the plan."""


@dataclass(frozen=True)
class ProgramCell:
    """A code cell of a notebook.

    :param key: what it is known by: the id that the file gives it, else its place.
    :param name: what people call it.
    :param filename: what tracebacks call it; no other cell of the notebook has the same.
    :param text: its source.
    :param tags: its tags.
    :param seconds: how long its last run took, where the front end has recorded it.
    """

    key: str = field(compare=False)
    name: str
    filename: str
    text: str
    tags: frozenset[str] = frozenset()
    seconds: float | None = field(default=None, compare=False)


def read_cells(path: Path) -> list[ProgramCell]:
    """Return the code cells of a notebook that hold something, in order.

    :raises ProgramError: the file cannot be read, or is no notebook of Python.
    """
    notebook = _read_json(path)
    _check_format(path, notebook)
    return make_cells(path.name, notebook["cells"])


def make_cells(name: str, cells: list[dict[str, Any]]) -> list[ProgramCell]:
    """Return the cells that hold code.

    :param name: what people call the notebook.
    :param cells: as the file has them.
    """
    seen: Counter[str] = Counter()
    made = []
    for number, cell in enumerate(cells):
        text = _text(cell.get("source", ""))
        if cell["cell_type"] != "code" or not text.strip():
            continue
        label = cell_name(text)
        seen[label] += 1
        again = f" ({seen[label]})" if seen[label] > 1 else ""
        metadata = cell.get("metadata", {})
        tags, key = frozenset(metadata.get("tags") or ()), str(cell.get("id", number))
        seconds = _seconds(metadata.get("execution"))
        made.append(ProgramCell(key, label, f"<{name}: {label}{again}>", text, tags, seconds))
    return made


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes().decode("utf-8"))
    except OSError as exc:
        raise ProgramError(f"{path} cannot be read: {exc.strerror or exc}. Check the path") from None
    except UnicodeDecodeError as exc:
        raise ProgramError(
            f"{path} is no notebook: byte {exc.start} is not UTF-8. Open it in JupyterLab and save it again"
        ) from None
    except (ValueError, RecursionError) as exc:
        reason = str(exc) if isinstance(exc, json.JSONDecodeError) else "it is nested too deeply"
        raise ProgramError(
            f"{path} is no notebook, or was not saved wholly: {reason}. Save it again"
        ) from None
    if not isinstance(found, dict) or "nbformat" not in found:
        raise ProgramError(f"{path} is no notebook: it is JSON without 'nbformat'. Check the path")
    return found


def _check_format(path: Path, notebook: dict[str, Any]) -> None:
    version = notebook["nbformat"]
    if version != 4:
        raise ProgramError(
            f"{path} is a notebook of format {version!r}, and only format 4 is run. "
            f"Type: jupyter nbconvert --to notebook --inplace {path}"
        )
    language = _part(notebook, "metadata", "language_info", "name") or _part(
        notebook, "metadata", "kernelspec", "language"
    )
    if language not in (None, "python"):
        raise ProgramError(f"{path} is a notebook of the language {language!r}. Name one of Python")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(map(_is_cell, cells)):
        raise ProgramError(f"{path} is no notebook: it has no list of cells. Save it again")


def _part(found: Any, *keys: str) -> Any:
    """Return what is below the keys, None where there is nothing."""
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("metadata", {}), dict):
        return False
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    return "cell_type" in cell and all(isinstance(line, str) for line in lines)


def _seconds(execution: Any) -> float | None:
    """Return how long a run took by what JupyterLab records of it; None if it does not."""
    try:
        begun = datetime.fromisoformat(execution["iopub.execute_input"])
        ended = datetime.fromisoformat(execution.get("shell.execute_reply") or execution["iopub.status.idle"])
        return (ended - begun).total_seconds()
    except (TypeError, KeyError, ValueError, AttributeError):
        return None


def _text(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)

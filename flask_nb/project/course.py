"""The course: the bundled tutorials and the cookbook, copied to where a person can work on them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from nbformat import NotebookNode

from flask_nb.errors import CourseError

from .reading import COOKBOOK, bundled_cookbook, bundled_notebooks, read_notebook

FOLDER = "flask-nb-course"
"""The folder that the course is copied into unless another is named."""

RECORD = ".flask-nb-course.json"
"""The file of digests by which a copy that nobody has touched is known, and may be renewed."""

_LONGEST = 100
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)


@dataclass(frozen=True)
class Tutorial:
    """One notebook of the course.

    :param name: the file's name, in the folder of the course.
    :param about: one line on it.
    :param is_changed: a person has changed the copy, which was left as it is.
    """

    name: str
    about: str
    is_changed: bool = False

    @property
    def line(self) -> str:
        """Return what the list says of it behind its name."""
        return f"{self.about} (changed by you, kept)" if self.is_changed else self.about


class Course:
    """The tutorials as they stand in a folder. Displays itself as a list, the same each time.

    :param folder: where the copies are.
    """

    def __init__(self, folder: Path, tutorials: Iterable[Tutorial]) -> None:
        self.folder = folder
        self.tutorials = tuple(tutorials)

    @property
    def _shown_folder(self) -> str:
        # An absolute path tells of the machine, and differs from one to the other.
        return self.folder.name if self.folder.is_absolute() else self.folder.as_posix()

    @property
    def _notes(self) -> list[str]:
        if not any(tutorial.is_changed for tutorial in self.tutorials):
            return []
        return ["For a fresh copy of one that you have changed, rename or delete it and copy again."]

    def __repr__(self) -> str:
        width = max((len(tutorial.name) for tutorial in self.tutorials), default=0)
        lines = [f"{tutorial.name:<{width}}  {tutorial.line}" for tutorial in self.tutorials]
        return "\n".join([f"The course is in the folder {self._shown_folder}:", "", *lines, *self._notes])

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr>{self._cells(tutorial)}</tr>" for tutorial in self.tutorials)
        notes = "".join(f"<div>{escape(note)}</div>" for note in self._notes)
        title = f"The course is in the folder <code>{escape(self._shown_folder)}</code>:"
        return f'<div><div>{title}</div><table style="margin:4px 0">{rows}</table>{notes}</div>'

    def _cells(self, tutorial: Tutorial) -> str:
        name = escape(tutorial.name)
        # Front ends resolve a relative link from the notebook's folder, which is where relative copies are.
        if not self.folder.is_absolute():
            name = f'<a href="{quote((self.folder / tutorial.name).as_posix())}">{name}</a>'
        left = "text-align:left"
        return f'<td style="{left}">{name}</td><td style="{left}">{escape(tutorial.line)}</td>'


def course(folder: str | os.PathLike[str] | None = None) -> Course:
    """Copy the tutorials and the cookbook into a folder and return their list.

    A copy that has been changed is kept. One that has not becomes the present version, so that it does no
    harm to call this again.

    :param folder: default: ``flask-nb-course`` in the current folder; is made if it is not there.
    :raises CourseError: the folder cannot be written to.
    """
    target = Path(FOLDER if folder is None else folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        return Course(target, _copy_all(target))
    except OSError as exc:
        raise CourseError(target, exc.strerror or str(exc)) from exc


def _copy_all(target: Path) -> list[Tutorial]:
    copied = _read_record(target)
    tutorials = []
    sources = {source.name: source for source in bundled_notebooks()}
    sources |= {f"{COOKBOOK}/{source.name}": source for source in bundled_cookbook()}
    for name, source in sources.items():
        content = source.read_bytes()
        is_changed = not _copy(content, target / name, copied.get(name))
        if not is_changed:
            copied[name] = _digest(content)
        tutorials.append(Tutorial(name, describe(read_notebook(source)), is_changed))
    _write(target / RECORD, json.dumps(copied, indent=1).encode())
    return tutorials


def _copy(content: bytes, target: Path, copied: object) -> bool:
    """Bring a file up to date and tell whether that was done: not if a person has changed it.

    :param copied: the digest of what was copied there before.
    """
    if target.exists():
        present = target.read_bytes()
        if present == content:
            return True
        if _digest(present) != copied:
            return False
    _write(target, content)
    return True


def _write(target: Path, content: bytes) -> None:
    # Whole or not at all: half a copy would be taken for a change of the person's.
    target.parent.mkdir(exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    part.write_bytes(content)
    part.replace(target)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_record(target: Path) -> dict[str, object]:
    try:
        record = json.loads((target / RECORD).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def describe(notebook: NotebookNode) -> str:
    """Return the first sentence below a notebook's title, or else the title."""
    text = next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), "")
    title, _, rest = text.strip().partition("\n")
    sentence = _SENTENCE.match(rest.strip())
    line = " ".join((sentence[1] if sentence else title.lstrip("# ")).replace("`", "").split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"

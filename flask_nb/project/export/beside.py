"""The files that lie beside a notebook, or that its ``%%writefile`` cells write."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Iterator

from flask_nb.cells.words import split_line
from flask_nb.errors import ProgramError

from ..plan import Plan


class Beside:
    """Reads what a notebook finds in its folder; nothing above it is ever read.

    :param plan: the notebook's.
    """

    def __init__(self, plan: Plan) -> None:
        self._folder = plan.path.resolve().parent
        self._written: dict[str, bytes] = {}
        self._places: dict[str, list[str]] = {}
        for place, name, text in _written_files(plan):
            self._places.setdefault(name, []).append(place)
            self._written[name] = text.encode()
        self.taken: set[str] = set()
        """The places of the cells that write what has been read."""

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None without one."""
        name = posixpath.normpath(name)
        if not is_below(name):
            return None
        if name in self._written:
            self.taken.update(self._places[name])
            return self._written[name]
        path = self._folder / name
        if not path.is_file() or not path.resolve().is_relative_to(self._folder):
            return None
        try:
            return path.read_bytes()
        except OSError as exc:
            raise ProgramError(f"{name} cannot be read: {exc.strerror}. Check the file") from None

    def has(self, name: str) -> bool:
        """Whether a file lies here, or a cell writes it."""
        name = posixpath.normpath(name)
        return is_below(name) and (name in self._written or (self._folder / name).is_file())

    def below(self, folder: str) -> Iterator[tuple[str, bytes]]:
        """Yield the files below a folder, hidden ones left out."""
        if not is_below(folder):
            return
        paths = sorted((self._folder / folder).rglob("*"))
        found = {path.relative_to(self._folder).as_posix() for path in paths}
        found |= {name for name in self._written if name.startswith(f"{folder}/")}
        for name in sorted(found):
            is_hidden = any(part.startswith(".") or part == "__pycache__" for part in name.split("/"))
            data = None if is_hidden else self.read(name)
            if data is not None:
                yield name, data

    def modules(self, tops: Iterable[str]) -> set[str]:
        """Return those of some modules that lie here, and what they import from here in turn."""
        found: set[str] = set()
        pending = list(tops)
        while pending:
            top = pending.pop()
            files = self.module(top) if top not in found else []
            found |= {top} if files else set()
            for name, data in files:
                if name.endswith(".py"):
                    pending += imported_tops(ast.walk(_tree(name, data)))
        return found

    def module(self, top: str) -> list[tuple[str, bytes]]:
        """Return the files of a module or package; none where it does not lie here."""
        alone = self.read(f"{top}.py")
        if alone is not None:
            return [(f"{top}.py", alone)]
        files = list(self.below(top))
        return files if any(name == f"{top}/__init__.py" for name, _ in files) else []


def imported_tops(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the top-level modules that nodes import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def is_below(name: str) -> bool:
    """Whether a path stays below the folder that it is relative to."""
    parts = name.replace("\\", "/").split("/")
    return bool(name) and not name.startswith(("/", "~")) and ".." not in parts and ":" not in parts[0]


def _tree(name: str, data: bytes) -> ast.AST:
    try:
        return ast.parse(data.decode())
    except (SyntaxError, ValueError) as exc:
        raise ProgramError(f"{name} beside the notebook cannot be read: {exc}. Correct it") from None


def _written_files(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Yield the place of each cell that writes a file, the file, and what is in it by then."""
    written: dict[str, str] = {}
    for planned in plan.cells:
        for decision in planned.decisions:
            statement = decision.statement
            if statement.node is not None or statement.magic.name not in ("writefile", "file"):
                continue
            words = [word for word in split_line(statement.magic.line) if word not in ("-a", "--append")]
            if len(words) != 1:
                continue
            name = posixpath.normpath(words[0])
            appends = {"-a", "--append"} & set(split_line(statement.magic.line))
            written[name] = (written.get(name, "") if appends else "") + statement.magic.body
            yield f"the cell {statement.cell.name!r}, line {statement.line}:", name, written[name]

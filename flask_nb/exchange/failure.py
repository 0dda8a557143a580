"""What made a view fail, in words: the lines of the user's own cells, and nothing that differs between runs.

It is put into words when it happens. What is shown later must not depend on frames: they hold on to
all that the view had in hand, and the values in them go on changing.
"""

from __future__ import annotations

import builtins
import linecache
import re
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from reprlib import Repr
from traceback import walk_tb
from types import FrameType, FunctionType, ModuleType

from .masks import mask_text, mask_value, printable

CellNamer = Callable[[str], "str | None"]
"""Given a code's file name, returns what people call that cell or file; None for code not the user's."""

_MAX_FRAMES = 12
_MAX_CAUSES = 4
_MAX_MESSAGE = 2000
_MAX_LOCALS = 6
_MAX_BRIEF = 100
_NAME = re.compile(r"(?<![.\w'\"])[A-Za-z_]\w*")
_UNBOUND = re.compile(r"local variable '(\w+)'")
_short = Repr()
_short.maxstring = _short.maxother = _short.maxlong = 80


@dataclass(frozen=True)
class FailedLine:
    """One line that the exception came through.

    :param function: the function's name.
    :param line: the line, counted within the cell.
    :param source: that line's text, stripped; empty if it is not known.
    :param place: what people call the cell or file.
    """

    function: str
    line: int
    source: str
    place: str


@dataclass(frozen=True)
class Failure:
    """An exception in words: its lines in the user's cells, its message, the values at hand.

    :param variables: names and masked values of the variables that the failing line reads.
    :param hint: what to write instead, where that is known.
    :param cause: the failure that led to this one.
    """

    lines: tuple[FailedLine, ...]
    message: str
    variables: tuple[tuple[str, str], ...] = ()
    hint: str | None = None
    cause: Failure | None = None

    @classmethod
    def from_exception(cls, exc: BaseException, cell_name: CellNamer | None = None) -> Failure:
        """Describe an exception without keeping its frames alive."""
        return _describe(exc, cell_name or project_file_name, _MAX_CAUSES)

    def places(self, endpoint: str | None = None) -> list[tuple[str, str]]:
        """Return each line as where it is and its source; *endpoint* tells which function is the view."""
        first = self.lines[0].place if self.lines else ""
        return [(_where(line, endpoint, first), printable(line.source)) for line in self.lines]

    def brief(self, endpoint: str | None = None) -> str:
        """Return the message and the last line on one line: ``KeyError: 'x' · view boom, line 3``."""
        message = printable(" ".join(self.message.split()))
        message = message if len(message) <= _MAX_BRIEF else f"{message[:_MAX_BRIEF]}…"
        return " · ".join([message, *(place.rstrip(":") for place, _ in self.places(endpoint)[-1:])])

    def text(self, endpoint: str | None = None) -> str:
        """Return the lines, the message, the values at hand, and the same of what led to it."""
        lines = [f"{place}   {source}" if source else place for place, source in self.places(endpoint)]
        lines.append(printable(self.message))
        lines += [f"  {name} = {printable(value)}" for name, value in self.variables]
        if self.hint:
            lines.append(self.hint)
        if self.cause is not None:
            lines += ["", "caused by:", indented(self.cause.text(endpoint))]
        return "\n".join(lines)


def release_frames(exc: BaseException) -> None:
    """Let go of the frames that an exception, and what led to it, keep alive."""
    seen: set[int] = set()
    cause: BaseException | None = exc
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__


def indented(text: str) -> str:
    """Return a text with its lines set in, but for empty ones."""
    return "\n".join(f"  {line}" if line else "" for line in text.split("\n"))


def _where(line: FailedLine, endpoint: str | None, first: str) -> str:
    role = "view" if endpoint is not None and line.function == endpoint.rpartition(".")[2] else "in"
    elsewhere = f" of {line.place}" if line.place != first else ""
    return f"{role} {line.function}{elsewhere}, line {line.line}:"


def _describe(exc: BaseException, cell_name: CellNamer, causes: int) -> Failure:
    frames = [
        (frame, line, place)
        for frame, line in walk_tb(exc.__traceback__)
        if not frame.f_locals.get("__tracebackhide__") and (place := cell_name(frame.f_code.co_filename))
    ]
    last = frames[-1][0] if frames else None
    lines = tuple(
        FailedLine(frame.f_code.co_name, line, _source(frame, line), place)
        for frame, line, place in frames[-_MAX_FRAMES:]
    )
    cause = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    return Failure(
        lines,
        exception_message(exc),
        _variables(last, lines[-1].source) if last and lines else (),
        _hint(exc, last),
        _describe(cause, cell_name, causes - 1) if cause is not None and causes else None,
    )


def _source(frame: FrameType, line: int) -> str:
    return linecache.getline(frame.f_code.co_filename, line, frame.f_globals).strip()


def exception_message(exc: BaseException) -> str:
    """Return the exception's type and words in one string, whatever its ``__str__`` does."""
    try:
        words = str(exc)
    except Exception:
        words = "(its message cannot be shown)"
    words = mask_text(words[:_MAX_MESSAGE])
    name = type(exc).__qualname__
    module = type(exc).__module__
    if module not in {"builtins", "__main__", "exceptions"} and not module.startswith("flask_nb."):
        name = f"{module}.{name}"
    return f"{name}: {words}" if words else name


def _variables(frame: FrameType, source: str) -> tuple[tuple[str, str], ...]:
    """Return the local variables that the line names, in the order in which it names them."""
    names = [name for name in dict.fromkeys(_NAME.findall(source)) if name in frame.f_locals]
    values = [(name, frame.f_locals[name]) for name in names]
    shown = [
        (name, value) for name, value in values if not isinstance(value, (type, FunctionType, ModuleType))
    ]
    return tuple((name, mask_value(name, _repr(value))) for name, value in shown[:_MAX_LOCALS])


def _repr(value: object) -> str:
    try:
        return _short.repr(value)
    except Exception:
        return "(cannot be shown)"


def _hint(exc: BaseException, frame: FrameType | None) -> str | None:
    """Name ``global`` where a cell's assignment hides the notebook's variable of the same name."""
    if not isinstance(exc, UnboundLocalError) or frame is None:
        return None
    match = _UNBOUND.search(str(exc))
    if match is None or match[1] not in frame.f_globals or hasattr(builtins, match[1]):
        return None
    return (
        f"{match[1]} is assigned in this view and therefore local to it. "
        f"To change the notebook's variable, put this line first: global {match[1]}"
    )


_LIBRARIES = tuple(
    str(Path(folder).resolve())
    for folder in {*(sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib"))}
)
_PACKAGE = str(Path(__file__).resolve().parents[1])


def project_file_name(filename: str) -> str | None:
    """Name a file of the user's own: the default outside a notebook.

    :return: the file's name without its folder, or None for libraries, ours and generated code.
    """
    if filename.startswith("<"):
        return None
    path = str(Path(filename).resolve())
    return None if path.startswith((*_LIBRARIES, _PACKAGE)) else Path(filename).name

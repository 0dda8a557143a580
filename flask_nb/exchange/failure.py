"""What made a view fail, in words: the lines of the user's own cells, and nothing that differs between runs.

It is put into words when it happens. What is shown later must not depend on frames: they hold on to
all that the view had in hand, and the values in them go on changing.
"""

from __future__ import annotations

import builtins
import difflib
import linecache
import re
import sys
import sysconfig
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from traceback import TracebackException, walk_tb
from types import FrameType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from flask_nb import hints

from .masked_repr import MaskedRepr, hide
from .masks import indented, mask_secrets, mask_text, mask_value, printable
from .secrecy import is_secret_name
from .stable import stable_text

CellNamer = Callable[[str], "str | None"]
"""Given a code's file name, returns what people call that cell or file; None for code not the user's."""

SceneOf = Callable[[BaseException], "hints.Scene"]
"""Given an error, returns what hints may see of where it was raised."""

_MAX_FRAMES = 12
_MAX_CAUSES = 4
_MAX_MESSAGE = 2000
_MAX_LOCALS = 6
_MAX_BRIEF = 100
_NAME = re.compile(r"(?<![.\w'\"])[A-Za-z_]\w*")
_MAX_READ = 20_000
_MAX_NAMES = 200
_SHORTEST_SECRET = 6
_CODE = (
    type,
    FunctionType,
    MethodType,
    ModuleType,
)  # no values of anybody: start_response is a method of ours


class FailedLine(NamedTuple):
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


class Failure(NamedTuple):
    """An exception in words: its lines in the user's cells, its message, the values at hand.

    :param variables: names and masked values of the variables that the failing line reads.
    :param hint: what to write instead, where that is known.
    :param cause: the failure that led to this one.
    :param is_handled: whether a handler of the app has answered it.
    """

    lines: tuple[FailedLine, ...]
    message: str
    variables: tuple[tuple[str, str], ...] = ()
    hint: str | None = None
    cause: Failure | None = None
    is_handled: bool = False

    @classmethod
    def from_exception(
        cls, exc: BaseException, cell_name: CellNamer | None = None, scene_of: SceneOf | None = None
    ) -> Failure:
        """Describe an exception without keeping its frames alive.

        :param scene_of: tells more of where it was raised than its frames do.
        """
        name_cell = cell_name or project_file_name
        scene_of = scene_of or partial(hints.Scene, is_own=name_cell)
        return _describe(exc, name_cell, scene_of, _MAX_CAUSES, known_secrets(exc, cell_name))

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


def _where(line: FailedLine, endpoint: str | None, first: str) -> str:
    role = "view" if endpoint is not None and line.function == endpoint.rpartition(".")[2] else "in"
    is_told = line.place != first or line.place.endswith(".py")  # a view's own cell is known, its file is not
    if is_told and line.function == "<module>":
        return f"{line.place}, line {line.line}:"
    elsewhere = f" of {line.place}" if is_told else ""
    return f"{role} {line.function}{elsewhere}, line {line.line}:"


def _describe(
    exc: BaseException, cell_name: CellNamer, scene_of: SceneOf, causes: int, known: Collection[str]
) -> Failure:
    frames = _frames(exc, cell_name)
    last = frames[-1][0] if frames else None
    lines = tuple(
        FailedLine(frame.f_code.co_name, line, _source(frame, line), place)
        for frame, line, place in frames[-_MAX_FRAMES:]
    )
    cause = _cause(exc)
    return Failure(
        lines,
        exception_message(exc, known),
        _variables(last, lines[-1].source, known) if last and lines else (),
        _hint(scene_of(exc), known),
        _describe(cause, cell_name, scene_of, causes - 1, known) if cause is not None and causes else None,
    )


def _frames(exc: BaseException, cell_name: CellNamer) -> list[tuple[FrameType, int, str]]:
    """Return the frames of the user's own code, the line in each, and what people call the place."""
    return [
        (frame, line, place)
        for frame, line in walk_tb(exc.__traceback__)
        if not frame.f_locals.get("__tracebackhide__") and (place := cell_name(frame.f_code.co_filename))
    ]


def _cause(exc: BaseException) -> BaseException | None:
    return exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)


def known_secrets(exc: BaseException, cell_name: CellNamer | None = None) -> list[str]:
    """Return the texts that variables of the failed code hold under the names of secrets, the longest first.

    A message repeats them without their names: ``raise KeyError(password)``.
    """
    found: set[str] = set()
    cause: BaseException | None = exc
    for _ in range(_MAX_CAUSES + 1):
        if cause is None:
            break
        for frame, _line, _place in _frames(cause, cell_name or project_file_name)[-_MAX_FRAMES:]:
            shared = {name: frame.f_globals.get(name) for name in frame.f_code.co_names}
            found.update(_secret_texts(shared), _secret_texts(frame.f_locals))
        cause = _cause(cause)
    return sorted(found, key=lambda text: (-len(text), text))


def _secret_texts(values: Mapping[Any, Any], depth: int = 2) -> Iterator[str]:
    """Yield the secrets of a namespace, and those of the mappings in it."""
    for name, value in [*values.items()][:_MAX_NAMES]:
        if isinstance(value, Mapping) and depth:
            yield from _secret_texts(value, depth - 1)
        elif isinstance(value, str) and len(value) >= _SHORTEST_SECRET and is_secret_name(str(name)):
            yield value


def _source(frame: FrameType, line: int) -> str:
    text = linecache.getline(frame.f_code.co_filename, line, frame.f_globals).strip()
    return mask_secrets(text, "source")


def exception_message(exc: BaseException, known: Collection[str] = ()) -> str:
    """Return the exception's type and words in one string, whatever its ``__str__`` does.

    :param known: texts that are secrets whatever they are called.
    """
    try:
        words = _suggesting(exc) if isinstance(exc, _SUGGESTED) else str(exc)
    except (Exception, SystemExit):
        words = "(its message cannot be shown)"
    # Masked before it is cut: what is left of a secret has no shape any more.
    words = mask_text(hide(stable_text(words[:_MAX_READ]), known))[:_MAX_MESSAGE]
    name = type(exc).__qualname__
    module = type(exc).__module__
    if module not in {"builtins", "__main__", "exceptions"} and not module.startswith("flask_nb."):
        name = f"{module}.{name}"
    return f"{name}: {words}" if words else name


_SUGGESTED = (NameError, AttributeError, ImportError)
_NEAR = 0.75  # as alike as Python asks for, roughly


def _suggesting(exc: BaseException) -> str:
    """Return the message as Python's own traceback has it, with the name that it takes to be meant."""
    if sys.version_info >= (3, 12):
        # It looks for that in the frame of the error, and asks an object for its own names.
        said = str(TracebackException(type(exc), exc, exc.__traceback__, limit=0, lookup_lines=False))
        # Among more than 750 names it does not look: a kernel has three more with each cell that has run.
        if said != str(exc) or not isinstance(exc, NameError):
            return said
    name, known = getattr(exc, "name", None), set[str]()
    if isinstance(exc, AttributeError):
        known.update(dir(exc.obj))
    elif isinstance(exc, NameError) and (frames := list(walk_tb(exc.__traceback__))):
        known.update(frames[-1][0].f_locals, frames[-1][0].f_globals, vars(builtins))
    near = difflib.get_close_matches(name, known - {name}, 1, _NEAR) if name else []
    return f"{exc}. Did you mean: {near[0]!r}?" if near else str(exc)


def _hint(scene: hints.Scene, known: Collection[str]) -> str | None:
    """What to do about it; it may repeat what stands in the user's own line."""
    said = hints.hint_at(scene)
    return None if said is None else mask_text(hide(mask_secrets(said, "source"), known))


def _variables(frame: FrameType, source: str, known: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Return the local variables that the line names, in the order in which it names them."""
    local, short = frame.f_locals, MaskedRepr(known=known)
    named = [name for name in dict.fromkeys(_NAME.findall(source)) if name in local]
    shown = [name for name in named if not isinstance(local[name], _CODE)]
    values = ((name, stable_text(short.repr(local[name]))) for name in shown[:_MAX_LOCALS])
    return tuple((name, mask_value(name, value)) for name, value in values)


@cache
def _libraries() -> tuple[str, ...]:
    """The folders of Python's own and of installed modules, and ours."""
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = {Path(sysconfig.get_path(kind)) for kind in kinds} | {Path(__file__).parents[1]}
    return tuple(str(folder.resolve()) for folder in folders)


_INSTALLED = {"site-packages", "dist-packages"}  # of a system or a person, beside those of the environment


def project_file_name(filename: str) -> str | None:
    """Name a file of the user's own: the default outside a notebook.

    :return: the file's name without its folder, or None for libraries, ours and generated code.
    """
    if filename.startswith("<"):
        return None
    path = Path(filename).resolve()
    is_library = str(path).startswith(_libraries()) or not _INSTALLED.isdisjoint(path.parts)
    return None if is_library else path.name

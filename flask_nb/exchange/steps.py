"""The steps of a request: what the app called, where that is, and what came of it, in a few words."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple, Protocol

from .failure import CellNamer, exception_message
from .masks import mask_value, printable

_MOST_EFFECTS = 12
_MAX_EFFECT = 100


class Answer(Protocol):
    """A response, as Werkzeug has it."""

    status_code: int
    headers: Any
    mimetype: str | None
    response: Any


class Step:
    """One step of a request: what the app called, and what that changed.

    :param phase: such as ``before_request``.
    :param name: the function's.
    :param place: where it is in the person's cells.
    :param effects: what it changed or answered, each in a few words.
    :param seconds: how long it took, with the steps within it.
    """

    def __init__(self, phase: str, name: str = "", place: str = "", effects: Iterable[str] = ()) -> None:
        self.phase = phase
        self.name = name
        self.place = place
        self.effects = list(effects)
        self.seconds: float | None = None

    def __repr__(self) -> str:
        return f"<Step {self.phase} {self.name} {self.place} {self.effects}>"

    def add(self, *effects: str) -> None:
        """Add effects, as far as there is room."""
        short = (text if len(text) <= _MAX_EFFECT else f"{text[: _MAX_EFFECT - 1]}…" for text in effects)
        self.effects += [*short][: _MOST_EFFECTS - len(self.effects)]


def place_of(function: Any, cell_name: CellNamer) -> str:
    """Say where a function is: its line and cell, or its module."""
    code = getattr(_inner(function), "__code__", None)
    cell = cell_name(code.co_filename) if code is not None else None
    if code is not None and cell is not None:
        return f"line {code.co_firstlineno} of {cell}"
    module = getattr(function, "__module__", None)
    return f"module {module}" if module else ""


def _inner(function: Any) -> Any:
    """Return the function that a person has written, below what is wrapped around it."""
    function = inspect.unwrap(function)
    while isinstance(function, partial):
        function = inspect.unwrap(function.func)
    kind = getattr(function, "view_class", None)
    if kind is not None:
        return kind.dispatch_request if "dispatch_request" in vars(kind) else _first_method(kind)
    return function if inspect.isroutine(function) else type(function).__call__


def _first_method(kind: type) -> Any:
    return next((value for value in vars(kind).values() if inspect.isfunction(value)), kind)


def name_of(function: Any) -> str:
    """Return what a function is called, or the class of views that it stands for."""
    inner = inspect.unwrap(function)
    kind = getattr(inner, "view_class", None)
    return printable(str(getattr(kind or inner, "__name__", None) or type(inner).__name__))


def raised(exc: BaseException) -> str:
    """Return what was raised; of an HTTP error the status alone."""
    code, name = getattr(exc, "code", None), getattr(exc, "name", None)
    return f"{code} {name}" if isinstance(code, int) and name else exception_message(exc)


def returned(phase: str, result: Any) -> Iterator[str]:
    """Yield what a function has answered; a hook before the request that answers takes the view's place."""
    if phase == "before_request":
        if result is not None:
            yield f"answered early: {_kind(result)}"
    else:
        yield f"returned {_kind(result)}"


def _kind(value: Any) -> str:
    if type(value) is tuple:
        return f"({', '.join(type(item).__name__ for item in value)})"
    return type(value).__name__


def described(response: Answer) -> list[str]:
    """Return status, type and length of a response."""
    length = _length(response)
    size = "streamed" if length is None else f"{length} B"
    return [str(response.status_code), *([response.mimetype] if response.mimetype else []), size]


def _length(response: Answer) -> int | None:
    """Return how many bytes a body has; to ask a stream, as Werkzeug's own method does, would use it up."""
    pieces = response.response
    if isinstance(pieces, (list, tuple)):
        return sum(map(len, pieces))
    stated = response.headers.get("Content-Length", "")
    return int(stated) if stated.isdecimal() else None


class Head(NamedTuple):
    """What a function after the request may change of a response."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None

    @classmethod
    def of(cls, response: Any) -> Head:
        """Note what there is now; of what is no response, nothing."""
        if not hasattr(response, "status_code"):
            return cls()  # the app says what is wrong with it
        return cls(response.status_code, tuple(response.headers), _length(response))

    def changes(self, after: Head) -> Iterator[str]:
        """Yield what is different afterwards."""
        if after.status != self.status:
            yield f"status {after.status}"
        for name, value in after.headers:
            if (name, value) not in self.headers and name != "Content-Length":
                yield f"{name}: {mask_value(name, value, 'header')}"
        left = {name for name, _ in after.headers}
        yield from (f"{name} removed" for name, _ in self.headers if name not in left)
        if after.length != self.length and after.length is not None:
            yield f"{after.length} B"

"""The scene of an error: what was raised, and what can be seen from there."""

from __future__ import annotations

import ast
import difflib
import linecache
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from traceback import walk_tb
from types import CodeType, FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from flask_nb import hints

if TYPE_CHECKING:
    from flask_nb.engines.protocol import Engine

Hint = Callable[["Scene"], "str | None"]
Function = ast.FunctionDef | ast.AsyncFunctionDef

_LONGEST = 60
_MOST_NAMES = 8


class Scene:
    """Where an error was raised.

    :param exc: the error.
    :param is_own: tells from a code's file name whether it is the user's, by a true value.
    :param is_cell: tells the same of a cell; by default all code of the user's is one.
    :param engine: the engine of the app, None without one.
    :param framework: the module whose names the app's views use, None if it is not of Flask's kind.
    :param is_foreign: whether there is an app, but not of Flask's kind.
    :param in_request: whether it was raised while a request was answered, and not in a cell.
    """

    def __init__(
        self,
        exc: BaseException,
        is_own: Callable[[str], object],
        *,
        is_cell: Callable[[str], object] | None = None,
        engine: Engine | None = None,
        framework: ModuleType | None = None,
        is_foreign: bool = False,
        in_request: bool = False,
    ) -> None:
        self.exc = exc
        self.is_own = is_own
        self.is_cell = is_cell or is_own
        self.engine = engine
        self.framework = framework
        self.is_foreign = is_foreign
        self.in_request = in_request

    @cached_property
    def frames(self) -> list[tuple[FrameType, int]]:
        """All frames that the error came through, the innermost last, with the line in each."""
        return list(walk_tb(self.exc.__traceback__))

    @cached_property
    def here(self) -> tuple[FrameType, int] | None:
        """The innermost frame of the user's own code, and its line."""
        own = [place for place in self.frames if self.is_own(place[0].f_code.co_filename)]
        return own[-1] if own else None

    @property
    def where(self) -> str:
        """The line, as hints begin with it; empty if it is not known."""
        return f"line {self.here[1]}: " if self.here else ""

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """The nodes of the user's innermost statement."""
        if self.here is None:
            return []
        frame, line = self.here
        statement = statement_at(parsed(frame.f_code.co_filename), line)
        return [] if statement is None else list(ast.walk(statement))

    @cached_property
    def request(self) -> Any:
        """The request that is being answered, None outside of one."""
        if self.framework is None or not self.framework.has_request_context():
            return None
        return self.framework.request._get_current_object()

    def local(self, name: str, *functions: str) -> Any:
        """Return a variable of the innermost frame that has it, or of one of these functions; else None."""
        for frame, _ in reversed(self.frames):
            if name in frame.f_locals and (not functions or frame.f_code.co_name in functions):
                return frame.f_locals[name]
        return None

    def passed(self, *functions: str) -> bool:
        """Whether the error came through a function of one of these names."""
        return any(frame.f_code.co_name in functions for frame, _ in self.frames)

    def value_of(self, node: ast.AST) -> Any:
        """Return what a name of the user's line stands for, None if it is not known."""
        if not isinstance(node, ast.Name) or self.here is None:
            return None
        frame = self.here[0]
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))

    @cached_property
    def view(self) -> Callable[..., Any] | None:
        """The function that answers the request: of a class-based view its method."""
        # Where the response itself is refused, the request's context has been left before.
        request = self.request or getattr(self.local("ctx", "wsgi_app"), "request", None)
        if request is None or self.engine is None:
            return None
        return hints.view_of(self.engine.app, request.endpoint, request.method)


def parsed(filename: str) -> ast.Module | None:
    """Return the syntax tree of a cell or file that tracebacks name."""
    try:
        return ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def statement_at(tree: ast.Module | None, line: int) -> ast.stmt | None:
    """Return the innermost statement at a line."""
    found = None
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.stmt) and first_line(node) <= line <= (node.end_lineno or node.lineno):
            found = node if found is None or node.lineno >= found.lineno else found
    return found


def first_line(node: ast.stmt) -> int:
    """Return the line of a statement, of a function or class that of its first decorator."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def definition_of(function: Callable[..., Any] | None) -> Function | None:
    """Return the ``def`` of a function; for the body of a view, the one that is made around it."""
    code: CodeType | None = getattr(function, "__code__", None)
    if code is None:
        return None
    known = code.co_name, code.co_firstlineno
    for node in ast.walk(parsed(code.co_filename) or ast.Module([], [])):
        if isinstance(node, Function) and (node.name, first_line(node)) == known:
            return node
    return None


def is_body(function: Callable[..., Any] | None) -> bool:
    """Whether the function is the body of a ``%%route`` cell."""
    code = getattr(function, "__code__", None)
    return code is not None and "# %%" in linecache.getline(code.co_filename, code.co_firstlineno)


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """Yield what is within a function, but for functions and classes in it."""
    pending: list[ast.AST] = list(reversed(function.body))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))


def typed(node: ast.AST) -> str:
    """Return an expression as it may be typed again; an ellipsis if it is long."""
    text = ast.unparse(node)
    return text if len(text) <= _LONGEST and "\n" not in text else "…"


def quoted(names: Iterable[str]) -> str:
    """Return names for people, the first few of many."""
    names = [repr(name) for name in names]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of the known names that is much like another, or None."""
    found = difflib.get_close_matches(name, [one for one in known if one != name], 1, 0.7)
    return found[0] if found else None

"""Whether a cell has changed the app: what it has registered, or what the app's functions look up.

A page depends on what is registered, and on the variables of the notebook that views read. The first is in
the ledgers; the second is read off the code of what is registered, through the functions and classes that it
names. A cell that names such a variable may have bound it anew or changed what it holds, so that counts.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

from flask_nb.engines import Workspace

__all__ = ["Changes", "python_of"]


class Changes:
    """Tells at the end of a cell whether it has to do with the app.

    :param workspace: returns what cells have defined.
    :param variables: returns the notebook's.
    :param apps: returns the apps that are served now.
    """

    def __init__(
        self,
        workspace: Callable[[], Workspace],
        variables: Callable[[], Mapping[str, Any]],
        apps: Callable[[], Iterable[Any]],
    ) -> None:
        self._workspace = workspace
        self._variables = variables
        self._apps = apps
        self._before: list[Any] | None = None

    def begin(self) -> None:
        """Note what is registered, unless that is known."""
        if self._before is None:
            self._before = self._registered()

    def has_changed(self, source: str) -> bool:
        """Return whether the cell may have changed what the app answers.

        :param source: the cell as Python.
        """
        before, now = self._before or [], self._registered()
        self._before = now
        is_same = len(now) == len(before) and all(map(operator.is_, now, before))
        return not is_same or self.uses(source)

    def uses(self, source: str) -> bool:
        """Return whether the cell names a variable that the app's functions look up.

        :param source: the cell as Python.
        """
        return not _names_in(source).isdisjoint(self._used())

    def _registered(self) -> list[Any]:
        entries = [entry for holder in self._workspace().everything() for entry in holder.live.ledger]
        return [*self._apps(), *entries]

    def _used(self) -> set[str]:
        """Return the variables that the registered functions of cells name, directly or by what they name."""
        found: set[str] = set()
        variables = self._variables()
        left = [getattr(entry, "value", None) for entry in self._registered()]
        while left:
            for name in _globals_of(left.pop(), variables) - found:
                found.add(name)
                left.append(variables[name])
        return found


def python_of(result: Any) -> str:
    """Return the cell of an ExecutionResult, its magics written as Python where IPython tells."""
    info = getattr(result, "info", None)
    return str(getattr(info, "transformed_cell", None) or getattr(info, "raw_cell", ""))


def _names_in(source: str) -> set[str]:
    """Return the variables that a cell binds, reads or deletes."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return set(_bound_or_read(tree))


def _bound_or_read(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]


def _globals_of(value: Any, variables: Mapping[str, Any]) -> set[str]:
    """Return the notebook's variables that the code of a function or class of a cell names."""
    names: set[str] = set()
    for function in _functions_of(value):
        if function.__globals__ is variables:
            names |= _names_of_code(function.__code__)
    return {name for name in names if name in variables}


def _functions_of(value: Any) -> Iterator[FunctionType]:
    # By their type alone: a proxy such as `request` would ask what it stands for, and there is none now.
    members = tuple(vars(value).values()) if issubclass(type(value), type) else (value,)
    for member in members:
        is_bound = type(member) in (MethodType, staticmethod, classmethod)
        function = member.__func__ if is_bound else member
        while type(function) is FunctionType:
            yield function
            view_class = function.__dict__.get("view_class")  # what `as_view` has made it of
            if isinstance(view_class, type):
                yield from _functions_of(view_class)
            function = function.__dict__.get("__wrapped__")


def _names_of_code(code: CodeType) -> set[str]:
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return {*code.co_names}.union(*map(_names_of_code, inner))

"""Which routes come near to a path that none of them answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from .protocol import RouteRow

_COUNT = 3
_LONGEST = 300  # characters of a path: comparing takes their square, for each route
_RATIO = 0.6  # below it, suggestions looked like guesses
_FORGOTTEN_RATIO = 0.95  # of a path that is the rule but for the variables at its end


def near_rows(rows: Iterable[RouteRow], method: str, path: str) -> list[str] | None:
    """Return up to three routes that resemble what was asked, nearest first, as ``GET /items``.

    :param path: decoded, without a query.
    :return: None when a rule did match.
    """
    rows = list(rows)
    if any(_matches(row, method, path) for row in rows):
        return None
    labels = ((row.pattern, f"{one} {row.rule}") for row in rows for one in row.methods or (method,))
    return nearest(labels, method, path)


def nearest(labels: Iterable[tuple[str, str]], method: str, path: str) -> list[str]:
    """Return up to three labels whose rules resemble a path, nearest first.

    :param labels: rules, each with what people call it, as ``GET /items``.
    """
    if len(path) > _LONGEST:
        return []
    scored = [(_likeness(rule, path) + label.startswith(f"{method} ") / 100, label) for rule, label in labels]
    near = sorted((-ratio, label) for ratio, label in scored if ratio >= _RATIO)
    return [label for _, label in near[:_COUNT]]


def _likeness(pattern: str, path: str) -> float:
    """How much a path resembles a rule, from 0 to 1; a variable resembles any one segment."""
    asked, known = path.strip("/").split("/"), pattern.strip("/").split("/")
    filled = [segment if part.startswith("<") else part for part, segment in zip(known, asked, strict=False)]
    missing = known[len(filled) :]
    if missing and filled == asked and all(part.startswith("<") for part in missing):
        return _FORGOTTEN_RATIO
    return SequenceMatcher(None, "/".join([*filled, *missing]), "/".join(asked)).ratio()


def fitting_rows(rows: Iterable[RouteRow], path: str) -> list[RouteRow]:
    """Return the routes whose rules a path fits by its shape, whatever the method."""
    return [row for row in rows if any(_matches(row, method, path) for method in row.methods or ("GET",))]


def _matches(row: RouteRow, method: str, path: str) -> bool:
    if row.methods and method not in row.methods and not (method == "HEAD" and "GET" in row.methods):
        return False
    pieces = re.split(r"<([^<>]*)>", row.pattern)
    for index in range(len(pieces)):
        is_variable = index % 2 == 1
        pieces[index] = _regex(pieces[index]) if is_variable else re.escape(pieces[index])
    return re.fullmatch("".join(pieces), path) is not None


def _regex(variable: str) -> str:
    return ".*" if variable.startswith("path:") else "[^/]+"

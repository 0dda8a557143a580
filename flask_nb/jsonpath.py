"""JSON paths: they name what is left out of a shown body, and what a check looks at.

The part of RFC 9535 that names places: ``$``, ``.name``, ``['name']``, ``[0]``, ``[-1]``, ``.*`` or ``[*]``,
and two dots before any of them for "at any depth". Filters and slices are not there. A name with one of
``: = !`` in it stands in brackets, for behind a path they say what is expected of the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from flask_nb.errors import MagicArgumentError
from flask_nb.lazy import pattern

_STEP = pattern(
    r"""
      (?: (?P<dots>\.\.) | \. ) (?: \* | (?P<name>[^\s.,:=!*\[\]'"$]+) )
    | (?P<deep>\.\.)?
      \[\s* (?: \* | (?P<index>-?\d{1,9}) | (?P<quoted>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*") ) \s*\]
    """,
    re.VERBOSE | re.DOTALL,
)
_SEPARATOR = pattern(r"\s*(?:,\s*|$)")


class Step(NamedTuple):
    """One step of a path.

    :param key: the name of a member, the index of an item, or None for each of them.
    :param is_deep: whether the step may be taken at any depth.
    """

    key: str | int | None
    is_deep: bool = False

    def fits(self, key: str | int, length: int) -> bool:
        """Tell whether the step leads to this key of a container of so many items."""
        if self.key is None:
            return True
        if isinstance(self.key, int) and isinstance(key, int):
            return key == (self.key if self.key >= 0 else self.key + length)
        return isinstance(self.key, str) and self.key == key

    def __str__(self) -> str:
        dots = ".." if self.is_deep else ""
        if isinstance(self.key, str) and re.fullmatch(r"\w+", self.key):
            return f"{dots or '.'}{self.key}"
        quoted = "'" + re.sub(r"(['\\])", r"\\\1", self.key) + "'" if isinstance(self.key, str) else self.key
        return f"{dots}[{'*' if self.key is None else quoted}]"


JsonPath = tuple[Step, ...]
"""A place, or places, within a JSON value; no step means the whole value."""


def parse_paths(text: str) -> tuple[JsonPath, ...]:
    """Return the paths of a list that is separated by commas.

    :raises MagicArgumentError: if one of them is not a path.
    """
    paths, position = [], len(text) - len(text.lstrip())
    while position < len(text):
        path, end = read_path(text, position)
        separator = _SEPARATOR.match(text, end)
        if path is None or separator is None:
            raise MagicArgumentError(_complaint(text, end))
        paths.append(path)
        position = separator.end()
    return tuple(paths)


def read_path(text: str, start: int) -> tuple[JsonPath | None, int]:
    """Return the path that begins there, or None, and where it ends or goes wrong."""
    if text[start : start + 1] != "$":
        return None, start
    steps, end = [], start + 1
    while (match := _STEP.match(text, end)) is not None:
        steps.append(_step(match))
        end = match.end()
    return tuple(steps), end


def _step(match: re.Match[str]) -> Step:
    key: str | int | None = match["name"]
    if match["index"]:
        key = int(match["index"])
    elif match["quoted"]:
        key = re.sub(r"\\(.)", r"\1", match["quoted"][1:-1], flags=re.DOTALL)
    return Step(key, is_deep=bool(match["dots"] or match["deep"]))


def _complaint(text: str, end: int) -> str:
    where = f"at {text[end : end + 12]!r}" if text[end:].strip() else "at its end"
    return (
        f"the mask {text!r} is not a JSON path {where}. Write paths such as $..id, $.items[*].created_at or "
        "$['a name'], separated by commas"
    )


def find_values(value: Any, path: JsonPath) -> list[Any]:
    """Return the values at the places that a path names; none if there is no such place.

    :param value: dicts, lists and scalars.
    """
    found = [value]
    for step in path:
        found = [inner for outer in found for inner in _step_into(outer, step)]
    return found


def _step_into(value: Any, step: Step) -> Iterator[Any]:
    members = (
        value.items() if isinstance(value, Mapping) else enumerate(value if isinstance(value, list) else ())
    )
    for key, item in members:
        if step.fits(key, len(value)):
            yield item
        if step.is_deep:
            yield from _step_into(item, step)


def mask_json(value: Any, paths: Iterable[JsonPath], mask: Any) -> Any:
    """Return a JSON value with what the paths name replaced; the value itself stays as it is.

    :param value: dicts or tuples of pairs, lists and scalars.
    """
    return _masked(value, list(paths), mask)


def _masked(value: Any, open_paths: list[JsonPath], mask: Any) -> Any:
    if not open_paths:
        return value
    if () in open_paths:
        return mask
    if isinstance(value, Mapping):
        return {key: _masked(item, _taken(open_paths, key, 0), mask) for key, item in value.items()}
    if isinstance(value, tuple):
        return type(value)([(key, _masked(item, _taken(open_paths, key, 0), mask)) for key, item in value])
    if isinstance(value, list):
        return [
            _masked(item, _taken(open_paths, index, len(value)), mask) for index, item in enumerate(value)
        ]
    return value


def _taken(open_paths: list[JsonPath], key: str | int, length: int) -> list[JsonPath]:
    """Return what is left of the paths behind one key."""
    left = []
    for path in open_paths:
        if path[0].fits(key, length):
            left.append(path[1:])
        if path[0].is_deep:
            left.append(path)
    return left

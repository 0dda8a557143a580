"""What is different between two exchanges: status, headers, JSON by path, text by line, what was put out."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from flask_nb.exchange.masks import printable

from .body import Body
from .json_layout import JsonObject, compact, parse_json
from .panel import Panel
from .words import counted, size, status_line

_MAX_DIFFERENCES = 60
_MAX_VALUE = 100
_TEXTS = {"html", "json", "csv", "svg", "text"}
_NOTHING: Any = object()


class Difference(NamedTuple):
    """One thing that is different.

    :param what: where: ``status``, ``header Location``, ``$.items[0].name``, ``line 3``.
    :param before: what was there; empty if nothing was.
    :param now: what is there now.
    """

    what: str
    before: str
    now: str


def differences(before: Panel, now: Panel) -> list[Difference]:
    """Return what differs, as it is shown: secrets and what differs from run to run are masked in both."""
    found = [*_of_status(before, now)]
    if not before.exchange.is_refused:  # else its answer is the gate's
        found += [*_of_headers(before, now), *_of_bodies(before.body, now.body)]
        found += _of_lines("printed, line", before.output, now.output)
        found += _of_failures(before, now)
    if len(found) > _MAX_DIFFERENCES:
        rest = counted(len(found) - _MAX_DIFFERENCES, "more difference")
        found = [*found[:_MAX_DIFFERENCES], Difference(f"… {rest}", "", "")]
    return found


def text_differences(before: str, now: str) -> list[Difference]:
    """Return what differs in two texts: by path where they are JSON, also behind a head, else by line."""
    (old_head, old), (new_head, new) = _split_json(before), _split_json(now)
    if old is _NOTHING or new is _NOTHING:
        return list(_of_lines("line", before, now))
    found = [*_of_lines("line", old_head, new_head), *_of_json("$", old, new)]
    return found or list(_of_lines("line", before, now))  # the same JSON, laid out otherwise


def json_differences(before: Any, now: Any) -> list[Difference]:
    """Return what differs in two values of JSON, by path."""
    return list(_of_json("$", *(parse_json(json.dumps(value)) for value in (before, now))))


def _split_json(text: str) -> tuple[str, Any]:
    """Return a text's head and the JSON that all the rest is, as a panel has it behind an empty line."""
    head, _, rest = text.partition("\n\n")
    for before, candidate in (("", text), (head, rest)):
        if candidate.lstrip()[:1] in ("{", "["):
            try:
                return before, parse_json(candidate)
            except (ValueError, RecursionError):
                continue
    return text, _NOTHING


def _of_status(before: Panel, now: Panel) -> Iterator[Difference]:
    pair = status_line(before.exchange.response.status), status_line(now.exchange.response.status)
    if pair[0] != pair[1]:
        yield Difference("status", *pair)


def _of_headers(before: Panel, now: Panel) -> Iterator[Difference]:
    sides = [_by_name(panel.headers) for panel in (before, now)]
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        old, new = (", ".join(side.get(name, ())) for side in sides)
        if old != new and name != "Content-Length":  # the body says more
            yield Difference(f"header {name}", _short(old), _short(new))


def _by_name(headers: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.title(), []).append(value)
    return found


def _of_failures(before: Panel, now: Panel) -> Iterator[Difference]:
    old, new = (
        printable(panel.exchange.failure.brief(panel.exchange.endpoint)) if panel.exchange.failure else ""
        for panel in (before, now)
    )
    if old != new:
        yield Difference("failure", old, new)


def _of_bodies(before: Body, now: Body) -> Iterator[Difference]:
    if before.json is not None and now.json is not None:
        yield from _of_json("$", before.json.value, now.json.value)
    elif before.data == now.data:
        return
    elif before.kind not in _TEXTS or before.kind != now.kind or before.is_default_page:
        yield Difference("body", *(_describe(body) for body in (before, now)))
    else:
        yield from _of_lines("line", before.text, now.text)


def _describe(body: Body) -> str:
    return f"{printable(body.mimetype) or 'bytes'}, {size(len(body.data))}" if body.data else ""


def _of_json(path: str, before: Any, now: Any) -> Iterator[Difference]:
    """Yield the places that differ; an item or a member that only one side has is one place."""
    if isinstance(before, JsonObject) and isinstance(now, JsonObject):
        old, new = dict(before), dict(now)
        for key in dict.fromkeys([*old, *new]):
            yield from _of_places(f"{path}{_step(key)}", old.get(key, _NOTHING), new.get(key, _NOTHING))
    elif isinstance(before, list) and isinstance(now, list):
        for index in range(max(len(before), len(now))):
            sides = (side[index] if index < len(side) else _NOTHING for side in (before, now))
            yield from _of_places(f"{path}[{index}]", *sides)
    elif before != now or type(before) is not type(now):
        yield Difference(path, _shown(before), _shown(now))


def _of_places(path: str, before: Any, now: Any) -> Iterator[Difference]:
    if _NOTHING in (before, now):
        yield Difference(path, *("" if side is _NOTHING else _shown(side) for side in (before, now)))
    else:
        yield from _of_json(path, before, now)


def _step(key: str) -> str:
    return f".{key}" if key.isidentifier() else f"[{key!r}]"


def _shown(value: Any) -> str:
    """A JSON value as JSON, so that ``1`` and ``"1"`` can be told apart."""
    text = compact(value, _MAX_VALUE)
    is_text = isinstance(value, str) and type(value) is str
    return _short(f'"{text}"' if is_text else text)


def _of_lines(what: str, before: str, now: str) -> Iterator[Difference]:
    old, new = (text.splitlines() for text in (before, now))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) > 1000)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            continue
        for offset in range(max(end - start, new_end - new_start)):
            number = (start if start + offset < end else new_start) + offset + 1
            sides = (old[start:end], new[new_start:new_end])
            texts = (_short(printable(side[offset])) if offset < len(side) else "" for side in sides)
            yield Difference(f"{what} {number}", *texts)


def _short(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"

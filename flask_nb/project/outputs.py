"""A cell's outputs, as stored and as computed anew: what differs, by JSON path and by line of text."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import nbformat
from nbformat import NotebookNode

from flask_nb.panel import Difference, json_differences, text_differences
from flask_nb.panel.words import counted

Output = NotebookNode
Clean = Callable[[Any], Any]

PLAIN, HTML = "text/plain", "text/html"
_MAX_LINES = 60


def is_same_text(stored: Mapping[str, Any], now: Mapping[str, Any], clean: Clean = lambda text: text) -> bool:
    """Tell whether two displayed outputs say the same as text, which is there in both.

    :param clean: called with each text before it is compared.
    """
    texts = [output.get("data", {}).get(PLAIN) for output in (stored, now)]
    return None not in texts and clean(texts[0]) == clean(texts[1])


def without_agreeing_html(
    stored: Sequence[Output], now: Sequence[Output], clean: Clean = lambda text: text
) -> tuple[list[Output], list[Output]]:
    """Return both sides without the HTML of the outputs that say the same as text."""
    pairs = zip(_displayed(stored), _displayed(now), strict=False)
    agreed = {id(output) for pair in pairs if is_same_text(pair[0], pair[1], clean) for output in pair}
    old, new = (
        [_without_html(output) if id(output) in agreed else output for output in side]
        for side in (stored, now)
    )
    return old, new


def _displayed(outputs: Iterable[Output]) -> list[Output]:
    return [output for output in outputs if "data" in output]


def _without_html(output: Output) -> Output:
    data = {mime: value for mime, value in output["data"].items() if mime != HTML}
    without: Output = nbformat.from_dict({**output, "data": data})  # type: ignore[no-untyped-call]
    return without


def output_differences(
    stored: Sequence[Output],
    now: Sequence[Output],
    clean: Clean = lambda text: text,
    ignored: Container[str] = (),
) -> list[Difference]:
    """Return what differs in the outputs of one cell. HTML is told where the texts are the same.

    :param clean: called with each value before it is compared.
    :param ignored: MIME types that are not compared.
    """
    found = list(_of_streams(stored, now, clean))
    displayed = zip_longest(*(_displayed(side) for side in (stored, now)), fillvalue={})
    for number, (old, new) in enumerate(displayed, 1):
        where = f"output {number}, " if number > 1 else ""
        data = [side.get("data", {}) for side in (old, new)]
        # Two layouts of what the text says already are walls that nobody reads.
        is_told = PLAIN in data[0] or PLAIN in data[1]
        for mime in dict.fromkeys([*data[0], *data[1]]):
            values = [clean(side.get(mime)) for side in data]
            if mime in ignored or values[0] == values[1]:
                continue
            if mime != HTML or not is_told:
                found += _of_values(where, mime, *values)
            elif is_same_text(old, new, clean):
                found.append(Difference(f"{where}{HTML}", "", "another layout of the same text"))
    return found


def _of_streams(stored: Sequence[Output], now: Sequence[Output], clean: Clean) -> Iterator[Difference]:
    old, new = ({name: clean(text) for name, text in _texts(side).items()} for side in (stored, now))
    for name in dict.fromkeys([*old, *new]):
        yield from _named(f"{name}, ", text_differences(old.get(name, ""), new.get(name, "")))


def _texts(outputs: Iterable[Output]) -> dict[str, str]:
    """Return what was printed, by stream, and the error of the cell."""
    found: dict[str, str] = {}
    for output in outputs:
        if output["output_type"] == "stream":
            found[output["name"]] = found.get(output["name"], "") + output["text"]
        elif output["output_type"] == "error":
            found["error"] = f"{output['ename']}: {output['evalue']}"
    return found


def _of_values(where: str, mime: str, old: Any, new: Any) -> Iterable[Difference]:
    where += "" if mime == PLAIN else f"{mime}, "
    if mime.partition("/")[0] not in ("text", "application") and mime != "image/svg+xml":
        sizes = ("" if side is None else counted(len(side), "character") for side in (old, new))
        return [Difference(where.removesuffix(", "), *sizes)]
    if all(side is None or isinstance(side, str) for side in (old, new)):
        return _named(where, text_differences(old or "", new or ""))
    return _named(where, json_differences(old, new))


def _named(where: str, found: Iterable[Difference]) -> Iterator[Difference]:
    return (each._replace(what=f"{where}{each.what}") for each in found)


def difference_lines(found: Sequence[Difference]) -> list[str]:
    """Return differences as a terminal shows them: where, what was stored (-) and what is now (+)."""
    lines = []
    for where, stored, now in found:
        lines.append(f"{where}:")
        lines += [f"  {sign} {text}" for sign, text in (("-", stored), ("+", now)) if text]
    if len(lines) > _MAX_LINES:
        lines = [*lines[:_MAX_LINES], f"… {len(lines) - _MAX_LINES} more lines"]
    return lines

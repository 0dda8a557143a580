"""Bodies that are tables: CSV, and JSON arrays of objects."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from itertools import islice
from typing import Any

from .bodies import MAX_LINES, printable
from .json_layout import JsonObject, compact
from .masks import VOLATILE
from .shown import ShownBody
from .styles import LINE, MONO, QUIET, TEXT, WORDS, mono, note

MAX_COLUMNS = 24
"""Columns that are shown at most."""

_MAX_CELL = 120
_MAX_READ = 1_000_000
_TABLE = f"color:{TEXT};border-collapse:collapse;border:0;margin:0;font:12.5px/1.5 {MONO}"
_CELL = "padding:2px 12px;vertical-align:top;white-space:pre-wrap"
_NUMBER = re.compile(r"[-+]?[\d.,]+(?:[eE][-+]?\d+)?%?")


@dataclass(frozen=True)
class Table:
    """The first rows of a table.

    :param columns: the names of the columns.
    :param rows: the cells, each row as long as there are columns.
    :param more_rows: how many rows are left out.
    :param more_columns: how many columns are left out.
    :param name: the member of a JSON object that holds it, empty if the body itself does.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more_rows: int = 0
    more_columns: int = 0
    name: str = ""


def find_table(body: ShownBody) -> Table | None:
    """Return the table that a body is or holds, None if there is none."""
    if body.kind == "csv":
        return csv_table(body.text, body.mimetype)
    return json_table(body.json.value) if body.json is not None else None


def csv_table(text: str, mimetype: str = "text/csv") -> Table | None:
    """Return CSV as a table whose first row names the columns; None if it cannot be read.

    Of a long text the beginning is read, and the other rows are counted by their line ends.
    """
    head, rest = text[:_MAX_READ].removeprefix("\ufeff"), text.count("\n", _MAX_READ)
    first = head.partition("\n")[0]
    is_tabbed = "tab-separated" in mimetype
    delimiter = "\t" if is_tabbed else ";" if first.count(";") > first.count(",") else ","
    filled = (row for row in csv.reader(StringIO(head, newline=""), delimiter=delimiter) if row)
    try:
        rows = list(islice(filled, MAX_LINES + 1))
        return _table(rows[0], rows[1:], len(rows) - 1 + sum(1 for _ in filled) + rest) if rows else None
    except csv.Error:
        return None


def json_table(value: Any) -> Table | None:
    """Return an array of objects as a table, or the first one that an object holds."""
    if isinstance(value, JsonObject):
        named = ((name, item) for name, item in value if _is_tabular(item))
        name, value = next(named, ("", None))
        return _objects_table(value, name) if value else None
    return _objects_table(value) if _is_tabular(value) else None


def _is_tabular(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, JsonObject) for item in value)


def _objects_table(items: list[JsonObject], name: str = "") -> Table | None:
    columns = list(dict.fromkeys(key for item in items for key, _ in item))
    shown = [dict(item) for item in items[:MAX_LINES]]
    rows = [
        [compact(item[column]) if column in item else "" for column in columns[:MAX_COLUMNS]]
        for item in shown
    ]
    return _table(columns, rows, len(items), name) if columns else None


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], count: int, name: str = "") -> Table:
    width = min(max(map(len, (columns, *rows))), MAX_COLUMNS)
    kept = tuple(_row(row, width) for row in rows)
    return Table(_row(columns, width), kept, count - len(kept), max(0, len(columns) - width), printable(name))


def _row(cells: Sequence[str], width: int) -> tuple[str, ...]:
    shown = tuple(_short(printable(cell)) for cell in cells[:width])
    return shown + ("",) * (width - len(shown))


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CELL else f"{text[:_MAX_CELL]}…"


def table_html(table: Table, room: int, rest: str) -> str:
    """Return a table as HTML, as many of its rows as have room; numbers stand to the right.

    :param room: in bytes.
    :param rest: how to get all of it.
    """
    sides = [_side([row[index] for row in table.rows]) for index in range(len(table.columns))]
    rows = [_row_html(table.columns, sides, f"border-bottom:1px solid {LINE};color:{QUIET}")]
    room -= len(rows[0].encode())
    for row in table.rows:
        html = _row_html(row, sides, "border:0")
        room -= len(html.encode())
        if room < 0:
            break
        rows.append(html)
    more = _more(table.more_rows + len(table.rows) - len(rows) + 1, table.more_columns)
    return (
        f'<div style="overflow:auto;max-height:22rem;padding:4px 0"><table style="{_TABLE}">{"".join(rows)}'
        f"</table></div>{note(f'{more}; all of it: {mono(rest)}') if more else ''}"
    )


def _more(rows: int, columns: int) -> str:
    counts = ((rows, "row"), (columns, "column"))
    return ", ".join(f"{count:,} more {word}{'s' * (count > 1)}" for count, word in counts if count)


def _side(cells: list[str]) -> str:
    given = [cell for cell in cells if cell and cell != VOLATILE]
    return "right" if given and all(_NUMBER.fullmatch(cell) for cell in given) else "left"


def _row_html(cells: Sequence[str], sides: list[str], style: str) -> str:
    inner = "".join(
        f'<td style="{_CELL};{style};text-align:{side}"><code style="{WORDS}">{escape(cell)}</code></td>'
        for cell, side in zip(cells, sides, strict=True)
    )
    return f'<tr style="background:none">{inner}</tr>'

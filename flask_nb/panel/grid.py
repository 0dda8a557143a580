"""A table as HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from flask_nb.exchange.masks import VOLATILE

from .palette import LINE, QUIET, TEXT
from .styles import MONO, WORDS, mono, note
from .tables import Table
from .words import counted

_TABLE = f"color:{TEXT};border-collapse:collapse;border:0;margin:0;font-family:{MONO};font-size:1em"
_CELL = "padding:2px .6em;vertical-align:top;white-space:pre-wrap"
_NUMBER = re.compile(r"[-+]?[\d.,]+(?:[eE][-+]?\d+)?%?")


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
    counts = {
        "more row": table.more_rows + len(table.rows) - len(rows) + 1,
        "more column": table.more_columns,
    }
    more = ", ".join(counted(count, word) for word, count in counts.items() if count)
    return (
        f'<div style="overflow:auto;max-height:30em;padding:4px 0"><table style="{_TABLE}">{"".join(rows)}'
        f"</table></div>{note(f'{more}; all of it: {mono(rest)}') if more else ''}"
    )


def _side(cells: list[str]) -> str:
    given = [cell for cell in cells if cell and cell != VOLATILE]
    return "right" if given and all(_NUMBER.fullmatch(cell) for cell in given) else "left"


def _row_html(cells: Sequence[str], sides: list[str], style: str) -> str:
    inner = "".join(
        f'<td style="{_CELL};{style};text-align:{side}"><code style="{WORDS}">{escape(cell)}</code></td>'
        for cell, side in zip(cells, sides, strict=True)
    )
    return f'<tr style="background:none">{inner}</tr>'

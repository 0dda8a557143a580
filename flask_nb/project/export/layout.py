"""Blocks of source put under each other, as a person leaves lines between them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .pieces import Piece


@dataclass
class Block:
    """A piece's text on its way into a module.

    :param piece: where it comes from; None for what the package adds.
    :param is_definition: a function or a class, which has room around it.
    """

    text: str
    piece: Piece | None = None
    is_definition: bool = False


def join_blocks(blocks: list[Block], headings: dict[str, str], gap: int) -> str:
    """Return the blocks' text.

    :param headings: key of a cell → the heading above it, said once.
    :param gap: how many empty lines stand around functions and classes.
    """
    said: set[str] = set()
    text = ""
    before: Block | None = None
    for block in blocks:
        if not block.text:
            continue
        heading = headings.get(block.piece.cell.key, "") if block.piece is not None else ""
        is_new = bool(heading) and heading not in said
        said.add(heading)
        if before is not None:
            text += "\n" + "\n" * _room(before, block, gap, is_new)
        text += f"# --- {heading} ---\n" + "\n" * (gap if block.is_definition else 1) if is_new else ""
        text += block.text
        before = block
    return text


def _room(before: Block, block: Block, gap: int, is_new: bool) -> int:
    if before.is_definition or block.is_definition:
        return gap
    if is_new or before.piece is None or block.piece is None or before.piece.cell is not block.piece.cell:
        return 1
    first, second = before.piece.source, block.piece.source
    if first is None or second is None:
        return 0
    between = first.lines[first.end[0] : second.begin[0] - 1]
    return 0 if all(line.strip() for line in between) else 1


def read_headings(path: Path) -> dict[str, str]:
    """Return the key of each code cell of a notebook's file → the nearest heading above it."""
    try:
        cells = json.loads(path.read_bytes())["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(_headings(cells))


def _headings(cells: list[dict[str, object]]) -> Iterator[tuple[str, str]]:
    heading = ""
    for number, cell in enumerate(cells):
        source = cell.get("source", "")
        text = source if isinstance(source, str) else "".join(source)  # type: ignore[arg-type]
        if cell.get("cell_type") == "markdown":
            found = [line for line in text.split("\n") if line.startswith("#")]
            heading = found[-1].lstrip("#").strip() if found else heading
        elif cell.get("cell_type") == "code":
            yield str(cell.get("id", number)), heading[:60]

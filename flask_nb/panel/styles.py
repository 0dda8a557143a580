"""The look of a panel: fonts, sizes, and the few pieces that everything in it is made of.

Every size is a part of the front end's own for code, so a panel grows with the cells.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from .palette import BAR, LINE, QUIET, TEXT

# Lab's variable, then VS Code's, then what there is.
MONO = "var(--jp-code-font-family,var(--vscode-editor-font-family,ui-monospace,Menlo,Consolas,monospace))"
SANS = "var(--jp-ui-font-family,var(--vscode-font-family,system-ui,sans-serif))"
SIZE = "var(--jp-code-font-size,var(--vscode-editor-font-size,13px))"
CODE = f"font:{SIZE}/1.5 {MONO}"
SMALL = "font-size:.92em"

# Lab lets lines of code and of text break within words.
_WRAP = "word-break:normal;overflow-wrap:anywhere"
WRAPPED = f"white-space:pre-wrap;{_WRAP}"
# Front ends set text outputs in by one letter; what a panel says stands below that of the line above it.
SIDE = "calc(.6em - 1px)"
SMALL_SIDE = "calc(.652em - 1px)"
PROSE = "100ch"
"""How wide a line of prose is at most; a panel is as wide as its cell."""

BOX = (
    f"font:{SIZE}/1.5 {SANS};color:{TEXT};border:1px solid {LINE};border-radius:6px;"
    "margin:4px 0;overflow:hidden"
)
ROW = f"padding:5px {SIDE};background:{BAR};font-family:{MONO};{_WRAP}"
HOP = f"padding:4px {SMALL_SIDE};{SMALL};font-family:{MONO};color:{QUIET};{_WRAP}"
PLAIN = "font:inherit;color:inherit;background:none;padding:0;margin:0;border:0;white-space:inherit"
WORDS = "font:inherit;color:inherit;background:none;padding:0"  # the same, where there are many
PRE = (
    f"margin:0;padding:8px {SIDE};font-family:{MONO};font-size:1em;line-height:1.5;color:{TEXT};"
    f"background:none;border:0;overflow:auto;max-height:30em;{WRAPPED}"
)
NOTE = f"padding:4px {SMALL_SIDE};border-top:1px solid {LINE};color:{QUIET};{SMALL}"
_PAIRS = f"color:{TEXT};border-collapse:collapse;border:0;margin:0 0 6px;{SMALL}"
_CELL = (
    f"padding:1px 12px 1px {SMALL_SIDE};text-align:left;vertical-align:top;border:0;color:inherit;"
    "white-space:normal"
)
_FOOT = f"border-top:1px solid {LINE}"
_FOLD = "display:inline-block;vertical-align:top;max-width:100%;margin:0"
# Within the edge: the panel cuts off what stands out of it, and the keyboard's focus must be seen.
_SUMMARY = f"cursor:pointer;padding:4px {SMALL_SIDE};color:{QUIET};{SMALL};outline-offset:-3px"


def code(text: str, style: str = "") -> str:
    """Return words of the app or the user, which no front end typesets there."""
    return f'<code style="{PLAIN}{";" + style if style else ""}">{escape(text)}</code>'


def mono(text: str) -> str:
    """Return such words in the font of code, among others that are not."""
    return code(text, f"font-family:{MONO}")


def pre(inner: str, style: str = "") -> str:
    """Return a block of escaped text, whose lines wrap."""
    return f'<pre style="{PRE}{";" + style if style else ""}">{inner}</pre>'


def pairs(rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows of words as a table whose first column names the others."""
    return f'<table style="{_PAIRS}">{"".join(map(_row, rows))}</table>'


def _row(words: tuple[str, ...]) -> str:
    first, *others = words
    cells = "".join(f'<td style="{_CELL}">{code(text, "overflow-wrap:anywhere")}</td>' for text in others)
    name = f'<td style="{_CELL};color:{QUIET};white-space:nowrap">{code(first)}</td>'
    return f'<tr style="background:none">{name}{cells}</tr>'


def note(inner: str) -> str:
    """Return a quiet line of prose."""
    return f'<div style="{NOTE}"><div style="max-width:{PROSE}">{inner}</div></div>'


def fold(title: str, inner: str, *, is_open: bool = False) -> str:
    """Return what opens on a click, or closes if it is open."""
    opened = " open" if is_open else ""
    title = f'<summary style="{_SUMMARY}">{escape(title)}</summary>'
    return f'<details{opened} style="{_FOLD}">{title}{inner}</details>'


def foot(folds: list[str]) -> str:
    """Return the row of folds below a panel."""
    return f'<div style="{_FOOT}">{"".join(folds)}</div>' if folds else ""

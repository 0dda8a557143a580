"""The look of a panel: colours, sizes, and the few pieces that everything in it is made of."""

from __future__ import annotations

from html import escape

# Lab's variable, then VS Code's, then a tone that can be read on white and on black.
MONO = "var(--jp-code-font-family,var(--vscode-editor-font-family,ui-monospace,Menlo,Consolas,monospace))"
SANS = "var(--jp-ui-font-family,var(--vscode-font-family,system-ui,sans-serif))"
TEXT = "var(--jp-content-font-color1,var(--vscode-foreground,inherit))"
QUIET = "var(--jp-content-font-color2,var(--vscode-descriptionForeground,#768390))"
LINE = "var(--jp-border-color2,var(--vscode-panel-border,rgba(128,128,128,.3)))"
BAR = "rgba(128,128,128,.1)"  # a tint of the page: themes' own bars leave the status hard to read

BOX = (
    f"font:13px/1.5 {SANS};color:{TEXT};border:1px solid {LINE};border-radius:6px;"
    "margin:4px 0;max-width:60rem;overflow:hidden"
)
ROW = f"padding:5px 12px;background:{BAR};font:12.5px/1.6 {MONO};overflow-x:auto;white-space:nowrap"
WRAPPED = "white-space:normal;overflow-wrap:anywhere"  # a status far to the right of a long path is not seen
HOP = f"padding:4px 12px;font:12px/1.6 {MONO};color:{QUIET};overflow-x:auto;white-space:nowrap"
PLAIN = "font:inherit;color:inherit;background:none;padding:0;margin:0;border:0;white-space:inherit"
WORDS = "font:inherit;color:inherit;background:none;padding:0"  # the same, where there are many
PRE = (
    f"margin:0;padding:8px 12px;font:12.5px/1.5 {MONO};color:{TEXT};background:none;border:0;"
    "overflow:auto;max-height:22rem;white-space:pre"
)
NOTE = f"padding:4px 12px;border-top:1px solid {LINE};color:{QUIET};font-size:12px"
_FOOT = f"border-top:1px solid {LINE};padding:0 4px"
_FOLD = "display:inline-block;vertical-align:top;max-width:100%;margin:0"
_SUMMARY = f"cursor:pointer;padding:4px 8px;color:{QUIET};font-size:12px"

COLOURS = {
    "key": "var(--jp-mirror-editor-property-color,var(--vscode-debugTokenExpression-name,#8250df))",
    "string": "var(--jp-mirror-editor-string-color,var(--vscode-debugTokenExpression-string,#2f7d4f))",
}
_STATUS_COLOURS = {
    "1": QUIET,
    "2": "var(--jp-success-color0,var(--vscode-testing-iconPassed,#2e8b57))",
    "3": "var(--jp-info-color1,var(--vscode-charts-blue,#3a7bd5))",
    "4": "var(--vscode-charts-orange,#c77700)",
    "5": "var(--jp-error-color0,var(--vscode-errorForeground,#d1383d))",
}
ERROR = _STATUS_COLOURS["5"]


def status_colour(status: str) -> str:
    """Return the colour of a status by its class."""
    return _STATUS_COLOURS.get(status[:1], QUIET)


def code(text: str, style: str = "") -> str:
    """Return words of the app or the user, which no front end typesets there."""
    return f'<code style="{PLAIN}{";" + style if style else ""}">{escape(text)}</code>'


def mono(text: str) -> str:
    """Return such words in the font of code, among others that are not."""
    return code(text, f"font-family:{MONO}")


def pre(inner: str) -> str:
    """Return a block of escaped text."""
    return f'<pre style="{PRE}">{inner}</pre>'


def note(inner: str) -> str:
    """Return a quiet line."""
    return f'<div style="{NOTE}">{inner}</div>'


def fold(title: str, inner: str, *, is_open: bool = False) -> str:
    """Return what opens on a click, or closes if it is open."""
    opened = " open" if is_open else ""
    title = f'<summary style="{_SUMMARY}">{escape(title)}</summary>'
    return f'<details{opened} style="{_FOLD}">{title}{inner}</details>'


def foot(folds: list[str]) -> str:
    """Return the row of folds below a panel."""
    return f'<div style="{_FOOT}">{"".join(folds)}</div>' if folds else ""

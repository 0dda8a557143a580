"""The colours of a panel: each a hue mixed with the front end's own colour of text.

No colour can be read on white and on a dark page alike: what has a contrast of 4.5 to one has less to the
other. The colour of text is dark where the page is light and light where it is dark, and a hue that is half
that colour has the contrast on both, whatever the theme. Where colours cannot be mixed, it is text.
"""

from __future__ import annotations

TEXT = "var(--jp-content-font-color1,var(--vscode-foreground,currentColor))"
LINE = "var(--jp-border-color2,var(--vscode-panel-border,rgba(128,128,128,.3)))"
BAR = "rgba(128,128,128,.1)"
"""A tint of the page: themes' own bars leave the status hard to read."""

SHARES = {
    "red": ("#f23535", 62),
    "orange": ("#e68200", 55),
    "green": ("#2bab40", 58),
    "blue": ("#3b82f6", 62),
    "purple": ("#8f6bf5", 60),
}
"""The hues, and how many parts in a hundred of them are mixed with the colour of text."""

QUIET_SHARE = 72
"""How many parts in a hundred of the colour of text stand in what is quiet."""

QUIET = f"color-mix(in srgb,{TEXT} {QUIET_SHARE}%,transparent)"


def mixed(name: str) -> str:
    """Return a hue as CSS."""
    hue, share = SHARES[name]
    return f"color-mix(in srgb,{hue} {share}%,{TEXT})"


ERROR = mixed("red")
TOKENS = {"key": mixed("purple"), "string": mixed("green")}
_STATUSES = {"1": QUIET, "2": mixed("green"), "3": mixed("blue"), "4": mixed("orange"), "5": ERROR}


def status_colour(status: str) -> str:
    """Return the colour of a status by its class."""
    return _STATUSES.get(status[:1], QUIET)

"""The addresses within a stylesheet, each with its place, so that they can be replaced and the rest stays."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask_nb.lazy import pattern

# Comments and strings are matched too, so that nothing within them is taken for an address.
_TOKEN = pattern(
    r"""
      /\*.*?(?:\*/|\Z)
    | @import\s+(?P<imported>"[^"\\\n]*"|'[^'\\\n]*')
    | (?P<at>@import\s+)?url\(\s*(?P<address>"[^"\\\n]*"|'[^'\\\n]*'|[^\s"'()\\]+)\s*\)
    | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_FONT = pattern(r"\.(?:woff2?|ttf|otf|eot)(?=[?#]|\Z)", re.IGNORECASE)
_LIST_END = pattern(r"[;{}]")

Replace = Callable[[str, bool], "str | None"]
"""Given an address and whether it is a stylesheet's, returns what to write instead, None to leave it."""


def replace_addresses(css: str, replace: Replace) -> str:
    """Return a stylesheet with its addresses replaced.

    Of a font that is given in several formats the first that can be replaced is enough: it is what a
    browser takes.
    """
    pieces, end, font_end = [], 0, -1
    for match in _TOKEN.finditer(css):
        address = match["imported"] or match["address"]
        if address is None:
            continue
        address = address.strip("\"'")
        is_font = _FONT.search(address) is not None
        if is_font and font_end >= 0 and not _LIST_END.search(css, font_end, match.start()):
            font_end = match.end()
            continue
        replaced = replace(address, bool(match["imported"] or match["at"]))
        if replaced is None:
            continue
        pieces += [
            css[end : match.start()],
            f"{'@import ' * bool(match['imported'] or match['at'])}url({replaced})",
        ]
        end, font_end = match.end(), match.end() if is_font else -1
    return "".join([*pieces, css[end:]])

"""What to type after an error of a cell, or after a cell that did less than it seems to.

IPython has shown the error by the time the cell ends, so the line stands below it. Nothing of IPython's is
replaced for that: its one place for a handler of errors (``set_custom_exc``) is the reader's to use.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from types import FunctionType
from typing import Any

from flask_nb import hints
from flask_nb.lazy import pattern

_NOT_FOUND = pattern(r"(?:Line|Cell) magic(?: function)? `(%%?)(\w+)` not found\.$")
_BARE = pattern(
    r"^@(\w+)\.(route|get|post|put|delete|patch)[ \t]*(?:#.*)?\n(?:[ \t]*@.*\n)*(?:async )?def (\w+)", re.M
)


def hint_at_magic(exc: BaseException, names: Collection[str]) -> str | None:
    """Name the magic of ours that was meant by one that there is not.

    :param names: our magics, with their percent signs.
    """
    found = _NOT_FOUND.search(str(exc)) if type(exc).__name__ == "UsageError" else None
    if found is None:
        return None
    sign, name = found[1], found[2]
    meant = hints.nearest(name, [known.lstrip("%") for known in names if known == sign + known.lstrip("%")])
    return f"Did you mean {sign}{meant}?" if meant else None


def hints_at_source(source: str, variables: Mapping[str, Any]) -> Iterator[str]:
    """Find decorators such as ``@app.get`` without parentheses: they register nothing, in silence."""
    for found in _BARE.finditer(source):
        made = variables.get(found[3])
        if isinstance(made, FunctionType) and made.__qualname__.endswith("route.<locals>.decorator"):
            decorator = f"@{found[1]}.{found[2]}"
            yield (
                f"no rule was registered for {found[3]}, since {decorator} has no parentheses. "
                f'Type {decorator}("/{found[3]}")'
            )

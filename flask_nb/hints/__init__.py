# mypy: implicit-reexport
# ruff: noqa: F401
"""What to type after a mistake, where the error's own message does not say it.

A hint stands below the real message and never in its place. It is a function of one *scene*: what was raised,
and what can be seen from there. Each family has a module that ends in a table: which errors, which function.
A function that is not sure returns None, for a hint that is wrong for one reader in five is none. What a
request brought is named, never shown: names of fields may stand in a hint, their values may not.

Nothing here is called for a request that went well, but for :func:`remarks_on` where the notebook itself
has asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_nb.lazy import offer

if TYPE_CHECKING:
    from .bodies import body_hints
    from .families import hint_at
    from .remarks import Answer, remarks_on, view_of
    from .scene import Scene, definition_of, nearest, own_nodes, typed
    from .templates import hint_at_variables
else:
    __getattr__, __all__ = offer(
        __name__,
        {
            "bodies": "body_hints",
            "families": "hint_at",
            "remarks": "Answer remarks_on view_of",
            "scene": "Scene definition_of nearest own_nodes typed",
            "templates": "hint_at_variables",
        },
    )

"""What to type after a mistake, where the error's own message does not say it.

A hint stands below the real message and never in its place. It is a function of one *scene*: what was raised,
and what can be seen from there. Each family has a module that ends in a table: which errors, which function.
A function that is not sure returns None, for a hint that is wrong for one reader in five is none. What a
request brought is named, never shown: names of fields may stand in a hint, their values may not.

Nothing here is called for a request that went well, but for :func:`remarks_on` where the notebook itself
has asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import bodies, contexts, fields, hooks, mappings, names, nothing, routes, templates, values
from .remarks import Answer, remarks_on
from .scene import Hint, Scene, view_of

__all__ = ["BODY_READS", "Answer", "Scene", "body_hints", "hint_at", "remarks_on", "view_of"]

BODY_READS, body_hints = bodies.BODY_READS, bodies.body_hints

_FAMILIES = (names, fields, mappings, contexts, templates, routes, nothing, values, hooks)


def hint_at(scene: Scene) -> str | None:
    """Return what to do about an error, or None."""
    told = None if scene.request is None else scene.request.environ.get(BODY_READS)
    before = set(told or ())
    try:
        return _first_hint(scene)
    finally:
        if told is not None:  # what hints read of the body, the view has not
            told.intersection_update(before)


def _first_hint(scene: Scene) -> str | None:
    for hint in _hints_for(scene.exc):
        try:
            said = hint(scene)
        except (Exception, SystemExit):  # values, and what their classes do, are anybody's code
            continue
        if said:
            return said
    return None


def _hints_for(exc: BaseException) -> Iterator[Hint]:
    for family in _FAMILIES:
        for kind, hint in family.HINTS:
            if isinstance(exc, kind):
                yield hint

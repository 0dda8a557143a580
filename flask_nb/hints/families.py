"""The families of hints, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterator

from flask_nb.wsgi import BODY_READS

from . import contexts, fields, hooks, mappings, names, nothing, routes, templates, values
from .scene import Hint, Scene

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

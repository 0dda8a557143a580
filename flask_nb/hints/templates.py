"""Templates: those that were not found, and variables that were not given."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from jinja2 import Environment, TemplateNotFound, TemplatesNotFound, UndefinedError, meta

from .scene import Scene, nearest

_LOOKED = "Looked for in cells of %%template and in the folder templates"


def _not_found(scene: Scene) -> str | None:
    """Name the template that was meant, or how to make it."""
    name = getattr(scene.exc, "name", None)
    if isinstance(scene.exc, TemplatesNotFound) or not isinstance(name, str) or scene.engine is None:
        return None
    if re.search(r"[<{\n]", name):
        return "render_template takes the name of a template. For its text, type render_template_string"
    known = scene.engine.template_names()
    near = next((one for one in known if one == PurePosixPath(name).name), None) or nearest(name, known)
    if near is not None:
        return f"Did you mean {near!r}? {_LOOKED}"
    return f"{_LOOKED}. To make it, begin a cell with %%template {name}"


def _undefined(scene: Scene) -> str | None:
    """Name the variable that was given in place of the one that is undefined."""
    found = re.fullmatch(r"'(\w+)' is undefined", str(scene.exc))
    context = scene.local("ctx", "render")
    if found is None or context is None:
        return None
    given = {name for name in context.get_all() if name not in context.environment.globals}
    return _misnamed(context.name, found[1], given)


def hint_at_variables(template: Any, context: Mapping[str, Any]) -> str | None:
    """Return a hint if a template takes a variable that it was not given, but one that is much like it.

    A variable that is missing is empty, which is often meant: ``{% if error %}``.
    """
    if template.name is None:
        return None
    environment: Environment = template.environment
    assert environment.loader is not None
    taken = variables_of(environment, environment.loader.get_source(environment, template.name)[0])
    for name in sorted(taken - set(context) - set(environment.globals)):
        if said := _misnamed(template.name, name, set(context) - taken):
            return said
    return None


@lru_cache(maxsize=32)
def variables_of(environment: Environment, source: str) -> frozenset[str]:
    """Return the names of the variables that a template takes."""
    return frozenset(meta.find_undeclared_variables(environment.parse(source)))


def _misnamed(template: str | None, name: str, given: Collection[str]) -> str | None:
    near = nearest(name, sorted(given))
    return f"{template or 'the template'} takes {name!r}, and was given {near!r}" if near else None


HINTS = (
    (TemplateNotFound, _not_found),
    (UndefinedError, _undefined),
)

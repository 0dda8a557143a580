"""All mistakes, by families."""

from __future__ import annotations

from types import ModuleType

from .families import (
    bodies,
    contexts,
    forms,
    magics,
    names,
    responses,
    routes,
    templates,
    urls,
    values,
)
from .mistake import Mistake

FAMILIES: list[ModuleType] = [
    bodies, values, routes, forms, names, templates, urls, contexts, responses, magics,
]  # fmt: skip
"""In the order in which newcomers meet them."""

MISTAKES: list[Mistake] = [mistake for family in FAMILIES for mistake in family.MISTAKES]

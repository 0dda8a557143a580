"""Names that a package offers and looks up when they are first used (PEP 562).

A fresh kernel waits for what it imports. So a package says which module has which name, once for type
checkers and once for Python::

    if TYPE_CHECKING:
        from .route import parse_route
    else:
        __getattr__, __all__ = offer(__name__, {"route": "parse_route"})

Who seldom needs a name takes it from the package at that moment: ``cells.parse_route(line)``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any


def offer(package: str, names: Mapping[str, str]) -> tuple[Callable[[str], Any], list[str]]:
    """Return the ``__getattr__`` of a package, and its ``__all__``.

    :param package: the ``__name__`` of the package.
    :param names: the names by the module that has them, separated by spaces. None is the name of a module
        of the package: importing that would put the module in its place.
    """
    module_of = {name: module for module, found in names.items() for name in found.split()}

    def look_up(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = __import__(f"{package}.{module_of[name]}", fromlist=[name])  # `-X importtime` shows it
        value = getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    return look_up, sorted(module_of)

"""What is looked up or made when it is first used: names of a package (PEP 562), regular expressions.

A fresh kernel waits for what it imports. So a package says which module has which name, once for type
checkers and once for Python::

    if TYPE_CHECKING:
        from .route import parse_route
    else:
        __getattr__, __all__ = offer(__name__, {"route": "parse_route"})

Who seldom needs a name takes it from the package at that moment: ``cells.parse_route(line)``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, cast


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


def pattern(text: str | Callable[[], str], flags: int = 0) -> re.Pattern[str]:
    """Return a regular expression that is compiled when it is first used; a long one takes milliseconds.

    :param text: the expression, or what returns it, where it is made of what others wait for.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags))


class _Pattern:
    def __init__(self, text: str | Callable[[], str], flags: int) -> None:
        self._made_of = text, flags

    def __getattr__(self, name: str) -> Any:
        text, flags = self._made_of
        value = getattr(re.compile(text() if callable(text) else text, flags), name)
        vars(self)[name] = value  # this is not asked again
        return value

"""Which module's body is executing."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any


def module_body() -> FrameType | None:
    """The innermost body of a module that is executing, unless the cell itself comes first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            return frame if _is_module(frame.f_globals) else None
        frame = frame.f_back
    return None


def is_of_notebook(namespace: dict[str, Any]) -> bool:
    """Whether these are the globals of cells: a kernel's, or those of a notebook that is run as a program."""
    return namespace.get("__name__") == "__main__" or str(namespace.get("__file__")).endswith(".ipynb")


def _is_module(namespace: dict[str, Any]) -> bool:
    """Whether a body with these globals is a module's or a script's; a cell's have no Python file."""
    name = str(namespace.get("__name__"))
    if str(namespace.get("__file__")).endswith(".ipynb"):
        return False
    is_loaded = getattr(sys.modules.get(name), "__dict__", None) is namespace
    is_script = str(namespace.get("__file__", "")).endswith(".py") and "get_ipython" not in namespace
    return is_loaded and (name != "__main__" or is_script)


def is_whole(frame: FrameType) -> bool:
    namespace = frame.f_globals
    if namespace["__name__"] == "__main__":
        return True
    is_reloading = namespace["__name__"] in getattr(sys.modules.get("importlib"), "_RELOADING", {})
    return is_reloading or getattr(namespace.get("__spec__"), "_initializing", False)


def spec_of(name: str) -> Any:
    """Return the specification of a module: each import and each reload makes a new one."""
    return getattr(sys.modules.get(name), "__spec__", None)

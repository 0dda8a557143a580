"""From a notebook's file to what is made of it: planned, served, tested, demonstrated.

``from flask_nb.project import load`` gives the app of a notebook to any server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loading import load as load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    # Commands and the plugin of pytest are in this package too, and are not to wait for the framework.
    if name != "load":
        raise AttributeError(f"module 'flask_nb.project' has no attribute {name!r}")
    from .loading import load

    return load

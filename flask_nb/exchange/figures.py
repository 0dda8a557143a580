"""Figures that a view opens with pyplot: they belong to its exchange, and are closed with it.

pyplot keeps one list of open figures for the whole process, and a notebook shows all of it below whatever
cell ends next.
"""

from __future__ import annotations

import sys
from io import BytesIO
from typing import Any

from .streams import CURRENT

_HOOKS = "figure.hooks"
_HOOK = f"{__name__}:note_figure"


def is_pyplot_loaded() -> bool:
    """Tell whether there can be figures."""
    return "matplotlib.pyplot" in sys.modules


def watch_figures() -> None:
    """Let pyplot, once it is imported, tell :func:`note_figure` of each figure (Matplotlib 3.7)."""
    matplotlib = sys.modules.get("matplotlib")
    if not is_pyplot_loaded() or matplotlib is None:
        return
    hooks = matplotlib.rcParams.get(_HOOKS)
    if hooks is not None and _HOOK not in hooks:
        matplotlib.rcParams[_HOOKS] = [*hooks, _HOOK]


def forget_figures() -> None:
    """Take the hook out again."""
    matplotlib = sys.modules.get("matplotlib")
    hooks = matplotlib.rcParams.get(_HOOKS) if matplotlib is not None else None
    if matplotlib is not None and hooks and _HOOK in hooks:
        matplotlib.rcParams[_HOOKS] = [hook for hook in hooks if hook != _HOOK]


def note_figure(figure: Any) -> None:
    """Note a figure with the request that opened it; pyplot calls this."""
    recording = CURRENT.get()
    if recording is not None:
        recording.figures.append(figure)


def open_figures() -> list[Any]:
    """Return the figures that pyplot keeps."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    managers = helpers.Gcf.get_all_fig_managers() if helpers is not None else ()
    return [manager.canvas.figure for manager in managers]


def close_figures(figures: list[Any]) -> list[Any]:
    """Close those of the figures that are still open, and return them."""
    still_open = [figure for figure in open_figures() if any(figure is one for one in figures)]
    for figure in still_open:
        sys.modules["matplotlib.pyplot"].close(figure)
    return still_open


def figure_data(figure: Any) -> dict[str, Any]:
    """Return what a notebook shows of a figure."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    return {"image/png": buffer.getvalue(), "text/plain": repr(figure)}

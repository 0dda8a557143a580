"""What a cell asked for and was refused, shown as one line.

``@app.get("/<int id>")`` fails in the framework's own code, ten frames below the cell. None of them is the
reader's: the message and the cell's line say it all. The error stays what it is, and a program gets it whole.
"""

from __future__ import annotations

import linecache
import sys
from traceback import walk_tb
from types import FrameType

from .workspace import current_run

_FRAMEWORKS = frozenset({"flask", "flask_nb", "werkzeug", "jinja2", "click", "blinker"})


def show_briefly(exc: Exception) -> None:
    """Have IPython show an error of a registration as one line, if a cell at work has made it itself.

    Call it where the error passes, and raise it again.
    """
    if current_run.get() is None or hasattr(exc, "_render_traceback_"):
        return
    if all(_is_framework(frame) for frame, _ in walk_tb(exc.__traceback__)):
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and _is_framework(frame):
            frame = frame.f_back
        if frame is not None and frame.f_globals.get("__name__") == "__main__":
            lines = [f"{type(exc).__name__}: {exc}", *_place(frame)]
            exc._render_traceback_ = lambda: lines  # type: ignore[attr-defined]


def _is_framework(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in _FRAMEWORKS


def _place(frame: FrameType) -> list[str]:
    source = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return [f"    line {frame.f_lineno}: {source}"] if source else []

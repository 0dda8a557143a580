"""The widget of ``%browse``; importing this imports anywidget."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

_FOLDER = Path(__file__).parent / "browse"

Hear = Callable[[dict[str, Any], Sequence[Any]], None]


class BrowseWidget(anywidget.AnyWidget):
    """A page in the notebook, and the comm over which it reaches the kernel.

    :param settings: what the view begins with.
    :param hear: takes each message of a view with its binary parts.
    """

    settings = traitlets.Dict().tag(sync=True)

    def __init__(self, settings: dict[str, Any], hear: Hear) -> None:
        super().__init__(_esm=view_script(), settings=settings)
        self.on_msg(lambda widget, message, buffers: hear(message, buffers))

    def bundle(self, text: str) -> dict[str, Any]:
        """Return what is displayed: the view, and *text* for anywidget's own text, which holds an address."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"application/vnd.jupyter.widget-view+json": view, "text/plain": text}


@cache
def view_script() -> str:
    """Return the script of the view, with those of the shell and of the page in it as texts."""
    script = (_FOLDER / "view.js").read_text("utf-8")
    for name in ("page.js", "shell.js"):
        text = (_FOLDER / name).read_text("utf-8").strip().replace("</script", "<\\/script")
        script = script.replace(json.dumps(name), json.dumps(text))
    return script

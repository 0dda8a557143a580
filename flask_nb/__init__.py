"""flask_nb: a Jupyter notebook as a live web workbench.

In a notebook, ``%load_ext flask_nb``. Everywhere, every name that ``flask`` exports::

    from flask_nb import Flask, jsonify, request

This module is a table of contents: a name is looked up in the module that has it when it is first used,
so that importing the package loads neither IPython nor a web framework.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .alias import as_flask as as_flask
    from .notebook.extension import load_ipython_extension as load_ipython_extension
    from .notebook.extension import unload_ipython_extension as unload_ipython_extension
    from .project.course import course as course
    from .web import *  # noqa: F403

__version__ = "0.1.0"

_WEB_NAMES = (
    "Blueprint",
    "Config",
    "Flask",
    "Request",
    "Response",
    "abort",
    "after_this_request",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "copy_current_request_context",
    "current_app",
    "flash",
    "g",
    "get_flashed_messages",
    "get_template_attribute",
    "got_request_exception",
    "has_app_context",
    "has_request_context",
    "json",
    "jsonify",
    "make_response",
    "message_flashed",
    "redirect",
    "render_template",
    "render_template_string",
    "request",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "send_file",
    "send_from_directory",
    "session",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
    "template_rendered",
    "url_for",
)

#: Where each public name comes from.
_MODULE_OF = {
    **dict.fromkeys(_WEB_NAMES, "flask_nb.web"),
    "as_flask": "flask_nb.alias",
    "course": "flask_nb.project.course",
    "load_ipython_extension": "flask_nb.notebook.extension",
    "unload_ipython_extension": "flask_nb.notebook.extension",
}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'flask_nb' has no attribute {name!r}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

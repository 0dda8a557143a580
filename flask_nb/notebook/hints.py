"""What to type after an error of a cell, where the error's own message does not say it.

IPython has shown the error by the time the cell ends, so the line stands below it. Nothing of IPython's is
replaced for that: its one place for a handler of errors (``set_custom_exc``) is the reader's to use.
"""

from __future__ import annotations

import re


def hint_at(exc: BaseException) -> str | None:
    """Return what to do about an error that a cell raised, or None."""
    if isinstance(exc, ModuleNotFoundError) and exc.name == "jupyter_dash":
        return _JUPYTER_DASH
    return _TABLE_IS_KNOWN if _is_of_known_table(exc) else _MOVED.get(_missing_name(exc))


_PROVIDER = (
    "Flask 2.3 has dropped it: derive a class from flask.json.provider.DefaultJSONProvider, and give the app"
    " one of it: app.json = MyProvider(app)"
)
_CONTEXT = "Flask 2.3 has dropped it. Type: from flask import g, request, current_app"
_MOVED = {
    "escape": "Flask 3.0 has dropped it. Type: from markupsafe import escape",
    "Markup": "Flask 3.0 has dropped it. Type: from markupsafe import Markup",
    "safe_join": "Flask 2.1 has dropped it. Type: from werkzeug.utils import safe_join",
    "JSONEncoder": _PROVIDER,
    "JSONDecoder": _PROVIDER,
    "json_encoder": _PROVIDER,
    "json_decoder": _PROVIDER,
    "_request_ctx_stack": _CONTEXT,
    "_app_ctx_stack": _CONTEXT,
    "run_server": "Apps of Dash had it. Type: app.run()",
    "before_first_request": (
        "Flask 2.3 has dropped it: call the function where the app is made, with app.app_context(): around it"
        " if it needs the app"
    ),
}
"""What programs for an older Flask import from it or ask an app for, and what is there now."""


def _missing_name(exc: BaseException) -> str:
    """The name that a module or an app of Flask's interface has not got; empty for any other error."""
    if isinstance(exc, ImportError) and (exc.name or "").partition(".")[0] in ("flask", "flask_nb"):
        found = re.match(r"cannot import name '(\w+)'", str(exc))
        return found[1] if found else ""
    is_of_app = isinstance(exc, AttributeError) and hasattr(exc.obj, "wsgi_app")
    return str(exc.name) if is_of_app and isinstance(exc, AttributeError) else ""


_JUPYTER_DASH = (
    "it is a part of Dash by now. Type: from dash import Dash; app = Dash(__name__), and app.run() for"
    " app.run_server()"
)
_TABLE_IS_KNOWN = (
    "a database knows each of its models once: to define this one anew, run the cell that makes the database"
    " (db = SQLAlchemy(…)) again, then this cell and those of its other models"
)


def _is_of_known_table(exc: BaseException) -> bool:
    """Whether a model, such as ``class User(db.Model)``, was defined again.

    It is known by its words: SQLAlchemy has one class for many errors, and may not be installed.
    """
    is_invalid = type(exc).__name__ == "InvalidRequestError"
    return is_invalid and "is already defined for this MetaData instance" in str(exc)

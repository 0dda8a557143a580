"""What is used where it does not work: outside of a request, in another thread, beside an event loop."""

from __future__ import annotations

import ast
import sys

from .scene import Scene, typed

_SECRET_KEY = "SECRET_KEY"


def _outside(scene: Scene) -> str | None:
    """Say how a cell, a thread or a stream gets at the request or the app."""
    words = str(scene.exc)
    if not words.startswith(("Working outside of ", "Unable to build URLs outside ")):
        return None
    if _uses_other_flask(scene):
        return _OTHER_FLASK
    if not scene.in_request:
        return _in_a_cell(scene, words)
    if scene.request is not None:
        needed = "Take out what it needs before, or use copy_current_request_context"
        return f"a thread has no request of its own. {needed}"
    return "a stream is sent when the view has returned. Type stream_with_context(…) around the generator"


_OTHER_FLASK = (
    "this view uses names of the installed Flask, and the app is flask_nb's: import them from flask_nb, "
    "or restart and type, before anything imports Flask: import flask_nb; flask_nb.as_flask()"
)


def _uses_other_flask(scene: Scene) -> bool:
    """Whether a name of the installed Flask has met an app of ours, which knows nothing of its contexts."""
    flask = sys.modules.get("flask")
    if not scene.in_request or flask is None or scene.framework is None or scene.framework is flask:
        return False
    names = (node for node in scene.nodes if isinstance(node, ast.Name))
    values = ((scene.value_of(name), getattr(flask, name.id, flask)) for name in names)
    return any(value is flask or value is of_flask for value, of_flask in values)


def _in_a_cell(scene: Scene, words: str) -> str:
    for node in scene.nodes:
        if isinstance(node, ast.Call) and typed(node.func).rpartition(".")[2] == "url_for" and node.args:
            endpoint, keywords = node.args[0], [*node.keywords]
            values = [f"{one.arg}={_plain(one.value)}" for one in keywords if one.arg and one.arg[0] != "_"]
            return f"in a cell, type %url_for {' '.join([_plain(endpoint), *values])}"
    if words.startswith("Working outside of request"):
        return "in a cell, begin it with %%request_context /hello, or type: with app.test_request_context():"
    return "in a cell, type: with app.app_context():"


def _plain(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else f"{{{typed(node)}}}"


def _loop(scene: Scene) -> str | None:
    """Say that a cell may await."""
    if scene.in_request or "cannot be called from a running event loop" not in str(scene.exc):
        return None
    for node in scene.nodes:
        if isinstance(node, ast.Call) and typed(node.func).endswith("asyncio.run") and node.args:
            return f"a cell may await. Type await {typed(node.args[0])}"
    return "a cell may await. Type await in place of what runs the coroutine"


def _secret_key(scene: Scene) -> str | None:
    """Say how an app gets its secret key, or why the one that was set does not count."""
    if not str(scene.exc).startswith("The session is unavailable because no secret key was set"):
        return None
    keys = scene.engine.config if scene.engine is not None else ()
    wrong = next((key for key in keys if key != _SECRET_KEY and str(key).upper() == _SECRET_KEY), None)
    if wrong is not None:
        return (
            f"app.config has {wrong!r}, and settings are in upper case. Type app.config['{_SECRET_KEY}'] = …"
        )
    return "Set app.secret_key to a text, in a cell above"


def _connection(scene: Scene) -> str | None:
    """Say how a connection of SQLite is used in views."""
    if "can only be used in that same thread" not in str(scene.exc):
        return None
    return (
        "views run in threads of the server: connect in the view, or type "
        "sqlite3.connect(…, check_same_thread=False)"
    )


def _known_table(scene: Scene) -> str | None:
    """Say which cell to run first when a model, such as ``class User(db.Model)``, was defined again.

    It is known by its words: SQLAlchemy has one class for many errors, and may not be installed.
    """
    is_invalid = type(scene.exc).__name__ == "InvalidRequestError"
    if not is_invalid or "is already defined for this MetaData instance" not in str(scene.exc):
        return None
    return (
        "a database knows each of its models once: to define this one anew, run the cell that makes the"
        " database (db = SQLAlchemy(…)) again, then this cell and those of its other models"
    )


def _outside_function(scene: Scene) -> str | None:
    """Say which cells may return."""
    if scene.in_request or getattr(scene.exc, "msg", "") != "'return' outside function":
        return None
    return "A cell is the body of a view when its first line says so, such as: %%route /hello"


HINTS = (
    (RuntimeError, _outside),
    (RuntimeError, _loop),
    (RuntimeError, _secret_key),
    (SyntaxError, _outside_function),
    (Exception, _connection),
    (Exception, _known_table),
)

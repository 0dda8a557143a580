"""A notebook's app, for whoever serves or tests it: ``load('app.ipynb')``."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from werkzeug.test import Client

from flask_nb import engines

from .own_modules import OwnModules
from .planning import plan_notebook
from .program import Program


def load(path: str | os.PathLike[str], app_name: str | None = None) -> Any:
    """Run the definitions of a notebook and return its app; see :mod:`.planning` for what is run.

    It needs neither IPython nor a kernel, and puts no gate before the app::

        gunicorn "flask_nb.project:load('app.ipynb')"

    :param path: the notebook.
    :param app_name: the variable that holds the app, or the call of a factory with literal arguments; by
        default ``app`` or ``application``, or the only one that there is.
    :raises ProgramError: the notebook cannot be read, has no app or several, or a definition is wrong.
    :raises Exception: whatever its cells raise.
    """
    program = Program(plan_notebook(Path(path), app_name))
    program.run()
    app = program.find_app()
    engines.settle(app)
    return app


def make_client(path: Path, app_name: str | None = None) -> Any:
    """Load a notebook and return a test client: Flask's own, in testing mode, or else Werkzeug's."""
    with _own_modules().anew(path):
        app = load(path, app_name)
    if engines.is_flask_app(app):
        app.testing = True
        return app.test_client()
    return Client(engines.adopt(app, path.name, is_chosen=True).wsgi_app)


@cache
def _own_modules() -> OwnModules:
    """Return what tells modules that notebooks import from those that tests have imported before."""
    return OwnModules()

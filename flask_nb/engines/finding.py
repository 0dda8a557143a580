"""Apps that stand in files and modules: found as ``flask run`` finds them, whichever framework made them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from flask_nb.errors import ForeignAppError


def find_app(module: str, name: str | None, is_app: Callable[[object], bool]) -> Any:
    """Import a module and return its app.

    :param module: a dotted name, or a file or folder.
    :param name: the name of the app, or a call of a factory with literal arguments; None for the app that
        is there under one of the usual names.
    :param is_app: tells what counts as an app.
    :raises ForeignAppError: there is no app.
    :raises Exception: whatever the module raises.
    """
    from flask_nb.web.discovery import prepare_import

    return app_of(importlib.import_module(prepare_import(module)), name, is_app)


def app_of(module: ModuleType, name: str | None, is_app: Callable[[object], bool]) -> Any:
    """Return the app of a module that has been imported; see :func:`find_app`."""
    from flask_nb.web.discovery import NoAppException, app_by_string, best_app

    try:
        return best_app(module, is_app) if name is None else app_by_string(module, name, is_app)
    except NoAppException as exc:
        raise ForeignAppError(exc.message) from None


def configured_app() -> str | None:
    """Return what ``FLASK_APP`` says, with ``.flaskenv`` and ``.env`` read as Flask reads them."""
    from flask_nb.web.cli import load_dotenv
    from flask_nb.web.helpers import get_load_dotenv

    if get_load_dotenv():
        load_dotenv()
    return os.environ.get("FLASK_APP") or None

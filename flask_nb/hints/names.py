"""Names that there are not: no import, a name that has moved, a module for a class."""

from __future__ import annotations

import ast
import builtins
import re
from types import MappingProxyType, ModuleType

from .scene import Scene, nearest, typed

_MODULES = frozenset(
    {
        "asyncio", "base64", "collections", "csv", "datetime", "functools", "hashlib", "html", "io",
        "itertools", "json", "logging", "math", "os", "pathlib", "random", "re", "secrets", "shutil",
        "sqlite3", "statistics", "string", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
        "uuid",
    }
)  # fmt: skip
"""Modules that views use; others are named like variables too often."""

_IMPORTS = MappingProxyType(
    {
        "np": "import numpy as np",
        "pd": "import pandas as pd",
        "plt": "import matplotlib.pyplot as plt",
        "sns": "import seaborn as sns",
        "BytesIO": "from io import BytesIO",
        "StringIO": "from io import StringIO",
        "Path": "from pathlib import Path",
        "Decimal": "from decimal import Decimal",
        "timedelta": "from datetime import timedelta",
        "defaultdict": "from collections import defaultdict",
        "Counter": "from collections import Counter",
        "uuid4": "from uuid import uuid4",
        "randint": "from random import randint",
        "sleep": "from time import sleep",
        "dataclass": "from dataclasses import dataclass",
        "Markup": "from markupsafe import Markup",
        "SQLAlchemy": "from flask_sqlalchemy import SQLAlchemy",
        "FlaskForm": "from flask_wtf import FlaskForm",
    }
)
"""What else is used without its import, and that import."""

_OF_DATETIME = frozenset({"now", "utcnow", "today", "strptime", "fromisoformat", "fromtimestamp"})


def _import(scene: Scene) -> str | None:
    """Name the import of a name that the framework, the standard library or a usual alias has."""
    name = _undefined(scene)
    if name is None:
        return None
    package = _package(scene)
    if package is not None and name in package.__all__:
        where = package.__name__.removesuffix(".web")
        return f"{name} needs an import in a plain cell: from {where} import {name}"
    if name == "datetime" and any(attribute in _OF_DATETIME for attribute in _attributes_of(scene, name)):
        return "Type from datetime import datetime in a cell above"
    if name in _MODULES and any(_attributes_of(scene, name)):
        return f"Type import {name} in a cell above"
    return f"Type {_IMPORTS[name]} in a cell above" if name in _IMPORTS else None


def _package(scene: Scene) -> ModuleType | None:
    """The package whose names a plain cell has to import; what it exports is what ours exports."""
    import flask_nb

    if scene.is_foreign:
        return None  # such a name is then another framework's
    if scene.framework is None:
        return None if scene.engine is not None else flask_nb
    if scene.framework.__name__ == "flask_nb.web":
        return flask_nb
    package = ModuleType(scene.framework.__name__)
    package.__all__ = [name for name in flask_nb.__all__ if hasattr(scene.framework, name)]  # type: ignore[attr-defined]
    return package


def _undefined(scene: Scene) -> str | None:
    """The name that a cell lacks, not the module of somebody else."""
    exc = scene.exc
    if not isinstance(exc, NameError) or isinstance(exc, UnboundLocalError) or not scene.frames:
        return None  # an unbound local has a name, too, and an import would not help
    is_of_cell = scene.is_cell(scene.frames[-1][0].f_code.co_filename)
    return exc.name if is_of_cell else None


def _attributes_of(scene: Scene, name: str) -> list[str]:
    return [
        node.attr
        for node in scene.nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    ]


def _sent(scene: Scene) -> str | None:
    """Say that the request has a field of that name."""
    name, request = _undefined(scene), scene.request
    if name is None or request is None:
        return None
    if name in request.args:
        return f"the query brought it. Type request.args[{name!r}]"
    is_form = request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data")
    if is_form and name in request.form:
        return f"the form brought it. Type request.form[{name!r}]"
    sent = request.get_json(silent=True) if request.is_json else None
    return (
        f"the JSON brought it. Type request.json[{name!r}]"
        if isinstance(sent, dict) and name in sent
        else None
    )


def _global(scene: Scene) -> str | None:
    """Name ``global`` where a cell's assignment hides the notebook's variable of the same name."""
    match = re.search(r"local variable '(\w+)'", str(scene.exc))
    if scene.here is None or match is None:
        return None
    if match[1] not in scene.here[0].f_globals or hasattr(builtins, match[1]):
        return None
    return (
        f"{match[1]} is assigned in this view and therefore local to it. "
        f"To change the notebook's variable, put this line first: global {match[1]}"
    )


_PROVIDER = (
    "Flask 2.3 has dropped it: derive a class from flask.json.provider.DefaultJSONProvider, and give the app"
    " one of it: app.json = MyProvider(app)"
)
_CONTEXT = "Flask 2.3 has dropped it. Type: from flask import g, request, current_app"
_MOVED = MappingProxyType(
    {
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
            "Flask 2.3 has dropped it: call the function where the app is made, with app.app_context():"
            " around it if it needs the app"
        ),
    }
)
"""What programs for an older Flask import from it or ask an app for, and what is there now."""


def _moved(scene: Scene) -> str | None:
    """Say where a name of an older Flask has gone."""
    exc = scene.exc
    if isinstance(exc, ImportError) and (exc.name or "").partition(".")[0] in ("flask", "flask_nb"):
        found = re.match(r"cannot import name '(\w+)'", str(exc))
        return _MOVED.get(found[1]) if found else None
    is_of_app = isinstance(exc, AttributeError) and hasattr(exc.obj, "wsgi_app")
    return _MOVED.get(str(exc.name)) if is_of_app and isinstance(exc, AttributeError) else None


def _elsewhere(scene: Scene) -> str | None:
    """Say where a module has gone, or what stands in its place."""
    exc = scene.exc
    if isinstance(exc, ModuleNotFoundError) and exc.name == "jupyter_dash":
        return (
            "it is a part of Dash by now. Type: from dash import Dash; app = Dash(__name__), and app.run()"
            " for app.run_server()"
        )
    if isinstance(exc, ImportError) and exc.name == "flask" and str(exc.path).endswith("flask.py"):
        return "this is a file of yours, in the place of Flask: rename flask.py, and restart the kernel"
    return None


_EXTENSIONS = MappingProxyType(
    {
        "flask_admin": "Flask-Admin",
        "flask_babel": "Flask-Babel",
        "flask_bcrypt": "Flask-Bcrypt",
        "flask_caching": "Flask-Caching",
        "flask_cors": "Flask-Cors",
        "flask_httpauth": "Flask-HTTPAuth",
        "flask_jwt_extended": "Flask-JWT-Extended",
        "flask_limiter": "Flask-Limiter",
        "flask_login": "Flask-Login",
        "flask_mail": "Flask-Mail",
        "flask_marshmallow": "flask-marshmallow",
        "flask_migrate": "Flask-Migrate",
        "flask_ngrok": "flask-ngrok",
        "flask_pymongo": "Flask-PyMongo",
        "flask_restful": "Flask-RESTful",
        "flask_restx": "flask-restx",
        "flask_session": "Flask-Session",
        "flask_smorest": "flask-smorest",
        "flask_socketio": "Flask-SocketIO",
        "flask_sqlalchemy": "Flask-SQLAlchemy",
        "flask_talisman": "flask-talisman",
        "flask_wtf": "Flask-WTF",
    }
)
"""Extensions that everybody knows, by what is imported: what is installed."""


def _extension(scene: Scene) -> str | None:
    """Say how an extension is installed."""
    name = _EXTENSIONS.get(str(getattr(scene.exc, "name", None)))
    return f"it is not installed. Type %pip install {name}" if name else None


def _upper_case(scene: Scene) -> str | None:
    """Say that the module is called ``flask``."""
    name = getattr(scene.exc, "name", None) or ""
    is_flask = name.lower() == "flask" and name != "flask"
    return "the module is in lower case. Type from flask import Flask" if is_flask else None


def _module_called(scene: Scene) -> str | None:
    """Name the class of a module that was called in its place, as ``datetime(2024, 5, 1)``."""
    if str(scene.exc).partition(".")[0] != "'module' object is not callable":
        return None
    for node in scene.nodes:
        module = scene.value_of(node.func) if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and isinstance(module, ModuleType):
            named = module.__name__.rpartition(".")[2]
            meant = [
                one for one in dir(module) if one.lower() == named and isinstance(getattr(module, one), type)
            ]
            called = f"{typed(node.func)}.{meant[-1]}" if meant else ""
            return f"{typed(node.func)} is the module. Type {called}{_arguments(node)}" if meant else None
    return None


def _arguments(call: ast.Call) -> str:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return f"({typed(given[0])})" if len(given) == 1 and not call.keywords else "(…)" if given else "()"


def _unnamed_app(scene: Scene) -> str | None:
    """Say what an app is made with."""
    is_it = "__init__() missing 1 required positional argument: 'import_name'" in str(scene.exc)
    return "Type Flask(__name__)" if is_it and "Flask" in str(scene.exc) else None


def _json_called(scene: Scene) -> str | None:
    """Say that ``json`` of a request or a response is no method."""
    if not str(scene.exc).endswith("object is not callable"):
        return None
    for node in scene.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "json":
            return f"json is no method here. Type {typed(node.func)} without parentheses"
    return None


def _keyword(scene: Scene) -> str | None:
    """Name the option of a rule that was meant, as ``methods`` for ``method``."""
    found = re.search(r"Rule\.__init__\(\) got an unexpected keyword argument '(\w+)'", str(scene.exc))
    meant = nearest(found[1], _OF_RULES) if found else None
    if found is None or meant is None:
        return None
    values = [
        keyword.value for node in scene.nodes if isinstance(node, ast.Call) for keyword in node.keywords
        if keyword.arg == found[1]
    ]  # fmt: skip
    value = _as_list(values[0]) if values and meant == "methods" else typed(values[0]) if values else "…"
    return f"Type {meant}={value}"


def _as_list(node: ast.expr) -> str:
    listed = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    texts = [f'"{one.value!s}"' if isinstance(one, ast.Constant) else typed(one) for one in listed]
    return f"[{', '.join(texts)}]"


_OF_RULES = ("methods", "endpoint", "defaults", "strict_slashes", "host", "subdomain", "redirect_to")

HINTS = (
    (UnboundLocalError, _global),
    (NameError, _sent),
    (NameError, _import),
    (ImportError, _elsewhere),
    (ModuleNotFoundError, _upper_case),
    (ModuleNotFoundError, _extension),
    ((ImportError, AttributeError), _moved),
    (TypeError, _module_called),
    (TypeError, _unnamed_app),
    (TypeError, _json_called),
    (TypeError, _keyword),
)

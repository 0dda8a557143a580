"""Finding an app: which module a path means, which object of the module the app is.

The names are those of Flask's ``cli`` module, where they can be imported too.
"""

from __future__ import annotations

import ast
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import click

if TYPE_CHECKING:
    from .app import Flask

IsApp = Callable[[Any], Any]

APP_NAMES = ("app", "application")
FACTORY_NAMES = ("create_app", "make_app")


class NoAppException(click.UsageError):
    """No app was found, or what was found is not an app."""


class NoAppNamedException(NoAppException):
    """No app was named, and there is no file with one of the usual names."""


def find_best_app(module: ModuleType) -> Flask:
    """Return the app of a module that was named without saying which object it is, see :func:`best_app`."""
    return cast("Flask", best_app(module, _is_app))


def best_app(module: ModuleType, is_app: IsApp) -> Any:
    """Return the app of a module that was named without saying which object it is.

    That is ``app`` or ``application``, else the only app there, else what ``create_app`` or
    ``make_app`` returns when called without arguments.

    :param is_app: tells what counts as an app.
    :raises NoAppException: there is none, or more than one.
    """
    if named := [app for name in APP_NAMES if is_app(app := getattr(module, name, None))]:
        return named[0]
    apps = [value for value in vars(module).values() if is_app(value)]
    if len(apps) > 1:
        raise NoAppException(
            f"The module {module.__name__!r} has {len(apps)} apps. Say which one: '{module.__name__}:NAME'."
        )
    if apps:
        return apps[0]
    others = list(vars(module).values())
    for name in FACTORY_NAMES:
        factory = getattr(module, name, None)
        if inspect.isfunction(factory):
            complaint = f"The factory {name!r} of the module {module.__name__!r} needs arguments."
            app = _call_factory(factory, f"{complaint} {_advise_arguments(module, name, factory)}")
            if is_app(app):
                return app
            others.append(app)
    _refuse_foreign(f"The app of the module {module.__name__!r}", others)
    raise NoAppException(
        f"The module {module.__name__!r} has no app, and no 'create_app' or 'make_app' that makes one. Name"
        f" what does: '{module.__name__}:NAME'."
    )


def find_app_by_string(module: ModuleType, app_name: str) -> Flask:
    """Return the app that an expression names in a module, see :func:`app_by_string`."""
    return cast("Flask", app_by_string(module, app_name, _is_app))


def app_by_string(module: ModuleType, app_name: str, is_app: IsApp) -> Any:
    """Return the app that an expression names in a module.

    :param app_name: a variable's name, or a call of one with literal arguments.
    :param is_app: tells what counts as an app.
    :raises NoAppException: it cannot be read, or is not an app.
    """
    name, args, kwargs = _parse_app_name(app_name)
    try:
        found = attrgetter(name)(module)
    except AttributeError:
        raise NoAppException(f"The module {module.__name__!r} has no {name!r}.") from None
    if inspect.isfunction(found) and not is_app(found):
        complaint = (
            f"The factory {app_name!r} of the module {module.__name__!r} does not accept these arguments."
        )
        advice = _advise_arguments(module, name, found)
        found = _call_factory(found, f"{complaint} {advice}", *args, **kwargs)
    if not is_app(found):
        _refuse_foreign(f"'{module.__name__}:{app_name}'", [found])
        raise NoAppException(f"'{module.__name__}:{app_name}' is a {type(found).__name__}, not an app.")
    return found


def _parse_app_name(app_name: str) -> tuple[str, list[Any], dict[str, Any]]:
    try:
        node: ast.expr | None = ast.parse(app_name.strip(), mode="eval").body
    except SyntaxError:
        node = None
    if _is_name(node):
        return ast.unparse(node), [], {}
    if not (isinstance(node, ast.Call) and _is_name(node.func)):
        raise NoAppException(f"{app_name!r} is neither a name nor the call of one.")
    try:
        args = [ast.literal_eval(argument) for argument in node.args]
        kwargs = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords if keyword.arg}
    except ValueError:
        raise NoAppException(f"The arguments in {app_name!r} must be literals.") from None
    return ast.unparse(node.func), args, kwargs


def _is_name(node: ast.expr | None) -> TypeGuard[ast.expr]:
    """Whether it is a name, or an attribute of one."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _advise_arguments(module: ModuleType, name: str, factory: Callable[..., Any]) -> str:
    """Say which arguments a factory takes, and how they are given."""
    parameters = ", ".join(inspect.signature(factory).parameters)
    given = "ARGUMENTS" if parameters else ""
    return f"It takes {parameters or 'none'}. Type: '{module.__name__}:{name}({given})'."


def _call_factory(factory: Callable[..., Any], complaint: str, *args: Any, **kwargs: Any) -> Any:
    """Call *factory*; only a TypeError of the call itself, not one raised inside, is a complaint."""
    try:
        return factory(*args, **kwargs)
    except TypeError as exc:
        frames = (frame for frame, _ in traceback.walk_tb(exc.__traceback__))
        if any(frame.f_code is getattr(factory, "__code__", None) for frame in frames):
            raise
        raise NoAppException(complaint) from exc


def _is_app(value: object) -> TypeGuard[Flask]:
    from .app import Flask

    return isinstance(value, Flask)


def _refuse_foreign(what: str, values: Iterable[object]) -> None:
    """Say what to do if one of *values* is an app of Flask's own class.

    :raises NoAppException: one is.
    """
    foreign = getattr(sys.modules.get("flask"), "Flask", None)
    if isinstance(foreign, type) and any(isinstance(value, foreign) for value in values):
        raise NoAppException(
            f"{what} is an app of the installed Flask. To have it made of flask_nb, type --as-flask as the"
            " first option, or call flask_nb.as_flask() before anything imports Flask."
        )


def prepare_import(path: str) -> str:
    """Return the dotted module name of a file, its top folder first on the import path.

    :param path: a file with or without ``.py``, a package's folder, or a dotted name.
    """
    location = Path(os.path.realpath(path))
    if location.suffix == ".py":
        location = location.with_suffix("")
    if location.name == "__init__":
        location = location.parent
    parts, folder = [location.name], location.parent
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    if sys.path[:1] != [str(folder)]:
        sys.path.insert(0, str(folder))
    return ".".join(parts)


def locate_app(module_name: str, app_name: str | None, raise_if_not_found: bool = True) -> Flask | None:
    """Import a module and return its app.

    :param app_name: what :func:`find_app_by_string` takes; None to look for the best one.
    :param raise_if_not_found: False to return None when there is no such module.
    :raises NoAppException: the module cannot be imported or has no app.
    """
    try:
        __import__(module_name)
    except ImportError as exc:
        # The module that was asked for, or a package above it, or one that it imports?
        if not isinstance(exc, ModuleNotFoundError) or not f"{module_name}.".startswith(f"{exc.name}."):
            raise NoAppException(f"Importing {module_name!r} failed:\n\n{traceback.format_exc()}") from None
        if raise_if_not_found:
            raise NoAppException(f"There is no module {module_name!r} to import.") from None
        return None
    module = sys.modules[module_name]
    return find_best_app(module) if app_name is None else find_app_by_string(module, app_name)

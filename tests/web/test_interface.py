"""The interface: every public name, signature and class attribute of Flask's is there.

What differs on purpose stands in ``DELIBERATE``, with the reason. The test fails on a difference that
is not in the table, and on a row that no longer describes one.
"""

from __future__ import annotations

import importlib
import inspect
import re
import types
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from spare import SPARE

from .conftest import FRAMEWORKS, SUBMODULES, load_framework

ONE_PACKAGE = "Flask's base classes without input and output are a package of their own; ours are one"

#: Where we differ from Flask, and why. The keys are ``module.name`` or ``module.class.attribute``.
DELIBERATE: dict[str, str] = {
    "sansio": ONE_PACKAGE,
    "app.Flask.jinja_environment": "imported when it is first asked for, for only who renders needs Jinja",
    "app.Flask.url_map_class": "a map whose rules can be replaced and withdrawn while requests run",
}

FLASK_PACKAGES = ("sansio",)
LOADED = (
    "app blueprints cli config ctx globals helpers json logging sessions signals templating typing wrappers"
)

#: Names that are ours alone; everything else of ours is Flask's.
ADDED: dict[str, str] = {
    "INTERFACE_VERSION": "the version of the interface that this package follows",
}


def is_of(package: str, value: Any) -> bool:
    """Tell whether a package defines a class or function, or made an object of a class of its own."""
    owner = getattr(value, "__module__", None)
    return isinstance(owner, str) and (owner == package or owner.startswith(f"{package}."))


def public_names(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in vars(module).items():
        if name.startswith("_") or isinstance(value, types.ModuleType | typing.TypeVar):
            continue
        # A name that a module only imported is asked for where it is defined.
        if is_of("flask", value) and defined_in(value) != module.__name__:
            continue
        if is_of("flask", value) or not callable(value):
            yield name, value


def defined_in(value: Any) -> str:
    owner = getattr(value, "__module__", "")
    return re.sub(r"^flask\.sansio\.", "flask.", owner) if not isinstance(value, type) else owner


def parameters(function: Any) -> list[tuple[str, Any, Any]] | None:
    """Names, kinds and plain defaults of a callable's parameters; None where it has no signature."""
    function = getattr(function, "__func__", function)
    if not callable(function):
        return None
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    plain = (int, str, bool, tuple, type(None))
    return [
        (one.name, one.kind, one.default if isinstance(one.default, plain) else "object")
        for one in signature.parameters.values()
    ]


def kind_of(value: Any) -> str:
    if callable(value) or isinstance(value, staticmethod | classmethod):
        return "callable"
    return type(value).__name__


def differences_of_classes(where: str, theirs: type, ours: type) -> Iterator[str]:
    if parameters(theirs) != parameters(ours):
        yield where
    for name in dir(theirs):
        if name.startswith("_"):
            continue
        if not hasattr(ours, name):
            yield f"{where}.{name}"
            continue
        their, our = inspect.getattr_static(theirs, name), inspect.getattr_static(ours, name)
        if kind_of(their) != kind_of(our) or parameters(their) != parameters(our):
            yield f"{where}.{name}"


def differences_of_module(submodule: str) -> Iterator[str]:
    flask, ours = (importlib.import_module(f"{name}.{submodule}") for name in ("flask", "flask_nb.web"))
    for name, theirs in public_names(flask):
        where = f"{submodule}.{name}"
        if not hasattr(ours, name):
            yield where
        elif isinstance(theirs, type):
            yield from differences_of_classes(where, theirs, getattr(ours, name))
        elif parameters(theirs) != parameters(getattr(ours, name)):
            yield where


def all_differences() -> set[str]:
    flask, ours = load_framework("flask"), load_framework("flask_nb.web")
    found = {name for name, _ in public_names(flask) if not hasattr(ours, name)}
    found |= {name for name in vars(flask) if name in FLASK_PACKAGES and not hasattr(ours, name)}
    for submodule in (*SUBMODULES, "json"):
        found.update(differences_of_module(submodule))
    return found


def test_the_table_of_differences_is_complete():
    different = all_differences()
    assert different - DELIBERATE.keys() == set()


def test_the_table_names_nothing_that_is_the_same():
    assert DELIBERATE.keys() - all_differences() == set()


def test_we_export_nothing_more_than_flask_does():
    flask, ours = load_framework("flask"), load_framework("flask_nb.web")
    modules = {name for name, value in vars(ours).items() if isinstance(value, types.ModuleType)}
    more = {name for name in dir(ours) if not name.startswith("_")} - set(dir(flask)) - modules
    assert more == ADDED.keys()


@pytest.mark.parametrize("name", FRAMEWORKS.values(), ids=FRAMEWORKS.keys())
def test_the_default_configuration_has_the_same_keys_and_values(name):
    assert dict(load_framework(name).Flask.default_config) == dict(
        load_framework("flask").Flask.default_config
    )


def test_errors_and_signals_have_the_same_bases_and_names():
    flask, ours = load_framework("flask"), load_framework("flask_nb.web")
    for name in ("UnexpectedUnicodeError", "DebugFilesKeyError", "FormDataRoutingRedirect"):
        theirs, our = getattr(flask.debughelpers, name), getattr(ours.debughelpers, name)
        assert theirs.__bases__ == our.__bases__
    assert set(flask.signals._signals) == set(ours.signals._signals)


@pytest.mark.parametrize(
    "name",
    [
        "app.Rule",
        "cli.click",
        "cli.with_appcontext",
        "cli.AppGroup",
        "cli.FlaskGroup",
        "config.ConfigAttribute",
        "ctx.AppContext",
        "ctx.RequestContext",
        "globals.app_ctx",
        "globals.request_ctx",
        "globals._cv_app",
        "globals._cv_request",
        "json.provider.DefaultJSONProvider",
        "json.provider.JSONProvider",
        "sessions.SessionInterface",
        "sessions.SessionMixin",
        "sessions.session_json_serializer",
        "signals.Namespace",
        "testing.EnvironBuilder",
        "testing.FlaskClient",
        "typing.ResponseReturnValue",
        "views.MethodView",
        "wrappers.Response",
    ],
)
def test_what_extensions_import_from_deep_inside_is_there(framework, name):
    module, _, attribute = name.rpartition(".")
    assert hasattr(importlib.import_module(f"{framework.__name__}.{module}"), attribute)


def test_the_version_is_known_but_not_recommended(framework):
    with pytest.warns(DeprecationWarning, match="importlib.metadata"):
        version = framework.__version__
    assert version.startswith("3.1")


@pytest.mark.parametrize("name", ["Markup", "escape", "no_such_name"])
def test_names_that_are_gone_are_gone(framework, name):
    with pytest.raises(AttributeError, match=name):
        getattr(framework, name)


def test_submodules_are_there_after_a_plain_import(framework):
    code = f"import {framework.__name__} as f; [getattr(f, name) for name in {LOADED!r}.split()]"
    assert SPARE.run(code).stderr == ""


def test_subscripted_types_work(framework):
    assert framework.typing.AfterRequestCallable[framework.Response] is not None

"""A route's definition written: the decorator and the function that a person would have typed."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Callable, Collection

from .names import derive_endpoint
from .route import RouteDefinition
from .rules import find_variables
from .view import ViewSource, awaits, form_of, streams

_SHORTCUTS = ("GET", "POST", "PUT", "DELETE", "PATCH")


def parameters_of(definition: RouteDefinition) -> list[str]:
    """Return the parameters of a route's function: the variables of its rule, and its defaults."""
    variables = find_variables(definition.subdomain, definition.host, definition.rule)
    names = [variable.name for variable in variables]
    return list(dict.fromkeys([*names, *(name for name, _value in definition.defaults)]))


def endpoint_of(definition: RouteDefinition) -> str:
    """Return the endpoint of a route: the one asked for, the function's or class's name, or a derived one."""
    if definition.endpoint:
        return definition.endpoint
    last = ViewSource(definition.body, definition.body_line).parse().body[-1]
    if isinstance(last, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return last.name
    return derive_endpoint(definition.rule, definition.methods)


def function_name(endpoint: str, taken: Collection[str]) -> str:
    """Return a name for the function of an endpoint that hides nothing."""
    name = re.sub(r"\W", "_", endpoint)
    name = name if name.isidentifier() and not keyword.iskeyword(name) else f"view_{name}"
    used = {*taken, *dir(builtins)}
    while name in used:
        name += "_view" if not name.endswith("_view") else "_"
    return name


def write_decorator(definition: RouteDefinition, app: str, endpoint: str | None = None) -> str:
    """Return the line that registers a function.

    :param app: the variable of the app.
    :param endpoint: the endpoint, None where it is the function's name.
    """
    methods = definition.methods or ("GET",)
    is_short = len(methods) == 1 and methods[0] in _SHORTCUTS
    arguments = [quote(definition.rule)]
    if not is_short:
        arguments.append(f"methods=[{', '.join(map(quote, methods))}]")
    arguments += _options(definition, endpoint)
    return f"@{app}.{methods[0].lower() if is_short else 'route'}({', '.join(arguments)})"


def write_class_rule(definition: RouteDefinition, app: str, name: str, endpoint: str) -> str:
    """Return the statement that registers a class of views.

    :param name: the class.
    """
    methods = definition.methods and f"methods=[{', '.join(map(quote, definition.methods))}]"
    view = f"view_func={name}.as_view({quote(endpoint)})"
    arguments = [quote(definition.rule), view, *([methods] if methods else []), *_options(definition, None)]
    return f"{app}.add_url_rule({', '.join(arguments)})"


def write_function(
    definition: RouteDefinition,
    name: str,
    render: Callable[[list[ast.stmt], ast.Expr | None], str],
) -> str:
    """Return the function that a cell's body becomes, without its decorator.

    :param render: returns the statements' text, indented; its second argument is what is returned.
    """
    tree = ViewSource(definition.body, definition.body_line).parse()
    assert form_of(tree) == "body"
    last = tree.body[-1]
    returned = last if isinstance(last, ast.Expr) and not streams(tree) else None
    keyword_ = "async def" if awaits(tree) else "def"
    head = f"{keyword_} {name}({', '.join(parameters_of(definition))}):"
    return f"{head}\n{render(tree.body, returned)}"


def quote(text: str) -> str:
    """Return text as a literal in double quotes, where that needs no backslash."""
    return f'"{text}"' if '"' not in text and "\\" not in text and text.isprintable() else repr(text)


def write_value(value: object) -> str:
    """Return a literal as a person types it."""
    if isinstance(value, str):
        return quote(value)
    if type(value) is dict:
        return f"{{{', '.join(f'{write_value(key)}: {write_value(one)}' for key, one in value.items())}}}"
    if type(value) is list:
        return f"[{', '.join(map(write_value, value))}]"
    return repr(value)


def _options(definition: RouteDefinition, endpoint: str | None) -> list[str]:
    options: dict[str, object] = {
        "endpoint": endpoint,
        "defaults": dict(definition.defaults) or None,
        "strict_slashes": definition.strict_slashes,
        "host": definition.host,
        "subdomain": definition.subdomain,
    }
    return [f"{name}={write_value(value)}" for name, value in options.items() if value is not None]

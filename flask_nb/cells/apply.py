"""A route's definition applied to a live app."""

from __future__ import annotations

import ast
from types import CodeType
from typing import TYPE_CHECKING, Any

from flask_nb.errors import CellError

from .names import derive_endpoint
from .route import RouteDefinition
from .rules import check_converters, find_variables
from .view import (
    Form,
    ViewSource,
    awaits,
    form_of,
    framework_names,
    make_function,
    missing_names,
    streams,
    wrap_body,
)

if TYPE_CHECKING:
    from flask_nb.engines.protocol import Engine, View

ASYNC_EXTRA = 'pip install "flask_nb[async]"'


class AppliedRoute:
    """A route that serves.

    :param view: the function that answers.
    :param form: the form of the cell.
    :param summary: one line on the route, the same whenever the cell runs.
    """

    __slots__ = ("form", "summary", "view")

    def __init__(self, view: View, form: Form, summary: str) -> None:
        self.view = view
        self.form = form
        self.summary = summary


class _CompiledCell:
    """A cell of which everything is known that can be known without running it."""

    __slots__ = ("code", "endpoint", "form", "name", "traits")

    def __init__(self, form: Form, code: CodeType, name: str, endpoint: str, traits: tuple[str, ...]) -> None:
        self.form = form
        self.code = code
        self.name = name
        self.endpoint = endpoint
        self.traits = traits


def apply_route(
    definition: RouteDefinition,
    target: Engine,
    namespace: dict[str, Any],
    *,
    filename: str = "<cell>",
    flags: int = 0,
) -> AppliedRoute:
    """Make the cell a view and register it; whatever fails before that leaves the old route serving.

    :param namespace: the notebook's, which is the view's globals; the framework's names that the cell
        uses are bound in it.
    :param filename: what tracebacks call the cell.
    :param flags: flags of the notebook's compiler.
    :raises CellSyntaxError: when the cell does not compile.
    :raises RuleError: when the app lacks a converter of the rule.
    :raises CellError: when the cell cannot be a view of this app.
    :raises EndpointConflictError: when the derived endpoint is that of another rule.
    """
    source = ViewSource(definition.body, definition.body_line, filename, flags)
    check_converters(
        definition.rule, target.converters(), host=definition.host, subdomain=definition.subdomain
    )
    cell = _compile_cell(definition, source)
    if "async" in cell.traits and not target.supports_async():
        raise CellError(
            f"this cell needs an async view, but the extra for it is not installed: {ASYNC_EXTRA}"
        )
    framework = framework_names(target.framework())
    names = missing_names(cell.code, namespace, framework)
    namespace.update({name: framework[name] for name in names})
    view = _make_view(cell, target, namespace)
    target.add_route(
        definition.rule,
        cell.endpoint,
        view,
        derived=cell.form == "body" and definition.endpoint is None,
        methods=definition.methods,
        defaults=dict(definition.defaults) or None,
        strict_slashes=definition.strict_slashes,
        host=definition.host,
        subdomain=definition.subdomain,
    )
    methods = ",".join(sorted(definition.methods or getattr(view, "methods", None) or ("GET",)))
    uses = f"; uses {', '.join(names)}" if names else ""
    kind = ", ".join((cell.form, *cell.traits))
    return AppliedRoute(view, cell.form, f"{methods} {definition.rule} → {cell.endpoint} ({kind}{uses})")


def _compile_cell(definition: RouteDefinition, source: ViewSource) -> _CompiledCell:
    tree = source.parse()
    form = form_of(tree)
    if form == "body":
        name = definition.endpoint or derive_endpoint(definition.rule, definition.methods)
        traits = (*(["async"] if awaits(tree) else []), *(["streams"] if streams(tree) else []))
        code = source.compile(wrap_body(source, tree, _parameters(definition)))
        return _CompiledCell(form, code, name, name, traits)
    last = tree.body[-1]
    assert isinstance(last, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    traits = ("async",) if isinstance(last, ast.AsyncFunctionDef) else ()
    return _CompiledCell(form, source.compile(tree), last.name, definition.endpoint or last.name, traits)


def _parameters(definition: RouteDefinition) -> list[str]:
    variables = find_variables(definition.subdomain, definition.host, definition.rule)
    names = [variable.name for variable in variables]
    return list(dict.fromkeys([*names, *(name for name, _value in definition.defaults)]))


def _make_view(cell: _CompiledCell, target: Engine, namespace: dict[str, Any]) -> View:
    if cell.form == "body":
        view = make_function(cell.code, namespace, cell.name)
        keep_context = getattr(target.framework(), "stream_with_context", None)
        # All of a body that streams runs while the response is sent; it may use `request` as any other.
        return keep_context(view) if "streams" in cell.traits and keep_context is not None else view
    exec(cell.code, namespace)
    made = namespace[cell.name]
    if cell.form == "class":
        if callable(getattr(made, "as_view", None)):
            return target.as_view(made, cell.endpoint)
        raise CellError(
            f"the cell ends in the class {cell.name!r}, which is not a view: it has no as_view. "
            f"Derive it from View or MethodView, or let the cell end in the response"
        )
    if not callable(made):
        raise CellError(f"the decorators of {cell.name!r} turned it into {made!r}, which cannot be called")
    return made  # type: ignore[no-any-return]

"""Views that return nothing: a print, an assignment, a value in a branch."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from .scene import Function, Scene, definition_of, is_body, own_nodes, typed

_CHANGING = frozenset(
    {"append", "extend", "insert", "sort", "reverse", "clear", "update", "add", "discard", "remove"}
)
"""Methods of lists, sets and dictionaries that return None."""

_OF_RESPONSES = frozenset({"set_cookie", "delete_cookie"})
"""Methods of responses that return None."""

_ANSWERING = frozenset(
    {"render_template", "render_template_string", "jsonify", "redirect", "send_file", "make_response"}
)
"""Functions that are called for what they return."""


def _nothing(scene: Scene) -> str | None:
    """Say why the view returned None."""
    if not scene.passed("make_response") or scene.local("rv", "make_response") is not None:
        return None
    function = definition_of(scene.view)
    if function is None:
        return None
    return _ending(function, is_body=is_body(scene.view))


def _ending(function: Function, *, is_body: bool) -> str | None:
    last = function.body[-1]
    if isinstance(last, ast.Expr):
        return _expression(last, last.value, is_body=is_body)
    if isinstance(last, ast.Return) and isinstance(last.value, ast.Call):
        return _called(last, last.value)
    if isinstance(last, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return _assignment(function, last, is_body=is_body)
    return _within(function, last, is_body=is_body)


def _called(statement: ast.stmt, call: ast.Call) -> str | None:
    """Of calls that return None."""
    name = typed(call.func)
    if name == "print" and len(call.args) == 1:
        return _line(statement, f"print shows text and returns None. Type return {typed(call.args[0])}")
    if isinstance(call.func, ast.Attribute) and call.func.attr in _OF_RESPONSES:
        return _cookie(statement, call.func)
    if isinstance(call.func, ast.Attribute) and call.func.attr in _CHANGING:
        changed = typed(call.func.value)
        said = f"{call.func.attr} changes {changed} and returns None."
        return _line(statement, f"{said} Type return {changed} on a line of its own below it")
    return None


def _cookie(statement: ast.stmt, method: ast.Attribute) -> str:
    said, made = f"{method.attr} returns None.", typed(method.value)
    if isinstance(method.value, ast.Name):
        return _line(statement, f"{said} Type return {made} on a line of its own below it")
    steps = f"response = {made}; response.{method.attr}(…); return response"
    return _line(statement, f"{said} Type {steps}, each on a line of its own")


def _expression(statement: ast.stmt, value: ast.expr, *, is_body: bool) -> str | None:
    if isinstance(value, ast.Call) and (said := _called(statement, value)):
        return said
    if not is_body and _is_value(value):
        return _line(statement, f"the value is not returned. Type return {typed(value)}")
    return None


def _assignment(
    function: Function, last: ast.Assign | ast.AnnAssign | ast.AugAssign, *, is_body: bool
) -> str | None:
    targets = last.targets if isinstance(last, ast.Assign) else [last.target]
    if any(_returns(function.body)) or not isinstance(targets[-1], ast.Name):
        return None
    name = targets[-1].id
    if is_body:
        return _line(last, f"an assignment is no value. Type {name} on a line of its own below it")
    return _line(last, f"{function.name} ends without a return. Add: return {name}")


def _within(function: Function, last: ast.stmt, *, is_body: bool) -> str | None:
    """Of values in a branch or a loop, and of branches without a return."""
    returned = list(_returns(function.body))
    for node in [last, *own_nodes_of(last)]:
        if not returned and isinstance(node, ast.Expr) and _is_value(node.value):
            if isinstance(last, (ast.For, ast.While, ast.AsyncFor)):
                said = "a value in a loop is not returned. Collect them in a list and return that, or type "
                said += f"yield {typed(node.value)}"
            else:
                only = "only the last line of a cell is returned by itself, not a value in a branch"
                said = f"{only if is_body else 'the value is not returned'}. Type return {typed(node.value)}"
            return _line(node, said)
    is_sure = returned and not any(isinstance(one.value, ast.Call) or one.value is None for one in returned)
    if isinstance(last, ast.If) and is_sure:
        name = "the view" if is_body else function.name
        return _line(last, f"{name} came to its end without a return behind this if. Add one")
    if not returned and not is_body:
        return f"{function.name} has no return with a value"
    return None


def own_nodes_of(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield what is within a statement, but for functions and classes in it."""
    wrapper = ast.FunctionDef("_", None, [statement], [])  # type: ignore[arg-type]
    return own_nodes(wrapper)


def _returns(statements: Iterable[ast.stmt]) -> Iterator[ast.Return]:
    for statement in statements:
        yield from (node for node in own_nodes_of(statement) if isinstance(node, ast.Return))


def _is_value(node: ast.expr) -> bool:
    """Whether an expression on a line of its own is there for its value."""
    if isinstance(node, ast.Call):
        return typed(node.func).rpartition(".")[2] in _ANSWERING
    is_ellipsis = isinstance(node, ast.Constant) and node.value is Ellipsis
    return not is_ellipsis and not isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr))


def _line(node: ast.AST, said: str) -> str:
    return f"line {getattr(node, 'lineno', 0)}: {said}"


HINTS = ((TypeError, _nothing),)

"""Rules and URLs: how a rule is written, what an endpoint is."""

from __future__ import annotations

import ast
import re
from functools import partial
from typing import Any

from werkzeug.routing import BuildError

from .scene import Scene


def _malformed(scene: Scene) -> str | None:
    """Put the colon between a converter and its variable."""
    found = re.search(r"malformed url rule: .*<(\w+)\s+(\w+)>", str(scene.exc))
    return f"Type <{found[1]}:{found[2]}>" if found else None


def _converter(scene: Scene) -> str | None:
    """Put the converter before its variable."""
    found = re.match(r"the converter '(\w+)' does not exist", str(scene.exc))
    rule = scene.local("rule", "_parse_rule")
    if found is None or rule is None or scene.engine is None:
        return None
    turned = re.search(rf"<{found[1]}:(\w+)>", rule)
    return f"Type <{turned[1]}:{found[1]}>" if turned and turned[1] in scene.engine.converters() else None


def _path(scene: Scene) -> str | None:
    """Name the endpoint of the path that was taken for one."""
    exc = scene.exc
    if not isinstance(exc, BuildError) or scene.engine is None or not str(exc.endpoint).startswith("/"):
        return None
    found = [row.endpoint for row in scene.engine.routes() if row.rule == exc.endpoint]
    return f"url_for takes an endpoint. That of {exc.endpoint} is {found[0]!r}" if found else None


def _text_for_number(scene: Scene) -> str | None:
    """Name the converter that makes a number of a variable of the rule, where the line needs one."""
    rule = getattr(scene.request, "url_rule", None)
    if rule is None:
        return None
    for name in map(partial(_taken_for_number, scene), scene.nodes):
        value = scene.request.view_args.get(name)
        if isinstance(value, str) and value.isdecimal() and f"<{name}>" in rule.rule:
            return f"{scene.where}{name} is a text, {value!r}. Type <int:{name}> in the rule"
    return None


def _taken_for_number(scene: Scene, node: ast.AST) -> str | None:
    """Return the name that stands beside a number, or in brackets where numbers belong."""
    if isinstance(node, ast.Subscript):
        held, key = scene.value_of(node.value), scene.value_of(node.slice)
        takes_numbers = isinstance(held, (list, tuple)) or (isinstance(held, dict) and int(key) in held)
        return getattr(node.slice, "id", None) if takes_numbers else None
    if isinstance(node, ast.Compare) and len(node.comparators) == 1:
        sides = [node.left, node.comparators[0]]
    elif isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mult):  # a text times 2 is a text
        sides = [node.left, node.right]
    else:
        return None
    numbers = [isinstance(_known(scene, side), (int, float)) for side in sides]
    return next((side.id for side in sides if isinstance(side, ast.Name) and any(numbers)), None)


def _known(scene: Scene, node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else scene.value_of(node)


HINTS = (
    (ValueError, _malformed),
    (LookupError, _converter),
    (BuildError, _path),
    (TypeError, _text_for_number),
    (KeyError, _text_for_number),
)

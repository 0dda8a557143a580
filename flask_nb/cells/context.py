"""``%%request_context``: a cell that runs as if a request were being answered."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

from flask_nb.errors import CellSyntaxError, MagicArgumentError

from .arguments import MagicParser
from .expressions import Evaluate
from .request import RequestDefinition
from .request_line import parse_request, sending_flags
from .view import ViewSource

_METHOD_FLAG = re.compile(r"(?:(?<=\s)|^)--method(?:=|\s+|$)(\S*)")

_PLAIN = RequestDefinition("GET", ())


CompiledCell = tuple[CodeType, CodeType | None]
"""The statements of a cell, with the last one apart if its value is to be shown."""


@cache
def context_parser() -> MagicParser:
    """Return the parser of ``%%request_context``."""
    parser = MagicParser(
        "%%request_context",
        "[METHOD] PATH [items]",
        "Run the cell as if a request were being answered: request, session, g and url_for work.\n\n"
        "Names stay in the notebook, the value of the last expression is shown, no hook is called.\n"
        "Items and a body are typed as in %post.",
        examples=(
            "%%request_context /search?q=tea",
            "%%request_context POST /login user=ann --form",
            "%%request_context /items --method DELETE",
        ),
    )
    parser.add_words("PATH", "with its query; default: /")
    parser.add_argument("--method", metavar="M", help="the method; default: GET")
    return parser


def parse_context(line: str) -> RequestDefinition:
    """Parse the line of ``%%request_context``.

    :raises MagicArgumentError: when it is not understood.
    """
    if re.search(r"(?:^|\s)(?:-h|--help)(?=\s|$)", line):
        context_parser().parse_words(["--help"])
    method, rest = _take_method(line)
    request = parse_request(method, rest if rest.strip() else "/", magic="%%request_context")
    for name, typed in {"as_name": "--as", **sending_flags()}.items():
        if getattr(request, name) != getattr(_PLAIN, name):
            raise MagicArgumentError(f"no request is sent, so {typed} means nothing here. Leave it out")
    return request


def request_arguments(request: RequestDefinition, evaluate: Evaluate) -> dict[str, Any]:
    """Return the arguments of ``test_request_context``.

    :param evaluate: returns the value of an expression's source; its errors propagate.
    """
    resolved = request.expand(evaluate)
    headers, data = list(resolved.headers), resolved.body or None
    return {"path": resolved.path, "method": resolved.method, "headers": headers, "data": data}


def _take_method(line: str) -> tuple[str | None, str]:
    found = _METHOD_FLAG.search(line)
    if found is None:
        return None, line
    if not re.fullmatch(r"[A-Za-z]+", found[1]):
        raise MagicArgumentError("--method needs a method. Type one, such as --method POST")
    return found[1].upper(), line[: found.start()] + line[found.end() :]


def compile_cell(
    source: ViewSource, transform: Callable[[ast.Module], ast.Module] = lambda tree: tree
) -> CompiledCell:
    """Compile a cell's statements, the last expression apart.

    :param transform: what is done with the statements before.
    :raises CellSyntaxError: when it does not compile.
    """
    if not source.body.strip():
        raise CellSyntaxError("the cell is empty. Type what is to run below the magic")
    tree = transform(source.parse())
    last = tree.body[-1]
    if not isinstance(last, ast.Expr) or _is_silenced(source, last):
        return source.compile(tree), None
    tree.body.pop()
    return source.compile(tree), source.compile(ast.Expression(last.value))


def _is_silenced(source: ViewSource, last: ast.Expr) -> bool:
    """Say whether a ``;`` stands behind the last expression."""
    lines = source.body.split("\n")
    line = (last.end_lineno or 0) - source.body_line
    rest = lines[line].encode()[last.end_col_offset or 0 :].decode() if line < len(lines) else ""
    return rest.lstrip().startswith(";")

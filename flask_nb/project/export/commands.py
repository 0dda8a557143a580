"""Commands of the app that cells invoke, as tests invoke them: they may change what requests are answered."""

from __future__ import annotations

import ast
import re


def invoked_command(node: ast.stmt | None) -> list[str]:
    """Return the arguments of a command that a statement invokes by the app's runner; nothing of others."""
    value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr)) else None
    if not (isinstance(value, ast.Call) and ast.unparse(value.func).endswith(".test_cli_runner().invoke")):
        return []
    given = next((each.value for each in value.keywords if each.arg == "args"), None)
    try:
        arguments = ast.literal_eval(given) if given is not None else None
    except ValueError:
        return []
    words = arguments.split() if isinstance(arguments, str) else arguments
    if not isinstance(words, (list, tuple)) or len(value.keywords) > 1:
        return []
    return list(words) if all(isinstance(word, str) for word in words) else []


def invokes_by_hand(node: ast.stmt | None) -> bool:
    """Whether a statement invokes a command otherwise."""
    return node is not None and ".test_cli_runner(" in ast.unparse(node)


def name_command(arguments: list[str]) -> str:
    """Return what a test of a command is called: ``invoke_init_db``."""
    return f"invoke_{re.sub(r'[^a-z0-9]+', '_', arguments[0].lower()).strip('_') or 'command'}"

"""Secrets in a notebook's source, found by the names that they have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask_nb.cells.writing import quote

SECRET = re.compile(r"(?:[A-Z0-9_]*_)?(?:SECRET_KEY|SECRET|PASSWORD|TOKEN|API_KEY)")
"""The names of settings whose values are secrets."""

_URL = re.compile(r"\w[\w+.-]*://[^\s/:@]*:([^\s/@]+)@")
_EXPRESSION = "\0"  # stands for one in a formatted text, whose value is no literal
_READING = ("os.environ.get", "environ.get", "os.getenv", "getenv")


@dataclass(frozen=True)
class FoundSecret:
    """A secret in a statement.

    :param variable: the environment variable that it is read from.
    :param node: the expression that holds it.
    :param values: the texts of it.
    """

    variable: str
    node: ast.expr
    values: tuple[str, ...]


def find_secrets(node: ast.AST) -> Iterator[FoundSecret]:
    """Yield the secrets that a statement holds as literals."""
    found: dict[ast.expr, FoundSecret] = {}
    for name, value in _named(node):
        is_secret = SECRET.fullmatch(name) is not None
        held = _literal(value) if is_secret else None
        if held is None and _has_password(value):
            held = _texts(value)
        if held:
            variable = name if is_secret or name.isupper() else "DATABASE_URL"
            found.setdefault(value, FoundSecret(variable, value, held))
    inside = {one for value in found for one in ast.walk(value)}
    for one in ast.walk(node):
        if isinstance(one, (ast.Constant, ast.JoinedStr)) and one not in inside and _has_password(one):
            found[one] = FoundSecret("DATABASE_URL", one, _texts(one))
            inside.update(ast.walk(one))
    yield from found.values()


def has_password(text: str) -> bool:
    """Whether a text has a URL with a password in it."""
    found = _URL.search(text)
    return found is not None and found[1].strip(_EXPRESSION) != ""


def read_call(variable: str) -> str:
    """Return the call that reads a secret in the written package."""
    return f"read_secret({quote(variable)}, test_config)"


def _named(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield the values that are given to names: variables, attributes, keys, keywords."""
    for one in ast.walk(node):
        if isinstance(one, ast.Assign):
            for target in one.targets:
                yield _name_of(target), one.value
        elif isinstance(one, ast.AnnAssign) and one.value is not None:
            yield _name_of(one.target), one.value
        elif isinstance(one, ast.keyword) and one.arg:
            yield one.arg, one.value
        elif isinstance(one, ast.Dict):
            for key, value in zip(one.keys, one.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        elif isinstance(one, ast.Call) and ast.unparse(one.func).endswith(".setdefault"):
            yield ast.unparse(one.args[0]).strip("'") if one.args else "", one.args[-1]


def _name_of(target: ast.expr) -> str:
    if isinstance(target, ast.Attribute):
        return "SECRET_KEY" if target.attr == "secret_key" else target.attr
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return str(target.slice.value)
    return target.id if isinstance(target, ast.Name) else ""


def _literal(value: ast.expr) -> tuple[str, ...] | None:
    """Return the texts of an expression that says a secret, None for one that only asks for it."""
    if isinstance(value, ast.Constant):
        return _texts(value) if isinstance(value.value, (str, bytes)) and value.value else None
    if isinstance(value, ast.JoinedStr):
        return _texts(value)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        if ast.unparse(value.func) in _READING:
            fallback = [one for one in value.args[1:] if isinstance(one, ast.Constant)]
            return _texts(fallback[0]) if fallback and fallback[0].value else None
        return _literal(value.func.value) if value.func.attr == "encode" else None
    if isinstance(value, ast.BoolOp):
        return next(filter(None, map(_literal, value.values)), None)
    return None


def _has_password(value: ast.expr) -> bool:
    if isinstance(value, ast.JoinedStr):
        return has_password("".join(_texts(one)[0] if _texts(one) else _EXPRESSION for one in value.values))
    return any(has_password(text) for text in _texts(value))


def _texts(value: ast.expr) -> tuple[str, ...]:
    if isinstance(value, ast.Constant):
        text = value.value.decode(errors="replace") if isinstance(value.value, bytes) else value.value
        return (text,) if isinstance(text, str) else ()
    if isinstance(value, ast.JoinedStr):
        return tuple(text for one in value.values if isinstance(one, ast.Constant) for text in _texts(one))
    return ()

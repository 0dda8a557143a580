"""What later cells define again: of two registrations of one identity only the last is written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from flask_nb.cells.view import ViewSource, form_of
from flask_nb.cells.writing import endpoint_of
from flask_nb.errors import ProgramError

from .. import rules
from ..cell_names import dotted
from .pieces import Piece

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})


@dataclass(frozen=True)
class Registration:
    """What a decorator, or a route cell, registers.

    :param owner: the variable of the app or blueprint.
    :param kind: ``route``, or the decorator's method.
    :param name: the endpoint; the hook's function; the error.
    :param rule: of a route.
    :param methods: of a route.
    :param decorator: None for a route cell.
    :param is_derived: the endpoint follows from the rule.
    """

    owner: str
    kind: str
    name: str
    rule: str = ""
    methods: frozenset[str] = frozenset()
    decorator: ast.expr | None = None
    is_derived: bool = False


def drop_replaced(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces without what later cells define again.

    :raises ProgramError: two rules have the same derived endpoint.
    """
    seen: dict[Piece, list[Registration]] = {}
    gone: set[Piece] = set()
    for piece in pieces:
        new = list(registrations(piece))
        for older in [one for one in seen if one.cell is not piece.cell]:
            for was in list(seen[older]):
                if any(_replaces(one, was, piece, older) for one in new):
                    seen[older].remove(was)
                    if was.decorator is None:
                        older.route = None
                        gone.update([older] if older.is_body else [])
                    else:
                        older.drops.append(was.decorator)
        seen[piece] = new
    kept = [piece for piece in pieces if piece not in gone]
    return [piece for index, piece in enumerate(kept) if not _is_bound_again(piece, kept[index + 1 :])]


def registrations(piece: Piece) -> Iterator[Registration]:
    """Yield what a piece registers on apps and blueprints, as far as its source tells."""
    if piece.route is not None:
        tree = ViewSource(piece.route.body, piece.route.body_line).parse()
        methods = frozenset(piece.route.methods or ("GET",))
        is_derived = form_of(tree) == "body" and piece.route.endpoint is None
        yield Registration(
            piece.app, "route", endpoint_of(piece.route), piece.route.rule, methods, None, is_derived
        )
    if isinstance(piece.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        for decorator in piece.node.decorator_list:
            yield from _of_decorator(decorator, piece.node.name)


def _of_decorator(decorator: ast.expr, function: str) -> Iterator[Registration]:
    call = decorator if isinstance(decorator, ast.Call) else None
    named = call.func if call else decorator
    if not isinstance(named, ast.Attribute) or named.attr not in rules.REGISTERING:
        return
    owner, kind = dotted(named.value), named.attr
    given = {one.arg: one.value for one in call.keywords if one.arg} if call else {}
    first = call.args[0] if call and call.args else given.get("rule")
    if kind == "route" or kind in _METHODS:
        endpoint = _text(given.get("endpoint")) or function
        methods = frozenset({kind.upper()}) if kind != "route" else _methods(given.get("methods"))
        yield Registration(owner, "route", endpoint, _text(first), methods, decorator)
    elif kind in ("errorhandler", "app_errorhandler"):
        yield Registration(owner, kind, ast.unparse(first) if first else "", decorator=decorator)
    else:
        name = _text(first) or _text(given.get("name")) or function
        yield Registration(owner, kind, name, decorator=decorator)


def _methods(node: ast.expr | None) -> frozenset[str]:
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return frozenset(_text(one).upper() for one in node.elts)
    return frozenset({"GET"} if node is None else {"?"})


def _text(node: ast.expr | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _replaces(new: Registration, old: Registration, piece: Piece, older: Piece) -> bool:
    if (new.owner, new.kind) != (old.owner, old.kind):
        return False
    if new.kind != "route":
        return new.name == old.name
    if new.rule == old.rule and old.methods <= new.methods:
        return True
    if new.name == old.name and new.rule != old.rule and new.is_derived and old.is_derived:
        raise ProgramError(
            f"the cells {older.cell.name!r} and {piece.cell.name!r} have two rules of one endpoint, "
            f"{new.name!r}. Give one of them another: --endpoint NAME"
        )
    if new.rule == old.rule and new.methods & old.methods and new.name != old.name:
        common = ", ".join(sorted(new.methods & old.methods))
        raise ProgramError.in_cell(
            older.cell.name,
            f"the cell {piece.cell.name!r} takes {common} {new.rule} from it. Take it out here, "
            "so that both say what they answer",
        )
    return new.name == old.name


def _is_bound_again(piece: Piece, later: list[Piece]) -> bool:
    """Whether a function is defined again before anything has used the first one."""
    if not isinstance(piece.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    if piece.route is not None or len(piece.drops) < len(piece.node.decorator_list):
        return False
    name = piece.node.name
    for one in later:
        is_same = isinstance(one.node, (ast.FunctionDef, ast.AsyncFunctionDef)) and one.node.name == name
        if is_same:
            return True
        if name in one.names.reads or (name in one.names.needs and not one.is_function_or_class):
            return False
    # Nobody else needs the function of a view that is gone.
    return bool(piece.drops) and not any(name in one.names.needs for one in later)

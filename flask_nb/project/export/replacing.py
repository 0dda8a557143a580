"""What later cells define again: of two registrations of one identity only the last is written."""

from __future__ import annotations

import ast
from dataclasses import replace

from flask_nb.cells.writing import quote
from flask_nb.errors import ProgramError

from .. import rules
from .pieces import Piece
from .placing import find_made
from .registrations import Registration, find_prefixes, registrations
from .slices import Edit


def drop_replaced(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces without what later cells define again.

    :raises ProgramError: two rules have the same derived endpoint.
    """
    pieces = _without_remade(pieces)
    seen: dict[Piece, list[Registration]] = {}
    gone: set[Piece] = set()
    for piece in pieces:
        new = list(registrations(piece))
        for older in [one for one in seen if one.cell is not piece.cell]:
            for was in list(seen[older]):
                for one in new:
                    if was in seen[older] and (rest := _what_is_left(one, was, piece, older)) is not was:
                        seen[older].remove(was)
                        seen[older].extend([rest] if rest else [])
                        _take_back(older, was, rest, gone)
        seen[piece] = new
    kept = [piece for piece in pieces if piece not in gone]
    _refuse_two_owners(kept, {piece: seen[piece] for piece in kept})
    return [piece for index, piece in enumerate(kept) if not _is_bound_again(piece, kept[index + 1 :])]


def _without_remade(pieces: list[Piece]) -> list[Piece]:
    """Let a blueprint that a later cell makes anew stand where it was first made."""
    for name, last in find_made(pieces, rules.BLUEPRINT_CLASSES).items():
        made = [one for one in pieces if isinstance(one.node, ast.Assign) and name in one.names.binds]
        if len(made) > 1 and made[-1] is last:
            index = pieces.index(made[0])
            others = [one for one in pieces if one not in made]
            pieces = [*others[:index], last, *others[index:]]
    return pieces


def _refuse_two_owners(pieces: list[Piece], kept: dict[Piece, list[Registration]]) -> None:
    """Refuse a rule that the app and a blueprint answer: which of them does depends on who is first."""
    blueprints = find_made(pieces, rules.BLUEPRINT_CLASSES)
    prefixes = dict(find_prefixes(pieces, blueprints))
    answered: dict[tuple[str, str], tuple[Piece, str]] = {}
    for piece, found in kept.items():
        for one in found:
            prefix = prefixes.get(one.owner, "") if one.owner in blueprints else ""
            if one.kind != "route" or not one.rule or prefix is None:
                continue
            for method in one.methods:
                rule = f"{prefix.rstrip('/')}{one.rule}" if prefix else one.rule
                first, owner = answered.setdefault((rule, method), (piece, one.owner))
                if owner != one.owner:
                    raise ProgramError(
                        f"the cells {first.cell.name!r} and {piece.cell.name!r} both answer {method} {rule}, "
                        f"one for {owner}, one for {one.owner}. Delete one of them, or give it another rule"
                    )


def _what_is_left(new: Registration, old: Registration, piece: Piece, older: Piece) -> Registration | None:
    """Return what a later registration leaves of one: itself, fewer methods of it, or nothing."""
    if (new.owner, new.kind) != (old.owner, old.kind):
        return old
    if new.kind != "route":
        return None if new.name == old.name else old
    if new.rule == old.rule and new.rule and old.methods <= new.methods:
        return None
    if new.name == old.name and new.rule != old.rule and new.is_derived and old.is_derived:
        raise ProgramError(
            f"the cells {older.cell.name!r} and {piece.cell.name!r} have two rules of one endpoint, "
            f"{new.name!r}. Give one of them another: --endpoint NAME"
        )
    if new.name == old.name:
        return None
    if new.rule == old.rule and new.methods & old.methods:
        return replace(old, methods=old.methods - new.methods)
    return old


def _take_back(older: Piece, was: Registration, rest: Registration | None, gone: set[Piece]) -> None:
    """Write a piece without what a later cell has taken from it."""
    if rest is not None:
        _leave_methods(older, was, sorted(rest.methods))
    elif was.node is None:
        older.route = None
        gone.update([older] if older.is_body else [])
    elif isinstance(older.node, ast.Expr):
        gone.add(older)
    else:
        older.drops.append(was.node)


def _leave_methods(older: Piece, was: Registration, methods: list[str]) -> None:
    if was.node is None:
        assert older.route is not None
        older.route = older.route._replace(methods=tuple(methods), endpoint=was.name)
        return
    assert isinstance(was.node, ast.Call)
    for keyword in was.node.keywords:
        if keyword.arg == "methods":
            older.edits.append(Edit.of(keyword.value, f"[{', '.join(map(quote, methods))}]"))


def _is_bound_again(piece: Piece, later: list[Piece]) -> bool:
    """Whether a function is defined again before anything has used the first one."""
    if not isinstance(piece.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    kept = [one for one in piece.node.decorator_list if one not in piece.drops]
    is_plain = all(isinstance(one.func if isinstance(one, ast.Call) else one, ast.Name) for one in kept)
    if piece.route is not None or not is_plain:
        return False  # it may be registered somewhere
    name = piece.node.name
    for one in later:
        if isinstance(one.node, (ast.FunctionDef, ast.AsyncFunctionDef)) and one.node.name == name:
            return True
        if name in one.names.reads or (name in one.names.needs and not one.is_function_or_class):
            return False
    # Nobody else needs the function of a view that is gone.
    return bool(piece.drops) and not any(name in one.names.needs for one in later)

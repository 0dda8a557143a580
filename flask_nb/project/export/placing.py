"""Where each piece of a package goes: to the top of a module, or into ``create_app``."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from ..cell_names import dotted
from .pieces import Piece

APP = "create_app"
INIT = "__init__"
SHARED = "shared"
"""The module of what blueprints and the rest both need."""

_ENVIRONMENT = "os"
_READS_ENVIRONMENT = ("from_envvar", "from_prefixed_env")


class Placement:
    """Decides on pieces: those that need the app, transitively, go into ``create_app``.

    :param pieces: in the notebook's order.
    :param app: the variable of the app; None where the notebook has a factory.
    :param secret: the pieces that read a secret, which is asked for when an app is made.
    :param blueprints: variable → module name.
    """

    def __init__(
        self, pieces: list[Piece], app: str | None, secret: Iterable[Piece], blueprints: dict[str, str]
    ) -> None:
        self._pieces = [piece for piece in pieces if not piece.is_import]
        self._app = app
        self._blueprints = blueprints
        self._functions = {
            name: piece for piece in pieces if piece.is_function_or_class for name in piece.names.binds
        }
        self.in_app: set[Piece] = set(secret)
        self.app_names: set[str] = {app} if app else set()
        self._spread()
        self.module_of = {piece: INIT for piece in self._pieces if piece not in self.in_app}
        self.note = ""
        if blueprints:
            self._part()

    # --- into create_app ---

    def _spread(self) -> None:
        count = -1
        while count != len(self.in_app) + len(self.app_names):
            count = len(self.in_app) + len(self.app_names)
            touched: set[str] = set()  # what is read or changed while an app is made
            changed: set[str] = set()
            for piece in self._pieces:
                if piece not in self.in_app and self._belongs(piece, touched, changed):
                    self.in_app.add(piece)
                if piece in self.in_app:
                    self.app_names |= piece.names.binds
                    touched |= self.read_at_once(piece)
                    changed |= self.changed_at_once(piece)

    def _belongs(self, piece: Piece, touched: set[str], changed: set[str]) -> bool:
        names = piece.names
        if (piece.definition is not None or piece.route is not None) and piece.app == self._app:
            return True
        if (names.needs | names.binds | names.reads) & self.app_names:
            return True
        if any(change.name in self.app_names for change in (*names.changes, *names.writes)):
            return True
        if piece.is_function_or_class:
            return bool(self.changed_at_once(piece) & touched)
        if (self.changed_at_once(piece) | names.binds) & (touched | changed):
            return True  # an app is made with the value from before, or in between
        return bool(self.read_at_once(piece) & changed)

    def read_at_once(self, piece: Piece) -> set[str]:
        """Return the names that a piece reads when it runs, those of functions that it calls included."""
        found: set[str] = set()
        pending = list(piece.names.reads if not piece.is_body else ())
        while pending:
            name = pending.pop()
            if name in found:
                continue
            found.add(name)
            if name in self._functions:
                pending.extend(self._functions[name].names.needs)
        if any(call.function.rpartition(".")[2] in _READS_ENVIRONMENT for call in piece.names.calls):
            found.add(_ENVIRONMENT)
        return found

    def changed_at_once(self, piece: Piece) -> set[str]:
        """Return the names whose values a piece changes when it runs, by the functions that it calls too."""
        found = {one.name for one in piece.names.changes if one.how != "()"}
        for name in self.read_at_once(piece) & set(self._functions):
            names = self._functions[name].names
            found |= {one.name for one in (*names.later, *names.writes) if one.how != "()"}
        return found

    # --- into modules ---

    def _part(self) -> None:
        """Give each blueprint the module that it asks for, and the rest its place."""
        users = {piece: self._owners(piece) for piece in self.module_of}
        needed: dict[str, set[str]] = {}
        for piece in self.in_app:
            for name in piece.names.needs:
                needed.setdefault(name, set()).add(INIT)
        self._settle(users, needed)
        for piece in users:
            users[piece] |= set() if users[piece] else {INIT}  # nobody asks for it, so it stays
        self._settle(users, needed)
        for piece, modules in users.items():
            self.module_of[piece] = next(iter(modules)) if len(modules) == 1 else SHARED
        self._check_modules()

    def _settle(self, users: dict[Piece, set[str]], needed: dict[str, set[str]]) -> None:
        """Hand on which modules use a piece to what it needs, until nothing changes any more."""
        before = -1
        while before != (before := sum(map(len, users.values())) + sum(map(len, needed.values()))):
            for piece in users:
                for name in piece.names.needs | {one.name for one in piece.names.changes}:
                    needed.setdefault(name, set()).update(users[piece])
                if not self._owners(piece):
                    users[piece].update(*(needed.get(name, set()) for name in self._touches(piece)))

    def _touches(self, piece: Piece) -> set[str]:
        changes = {one.name for one in piece.names.changes}
        return {*piece.names.binds, *changes, *self.changed_at_once(piece)}

    def _owners(self, piece: Piece) -> set[str]:
        return {self._blueprints[name] for name in self._touches(piece) & set(self._blueprints)}

    def _check_modules(self) -> None:
        """Keep all in one module where a name that functions assign, or a circle, forbids to part them."""
        bound: dict[str, set[str]] = {}
        for piece, module in self.module_of.items():
            for name in piece.names.binds:
                bound.setdefault(name, set()).add(module)
        uses: dict[str, set[str]] = {}
        for piece, module in self.module_of.items():
            for name in piece.names.needs | {one.name for one in piece.names.writes}:
                for other in bound.get(name, set()) - {module}:
                    uses.setdefault(module, set()).add(other)
        written = {one.name for piece in self._pieces for one in piece.names.writes}
        apart = [
            name
            for name in written
            if len({self.module_of.get(one, INIT) for one in self._pieces if self._uses(one, name)}) > 1
        ]
        is_split = any(len(modules) > 1 for modules in bound.values())
        is_circular = any(module in _reachable(module, uses) for module in uses) or INIT in set().union(
            *(uses[module] for module in uses if module != INIT)
        )
        if apart or is_split or is_circular or self._is_out_of_order():
            self.module_of = dict.fromkeys(self.module_of, INIT)
            why = f"functions assign {apart[0]!r}" if apart else "what they need goes both ways"
            self.note = f"The blueprints stand in __init__.py, not in modules of their own: {why}."

    def _is_out_of_order(self) -> bool:
        """Whether a module reads what another changes below: a module runs as a whole."""
        pieces = [piece for piece in self._pieces if piece in self.module_of]
        for index, piece in enumerate(pieces):
            read = self.read_at_once(piece) | self.changed_at_once(piece)
            below = [one for one in pieces[index + 1 :] if self.module_of[one] != self.module_of[piece]]
            plain = [one for one in below if not one.is_function_or_class]
            if any(read & (one.names.binds | self.changed_at_once(one)) for one in plain):
                return True
        return False

    @staticmethod
    def _uses(piece: Piece, name: str) -> bool:
        names = piece.names
        return name in names.needs | names.binds or any(one.name == name for one in names.writes)


def _reachable(start: str, uses: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    pending = list(uses.get(start, ()))
    while pending:
        one = pending.pop()
        if one not in found:
            found.add(one)
            pending.extend(uses.get(one, ()))
    return found


def find_made(pieces: list[Piece], classes: frozenset[str]) -> dict[str, Piece]:
    """Return the variables that hold what a class of these names makes, each with the last that binds it."""
    own = {
        piece.node.name
        for piece in pieces
        if isinstance(piece.node, ast.ClassDef)
        and any(dotted(base).rpartition(".")[2] in classes for base in piece.node.bases)
    }
    found: dict[str, Piece] = {}
    for piece in pieces:
        value = (
            getattr(piece.node, "value", None)
            if isinstance(piece.node, (ast.Assign, ast.AnnAssign))
            else None
        )
        if isinstance(value, ast.Call) and dotted(value.func).rpartition(".")[2] in classes | own:
            found.update(dict.fromkeys(piece.names.binds, piece))
    return found

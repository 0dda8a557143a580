"""``create_app``: what needs the app, in the notebook's order, behind the statement that makes it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from .. import rules
from ..cell_names import dotted
from .layout import Block, join_blocks
from .pieces import Piece
from .slices import indent

_HEAD = '''def create_app(test_config: Mapping[str, Any] | None = None) -> Flask:
    """Make the app.

    :param test_config: the settings of a test, which win over those of the app.
    """
'''
_TEST_CONFIG = "if test_config is not None:\n    {app}.config.from_mapping(test_config)"


class FactoryWriter:
    """Writes the function that makes the app.

    :param app_name: the variable that holds the app, or the call of the notebook's own factory.
    :param pieces: those of the notebook.
    """

    def __init__(self, app_name: str, pieces: list[Piece]) -> None:
        self.name = app_name
        name = app_name.partition("(")[0].partition(".")[0]
        functions = {one.node.name: one.node for one in pieces if isinstance(one.node, ast.FunctionDef)}
        self.own_factory = functions.get(name)
        self.variable = "app" if self.own_factory else name
        self.renames = {"create_app": _free_name(pieces)} if "create_app" in functions else {}
        made = [piece for piece in pieces if self._makes_app(piece)]
        self.made = made[-1] if made else None
        self.pieces = pieces
        self._check()
        if len(made) > 1:
            raise made[1].fail(
                f"it makes {self.variable!r} anew, after the cell {made[0].cell.name!r}, "
                f"and nothing of before is in it. Delete that cell, or give one of the two another name"
            )

    def _makes_app(self, piece: Piece) -> bool:
        return (
            isinstance(piece.node, (ast.Assign, ast.AnnAssign))
            and self.variable in piece.names.binds
            and self.variable not in piece.names.reads
        )

    def _check(self) -> None:
        for piece in self.pieces:
            definition = piece.definition
            if getattr(definition, "module", None):
                raise piece.fail(
                    "its app comes from a module, which is a program already. Export a notebook's own"
                )
            if getattr(definition, "reset", False):
                raise piece.fail(
                    "%app reset begins anew, which a package cannot. Delete what stands above it"
                )
            if (piece.route or definition) and piece.app != self.variable:
                raise piece.fail(
                    f"it defines on {piece.app!r}, but the package has one app, {self.variable!r}. "
                    f"Export each app from a notebook of its own"
                )
        function = dotted(self._call.func) if self._call is not None else ""
        foreign = rules.APP_CLASSES - {"Flask", "APIFlask", "OpenAPI"}
        if self.made is not None and function.rpartition(".")[2] in foreign:
            raise self.made.fail(f"the app is a {function}, and only apps of Flask's kind are exported")

    @property
    def _call(self) -> ast.Call | None:
        value = getattr(self.made.node, "value", None) if self.made else None
        return value if isinstance(value, ast.Call) else None

    @property
    def options(self) -> dict[str, object]:
        """What the app is made with, as far as it is literal: names of arguments → values."""
        if self._call is None:
            return {}
        return {
            one.arg: one.value.value if isinstance(one.value, ast.Constant) else ast.unparse(one.value)
            for one in self._call.keywords
            if one.arg
        }

    def order(self, in_app: Collection[Piece]) -> list[Piece]:
        """Return the pieces of the function in order: the app is made before anything is registered on it.

        :raises ProgramError: what makes the app needs what needs the app.
        """
        pieces = [piece for piece in self.pieces if piece in in_app]
        if self.made is None or self.made not in pieces:
            return pieces
        index = pieces.index(self.made)
        first = next((number for number in range(index) if self._needs_app(pieces[number])), index)
        between = frozenset[str]().union(*(piece.names.binds for piece in pieces[first:index]))
        if circular := sorted(self.made.names.reads & between):
            raise self.made.fail(
                f"the app is made with {circular[0]!r}, which is set behind what needs the app. "
                f"Move the cell that makes the app up"
            )
        return [*pieces[:first], self.made, *pieces[first:index], *pieces[index + 1 :]]

    def _needs_app(self, piece: Piece) -> bool:
        names = piece.names.needs | {one.name for one in piece.names.changes}
        return bool(piece.route or piece.definition) or self.variable in names

    def write(self, blocks: list[Block], headings: dict[str, str]) -> str:
        """Return the function."""
        blocks = [*self._begin(blocks), *self._with_test_config(blocks)]
        body = join_blocks(blocks, headings, 1)
        body = f"\n{body}" if body.startswith(("@", "class ", "def ", "async def ")) else body
        returned = self.name if not self.own_factory else self.variable
        return f"{_HEAD}{indent(body)}\n\n    return {returned}"

    def _begin(self, blocks: list[Block]) -> Iterator[Block]:
        if self.made is None and not self.own_factory and not self._is_bound(blocks):
            yield Block(f"{self.variable} = Flask(__name__)")

    def _is_bound(self, blocks: list[Block]) -> bool:
        return any(block.piece is not None and self.variable in block.piece.names.binds for block in blocks)

    def _with_test_config(self, blocks: list[Block]) -> list[Block]:
        """Return the blocks with a test's settings, before anything looks at them and after all others."""
        text = Block(_TEST_CONFIG.format(app=self.variable))
        if self.own_factory:
            return [*blocks, Block(f"{self.variable} = {self._own_call()}"), text]
        pieces = [block.piece for block in blocks]
        made = pieces.index(self.made) + 1 if self.made in pieces else self._first_bound(pieces)
        settings = [index + 1 for index, piece in enumerate(pieces) if piece is not None and piece.is_setting]
        last = max([made, *settings])
        looking = [
            index
            for index, piece in enumerate(pieces)
            if made <= index < last and piece is not None and not piece.is_setting and self._looks(piece)
        ]
        places = sorted({looking[0], last} if looking else {last}, reverse=True)
        found = list(blocks)
        for place in places:
            found.insert(place, text)
        return found

    def _first_bound(self, pieces: list[Piece | None]) -> int:
        bound = [
            index + 1 for index, piece in enumerate(pieces) if piece and self.variable in piece.names.binds
        ]
        return bound[-1] if bound else 0

    def _looks(self, piece: Piece) -> bool:
        """Whether a statement may look at the settings when it runs."""
        return not piece.is_function_or_class and self.variable in piece.names.reads

    def _own_call(self) -> str:
        name, _, arguments = self.name.partition("(")
        name = self.renames.get(name, name)
        assert self.own_factory is not None
        parameters = {one.arg for one in (*self.own_factory.args.args, *self.own_factory.args.kwonlyargs)}
        if not arguments and "test_config" in parameters:
            return f"{name}(test_config=test_config)"
        return f"{name}({arguments or ')'}"


def _free_name(pieces: list[Piece]) -> str:
    taken = {name for piece in pieces for name in piece.names.binds}
    name = "make_app"
    while name in taken:
        name += "_"
    return name

"""The statements that are taken of a notebook, as pieces of a package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask_nb.cells import ArtifactDefinition
from flask_nb.cells.config import ConfigDefinition
from flask_nb.cells.contents import StaticDefinition, TemplateDefinition
from flask_nb.cells.route import RouteDefinition
from flask_nb.cells.view import ViewSource, awaits, form_of
from flask_nb.errors import ProgramError

from ..artifacts import Artifact, find_artifact
from ..cell_names import Names, names_of
from ..definitions import Definition, names_of_definition
from ..plan import Plan
from ..program_cells import ProgramCell
from ..statements import Statement
from .slices import Edit, Slice, slice_statement

_SETTINGS = frozenset({"secret_key", "testing", "debug", "permanent_session_lifetime"})
"""Attributes of an app that stand for settings."""


@dataclass(eq=False)
class Piece:
    """A statement, or a definition, on its way into the package.

    :param cell: where it comes from.
    :param line: the line of the cell.
    :param names: what it binds, needs and changes.
    :param app: the variable of the app that definitions of its cell apply to.
    :param node: the statement; None for a definition.
    :param source: the statement's text.
    :param route: the route that it is the view of; the function of a cell, or the whole body.
    :param definition: any other definition.
    :param comments: lines that stand above it.
    :param drops: the decorators that are not written, since a later cell registers the same.
    :param edits: what else is written otherwise for that reason.
    """

    cell: ProgramCell
    line: int
    names: Names
    app: str
    node: ast.stmt | None = None
    source: Slice | None = None
    route: RouteDefinition | None = None
    definition: Definition | None = None
    comments: list[str] = field(default_factory=list)
    drops: list[ast.expr] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)

    @property
    def is_import(self) -> bool:
        """Whether it is an import of the notebook's top level."""
        return isinstance(self.node, (ast.Import, ast.ImportFrom))

    @property
    def is_body(self) -> bool:
        """Whether it is a cell whose body becomes a view."""
        return self.node is None and self.source is not None

    @property
    def is_function_or_class(self) -> bool:
        """Whether it defines something that does nothing by itself."""
        return isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or self.is_body

    @property
    def is_setting(self) -> bool:
        """Whether it configures the app."""
        if isinstance(self.definition, ConfigDefinition) or (
            self.definition is not None and not self.route and not self.node
        ):
            return True
        if not isinstance(self.node, (ast.Assign, ast.Expr)):
            return False
        changed = [change for change in self.names.changes if change.name == self.app]
        targets = self.node.targets if isinstance(self.node, ast.Assign) else []
        set_ = {one.attr for one in targets if isinstance(one, ast.Attribute)}
        config = f"{self.app}.config"
        return bool(changed) and all(
            change.path == config or (change.path == self.app and set_ <= _SETTINGS) for change in changed
        )

    def nodes(self) -> Iterator[ast.AST]:
        """Yield every node of its tree."""
        trees: list[ast.AST] = [self.node] if self.node is not None else []
        if self.route is not None and self.node is None:
            trees += ViewSource(self.route.body, self.route.body_line).parse().body
        for tree in trees:
            yield from ast.walk(tree)

    def fail(self, message: str, line: int | None = None) -> ProgramError:
        """Return the error for a line of it."""
        return ProgramError.in_cell(self.cell.name, f"line {line or self.line}: {message}")


@dataclass
class Contents:
    """What a plan holds for a package.

    :param pieces: in the notebook's order.
    :param templates: name → source; the last of a name.
    :param static: path → definition; the last of a path.
    :param artifacts: the values that are loaded.
    """

    pieces: list[Piece] = field(default_factory=list)
    templates: dict[str, TemplateDefinition] = field(default_factory=dict)
    static: dict[str, StaticDefinition] = field(default_factory=dict)
    artifacts: list[Artifact] = field(default_factory=list)


class Reader:
    """Makes pieces of a plan.

    :param plan: what of the notebook is run.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._app = "app"  # what definitions apply to, until %app says otherwise
        self._contents = Contents()

    def read(self) -> Contents:
        """Return the pieces of all statements that are taken.

        :raises ProgramError: names the cell that no package can hold.
        """
        for planned in self._plan.cells:
            comments: list[str] = []
            nodes = [one.statement.node for one in planned.decisions if one.statement.node is not None]
            for statement in planned.taken:
                for piece in self._pieces_of(statement, nodes):
                    comments = self._add(piece, comments)
        return self._contents

    def _add(self, piece: Piece, comments: list[str]) -> list[str]:
        """Add a piece; return the comments that an import hands on to what follows it in the cell."""
        if piece.is_import:
            assert piece.source is not None
            handed, piece.source.comments = [*comments, *piece.source.comments], []
            self._contents.pieces.append(piece)
            return handed
        if piece.source is not None:
            piece.source.comments[:0] = comments
        else:
            piece.comments[:0] = comments
        self._contents.pieces.append(piece)
        return []

    def _pieces_of(self, statement: Statement, nodes: list[ast.stmt]) -> Iterator[Piece]:
        if statement.uses:
            yield from self._of_magic(statement, nodes)
            return
        assert statement.node is not None
        lines = statement.cell.text.split("\n")
        text = slice_statement(lines, nodes, nodes.index(statement.node))
        piece = Piece(statement.cell, statement.line, statement.names, self._app, statement.node, text)
        _refuse_await(piece)
        yield piece

    def _of_magic(self, statement: Statement, nodes: list[ast.stmt]) -> Iterator[Piece]:
        use = statement.uses[next(iter(statement.uses))]
        magic, definition = use.magic, use.definition
        if not statement.is_magic or definition is None:
            raise ProgramError.in_cell(
                statement.cell.name,
                f"line {magic.number}: {magic} stands within a statement. Give it a line of its own",
            )
        if isinstance(definition, ArtifactDefinition):
            yield from self._of_artifacts(statement)
        elif isinstance(definition, TemplateDefinition):
            self._contents.templates[definition.name] = definition
        elif isinstance(definition, StaticDefinition):
            self._contents.static[definition.path] = definition
        elif isinstance(definition, RouteDefinition):
            yield from self._of_route(statement, definition)
        else:
            names = names_of_definition(magic, definition)
            piece = Piece(statement.cell, magic.number, names, self._app, definition=definition)
            self._app = getattr(definition, "name", None) or self._app
            piece.app = self._app
            piece.comments = _comments_above(statement, nodes)
            yield piece

    def _of_artifacts(self, statement: Statement) -> Iterator[Piece]:
        """Yield what loads the values that are kept; of others the statements that compute them are taken."""
        for name in sorted(statement.names.binds):
            artifact = find_artifact(name, self._plan.path.parent)
            if artifact is None:
                raise ProgramError.in_cell(statement.cell.name, f"the artifact {name} has just been deleted")
            if artifact not in self._contents.artifacts:
                self._contents.artifacts.append(artifact)
            lines = [f'{name} = load_artifact("{name}")']
            node = ast.parse(lines[0]).body[0]
            text = Slice(lines, (1, 0), (1, len(lines[0].encode())))
            yield Piece(statement.cell, statement.line, names_of([node]), self._app, node, text)

    def _of_route(self, statement: Statement, route: RouteDefinition) -> Iterator[Piece]:
        lines = statement.cell.text.split("\n")
        tree = ViewSource(route.body, route.body_line).parse()
        slices = [slice_statement(lines, tree.body, index) for index in range(len(tree.body))]
        if form_of(tree) == "body":
            text = _whole_body(lines, route.body_line, tree)
            piece = Piece(statement.cell, statement.line, statement.names, self._app, None, text, route)
            piece.comments = _comments_above(statement, [])
            yield piece
            return
        for node, text in zip(tree.body, slices, strict=True):
            own = route if node is tree.body[-1] else None
            piece = Piece(statement.cell, text.begin[0], names_of([node]), self._app, node, text, own)
            _refuse_await(piece)
            yield piece


def _comments_above(statement: Statement, nodes: list[ast.stmt]) -> list[str]:
    """Return the comments above a magic."""
    lines = statement.cell.text.split("\n")
    if statement.node is not None:
        return slice_statement(lines, nodes, nodes.index(statement.node)).comments
    return [line.strip() for line in lines[: statement.line - 1] if line.strip().startswith("#")]


def _whole_body(lines: list[str], first: int, tree: ast.Module) -> Slice:
    """Return the body of a cell, the comments above and below its statements included."""
    numbers = [number for number in range(first, len(lines) + 1) if lines[number - 1].strip()]
    last = max(numbers[-1], tree.body[-1].end_lineno or 0)
    return Slice(lines, (numbers[0], 0), (last, len(lines[last - 1].encode())))


def _refuse_await(piece: Piece) -> None:
    if piece.node is not None and awaits(ast.Module([piece.node], [])):
        raise piece.fail(
            "it awaits at the top of a cell, which only a notebook can. "
            "Put it into an async function, and call that with asyncio.run"
        )

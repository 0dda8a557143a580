"""The statements of a notebook, each with the names it has to do with: what a plan decides on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask_nb.cells import ArtifactDefinition, ViewSource
from flask_nb.errors import FlaskNbError, ProgramError

from .cell_names import Names, names_of
from .cell_python import PLACEHOLDER, Magic, parse_cell
from .definitions import Definition, names_of_definition, parse_definition
from .program_cells import SKIP, ProgramCell

FAILING = "raises-exception"
"""The tag of a cell that may fail, after which Jupyter goes on."""

_COMPOUND = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)
_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Use:
    """A magic in a statement.

    :param definition: what it defines, None if it defines nothing.
    """

    magic: Magic
    definition: Definition | None


@dataclass(eq=False)
class Statement:
    """One statement of a plain cell, or a cell that is one cell magic.

    :param cell: where it stands.
    :param node: the statement; None for a cell magic.
    :param uses: the magics in it by their number in the cell.
    :param names: what it binds, needs and changes.
    :param is_last: whether it is the last of its cell, whose value is shown.
    """

    cell: ProgramCell
    node: ast.stmt | None
    uses: dict[int, Use]
    names: Names
    is_last: bool = False

    @property
    def line(self) -> int:
        """The line of the cell on which it begins."""
        if self.node is None:
            return self.magic.number
        decorators: list[ast.expr] = getattr(self.node, "decorator_list", [])
        return min([self.node.lineno, *(node.lineno for node in decorators)])

    @property
    def magic(self) -> Magic:
        """The first magic in it."""
        return next(iter(self.uses.values())).magic

    @property
    def is_magic(self) -> bool:
        """Whether it is a magic and nothing else."""
        return self.node is None or (isinstance(self.node, ast.Expr) and is_placeholder(self.node.value))

    @property
    def is_definition(self) -> bool:
        """Whether it defines a function or a class."""
        return isinstance(self.node, _DEFS)

    @property
    def is_compound(self) -> bool:
        """Whether other statements stand in it that run with it."""
        return isinstance(self.node, _COMPOUND)

    @property
    def excerpt(self) -> str:
        """Its first line."""
        return self.cell.text.split("\n")[self.line - 1].strip()


@dataclass
class ReadCells:
    """What the cells of a notebook hold.

    :param statements: of all cells that can be read, in order.
    :param unread: cells that are left out unread → why.
    """

    statements: list[Statement] = field(default_factory=list)
    unread: dict[ProgramCell, str] = field(default_factory=dict)


def read_statements(cells: list[ProgramCell]) -> ReadCells:
    """Return the statements of all cells.

    :raises ProgramError: names the cell that cannot be read.
    """
    found = ReadCells()
    for cell in cells:
        if SKIP in cell.tags:
            found.unread[cell] = f"it is tagged {SKIP}"
            continue
        try:
            found.statements.extend(_statements_of(cell))
        except FlaskNbError as exc:
            if FAILING not in cell.tags:
                raise ProgramError.in_cell(cell.name, exc) from None
            found.unread[cell] = "it cannot be read, and is tagged as one that fails"
    return found


def _statements_of(cell: ProgramCell) -> Iterator[Statement]:
    parsed = parse_cell(cell.text)
    uses = {number: Use(magic, parse_definition(magic)) for number, magic in enumerate(parsed.magics)}
    if parsed.tree is None:
        yield Statement(cell, None, uses, _names_of_cell_magic(uses[0]))
        return
    for node in parsed.tree.body:
        own = {number: uses[number] for number in _placeholders(node)}
        yield Statement(cell, node, own, _names_of_statement(node, own), node is parsed.tree.body[-1])


def _placeholders(node: ast.AST) -> list[int]:
    calls = [one for one in ast.walk(node) if is_placeholder(one)]
    return [call.args[0].value for call in calls]  # type: ignore[attr-defined]


def is_placeholder(node: ast.AST) -> bool:
    """Whether a node stands for a magic."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == PLACEHOLDER


def make_loading(statement: Statement, name: str) -> None:
    """Let a statement load a kept value instead of computing it."""
    assert statement.node is not None
    number = -statement.node.lineno * 1000 - statement.node.col_offset - 1  # no magic of the cell has it
    call = ast.Call(ast.Name(PLACEHOLDER, ast.Load()), [ast.Constant(number)], [])
    statement.node = ast.fix_missing_locations(ast.copy_location(ast.Expr(call), statement.node))
    magic = Magic("line", "artifact", name, statement.node.lineno)
    statement.uses = {number: Use(magic, ArtifactDefinition((name,)))}
    statement.names = Names(binds=frozenset({name}))


def _names_of_cell_magic(use: Use) -> Names:
    if use.definition is not None:
        return names_of_definition(use.magic, use.definition)
    if use.magic.name == "request_context":  # its names stay in the notebook
        try:
            return names_of(ViewSource(use.magic.body).parse().body)
        except FlaskNbError:
            pass
    return Names()


def _names_of_statement(node: ast.stmt, uses: dict[int, Use]) -> Names:
    names = names_of([node])
    more = [names_of_definition(use.magic, use.definition) for use in uses.values() if use.definition]
    own = frozenset({PLACEHOLDER})
    return Names(
        names.binds,
        names.needs.union(*(one.needs for one in more)) - own,
        names.reads.union(*(one.reads for one in more)) - own,
        names.changes,
        tuple(call for call in names.calls if call.function != PLACEHOLDER),
        names.later,
        names.later_calls,
        names.writes,
    )

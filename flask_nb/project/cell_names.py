"""Which names a statement binds, needs and changes, as far as its source tells."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from flask_nb.cells.view import own_nodes

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_CHAIN = (ast.Attribute, ast.Subscript, ast.Starred, ast.Await)


@dataclass(frozen=True)
class Change:
    """What a statement does to something that a name stands for.

    :param name: the name at the root of what is changed.
    :param path: the dotted path to what is changed, such as ``os.environ``.
    :param how: the method that is called, ``=`` for an assignment, ``del`` for a deletion, ``()`` where it is
        handed to a function, ``class`` where a class derives from an attribute of it.
    :param line: the line of the cell.
    :param is_direct: whether the name itself, or an item of it, is changed, not what an attribute holds.
    """

    name: str
    path: str
    how: str
    line: int
    is_direct: bool = True


@dataclass(frozen=True)
class Call:
    """A call that is made when the statement runs.

    :param function: the dotted path of what is called, such as ``plt.plot``; empty where it has none.
    """

    function: str
    line: int


@dataclass(frozen=True)
class Names:
    """The names of a statement.

    :param binds: what it binds in the notebook.
    :param needs: the names of the notebook that it reads, its functions' bodies included.
    :param reads: those of them that are read when it runs.
    :param changes: what it changes when it runs.
    :param calls: what it calls when it runs.
    :param later: what its functions change when they are called.
    :param later_calls: what they call.
    :param writes: the names that its functions declare ``global`` and bind, with their lines.
    """

    binds: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    changes: tuple[Change, ...] = ()
    calls: tuple[Call, ...] = ()
    later: tuple[Change, ...] = ()
    later_calls: tuple[Call, ...] = ()
    writes: tuple[Change, ...] = ()


@dataclass
class _Found:
    changes: list[Change] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    writes: list[Change] = field(default_factory=list)


def names_of(statements: list[ast.stmt]) -> Names:
    """Return the names of statements of the notebook's top level."""
    module = ast.Module(statements, [])
    table = symtable.symtable(ast.unparse(ast.fix_missing_locations(module)), "<cell>", "exec")
    nodes = list(own_nodes(module))
    at_once, later = _Found(), _Found()
    _collect(nodes, frozenset(), at_once)
    for function in _functions(nodes):
        _collect_function(function, frozenset(), later)
    bound_within = _comprehension_names(nodes)
    added_to = {node.target.id for node in nodes if _adds(node)}  # type: ignore[attr-defined]
    return Names(
        binds=frozenset(_bound(table)),
        needs=frozenset(_needed(table)) | added_to,
        reads=(frozenset(_loaded(nodes)) - bound_within) | added_to,
        changes=tuple(at_once.changes),
        calls=tuple(at_once.calls),
        later=tuple(later.changes),
        later_calls=tuple(later.calls),
        writes=tuple(later.writes),
    )


def names_in(expression: str) -> frozenset[str]:
    """Return the names of the notebook that an expression reads."""
    try:
        return frozenset(_needed(symtable.symtable(expression.strip(), "<cell>", "eval")))
    except SyntaxError:
        return frozenset()


def changes_of(node: ast.AST) -> list[Change]:
    """Return what one node changes by itself, without those in it."""
    return list(_changes(node))


def root_names(node: ast.expr) -> Iterator[str]:
    """Yield the name that a chain of attributes, items and calls begins with; else all names in it.

    What a function returns is of what it is given: ``Path(folder, "a").write_text("")`` changes ``folder``.
    """
    while isinstance(node, _CHAIN) or (isinstance(node, ast.Call) and not isinstance(node.func, ast.Name)):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Call):
        for given in (*node.args, *(keyword.value for keyword in node.keywords)):
            yield from _loaded(ast.walk(given))
    else:
        yield from _loaded(ast.walk(node))


def dotted(node: ast.AST) -> str:
    """Return the dotted path of an expression, such as ``os.environ``; items and calls are passed over."""
    parts: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
        if isinstance(node, _CHAIN):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return ""
    return ".".join([node.id, *reversed(parts)])


def _bound(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
            yield symbol.get_name()


def _needed(table: symtable.SymbolTable) -> Iterator[str]:
    is_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        # What a function declares global and only assigns is the notebook's all the same.
        is_used = symbol.is_referenced() or (symbol.is_declared_global() and not is_top)
        if is_used and (is_top or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _needed(child)


def _loaded(nodes: Iterable[ast.AST]) -> Iterator[str]:
    return (node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


def _adds(node: ast.AST) -> bool:
    return isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)


def _comprehension_names(nodes: Iterable[ast.AST]) -> frozenset[str]:
    targets = (node.target for node in nodes if isinstance(node, ast.comprehension))
    return frozenset(name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))


def _functions(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the functions that nodes of one scope define, those in the bodies of classes included."""
    for node in nodes:
        if isinstance(node, _FUNCTIONS):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(own_nodes(ast.Module(node.body, [])))


def _collect_function(function: ast.AST, outer: frozenset[str], found: _Found) -> None:
    body = function.body if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) else []
    if isinstance(function, ast.Lambda):
        body = [ast.copy_location(ast.Expr(function.body), function)]
    nodes = list(own_nodes(ast.Module(body, [])))
    arguments = getattr(function, "args", ast.arguments([], [], None, [], [], None, []))
    declared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    local = {node.arg for node in ast.walk(arguments) if isinstance(node, ast.arg)} | _stored(nodes)
    names = outer | frozenset(local - declared)
    _collect(nodes, names, found)
    found.writes.extend(
        Change(node.id, node.id, "=", node.lineno)
        for node in nodes
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and node.id in declared
    )
    for inner in _functions(nodes):
        _collect_function(inner, names, found)


def _stored(nodes: Iterable[ast.AST]) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return names


def _collect(nodes: Iterable[ast.AST], local: frozenset[str], found: _Found) -> None:
    for node in nodes:
        found.changes.extend(change for change in _changes(node) if change.name not in local)
        if isinstance(node, ast.Call):
            found.calls.append(Call(dotted(node.func), node.lineno))


def _changes(node: ast.AST) -> Iterator[Change]:
    """Yield what one node changes."""
    if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        yield from _change(node.value, "del" if isinstance(node.ctx, ast.Del) else "=", node)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            yield from _change(node.func.value, node.func.attr, node)
        handed = [*node.args, *(keyword.value for keyword in node.keywords)]
        for argument in handed:
            if isinstance(argument, ast.Name):
                yield Change(argument.id, dotted(node.func), "()", node.lineno)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Attribute):
                yield from _change(decorator.value, decorator.attr, decorator)
        for base in node.bases if isinstance(node, ast.ClassDef) else ():
            if isinstance(base, ast.Attribute):
                yield from _change(base.value, "class", base)


def _change(changed: ast.expr, how: str, node: ast.expr) -> Iterator[Change]:
    is_direct = not any(isinstance(one, (ast.Attribute, ast.Call)) for one in _links(changed))
    for name in root_names(changed):
        yield Change(name, dotted(changed) or name, how, node.lineno, is_direct)


def _links(node: ast.expr) -> Iterator[ast.expr]:
    yield node
    while isinstance(node, _CHAIN):
        node = node.value
        yield node

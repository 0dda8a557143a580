"""A cell as a view: which of three forms it has, and the function that answers requests.

The *body* form becomes a function around the cell's own statements, so that ``return``, ``yield`` and
``await`` mean what they mean in a function and assigned names are local. The function is made straight
from its code object with the notebook's namespace as its globals: nothing is bound in the notebook,
so an endpoint called ``request`` hides nothing.
"""

from __future__ import annotations

import ast
import builtins
import dis
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any, Literal

from flask_nb import cells
from flask_nb.errors import CellSyntaxError

Form = Literal["function", "class", "body"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.Lambda, ast.ClassDef)
# The notebook's compiler allows `await` at top level; in a cell that runs once it would run nothing.
_NOTEBOOK_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST
_UNREADABLE = (ValueError, RecursionError, MemoryError, OverflowError)


class ViewSource:
    """A cell's source as it is compiled.

    :param body: the cell without the magic's line.
    :param body_line: the line of the cell on which the body begins, from 1.
    :param filename: what tracebacks call the cell.
    :param flags: flags of the compiler, such as those of the notebook's ``__future__`` imports.
    """

    __slots__ = ("body", "body_line", "filename", "flags")

    def __init__(self, body: str, body_line: int = 2, filename: str = "<cell>", flags: int = 0) -> None:
        self.body = body
        self.body_line = body_line
        self.filename = filename
        self.flags = flags

    def parse(self) -> ast.Module:
        """Return the statements, with the line numbers of the cell.

        :raises CellSyntaxError: when the cell cannot be parsed, or holds no statement.
        """
        tree = self._compile(self._placed(), "exec", ast.PyCF_ONLY_AST)
        if not tree.body:
            raise CellSyntaxError("the cell is empty. Type the view below the magic, such as: 'Hello'")
        return tree  # type: ignore[no-any-return]

    def compile(self, tree: ast.Module | ast.Expression) -> CodeType:
        """Return the code of a tree that was made from this source.

        :raises CellSyntaxError: when Python refuses it.
        """
        mode = "eval" if isinstance(tree, ast.Expression) else "exec"
        return self._compile(tree, mode)  # type: ignore[no-any-return]

    def fail(self, message: str, line: int | None, column: int | None = None) -> CellSyntaxError:
        """Return the error for a line of the cell."""
        return CellSyntaxError(message, line=line, text=self._line(line) or None, column=column)

    def _explain(self, exc: SyntaxError) -> str:
        line = self._line(exc.lineno).lstrip()
        if line.startswith("%%"):
            return "a cell can have only one %% magic. Put this line and what follows into a cell of its own"
        if line.startswith(("%", "!")):
            return "a view is plain Python. Put % magics and ! commands into another cell"
        return exc.msg + cells.text_hint(line, self.body)

    def _line(self, number: int | None) -> str:
        lines = self._placed().split("\n")
        return lines[number - 1] if number and number <= len(lines) else ""

    def _placed(self) -> str:
        # Blank lines in front make the compiler count the lines of the cell, also where it only warns.
        return "\n" * (self.body_line - 1) + self.body

    def _compile(self, source: str | ast.Module | ast.Expression, mode: str, flags: int = 0) -> Any:
        flags |= self.flags & ~_NOTEBOOK_FLAGS
        try:
            return compile(source, self.filename, mode, flags, dont_inherit=True)
        except SyntaxError as exc:
            raise self.fail(self._explain(exc), exc.lineno) from None
        except _UNREADABLE as exc:
            reason = str(exc) or "the source is nested too deeply"
            raise CellSyntaxError(f"Python cannot compile the cell: {reason}") from None


def form_of(tree: ast.Module) -> Form:
    """Return the form of a parsed cell."""
    last = tree.body[-1]
    if isinstance(last, _FUNCTIONS):
        return "function"
    return "class" if isinstance(last, ast.ClassDef) else "body"


def wrap_body(source: ViewSource, tree: ast.Module, variables: Sequence[str]) -> ast.Module:
    """Return a module with one function ``view`` around the cell's statements.

    :param variables: the names of the function's parameters.
    :raises CellSyntaxError: when the cell declares a variable of the rule ``global``, or both streams
        and awaits.
    """
    _refuse_global(source, tree, variables)
    yields, is_async = _yields(tree), awaits(tree)
    if yields and is_async:
        message = "a view cannot both await and yield. Let it await, and return a generator"
        raise source.fail(message, yields[0].lineno)
    # Wrapped as a tree, not as text: indenting the text would change strings of several lines, and every
    # column that a traceback underlines.
    keyword = "async def" if is_async else "def"
    module = ast.parse(f"{keyword} view({', '.join(variables)}): pass")
    ast.increment_lineno(module, max(0, source.body_line - 2))  # the line of the magic itself
    function, last = module.body[0], tree.body[-1]
    assert isinstance(function, _FUNCTIONS)
    function.body = tree.body
    if isinstance(last, ast.Expr) and not yields:  # what a generator returns is not sent
        function.body = [*tree.body[:-1], ast.copy_location(ast.Return(last.value), last)]
    return module


def make_function(code: CodeType, namespace: dict[str, Any], name: str) -> Callable[..., Any]:
    """Return the function of :func:`wrap_body`'s code, under a name of its own."""
    # To run the `def` would bind its name in the notebook; to run it in a dictionary of its own would cut
    # the view off from the notebook's names. So the `def` never runs: its code is taken out of the module's.
    inner = next(const for const in code.co_consts if isinstance(const, CodeType))
    function = FunctionType(inner.replace(co_name=name, co_qualname=name), namespace, name)
    function.__qualname__ = name
    return function


def awaits(tree: ast.Module) -> bool:
    """Say whether the cell itself awaits, not a function in it."""
    return any(
        isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith))
        or (isinstance(node, ast.comprehension) and bool(node.is_async))
        for node in own_nodes(tree)
    )


def streams(tree: ast.Module) -> bool:
    """Say whether the cell itself yields, not a function in it."""
    return bool(_yields(tree))


def own_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what is evaluated in the cell's own scope, in source order.

    Of a nested function or class that is the decorators, defaults, bases and annotations: a ``yield`` in
    its body makes a generator of the function, not of the view. ``ast.walk`` knows no scopes, and a symbol
    table tells a scope's names but not what it awaits.
    """
    pending: list[ast.AST] = list(reversed(tree.body))
    while pending:
        node = pending.pop()
        yield node
        body = node.body if isinstance(node, _SCOPES) else []
        inside = body if isinstance(body, list) else [body]
        pending.extend(reversed([child for child in ast.iter_child_nodes(node) if child not in inside]))


def _refuse_global(source: ViewSource, tree: ast.Module, variables: Collection[str]) -> None:
    for node in own_nodes(tree):
        if isinstance(node, ast.Global) and (taken := [name for name in node.names if name in variables]):
            message = f"{taken[0]!r} is a variable of the rule, so it cannot be global here"
            raise source.fail(message, node.lineno)


def _yields(tree: ast.Module) -> list[ast.Yield | ast.YieldFrom]:
    return [node for node in own_nodes(tree) if isinstance(node, ast.Yield | ast.YieldFrom)]


def framework_names(framework: ModuleType) -> dict[str, Any]:
    """Return what a cell may use of the framework's package without importing it.

    That is what the package exports, without its submodules (`app` is the notebook's), and the two
    classes of views, which stand in a submodule.
    """
    exported = {name: value for name, value in vars(framework).items() if name[0] != "_"}
    names = {name: value for name, value in exported.items() if not isinstance(value, ModuleType)}
    views = exported.get("views")
    classes = {name: getattr(views, name) for name in ("View", "MethodView") if hasattr(views, name)}
    return names | classes


def missing_names(
    code: CodeType, namespace: Mapping[str, Any], offered: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return the framework's names that the code uses and the notebook does not define otherwise.

    A name that is bound to the framework's own object already counts as well, so that the answer is the
    same when the cell runs again. Names that the code assigns itself, and builtins, do not count.

    :param offered: what :func:`framework_names` returns.
    """
    if offered.keys().isdisjoint(
        _names_in(code)
    ):  # what each of them is in the code takes longer to find out
        return ()
    loaded, assigned = _globals_of(code)
    candidates = (loaded & set(offered)) - assigned - set(dir(builtins))
    return tuple(name for name in sorted(candidates) if namespace.get(name, offered[name]) is offered[name])


def _names_in(code: CodeType) -> Iterator[str]:
    """Yield all names that the code has, of attributes and globals alike, nested functions included."""
    yield from code.co_names
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _names_in(const)


def _globals_of(code: CodeType) -> tuple[set[str], set[str]]:
    """Return the global names that the code loads and those it assigns, nested functions included."""
    # Bytecode is asked, not the tree: the compiler has resolved every name by then, so that a parameter, a
    # comprehension's variable or a closure's cell of the same name is told from the notebook's.
    named: defaultdict[str, set[str]] = defaultdict(set)
    for instruction in dis.get_instructions(code):
        if isinstance(instruction.argval, str):
            named[instruction.opname].add(instruction.argval)
    loaded = named["LOAD_GLOBAL"] | named["LOAD_NAME"] | named["LOAD_FROM_DICT_OR_GLOBALS"]
    assigned = named["STORE_GLOBAL"] | named["DELETE_GLOBAL"]
    stored = named["STORE_NAME"]
    for const in code.co_consts:
        if isinstance(const, CodeType):
            inner_loaded, inner_assigned = _globals_of(const)
            loaded |= inner_loaded
            assigned |= inner_assigned
    # At module level a stored name is a global; in a class it is the class's own.
    return (loaded, assigned | stored) if code.co_name == "<module>" else (loaded - stored, assigned)

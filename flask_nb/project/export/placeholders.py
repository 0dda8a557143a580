"""What stands for values that only a test's run has: expressions of earlier responses, put into its source.

A request is made of its definition as when it is sent, with a number in place of each such value. The number
goes through addresses, forms and JSON unchanged, so that it is found again in the source that is written.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

_FIRST = 8_301_770_000_000_000
_NUMBER = re.compile(r"8301770000000\d{3}")
_STRING = re.compile(r"""b?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')""")
_MOST = 1000

RESPONSE_ATTRIBUTES = frozenset(
    {"status_code", "status", "json", "text", "data", "headers", "mimetype", "content_type", "location"}
    | {"get_json", "get_data", "is_json", "content_length", "charset"}
)
"""What the notebook's responses and those of a test's client have both."""

_METHODS = frozenset(
    {"get", "get_json", "get_data", "getlist", "keys", "values", "items", "startswith", "endswith", "lower"}
    | {"upper", "strip", "split", "splitlines", "count", "decode", "index", "isdigit", "replace", "partition"}
)
_BUILTINS = frozenset(
    {
        "len",
        "any",
        "all",
        "sorted",
        "set",
        "list",
        "dict",
        "tuple",
        "min",
        "max",
        "sum",
        "str",
        "int",
        "float",
    }
    | {
        "bool",
        "isinstance",
        "type",
        "abs",
        "round",
        "enumerate",
        "zip",
        "range",
        "repr",
        "frozenset",
        "reversed",
    }
)
_REFUSED = (ast.Lambda, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)


class UnknownValueError(Exception):
    """An expression's value is not known without running the notebook."""


class Placeholders:
    """The names that a test knows, and what stands for expressions of them."""

    def __init__(self) -> None:
        self.responses: set[str] = set()
        self.values: set[str] = set()
        self.used: set[str] = set()
        self._expressions: list[str] = []

    def forget(self, names: Collection[str]) -> None:
        """Forget names that the notebook binds to something else."""
        self.responses -= set(names)
        self.values -= set(names)

    def evaluate(self, source: str) -> object:
        """Return the value of a literal, and a number for an expression of names that the test knows.

        :raises UnknownValueError: for any other.
        """
        try:
            return ast.literal_eval(source)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            pass
        tree = ast.parse(source, mode="eval").body
        if not self.knows(tree) or len(self._expressions) == _MOST:
            raise UnknownValueError(source)
        self._expressions.append(self.write(tree))
        return _FIRST + len(self._expressions) - 1

    def knows(self, tree: ast.AST) -> bool:
        """Whether a test can evaluate it: it uses what the test has, and a few functions of Python."""
        nodes = list(ast.walk(tree))
        names = [node for node in nodes if isinstance(node, ast.Name)]
        own = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
        read = {node.id for node in names} - own
        if not read - _BUILTINS or not read <= self.responses | self.values | _BUILTINS:
            return False
        return all(map(self._is_plain, nodes))

    def _is_plain(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute):
            is_response = isinstance(node.value, ast.Name) and node.value.id in self.responses
            return node.attr in (RESPONSE_ATTRIBUTES if is_response else _METHODS)
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Attribute) or (
                isinstance(node.func, ast.Name) and node.func.id in _BUILTINS
            )
        return not isinstance(node, _REFUSED)

    def write(self, tree: ast.AST) -> str:
        """Return the source of what a test can evaluate, and note the names that it uses."""
        self.used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        return ast.unparse(_Typed(self.responses).visit(tree))

    def write_statement(self, node: ast.stmt) -> str:
        """Return the source of a statement that a test can run, its texts in the quotes of formatters."""
        source = self.write(node)
        strings = [each for each in ast.walk(node) if isinstance(each, ast.Constant | ast.JoinedStr)]
        is_plain = all(
            isinstance(each, ast.Constant) and not isinstance(each.value, bytes) for each in strings
        )
        return source if '"' in source or "\\" in source or not is_plain else source.replace("'", '"')

    def insert(self, source: str) -> str:
        """Return Python source with the expressions in place of their numbers.

        :raises UnknownValueError: where one cannot stand.
        """
        with_texts = _STRING.sub(self._in_text, source)
        return _NUMBER.sub(lambda found: self._expression(found[0]), with_texts)

    def _in_text(self, found: re.Match[str]) -> str:
        text = found[0]
        if not _NUMBER.search(text):
            return text
        expressions = [self._expression(number) for number in _NUMBER.findall(text)]
        if not text.startswith('"') or any('"' in each or "\\" in each for each in expressions):
            raise UnknownValueError(text)
        braces = text.replace("{", "{{").replace("}", "}}")
        return "f" + _NUMBER.sub(lambda number: f"{{{self._expression(number[0])}}}", braces)

    def _expression(self, number: str) -> str:
        return self._expressions[int(number) - _FIRST]


class _Typed(ast.NodeTransformer):
    """Writes ``response.json`` as ``response.get_json()``, which type checkers know to be a value."""

    def __init__(self, responses: set[str]) -> None:
        self._responses = responses

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        is_response = isinstance(node.value, ast.Name) and node.value.id in self._responses
        if not is_response or node.attr != "json":
            return node
        return ast.Call(ast.Attribute(node.value, "get_json", ast.Load()), [], [])

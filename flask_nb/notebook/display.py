"""Show what our magics return, wherever they stand in a cell.

IPython displays the value of a cell's last expression only. A request on a line of its own is meant
to be seen: two in a cell, in a loop, under an ``if``. So such a statement is wrapped in a call that
displays it. What is assigned stays silent, and so does what ends in ``;``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection
from html import escape
from typing import Any

from IPython.display import display

from flask_nb.panel import PanelResponse
from flask_nb.panel.palette import TEXT
from flask_nb.panel.styles import CODE, WRAPPED

SILENCE = ";"

# Lab indents the `pre` of an HTML output and makes its letters larger; those of a text output it does not.
_PRE = f"margin:0;padding:4px .6em;background:none;border:0;color:{TEXT};{CODE};{WRAPPED}"

# Which of a cell's own statements IPython displays by itself, by its `ast_node_interactivity`.
_SHOWN_BY_IPYTHON: dict[str, Callable[[list[ast.stmt]], list[ast.stmt]]] = {
    "all": lambda body: body,
    "last": lambda body: body[-1:],
    "last_expr": lambda body: body[-1:],
    "last_expr_or_assign": lambda body: body[-1:],
    # Whoever switched display off altogether means it.
    "none": lambda body: body,
}


class Report:
    """A few lines that a magic answers with.

    :param text: what is shown, the same with and without HTML.
    :param link: an address within *text* that HTML makes clickable.
    """

    __slots__ = ("link", "text")

    def __init__(self, text: str, link: str | None = None) -> None:
        self.text = text
        self.link = link

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if self.link is None:
            return {"text/plain": self.text}
        return {"text/plain": self.text, "text/html": link_html(self.text, self.link)}


def link_html(text: str, link: str) -> str:
    """Return a few lines as HTML that looks as text outputs do, the address within them a link."""
    anchor = f'<a href="{escape(link)}" target="_blank">{escape(link)}</a>'
    return f'<pre style="{_PRE}">{escape(text).replace(escape(link), anchor, 1)}</pre>'


def show(value: Any) -> None:
    """Display *value*, unless it is None: what the rewritten statements call."""
    if isinstance(value, PanelResponse):
        value.show_in_passing()
    if value is not None:
        display(value)  # type: ignore[no-untyped-call]


def discard(value: Any) -> None:
    """Take a value and show nothing: what a statement ending in ``;`` calls."""


class StatementDisplay(ast.NodeTransformer):
    """Rewrite a cell so that the magics in *names* are displayed where they stand as a statement.

    :param names: the magics' names without percent signs.
    :param interactivity: asks for the shell's ``ast_node_interactivity``.
    """

    def __init__(self, names: Collection[str], interactivity: Callable[[], str]) -> None:
        self.names = frozenset(names)
        self.interactivity = interactivity
        self._left_to_ipython: list[ast.stmt] = []

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Rewrite a whole cell."""
        self._left_to_ipython = _SHOWN_BY_IPYTHON[self.interactivity()](node.body)
        self.generic_visit(node)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        """Rewrite one statement that is an expression."""
        line = self._magic_line(node.value)
        self.generic_visit(node)
        if line is None:
            return node
        if _strip_silence(line):
            return ast.copy_location(ast.Expr(_wrap("discard", node.value)), node)
        if any(node is left for left in self._left_to_ipython):
            return node
        return ast.copy_location(ast.Expr(_wrap("show", node.value)), node)

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        """Take a closing ``;`` off an assigned magic: it is silent already."""
        line = self._magic_line(node.value)
        if line is not None:
            _strip_silence(line)
        self.generic_visit(node)
        return node

    def _magic_line(self, node: ast.expr) -> ast.Constant | None:
        """Return the line in ``get_ipython().run_line_magic("get", line)``, and in the cell form."""
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=method),
                args=[ast.Constant(value=str()) as name, ast.Constant(value=str()) as line, *_],
            ) if method in ("run_line_magic", "run_cell_magic"):
                if not line.value and str(name.value).removesuffix(SILENCE) in self.names:
                    _detach_silence(name, line)
                return line if name.value in self.names else None
        return None


def _detach_silence(name: ast.Constant, line: ast.Constant) -> None:
    """Move the ``;`` of ``%serve;`` to the magic's line; IPython takes it for a part of the name."""
    if str(name.value).endswith(SILENCE):
        name.value, line.value = str(name.value).removesuffix(SILENCE), SILENCE


def _strip_silence(line: ast.Constant) -> bool:
    """Take the closing ``;`` off a magic's line; true if there was one."""
    text = str(line.value).rstrip()
    if not text.endswith(SILENCE):
        return False
    line.value = text.removesuffix(SILENCE).rstrip()
    return True


def _wrap(function: str, call: ast.expr) -> ast.expr:
    """Return an expression that calls *function* of this module, without a name in the user's namespace."""
    module = ast.parse(f"__import__({__name__!r}, fromlist=[{function!r}]).{function}", mode="eval").body
    return ast.Call(func=module, args=[call], keywords=[])

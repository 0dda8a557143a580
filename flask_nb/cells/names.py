"""What people call a cell, and the endpoint of a rule whose view has no name of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flask_nb.lazy import pattern

from .rules import Variable, split_rule

LONGEST_CELL_NAME = 40

# A decorator or a call by which apps, blueprints and extensions are told of something.
_REGISTERS = pattern(
    r"@?[\w.]+\.(?:route|get|post|put|patch|delete|endpoint|errorhandler|command|group|context_processor|record"
    r"|(?:add|register|before|after|teardown|template|app|url|shell)_\w+)\b"
)


def cell_name(source: str) -> str:
    """Return what people call a cell: its :func:`telling_line`, at most 40 characters of it."""
    name = telling_line(source)
    return name if len(name) <= LONGEST_CELL_NAME else name[: LONGEST_CELL_NAME - 1].rstrip() + "…"


def telling_line(source: str) -> str:
    """Return the line of a cell that says what it is.

    That is its first line which registers something, such as ``@app.get("/x")``, or the function below
    a decorator that says no more than ``@app.before_request``; else its first code line. Blank lines and
    comments are passed over; a cell that holds nothing else is named by its first comment, and an empty
    one ``(empty cell)``.
    """
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    code = [line for line in lines if not line.startswith("#")]
    first = next(iter(code or lines), "(empty cell)")
    return first if first.startswith("%%") else next(_telling_lines(code), first)


def _telling_lines(code: list[str]) -> Iterator[str]:
    """The lines that register something."""
    for index, line in enumerate(code):
        if "." not in line or not _REGISTERS.match(line):
            continue
        is_bare = line.startswith("@") and "(" not in line
        yield next((one for one in code[index:] if not one.startswith("@")), line) if is_bare else line


def derive_endpoint(rule: str, methods: Collection[str] | None = None) -> str:
    """Return the endpoint of a rule whose view is a cell's body.

    It is a function of rule and methods alone: the fixed parts and the variables' names joined by
    ``_``, every character outside ``[A-Za-z0-9_]`` as ``_``, and ``index`` for ``/``. Methods other than
    GET stand in front in alphabetical order; HEAD beside GET and OPTIONS beside any method are not
    counted, since Flask adds them by itself.

    >>> derive_endpoint("/hello/<name>")
    'hello_name'
    >>> derive_endpoint("/items", ["POST"])
    'post_items'
    """
    pieces = split_rule(rule)
    parts = "/".join(piece.name if isinstance(piece, Variable) else piece for piece in pieces).split("/")
    words = [*_counted_methods(methods or ("GET",)), *(list(filter(None, parts)) or ["index"])]
    return "".join(one if one.isascii() and one.isalnum() else "_" for one in "_".join(words))


def _counted_methods(methods: Collection[str]) -> list[str]:
    named = {method.upper() for method in methods}
    if "GET" in named:
        named -= {"GET", "HEAD", "OPTIONS"}
    elif named != {"OPTIONS"}:
        named -= {"OPTIONS"}
    return sorted(method.lower() for method in named)

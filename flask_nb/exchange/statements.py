"""SQL statements that the app executes through SQLAlchemy while it answers a request of the notebook."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flask_nb import exchange
from flask_nb.lazy import pattern

from .masked_repr import MaskedRepr
from .masks import HIDDEN, mask_secrets, mask_value, printable
from .stable import stable_text
from .streams import CURRENT

_MAX_TEXT = 1000
_MAX_PARAMETERS = 500
_MOST_EXECUTIONS = 3  # of a statement for many rows
_PLACEHOLDER = pattern(r"'(?:[^']|'')*'|(\?|%s|%\(\w+\)s|\$\d+|(?<!:):\w+)")
_LITERAL = pattern(r"'(?:[^']|'')*'")
_CLAUSE = pattern(r"\b(?:WHERE|AND|OR|SET|ON|HAVING|VALUES|LIMIT|OFFSET|FROM|WHEN|THEN)\b", re.IGNORECASE)
_INSERT = pattern(r"\s*(?:INSERT|REPLACE)\b[^(]*\(([^()]*)\)\s*VALUES", re.IGNORECASE)
_WORD = pattern(r"[A-Za-z_]\w*")


class Statement:
    """A statement, with how often it was executed.

    :param text: the statement, without secrets.
    :param count: how often.
    :param runs: the masked parameters of its first executions.
    :param rows: how many rows it was about; None where the driver does not tell, as of most queries.
    :param seconds: how long all of it took.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.count = 0
        self.runs: list[str] = []
        self.rows: int | None = None
        self.seconds = 0.0


@contextmanager
def watching_statements() -> Iterator[None]:
    """Note what is executed with the request that is being answered, if SQLAlchemy is there at all."""
    sqlalchemy: Any = sys.modules.get("sqlalchemy")
    engine = getattr(sys.modules.get("sqlalchemy.engine"), "Engine", None)
    if engine is None:
        yield
        return
    listeners = {"before_cursor_execute": _note_begin, "after_cursor_execute": _note_end}
    # For the class, so that it does not matter where the app keeps its engines, and when it makes them.
    for name, listener in listeners.items():
        sqlalchemy.event.listen(engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            if sqlalchemy.event.contains(engine, name, listener):
                sqlalchemy.event.remove(engine, name, listener)


def _note_begin(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    context.flask_nb_began = time.perf_counter()  # it is of this one execution


def _note_end(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    now = time.perf_counter()
    seconds = now - getattr(context, "flask_nb_began", now)
    recording = CURRENT.get()
    if recording is not None and recording.seen is not None:
        executions = parameters if many else [parameters]
        rows = getattr(cursor, "rowcount", -1)
        recording.seen.statement(statement, _named(context) or executions, rows, seconds)


def _named(context: Any) -> list[dict[str, Any]] | None:
    """Return the parameters of each execution by name, in the statement's order, where they have names."""
    compiled = getattr(context, "compiled", None)
    if compiled is None or not getattr(context, "compiled_parameters", None):
        return None
    order = getattr(compiled, "positiontup", None)
    return [
        {name: values[name] for name in order if name in values} if order else dict(values)
        for values in context.compiled_parameters
    ]


def statement_text(text: str) -> str:
    """Return a statement for display, on lines of its own."""
    text = text.strip()[: 2 * _MAX_TEXT]
    columns = _inserted_columns(text)
    if any(exchange.evidence(column) for column in columns):
        text = _LITERAL.sub(HIDDEN, text)  # which of them belongs to that column only a parser could tell
    text = mask_secrets(text, "source")  # what is not in quotes there is no value
    return printable(text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…")


def parameters_text(statement: str, executions: Sequence[Any], write: MaskedRepr) -> str:
    """Return the parameters of a statement for display, secret ones masked by their columns or names.

    :param executions: the parameters of each execution: by name, in the statement's order, or the values.
    """
    columns = _columns(statement)
    shown = [_execution_text(one, columns, write) for one in executions[:_MOST_EXECUTIONS]]
    more = len(executions) - len(shown)
    text = ", ".join([*filter(None, shown), *([f"… {more} more"] if more else [])])
    return text if len(text) <= _MAX_PARAMETERS else f"{text[:_MAX_PARAMETERS]}…"


def _execution_text(values: Any, columns: Sequence[str], write: MaskedRepr) -> str:
    named = [*values.items()] if isinstance(values, Mapping) else [("", value) for value in values or ()]
    hints = columns if len(columns) == len(named) else [""] * len(named)
    texts = []
    for (name, value), hint in zip(named, hints, strict=True):
        written = mask_value(hint, mask_value(str(name), stable_text(write.repr(value))))
        texts.append(f"{name}={written}" if name else written)
    return printable(f"({', '.join(texts)})") if texts else ""


def _columns(text: str) -> list[str]:
    """Return of each placeholder the column that it is for, or what may be: the word before it."""
    inserted = _inserted_columns(text)
    if inserted:
        return inserted
    columns, begin = [], 0
    for found in _PLACEHOLDER.finditer(text):
        if found[1] is not None:
            words = _WORD.findall(_CLAUSE.split(text[begin : found.start()])[-1])
            columns.append(next(filter(exchange.evidence, words), "".join(words[-1:])))
            begin = found.end()
    return columns


def _inserted_columns(text: str) -> list[str]:
    found = _INSERT.match(text)
    return [column.strip(' "`[]\n\t') for column in found[1].split(",")] if found else []

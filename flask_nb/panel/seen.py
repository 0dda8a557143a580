"""What was seen within the app, as folds below a panel: offered, so that it is there and in nobody's way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from werkzeug import Request as WerkzeugRequest

from flask_nb.exchange import Request
from flask_nb.exchange.masked_repr import MaskedRepr
from flask_nb.exchange.masks import mask_secrets, mask_value, printable
from flask_nb.exchange.statements import Statement

from .panel import Panel
from .styles import fold, mono, note, pairs, pre
from .words import clipped, counted, duration, size

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_MAX_BODY = 200_000
_MOST_FIELDS = 50


def seen_folds(panel: Panel) -> Iterator[str]:
    """Yield the folds: the body that was sent, the route, the session, templates, SQL statements."""
    yield from _body(panel)
    yield from _route(panel)
    yield from _session(panel)
    yield from _templates(panel)
    yield from _statements(panel)


def _body(panel: Panel) -> Iterator[str]:
    request = panel.exchange.request
    if request.body:
        mimetype = (request.get_header("Content-Type") or "").partition(";")[0].strip().lower()
        is_long = len(request.body) > _MAX_BODY
        fields = [] if is_long or mimetype not in _FORMS else _form(request)
        text = None if is_long else _decoded(request.body)
        if fields:
            inner = pairs(fields[:_MOST_FIELDS])
        elif text is not None:
            inner = pre(
                escape(clipped(mask_secrets(text, "ours"), f"{panel.display.name}.exchange.request.body"))
            )
        else:
            inner = note(mono(_caption(mimetype, data=request.body)))
        yield fold("request body", inner)


def _form(request: Request) -> list[tuple[str, str]]:
    """Return the fields and files of a form; none if it cannot be read."""
    with WerkzeugRequest(request.environ()) as sent:
        sent.max_form_parts = len(request.body)
        files = [
            (printable(name), _caption(file.filename, file.mimetype, data=file.read()))
            for name, file in sent.files.items(multi=True)
        ]
        return [*_shown(sent.form.items(multi=True)), *files]


def _decoded(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _shown(values: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    write = MaskedRepr()
    return [(printable(name), printable(mask_value(name, write.repr(value)))) for name, value in values]


def _caption(*words: str | None, data: bytes) -> str:
    return printable(" · ".join([*filter(None, words), size(len(data))]))


def _route(panel: Panel) -> Iterator[str]:
    exchange = panel.exchange
    if exchange.endpoint is not None:
        values = _shown(exchange.view_args.items())
        rule = [("rule", printable(exchange.rule))] if exchange.rule else []
        yield fold("route", pairs([*rule, ("endpoint", printable(exchange.endpoint)), *values]))


def _session(panel: Panel) -> Iterator[str]:
    seen = panel.exchange.seen
    before, after = dict(seen.session_before), dict(seen.session_after)
    names = dict.fromkeys([*before, *after])
    rows = [(name, _change(before.get(name), after.get(name))) for name in names if name != "_flashes"]
    rows += [("flashed", f"{category}: {message}") for category, message in seen.flashes]
    if rows:
        yield fold("session" if names else "flashes", pairs(rows))


def _change(before: str | None, after: str | None) -> str:
    if before == after:
        return str(after)
    return f"{'(none)' if before is None else before} → {'(none)' if after is None else after}"


def _templates(panel: Panel) -> Iterator[str]:
    templates = panel.exchange.seen.templates
    if templates:
        inner = "".join(note(mono(each.name or "(a string)")) + pairs(each.context) for each in templates)
        yield fold(counted(len(templates), "template"), inner)


def _statements(panel: Panel) -> Iterator[str]:
    statements = panel.exchange.seen.statements
    if statements:
        title = counted(sum(one.count for one in statements), "SQL statement")
        inner = "".join(_statement(one, is_timed=panel.display.elapsed) for one in statements)
        yield fold(title, inner)


def _statement(statement: Statement, *, is_timed: bool) -> str:
    more = statement.count - len(statement.runs) if statement.runs else 0
    rows = [] if statement.rows is None else [counted(statement.rows, "row")]
    said = [
        *([f"{statement.count} times"] if statement.count > 1 else []),
        *statement.runs,
        *([f"… {more} more"] if more else []),
        *([" · ".join([*rows, duration(statement.seconds)])] if is_timed else []),
    ]
    return pre(escape("\n".join([statement.text, *(f"  {text}" for text in said)])))

"""Apps and blueprints of a framework that knows nothing of notebooks: made live, and given back.

An app of our own says when it is made, and its tables are live from then on. Of another one a notebook hears
when the cell that made it has ended, or when a cell first needs it. What the cell has registered by then
stands in plain tables, and nobody has recorded it.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from flask_nb.errors import RuleError

from .app import HOOKS, IN_TEMPLATES, LISTS, NAMES
from .routes import named_methods
from .slots import MISSING
from .tables import LiveDict, LiveList, LiveScopes
from .url_map import LiveMap
from .workspace import Run, at_work, registering

Again = Callable[[], object]


def welcome(holder: Any, run: Run, is_own: Callable[[Any], bool]) -> None:
    """Follow what *run* has made and set up before anybody could record it.

    What the run has registered by itself is registered once more, after the app has taken over what other
    cells had registered on the one before it.

    :param holder: the app or the blueprint.
    :param is_own: tells of a function whether it is the run's own; of others nobody knows whose they are.
    """
    with at_work(None):
        again = list(_taken_out(holder, is_own))
    with at_work(run):
        holder.live.welcome(run)
        for register in again:
            register()


def _taken_out(holder: Any, is_own: Callable[[Any], bool]) -> Iterator[Again]:
    """Take the run's own functions out of the tables; yield for each what registers it."""
    for name in (*HOOKS, *LISTS):
        table: Any = getattr(holder, name, [])
        for scope, values in list(table.items()) if name in HOOKS else [(MISSING, table)]:
            own = [value for value in values if is_own(value)]
            values[:] = [value for value in values if not is_own(value)]
            yield from (partial(_append, holder, name, scope, value) for value in own)
    for scope, by_code in getattr(holder, "error_handler_spec", {}).items():
        for code, handlers in by_code.items():
            for error in [error for error, handler in handlers.items() if is_own(handler)]:
                yield partial(_set_handler, holder, scope, code, error, handlers.pop(error))
    if isinstance(getattr(holder, "url_map", None), LiveMap):
        yield from _rules_taken_out(holder, is_own)


def _append(holder: Any, name: str, scope: Any, value: Any) -> None:
    table = getattr(holder, name)
    (table if scope is MISSING else table[scope]).append(value)


def _set_handler(holder: Any, scope: Any, code: Any, error: Any, handler: Any) -> None:
    holder.error_handler_spec[scope][code][error] = handler


def _rules_taken_out(app: Any, is_own: Callable[[Any], bool]) -> Iterator[Again]:
    views = {
        endpoint: view
        for endpoint, view in app.view_functions.items()
        if is_own(view) and "." not in endpoint  # those of blueprints come with them
    }
    for rule in [rule for rule in app.url_map.iter_rules() if rule.endpoint in views]:
        app.url_map.change(remove=[rule])
        yield partial(_define_again, app, rule, views[rule.endpoint])
    for endpoint in views:
        del app.view_functions[endpoint]


def _define_again(app: Any, rule: Any, view: Any) -> None:
    rule.map, run = None, registering()
    try:
        app.live.define_route(rule, view, named_methods(rule))
    except RuleError as exc:  # the cell has ended, and can fail no more
        app.url_map.change(add=[rule])
        app.view_functions[rule.endpoint] = view
        if run is not None:
            run.workspace.tell(run, str(exc))


def give_back(holder: Any) -> None:
    """Exchange the live tables for plain ones that hold the same, and record nothing any more."""
    holder.live.let_go_of_notebook()
    in_templates = (f"jinja_env.{name}" for name in IN_TEMPLATES) if "jinja_env" in vars(holder) else ()
    commands = ("cli.commands",) if "cli" in vars(holder) else ()
    for name in (*HOOKS, *LISTS, *NAMES, *commands, *in_templates):
        parent, _, attribute = name.rpartition(".")
        with suppress(AttributeError):  # apps have tables that blueprints have not, and the reverse
            owner = operator.attrgetter(parent)(holder) if parent else holder
            setattr(owner, attribute, _plain(getattr(owner, attribute)))
    if "error_handler_spec" in vars(holder):
        holder.error_handler_spec = _plain_handlers(holder.error_handler_spec)
    config = getattr(holder, "config", None)
    if isinstance(config, LiveDict):
        config.__class__ = type(config).__bases__[1]
    cache = getattr(vars(holder).get("jinja_env"), "cache", None)
    if cache is not None:  # the templates in it know the live globals
        cache.clear()


def settle(app: Any) -> None:
    """Let an app hold what cells have defined on it in tables as any app has.

    What serves it pays nothing then for what could be replaced. A notebook that follows it later makes them
    live again.
    """
    attributes = app.live.attributes
    covered = dict(attributes)
    give_back(app)
    vars(app.url_map).pop("register", None)
    app.__class__ = attributes.kind
    for name, value in covered.items():
        setattr(app, name, value)


def _plain(table: Any) -> Any:
    """Return what a live table holds in containers as they were before."""
    if isinstance(table, LiveScopes):
        return defaultdict(list, {key: _plain(value) for key, value in table.items()})
    if isinstance(table, LiveDict):
        return table.copy()
    return list(table) if isinstance(table, LiveList) else table


def _plain_handlers(spec: Any) -> Any:
    plain: defaultdict[Any, Any] = defaultdict(partial(defaultdict, dict))
    for scope, by_code in spec.items():
        plain[scope].update((code, _plain(handlers)) for code, handlers in by_code.items())
    return plain

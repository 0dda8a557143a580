"""Routes that replace: a rule with its view, published by one swap of the routing table.

A rule that a cell registers takes the place of what has its endpoint or its path and methods, if that
comes from another run; a rule that is only partly covered keeps its other methods. A request in flight
keeps the rule that it matched, and the view that this rule had.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from werkzeug.routing import Rule

from ..errors import RuleError
from .ledger import Ledger
from .registrations import Entry, Identity
from .tables import LiveDict, name_of_function
from .url_map import LiveMap, reduced
from .workspace import Run


class Route:
    """The place of a rule in an app's map."""

    def __init__(self, find_app: Callable[[], Any], rule: Rule, named: frozenset[str]) -> None:
        self.find_app = find_app
        self.rule = rule
        self.named = named

    @property
    def label(self) -> str:
        """Methods and path."""
        return label_of(self.rule, self.named)

    def put(self, entry: Entry, instead_of: Iterable[Entry]) -> None:
        """Rules are published with their views, by :func:`define`."""

    def take(self, entry: Entry) -> None:
        """Take the rule out of the map, and its view if no other rule leads to it."""
        app = self.find_app()
        if app is not None:  # a blueprint may outlive an app, after the notebook let go of both
            withdraw(app, [entry.value])

    def is_free(self) -> bool:
        """Whether no rule has its endpoint, or its path and one of its methods."""
        url_map = self.find_app().url_map
        known = [*url_map.latest.by_endpoint.get(self.rule.endpoint, ()), *url_map.find_same_place(self.rule)]
        return all(
            one.endpoint != self.rule.endpoint and not named_methods(one) & self.named for one in known
        )

    def repeat(self, entry: Entry, other: Any) -> None:
        """Register the rule, for the methods that are left to it, on another app."""
        other.add_url_rule(entry.value.rule, **options_of(entry.value, entry.value.view))


def define(
    app: Any, ledger: Ledger, run: Run, rule: Rule, view: Callable[..., Any] | None, named: frozenset[str]
) -> None:
    """Publish *rule* with its view for *run*, in the place of whatever it displaces.

    A rule without a view displaces none that has one: it may only give a path a second name.

    :param named: the methods that the rule names, without those that come along.
    :raises RuleError: the view cannot be called with the variables of the rule, or the rule has a query.
    """
    url_map: LiveMap = app.url_map
    views: LiveDict = app.view_functions
    with url_map.batch():
        rule.bind(url_map)
        _check_reachable(app, run, rule, view)
        displaced = _displaced(app, run, rule, view, named)
        identity: Identity = ("rule", rule.endpoint, rule.rule, named, rule.subdomain, rule.host)
        entry = ledger.note(run, Route(weakref.ref(app), rule, named), rule, identity)
        rule.entry, rule.view, rule.named_methods, rule.rank = entry, view, set(named), entry.rank  # type: ignore[attr-defined]
        gone = [old for old, rest in displaced if rest is None]

        def put_view() -> None:
            _mark_last_views(views, gone)
            if view is not None:
                views.enter_view(run, rule.endpoint, view)

        url_map.change(
            add=[rule],
            remove=gone,
            substitute=[(old, rest) for old, rest in displaced if rest is not None],
            before_publishing=put_view,
        )
        _settle(app, ledger, run, displaced)


def _check_reachable(app: Any, run: Run, rule: Rule, view: Any) -> None:
    """Refuse a view of a cell that no request would reach, or that its rule's variables do not fit.

    A decorated function and one with ``**kwargs`` may take anything, and preprocessors may change what
    it is called with. What modules register is theirs to test.
    """
    is_plain = isinstance(view, FunctionType) and name_of_function(view) and not hasattr(view, "__wrapped__")
    if run.owner.kind != "cell" or not is_plain or app.url_value_preprocessors:
        return
    if wrong := RuleError.of_query(rule.rule):
        raise wrong
    parameters = inspect.signature(view).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return
    named = [one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    taken, given = {one.name for one in named}, set(rule.arguments)
    needed = {one.name for one in named if one.default is one.empty}
    if given - taken or needed - given:
        if elsewhere := RuleError.of_other_framework(rule.rule):
            raise elsewhere
        raise RuleError(
            f"{rule.rule!r} and {view.__name__}() do not fit: the rule has {_listed(given, 'variable')}, the"
            f" function takes {_listed(taken, 'parameter')}. Write:"
            f" def {view.__name__}({', '.join(sorted(given))})"
        )


def _listed(names: Iterable[str], kind: str) -> str:
    names = sorted(names)
    return f"{kind}{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else f"no {kind}s"


def _displaced(
    app: Any, run: Run, rule: Rule, view: Any, named: frozenset[str]
) -> list[tuple[Rule, Rule | None]]:
    """Pairs of a rule that loses methods to *rule* and what is left of it, None for nothing."""
    views: LiveDict = app.view_functions
    same_endpoint = app.url_map.latest.by_endpoint.get(rule.endpoint, ())
    is_redefined = view is not None and dict.get(views, rule.endpoint) is not view
    pairs: list[tuple[Rule, Rule | None]] = [
        (old, None)
        for old in same_endpoint
        if _gives_way(old, run) and (is_redefined or _is_earlier_run(old, run))
    ]
    ended = {id(old) for old, _ in pairs}
    has_view = view is not None or dict.__contains__(views, rule.endpoint)
    for old in app.url_map.find_same_place(rule):
        lost = named_methods(old) & named
        keeps_view = not has_view and dict.__contains__(views, old.endpoint)
        if id(old) in ended or not lost or keeps_view or not _gives_way(old, run):
            continue
        rest = named_methods(old) - named
        pairs.append((old, fewer_methods(old, rest) if rest else None))
    return pairs


def _gives_way(rule: Rule, run: Run) -> bool:
    entry = entry_of(rule)
    return entry is None or run.displaces(entry)


def _is_earlier_run(rule: Rule, run: Run) -> bool:
    entry = entry_of(rule)
    return entry is not None and entry.owner.key == run.owner.key and entry.body != run.body


def _mark_last_views(views: LiveDict, rules: Iterable[Rule]) -> None:
    """Requests that have matched these rules find the view that the rules had."""
    for rule in rules:
        rule.last_view = dict.get(views, rule.endpoint)  # type: ignore[attr-defined]


def _settle(app: Any, ledger: Ledger, run: Run, displaced: list[tuple[Rule, Rule | None]]) -> None:
    """Strike out what has lost its place, and tell of it."""
    for old, rest in displaced:
        entry, lost = entry_of(old), named_methods(old) - (set() if rest is None else named_methods(rest))
        if entry is None:
            run.workspace.tell_replaced_unseen(run, _module_of(app, old), label_of(old, lost))
        elif rest is None:
            ledger.displaced(run, [entry])
        else:
            run.workspace.tell_replaced(run, entry, label_of(old, lost))
            entry.value = rest
            entry.slot = Route(weakref.ref(app), rest, frozenset(named_methods(rest)))
    _forget_views(app, [old for old, rest in displaced if rest is None])


def _module_of(app: Any, rule: Rule) -> str | None:
    view = getattr(rule, "last_view", None) or dict.get(app.view_functions, rule.endpoint)
    return module_of_view(view)


def module_of_view(view: Any) -> str | None:
    """Return the module of a view that nobody has seen registered; None of a cell's, and of Flask's own."""
    module: str = getattr(view, "__module__", None) or "__main__"
    return None if module.partition(".")[0] in ("__main__", "flask", "flask_nb") else module


def withdraw(app: Any, rules: Iterable[Rule]) -> None:
    """Take rules out of an app's map, and the views that no other rule leads to."""
    known = app.url_map.latest.by_endpoint
    rules = [rule for rule in rules if any(one is rule for one in known.get(rule.endpoint, ()))]
    _mark_last_views(app.view_functions, rules)
    app.url_map.change(remove=rules)
    _forget_views(app, rules)


def _forget_views(app: Any, rules: Iterable[Rule]) -> None:
    """Drop the views that came with rules, where no rule leads to them any more."""
    views = app.view_functions
    for endpoint in dict.fromkeys(rule.endpoint for rule in rules):
        if endpoint in app.url_map.latest.by_endpoint:
            continue
        views.forget_view(endpoint)


def entry_of(rule: Rule) -> Entry | None:
    """Return the registration of a rule; None for one that no cell made, such as that of static files."""
    return getattr(rule, "entry", None)


def label_of(rule: Rule, methods: Iterable[str]) -> str:
    """Return what people call a rule: its methods and its path."""
    return f"{','.join(sorted(methods))} {rule.rule}"


def named_methods(rule: Rule) -> set[str]:
    """Return the methods that a rule was registered for: without HEAD and OPTIONS that came along."""
    named = getattr(rule, "named_methods", None)
    if named is not None:
        return set(named)
    methods = set(rule.methods or ())
    if "GET" in methods:
        methods.discard("HEAD")
    if getattr(rule, "provide_automatic_options", False):
        methods.discard("OPTIONS")
    return methods


def fewer_methods(rule: Rule, named: set[str]) -> Rule:
    """Return *rule* for the methods *named* alone, with the HEAD and OPTIONS that come along."""
    methods = set(named)
    if "GET" in named:
        methods.add("HEAD")
    if _options_came_along(rule):
        methods.add("OPTIONS")
    fewer = reduced(rule, methods)
    fewer.named_methods = set(named)  # type: ignore[attr-defined]
    return fewer


def _options_came_along(rule: Rule) -> bool:
    return bool(getattr(rule, "provide_automatic_options", False)) and "OPTIONS" in (rule.methods or ())


def is_same_route(recorded: Any, other: Any) -> bool:
    """Whether what a blueprint has *recorded* has the place of what it had recorded before.

    Both say by an attribute ``route`` what they are: endpoint, rule and methods.
    """
    endpoint, rule, methods = getattr(recorded, "route", (None, None, frozenset()))
    old_endpoint, old_rule, old_methods = getattr(other, "route", (object(), None, frozenset("-")))
    return bool(endpoint == old_endpoint or (rule == old_rule and methods >= old_methods))


def options_of(rule: Rule, view: Any) -> dict[str, Any]:
    """Return the arguments that register *rule* again on another app."""
    options = dict(rule.get_empty_kwargs())
    options["methods"] = named_methods(rule)
    options["view_func"] = view
    if not _options_came_along(rule):  # else it comes along again
        options["provide_automatic_options"] = getattr(rule, "provide_automatic_options", None)
    return options

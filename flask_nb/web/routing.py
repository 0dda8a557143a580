"""The routing table: one live map, immutable tables inside, swapped by one assignment.

Werkzeug's ``Map`` cannot take a rule out, sorts itself in place while requests read it, and takes a
third of a second to rebuild with 1000 rules. Here the map that an app hands out stays one object
(:class:`LiveMap`), while everything that matching and building read stands in a :class:`RoutingTable`
that never changes once it is published. A change copies the dictionaries and the path of the matcher's
trie that it touches, shares the rest, and publishes the new table by one reference assignment. A
request that is served keeps the table that it found to its end (:func:`keep_table`); a context that a
script or a test opens sees, as in Flask, what is registered inside it.

Rules without variables are also kept in a dictionary by path, so that most requests are matched by two
look-ups; whatever that dictionary does not answer goes through Werkzeug's own matcher, which stays
the only place where redirects, slashes, converters and 405s are decided.
"""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from werkzeug.routing import Map, MapAdapter, Rule
from werkzeug.routing.matcher import State, StateMachineMatcher
from werkzeug.routing.rules import RuleFactory, RulePart

RuleKey = tuple[str, str | None, str | None, bool, bool]


def rule_key(rule: Rule) -> RuleKey:
    """Return what makes two rules the same place: path, subdomain, host, kind."""
    return rule.rule, rule.subdomain, rule.host, rule.websocket, rule.build_only


def reduced(rule: Rule, methods: Iterable[str]) -> Rule:
    """Return *rule*, bound as it is, for fewer methods."""
    fewer = copy(rule)
    fewer.methods = set(methods)
    for name in ("_build", "_build_unknown"):  # compiled builders are bound to the rule they came from
        builder = fewer.__dict__.get(name)
        if builder is not None:
            fewer.__dict__[name] = builder.__func__.__get__(fewer, None)
    return fewer


class SharedMatcher(StateMachineMatcher):
    """Werkzeug's state machine with additions and removals that copy only the path they touch."""

    def __init__(self, merge_slashes: bool, root: State | None = None) -> None:
        super().__init__(merge_slashes)
        self._root = root or State()

    def with_rule(self, rule: Rule) -> SharedMatcher:
        """Return a matcher that also knows *rule*."""
        return SharedMatcher(self.merge_slashes, _with(self._root, rule, rule._parts, 0))

    def without_rule(self, rule: Rule) -> SharedMatcher:
        """Return a matcher that no longer knows *rule*."""
        root = _without(self._root, rule, rule._parts, 0) or State()
        return SharedMatcher(self.merge_slashes, root)

    def with_rule_instead(self, old: Rule, new: Rule) -> SharedMatcher:
        """Return a matcher in which *new*, of the same parts, stands in the place of *old*."""
        return SharedMatcher(self.merge_slashes, _instead(self._root, old, new, old._parts, 0))

    def add(self, rule: Rule) -> None:
        """Refuse to change in place; tables are shared between threads."""
        raise TypeError("a routing table does not change: add the rule to the app's url_map")

    def update(self) -> None:
        """Do nothing: transitions are put in their order when they are added."""


def _weight(transition: tuple[RulePart, State]) -> Any:
    return transition[0].weight


def _with(state: State, rule: Rule, parts: list[RulePart], depth: int) -> State:
    if depth == len(parts):
        return State(state.dynamic, [*state.rules, rule], state.static)
    part = parts[depth]
    if part.static:
        child = _with(state.static.get(part.content) or State(), rule, parts, depth + 1)
        return State(state.dynamic, state.rules, {**state.static, part.content: child})
    dynamic = list(state.dynamic)
    for index, (known, child) in enumerate(dynamic):
        if known == part:
            dynamic[index] = known, _with(child, rule, parts, depth + 1)
            break
    else:
        insort(dynamic, (part, _with(State(), rule, parts, depth + 1)), key=_weight)
    return State(dynamic, state.rules, state.static)


def _without(state: State, rule: Rule, parts: list[RulePart], depth: int) -> State | None:
    """The state without the rule, or None when nothing is left of it."""
    if depth == len(parts):
        rest = State(state.dynamic, [one for one in state.rules if one is not rule], state.static)
    elif parts[depth].static:
        static = dict(state.static)
        _put(static, parts[depth].content, _without(static[parts[depth].content], rule, parts, depth + 1))
        rest = State(state.dynamic, state.rules, static)
    else:
        dynamic = [
            (known, child if known != parts[depth] else _without(child, rule, parts, depth + 1))
            for known, child in state.dynamic
        ]
        kept = [(known, child) for known, child in dynamic if child is not None]
        rest = State(kept, state.rules, state.static)
    return rest if rest.rules or rest.static or rest.dynamic else None


def _put(mapping: dict[str, State], key: str, value: State | None) -> None:
    if value is None:
        del mapping[key]
    else:
        mapping[key] = value


def _instead(state: State, old: Rule, new: Rule, parts: list[RulePart], depth: int) -> State:
    if depth == len(parts):
        rules = [new if one is old else one for one in state.rules]
        return State(state.dynamic, rules, state.static)
    part = parts[depth]
    if part.static:
        child = _instead(state.static[part.content], old, new, parts, depth + 1)
        return State(state.dynamic, state.rules, {**state.static, part.content: child})
    dynamic = [
        (known, child if known != part else _instead(child, old, new, parts, depth + 1))
        for known, child in state.dynamic
    ]
    return State(dynamic, state.rules, state.static)


def _is_plain(rule: Rule) -> bool:
    """Whether a path that equals the rule's text is a match with nothing left to decide."""
    return not (
        rule._converters
        or rule.build_only
        or rule.websocket
        or rule.alias
        or rule.subdomain
        or rule.host
        or rule.redirect_to is not None
        or "//" in rule.rule
        or not rule.rule.isascii()
    )


class RoutingTable:
    """What matching and building read: rules by trie, by endpoint and, if plain, by path. Immutable."""

    __slots__ = ("by_endpoint", "by_path", "matcher", "with_defaults")

    def __init__(
        self,
        matcher: SharedMatcher,
        by_endpoint: dict[Any, list[Rule]],
        by_path: dict[str, tuple[Rule, ...]],
        with_defaults: frozenset[Any],
    ) -> None:
        self.matcher = matcher
        self.by_endpoint = by_endpoint
        self.by_path = by_path
        self.with_defaults = with_defaults

    def find_plain(self, path: str, method: str) -> Rule | None:
        """Return the rule that certainly matches, or None when the matcher has to decide.

        :param path: the path as WSGI hands it over.
        :param method: the HTTP method in upper case.
        """
        for rule in self.by_path.get(path, ()):
            if rule.methods is None or method in rule.methods:
                return None if rule.endpoint in self.with_defaults else rule
        return None

    def rules(self) -> list[Rule]:
        """Return every rule, grouped by endpoint in the order of first registration."""
        return [rule for rules in self.by_endpoint.values() for rule in rules]


class _Draft:
    """A table in the making; only the thread that drafts it sees it."""

    def __init__(self, table: RoutingTable) -> None:
        self.matcher = table.matcher
        self.by_endpoint = dict(table.by_endpoint)
        self.by_path = dict(table.by_path)
        self.with_defaults = table.with_defaults

    def add(self, rule: Rule) -> None:
        if not rule.build_only:
            self.matcher = self.matcher.with_rule(rule)
        rules = list(self.by_endpoint.get(rule.endpoint, ()))
        insort(rules, rule, key=Rule.build_compare_key)
        self._set_endpoint(rule.endpoint, rules)
        if _is_plain(rule):
            self.by_path[rule.rule] = (*self.by_path.get(rule.rule, ()), rule)

    def remove(self, rule: Rule) -> None:
        if not rule.build_only:
            self.matcher = self.matcher.without_rule(rule)
        self._set_endpoint(rule.endpoint, [one for one in self.by_endpoint[rule.endpoint] if one is not rule])
        if rule.rule in self.by_path:
            rest = tuple(one for one in self.by_path[rule.rule] if one is not rule)
            if rest:
                self.by_path[rule.rule] = rest
            else:
                del self.by_path[rule.rule]

    def substitute(self, old: Rule, new: Rule) -> None:
        """Put *new* where *old* stood, in every order that matters; both have the same parts."""
        if not old.build_only:
            self.matcher = self.matcher.with_rule_instead(old, new)
        if old.endpoint != new.endpoint:
            rest = [one for one in self.by_endpoint[old.endpoint] if one is not old]
            self._set_endpoint(old.endpoint, rest)
        rules = [one for one in self.by_endpoint.get(new.endpoint, ()) if one is not old]
        insort(rules, new, key=Rule.build_compare_key)
        self._set_endpoint(new.endpoint, rules)
        if old.rule in self.by_path:
            self.by_path[old.rule] = tuple(new if one is old else one for one in self.by_path[old.rule])

    def _set_endpoint(self, endpoint: Any, rules: list[Rule]) -> None:
        if rules:
            self.by_endpoint[endpoint] = rules
        else:
            self.by_endpoint.pop(endpoint, None)
        if any(rule.defaults for rule in rules):
            self.with_defaults |= {endpoint}
        else:
            self.with_defaults -= {endpoint}

    def table(self) -> RoutingTable:
        return RoutingTable(self.matcher, self.by_endpoint, self.by_path, self.with_defaults)


class LiveMap(Map):
    """Werkzeug's ``Map``, whose rules can be added, replaced and taken out while requests run.

    :attr:`table` is what is served now. Read from it once and keep what you read: the next change
    publishes another one.
    """

    table: RoutingTable

    def __init__(self, rules: Iterable[RuleFactory] | None = None, **options: Any) -> None:
        self._change_lock = threading.RLock()
        self._batched: RoutingTable | None = None
        super().__init__(None, **options)
        self._remap = False
        for factory in rules or ():
            self.add(factory)

    # Werkzeug's own methods read these two; they lead to the table of the moment.
    @property
    def _matcher(self) -> StateMachineMatcher:
        return self.table.matcher

    @_matcher.setter
    def _matcher(self, matcher: StateMachineMatcher) -> None:
        self.table = RoutingTable(SharedMatcher(matcher.merge_slashes), {}, {}, frozenset())

    @property
    def _rules_by_endpoint(self) -> dict[Any, list[Rule]]:
        return self.table.by_endpoint

    @_rules_by_endpoint.setter
    def _rules_by_endpoint(self, rules: dict[Any, list[Rule]]) -> None:
        pass  # the base class starts with an empty dictionary; the table has its own

    @property
    def merge_slashes(self) -> bool:
        """Whether repeated slashes are merged by a redirect."""
        return self.table.matcher.merge_slashes

    @merge_slashes.setter
    def merge_slashes(self, value: bool) -> None:
        with self._change_lock:
            table = self.table
            matcher = SharedMatcher(value, table.matcher._root)
            self.table = RoutingTable(matcher, table.by_endpoint, table.by_path, table.with_defaults)

    def update(self) -> None:
        """Do nothing: a published table is in order."""

    def add(self, rulefactory: RuleFactory) -> None:
        """Bind the rules of *rulefactory* and publish a table with them."""
        self.change(add=list(rulefactory.get_rules(self)))

    def change(
        self,
        *,
        add: Iterable[Rule] = (),
        remove: Iterable[Rule] = (),
        substitute: Iterable[tuple[Rule, Rule]] = (),
        before_publishing: Callable[[], object] | None = None,
    ) -> None:
        """Publish one table with all of these changes, or, when a rule is wrong, none of them.

        :param add: new rules, bound here.
        :param remove: rules of this map to take out.
        :param substitute: pairs of a rule of this map and the one, already bound, in its place.
        :param before_publishing: called when nothing can fail any more, just before the swap.
        """
        new = list(add)
        for rule in new:
            if rule.map is not self:
                rule.bind(self)
        with self._change_lock:
            draft = _Draft(self.latest)
            for rule in remove:
                draft.remove(rule)
            for old, instead in substitute:
                draft.substitute(old, instead)
            for rule in new:
                draft.add(rule)
            if before_publishing is not None:
                before_publishing()
            self._put(draft.table())

    def _put(self, table: RoutingTable) -> None:
        if self._batched is None:
            self.table = table
        else:
            self._batched = table

    @property
    def latest(self) -> RoutingTable:
        """The table with the changes of a batch that is not published yet."""
        return self._batched or self.table

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Publish the changes of a block as one, when it ends; none of them when it fails."""
        with self._change_lock:
            if self._batched is not None:  # a batch within a batch is part of it
                yield
                return
            self._batched = self.table
            try:
                yield
                self.table = self._batched
            finally:
                self._batched = None

    def find_same_place(self, rule: Rule) -> list[Rule]:
        """Return the rules of the path, host and kind of *rule*, which need not be bound yet."""
        subdomain = self.default_subdomain if rule.subdomain is None else rule.subdomain
        key = (rule.rule, subdomain, rule.host, rule.websocket, rule.build_only)
        return [one for one in self.latest.rules() if one.rule == key[0] and rule_key(one) == key]


def keep_table(adapter: MapAdapter, table: RoutingTable) -> None:
    """Let an adapter of a live map see *table* from now on, whatever is registered."""
    if isinstance(adapter.map, LiveMap):
        adapter.map = BoundMap(adapter.map, table)


class BoundMap(Map):
    """The map of one adapter: the options of a live map with the table of one moment."""

    def __init__(self, live: LiveMap, table: RoutingTable) -> None:
        self.live = live
        self.table = table
        self._matcher = table.matcher
        self._rules_by_endpoint = table.by_endpoint

    def __getattr__(self, name: str) -> Any:
        return getattr(self.live, name)

    def update(self) -> None:
        """Do nothing: the table is in order."""

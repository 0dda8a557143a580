"""The routing table: one live map, immutable tables inside, swapped by one assignment.

Werkzeug's ``Map`` cannot take a rule out, sorts itself in place while requests read it, and takes a
third of a second to rebuild with 1000 rules. Here the map that an app hands out stays one object
(:class:`LiveMap`), while everything that matching and building read stands in a :class:`RoutingTable`
that never changes once it is published. A change copies the buckets (:mod:`.buckets`) and the path of the
matcher's trie that it touches, shares the rest, and publishes the new table by one reference assignment: it
takes as long among ten thousand rules as among ten. A
request that is served keeps the table that it found to its end (:func:`keep_table`); a context that a
script or a test opens sees, as in Flask, what is registered inside it.

Rules without variables are also kept in a dictionary by path, so that most requests are matched by two
look-ups; whatever that dictionary does not answer goes through Werkzeug's own matcher, which stays
the only place where slashes, converters and 405s are decided. Where neither hosts nor redirects have a
say, the matcher is asked without an adapter between (:meth:`RoutingTable.match`): binding one takes longer
than the matching.

There is no matcher of our own for rules with variables. Werkzeug's takes 5 to 7 µs, of the 15 to 18 of such
a request, and as long among 5000 rules as among ten. What cost much was the adapter, and the request object
that it is bound from. One of our own would save a part of those 5 to 7, and had to know all that a rule may
say.
"""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from itertools import count
from typing import Any, cast

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, MapAdapter, Rule, WebsocketMismatch
from werkzeug.routing.exceptions import NoMatch, RequestAliasRedirect, RequestPath
from werkzeug.routing.matcher import StateMachineMatcher
from werkzeug.routing.rules import RuleFactory

from .buckets import MASK, Buckets
from .matcher import SharedMatcher, rank_of, rules_below
from .url_plan import UrlPlan, plan_for

Rules = tuple[Rule, ...]
RuleKey = tuple[str, str | None, str | None, bool, bool]


def rule_key(rule: Rule) -> RuleKey:
    """Return what makes two rules the same place: path, subdomain, host, kind."""
    return rule.rule, rule.subdomain, rule.host, rule.websocket, rule.build_only


def reduced(rule: Rule, methods: Iterable[str] | None) -> Rule:
    """Return *rule*, bound as it is, for these methods only; None for any."""
    fewer = copy(rule)
    fewer.methods = None if methods is None else set(methods)
    for name in ("_build", "_build_unknown"):  # compiled builders are bound to the rule they came from
        builder = fewer.__dict__.get(name)
        if builder is not None:
            fewer.__dict__[name] = builder.__func__.__get__(fewer, None)
    return fewer


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


class _EndpointRules(list[Rule]):
    """The rules of an endpoint, with its number among the endpoints."""

    __slots__ = ("number",)

    def __init__(self, rules: Iterable[Rule], number: int) -> None:
        super().__init__(rules)
        self.number = number


class _ByEndpoint(Buckets[Any, _EndpointRules]):
    """The rules of each endpoint, in the order in which the endpoints came."""

    __slots__ = ()

    def place(self, key: Any) -> int:
        return self[key].number

    def with_rules(self, endpoint: Any, rules: Iterable[Rule]) -> _ByEndpoint:
        """Return the same with these rules of an endpoint, which keeps its place."""
        known = self.get(endpoint)
        number = next(_numbers) if known is None else known.number
        return self.put(endpoint, _EndpointRules(rules, number))


_numbers = count()


class RoutingTable:
    """What matching and building read: rules by trie and by endpoint. Immutable, but for the plans it keeps.

    Each rule also stands by its text: a plain one in *by_path*, which answers requests, any other in
    *by_text*. That is how a replacement finds what has its place, however many rules there are.
    """

    __slots__ = ("by_endpoint", "by_path", "by_text", "matcher", "plans", "with_defaults")

    def __init__(
        self,
        matcher: SharedMatcher,
        by_endpoint: _ByEndpoint,
        by_path: Buckets[str, Rules],
        by_text: Buckets[str, Rules],
        with_defaults: frozenset[Any],
    ) -> None:
        self.matcher = matcher
        self.by_endpoint = by_endpoint
        self.by_path = by_path
        self.by_text = by_text
        self.with_defaults = with_defaults
        #: Of the endpoints for which URLs have been built: None where the rules have to be asked.
        self.plans: dict[Any, UrlPlan | None] = {}

    def find_plain(self, path: str, method: str) -> Rule | None:
        """Return the rule that certainly matches, or None when the matcher has to decide.

        Binding and matching take Werkzeug 6.0 µs, of a hello world's 7.5 here; this takes 0.13. It may
        because a rule without variables, of no host or subdomain, is only a text to compare, and because
        rules of one path stand in the order in which the matcher tries them. Whatever is not that plain
        answers None: ``defaults`` may ask for a redirect, another method for a 405. That the two agree is
        held by ``test_a_plain_find_agrees_with_the_matcher`` and by the properties in its file.

        :param path: the path as WSGI hands it over.
        :param method: the HTTP method in upper case.
        """
        # As its `get` does, whose call would take as long again.
        for rule in self.by_path.buckets[hash(path) & MASK].get(path, ()):
            if rule.methods is None or method in rule.methods:
                return None if rule.endpoint in self.with_defaults else rule
        return None

    def match(self, path: str, method: str) -> tuple[Rule, Any] | None:
        """Return what the matcher says to a path of no host or subdomain, as an adapter asks it.

        :param path: the path as WSGI hands it over, in ASCII.
        :param method: the HTTP method in upper case.
        :return: the rule and the values of its variables; None where a redirect is due.
        :raises werkzeug.exceptions.HTTPException: as :meth:`werkzeug.routing.MapAdapter.match` does.
        """
        try:
            return self.matcher.match("", path and f"/{path.lstrip('/')}", method, False)
        except (RequestPath, RequestAliasRedirect):
            return None
        except NoMatch as exc:
            if exc.have_match_for:
                raise MethodNotAllowed(valid_methods=list(exc.have_match_for)) from None
            raise (WebsocketMismatch if exc.websocket_mismatch else NotFound)() from None

    def may_redirect(self, rule: Rule) -> bool:
        """Return whether the match of a rule may still lead elsewhere: by ``defaults`` or ``redirect_to``."""
        return rule.endpoint in self.with_defaults or rule.redirect_to is not None

    def build(self, endpoint: Any, values: dict[str, Any], method: str) -> str | None:
        """Return the path that an adapter of no host or subdomain builds; None where it builds none, or more.

        :param method: rules of this method are preferred, as an adapter does when it is told none.
        """
        plan = self.plans.get(endpoint)
        if plan is not None and len(values) == len(plan.arguments):
            return plan.build(values)
        rules = self.by_endpoint.get(endpoint)
        if rules is None:
            return None
        if endpoint not in self.plans:
            self.plans[endpoint] = plan_for(rules)
        values = {name: value for name, value in values.items() if value is not None}
        for wanted in (method.upper(), None):
            for rule in rules:
                built = rule.build(values) if rule.suitable_for(values, wanted) else None
                if built is not None:
                    return None if built[0] or rule.websocket else built[1]
        return None

    def rules(self) -> list[Rule]:
        """Return every rule, grouped by endpoint in the order of first registration."""
        return [rule for rules in self.by_endpoint.values() for rule in rules]


def bare_table(matcher: SharedMatcher, *rules: Rule) -> RoutingTable:
    """Return a table that finds by the matcher alone, and builds URLs of these rules of one endpoint each."""
    by_endpoint = _ByEndpoint()
    for rule in rules:
        by_endpoint = by_endpoint.with_rules(rule.endpoint, [rule])
    return RoutingTable(matcher, by_endpoint, Buckets(), Buckets(), frozenset())


def _build_order(rule: Rule) -> Any:
    return rule.build_compare_key(), rank_of(rule)


def _changed(mapping: Buckets[Any, Any], key: Any, rules: Any) -> Buckets[Any, Any]:
    """The mapping with these rules under a key; without the key when there are none."""
    if rules:
        return mapping.put(key, rules)
    return mapping.without(key) if key in mapping else mapping


def _take_predecessor(rule: Rule, gone: list[Rule]) -> Rule | None:
    """Take out of *gone* the rule whose place in the matcher *rule* has, as when a cell runs again."""
    for index, old in enumerate(gone):
        is_matched = not (old.build_only or rule.build_only)
        if is_matched and rank_of(old) == rank_of(rule) and old._parts == rule._parts:
            return gone.pop(index)
    return None


class _Draft:
    """A table in the making; only the thread that drafts it sees it."""

    def __init__(self, table: RoutingTable) -> None:
        self.matcher = table.matcher
        self.by_endpoint = table.by_endpoint
        self.by_path = table.by_path
        self.by_text = table.by_text
        self.with_defaults = table.with_defaults

    def add(self, rule: Rule) -> None:
        if not rule.build_only:
            self.matcher = self.matcher.with_rule(rule)
        self._list(rule)

    def _list(self, rule: Rule) -> None:
        rules = list(self.by_endpoint.get(rule.endpoint, ()))
        insort(rules, rule, key=_build_order)
        self._set_endpoint(rule.endpoint, rules)
        self._set_text(rule, tuple(sorted((*self._of_text(rule), rule), key=rank_of)))

    def remove(self, rule: Rule) -> None:
        if not rule.build_only:
            self.matcher = self.matcher.without_rule(rule)
        self._strike(rule)

    def _strike(self, rule: Rule) -> None:
        self._set_endpoint(rule.endpoint, [one for one in self.by_endpoint[rule.endpoint] if one is not rule])
        self._set_text(rule, tuple(one for one in self._of_text(rule) if one is not rule))

    def replace(self, old: Rule, new: Rule) -> None:
        """Put *new*, of the same place in the matcher, where *old* stood."""
        self.matcher = self.matcher.with_rule_instead(old, new)
        self._strike(old)
        self._list(new)

    def substitute(self, old: Rule, new: Rule) -> None:
        """Put *new*, the same rule for fewer methods, where *old* stood."""
        if not old.build_only:
            self.matcher = self.matcher.with_rule_instead(old, new)
        rules = [one for one in self.by_endpoint[old.endpoint] if one is not old]
        insort(rules, new, key=_build_order)
        self._set_endpoint(new.endpoint, rules)
        self._set_text(old, tuple(new if one is old else one for one in self._of_text(old)))

    def _of_text(self, rule: Rule) -> Rules:
        return (self.by_path if _is_plain(rule) else self.by_text).get(rule.rule, ())

    def _set_text(self, rule: Rule, rules: Rules) -> None:
        if _is_plain(rule):
            self.by_path = _changed(self.by_path, rule.rule, rules)
        else:
            self.by_text = _changed(self.by_text, rule.rule, rules)

    def _set_endpoint(self, endpoint: Any, rules: list[Rule]) -> None:
        if rules:
            self.by_endpoint = self.by_endpoint.with_rules(endpoint, rules)
        elif endpoint in self.by_endpoint:
            self.by_endpoint = self.by_endpoint.without(endpoint)
        if any(rule.defaults for rule in rules):
            self.with_defaults |= {endpoint}
        elif endpoint in self.with_defaults:
            self.with_defaults -= {endpoint}

    def table(self) -> RoutingTable:
        return RoutingTable(self.matcher, self.by_endpoint, self.by_path, self.by_text, self.with_defaults)


class LiveMap(Map):
    """Werkzeug's ``Map``, whose rules can be added, replaced and taken out while requests run.

    :attr:`table` is what is served now. Read from it once and keep what you read: the next change
    publishes another one.
    """

    table: RoutingTable
    #: In a notebook: called with each rule that is added, to record it or to publish it.
    register: Callable[[Rule], None] | None = None
    #: What it was before it was made live.
    _kind: type[Map] = Map

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
        self.table = bare_table(SharedMatcher(matcher.merge_slashes))

    @property
    def _rules_by_endpoint(self) -> dict[Any, list[Rule]]:
        return cast(dict[Any, list[Rule]], self.table.by_endpoint)  # Werkzeug only looks things up

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
            self.table = RoutingTable(
                matcher, table.by_endpoint, table.by_path, table.by_text, table.with_defaults
            )

    def update(self) -> None:
        """Do nothing: a published table is in order."""

    def add(self, rulefactory: RuleFactory) -> None:
        """Bind the rules of *rulefactory* and publish a table with them.

        In a notebook they are recorded as what the cell at work registers.
        """
        rules = list(rulefactory.get_rules(self))
        if self.register is None:
            self.change(add=rules)
            return
        for rule in rules:
            self.register(rule)

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
        new, gone = list(add), list(remove)
        for rule in new:
            if rule.map is not self:
                rule.bind(self)
        with self._change_lock:
            draft = _Draft(self.latest)
            replaced = [(_take_predecessor(rule, gone), rule) for rule in new]
            for rule in gone:
                draft.remove(rule)
            for old, instead in substitute:
                draft.substitute(old, instead)
            for old_rule, rule in replaced:
                if old_rule is None:
                    draft.add(rule)
                else:
                    draft.replace(old_rule, rule)
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
        table = self.latest
        of_text = (*table.by_path.get(rule.rule, ()), *table.by_text.get(rule.rule, ()))
        return [one for one in of_text if rule_key(one) == key]


def make_live(url_map: Map) -> None:
    """Make a live map of one of Werkzeug's, in place: whoever holds on to it holds on to the same map."""
    if isinstance(url_map, LiveMap):
        return
    kind, rules, merge_slashes = type(url_map), list(url_map.iter_rules()), url_map.merge_slashes
    # Rules of equal weight are tried as they were added; by endpoints, they are told in another order.
    matched = list(rules_below(url_map._matcher._root))
    by_endpoint = _ByEndpoint()
    for endpoint, of_endpoint in url_map._rules_by_endpoint.items():
        by_endpoint = by_endpoint.with_rules(endpoint, of_endpoint)
    for name in ("_matcher", "_rules_by_endpoint"):
        del vars(url_map)[name]
    url_map.__class__ = LiveMap if kind is Map else type(kind.__name__, (kind, LiveMap), {})
    assert isinstance(url_map, LiveMap)
    url_map._kind, url_map._change_lock, url_map._batched = kind, threading.RLock(), None
    url_map._remap = False
    url_map._matcher = StateMachineMatcher(merge_slashes)
    draft = _Draft(url_map.table)
    for rule in (*matched, *(rule for rule in rules if rule.build_only)):
        draft.add(rule)
    draft.by_endpoint = by_endpoint
    url_map.table = draft.table()


def make_plain(url_map: LiveMap) -> None:
    """Make the map again what :func:`make_live` had made a live one of, with the rules that it has now."""
    rules, merge_slashes = url_map.table.rules(), url_map.merge_slashes
    matched = list(rules_below(url_map._matcher._root))
    kind = url_map._kind
    for name in ("table", "register", "_kind", "_change_lock", "_batched"):
        vars(url_map).pop(name, None)
    url_map.__class__ = kind  # type: ignore[assignment]
    url_map._matcher = matcher = StateMachineMatcher(merge_slashes)
    by_endpoint: dict[Any, list[Rule]] = {}
    url_map._rules_by_endpoint = by_endpoint
    for rule in rules:
        by_endpoint.setdefault(rule.endpoint, []).append(rule)
    for rule in matched:
        matcher.add(rule)
    url_map._remap = True


def keep_table(adapter: MapAdapter, table: RoutingTable) -> None:
    """Let an adapter of a live map see *table* from now on, whatever is registered."""
    if isinstance(adapter.map, LiveMap):
        adapter.map = BoundMap(adapter.map, table)


def redirected(adapter: MapAdapter, table: RoutingTable, found: tuple[Rule, Any]) -> tuple[Rule, Any]:
    """Return what an adapter makes of the rule and values that *table* found: them, unless it redirects.

    Converters are not asked a second time.

    :raises werkzeug.routing.RequestRedirect: the rule leads elsewhere.
    """
    single = copy(adapter)
    single.map = bound = BoundMap(adapter.map, table)
    bound._matcher = _Found(found)  # type: ignore[assignment]
    return single.match(return_rule=True)


class _Found:
    """A matcher whose answer is there already."""

    def __init__(self, found: tuple[Rule, Any]) -> None:
        self._found = found

    def match(self, *question: object) -> tuple[Rule, Any]:
        return self._found


class BoundMap(Map):
    """The map of one adapter: the options of a live map with the table of one moment."""

    def __init__(self, live: Map, table: RoutingTable) -> None:
        self.live = live
        self.table = table
        self._matcher = table.matcher
        self._rules_by_endpoint = cast(Any, table.by_endpoint)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.live, name)

    def update(self) -> None:
        """Do nothing: the table is in order."""

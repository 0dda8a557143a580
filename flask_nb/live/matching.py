"""In which order a map compares its rules with a path, and what one of them alone would say to it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

from werkzeug.routing import Map, MapAdapter, Rule

from .url_map import BoundMap, LiveMap, RoutingTable, SharedMatcher, _State, reduced


def rules_in_order(adapter: MapAdapter, path: str) -> list[Rule]:
    """Return the rules in the order in which the matcher comes to them on its way through a path.

    It is the order among those that fit the path. The others stand where they would be found if they did.

    :param adapter: of any map; a live one is asked for its own order, in which cells count.
    """
    parts = 1 + len(path.split("/"))  # the domain is the first
    return list(_walk(_matcher_of(adapter.map)._root, parts))


def alone(adapter: MapAdapter, rule: Rule) -> MapAdapter:
    """Return an adapter for the same request that knows one rule only, as if it answered every method.

    It redirects for nothing but slashes, and calls no function that the rule redirects by.
    """
    plain = reduced(rule, None)
    plain.alias, plain.redirect_to = False, None
    matcher = SharedMatcher(adapter.map.merge_slashes).with_rule(plain)
    single = copy(adapter)
    single.map = BoundMap(adapter.map, RoutingTable(matcher, {plain.endpoint: [plain]}, {}, frozenset()))
    return single


def _matcher_of(url_map: Map) -> SharedMatcher:
    if isinstance(url_map, (LiveMap, BoundMap)):
        return url_map.table.matcher
    matcher = SharedMatcher(url_map.merge_slashes)
    for rule in url_map.iter_rules():
        matcher = matcher if rule.build_only else matcher.with_rule(rule)
    return matcher


def _walk(state: _State, left: int) -> Iterator[Rule]:
    """Yield the rules at a state and below it.

    :param left: how many parts of the path are left. Where one is, it is a slash at the end: rules that have
        it come before those that do without.
    """
    if left <= 0:
        yield from state.rules
    for child in state.static.values():
        yield from _walk(child, left - 1)  # type: ignore[arg-type]
    for part, child in state.dynamic:
        yield from _walk(child, 0 if part.final else left - 1)  # type: ignore[arg-type]
    if left > 0:
        yield from state.rules

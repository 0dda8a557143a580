"""In which order a map compares its rules with a path, and what one of them alone would say to it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

from werkzeug.routing import MapAdapter, Rule
from werkzeug.routing.matcher import State

from .url_map import BoundMap, RoutingTable, SharedMatcher, reduced


def rules_in_order(adapter: MapAdapter, path: str) -> list[Rule]:
    """Return the rules in the order in which the matcher comes to them on its way through a path.

    It is the order among those that fit the path. The others stand where they would be found if they did.

    :param adapter: of any map; of a live one, in which cells count, and of one of Werkzeug's.
    """
    parts = 1 + len(path.split("/"))  # the domain is the first
    adapter.map.update()
    return list(_walk(adapter.map._matcher._root, parts))


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


def _walk(state: State, left: int) -> Iterator[Rule]:
    """Yield the rules at a state and below it.

    :param left: how many parts of the path are left. Where one is, it is a slash at the end: rules that have
        it come before those that do without.
    """
    if left <= 0:
        yield from state.rules
    for child in state.static.values():
        yield from _walk(child, left - 1)
    for part, child in state.dynamic:
        yield from _walk(child, 0 if part.final else left - 1)
    if left > 0:
        yield from state.rules

"""In which order a map compares its rules with a path, and what one of them alone would say to it."""

from __future__ import annotations

from copy import copy

from werkzeug.routing import MapAdapter, Rule

from .matcher import SharedMatcher, rules_below
from .url_map import BoundMap, bare_table, reduced


def rules_in_order(adapter: MapAdapter, path: str) -> list[Rule]:
    """Return the rules in the order in which the matcher comes to them on its way through a path.

    It is the order among those that fit the path. The others stand where they would be found if they did.

    :param adapter: of any map; of a live one, in which cells count, and of one of Werkzeug's.
    """
    parts = 1 + len(path.split("/"))  # the domain is the first
    adapter.map.update()
    return list(rules_below(adapter.map._matcher._root, parts))


def alone(adapter: MapAdapter, rule: Rule) -> MapAdapter:
    """Return an adapter for the same request that knows one rule only, as if it answered every method.

    It redirects for nothing but slashes, and calls no function that the rule redirects by.
    """
    plain = reduced(rule, None)
    plain.alias, plain.redirect_to = False, None
    matcher = SharedMatcher(adapter.map.merge_slashes).with_rule(plain)
    single = copy(adapter)
    single.map = BoundMap(adapter.map, bare_table(matcher, plain))
    return single

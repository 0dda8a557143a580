"""Werkzeug's state machine as a value: a change makes another one, which shares with it all but one path.

Werkzeug's own methods match. What is here adds to a machine, takes out of it, and keeps the order of rules
that match as well: that of the cells which registered them.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.routing import Rule
from werkzeug.routing.matcher import State, StateMachineMatcher
from werkzeug.routing.rules import RulePart

from .buckets import Buckets
from .registrations import Rank


def rank_of(rule: Rule) -> Rank:
    """Return where a rule stands among those that match as well: where its cell first ran."""
    rank: Rank = getattr(rule, "rank", ())
    return rank


class _State(State):
    """A state of Werkzeug's matcher that knows the first of the ranks of all rules below it.

    Werkzeug tries transitions of one weight, and rules of one state, in the order in which they were
    added. Here that is the order of their ranks, so that it does not depend on which cell ran last.

    :param rank: the first rank below, where it is known already.
    """

    def __init__(
        self,
        dynamic: list[tuple[RulePart, Any]],
        rules: list[Rule],
        static: Mapping[str, Any],
        rank: Rank | None = None,
    ) -> None:
        super().__init__(dynamic, rules, static)  # type: ignore[arg-type] # Werkzeug's matcher only looks things up
        self.rank: Rank = self._first_rank() if rank is None else rank

    def _first_rank(self) -> Rank:
        below = (*(state for _, state in self.dynamic), *self.static.values())
        return min([*map(rank_of, self.rules), *(state.rank for state in below)], default=())  # type: ignore[attr-defined]


_NOTHING = _State([], [], {}, ())
"""Nobody changes a state: what is empty is shared."""


class SharedMatcher(StateMachineMatcher):
    """Werkzeug's state machine with additions and removals that copy only the path they touch."""

    def __init__(self, merge_slashes: bool, root: _State | None = None) -> None:
        super().__init__(merge_slashes)
        self._root: Any = root or _NOTHING

    def with_rule(self, rule: Rule) -> SharedMatcher:
        """Return a matcher that also knows *rule*."""
        return SharedMatcher(self.merge_slashes, _with(self._root, rule, rule._parts, 0))

    def without_rule(self, rule: Rule) -> SharedMatcher:
        """Return a matcher that no longer knows *rule*."""
        root = _without(self._root, rule, rule._parts, 0) or _NOTHING
        return SharedMatcher(self.merge_slashes, root)

    def with_rule_instead(self, old: Rule, new: Rule) -> SharedMatcher:
        """Return a matcher in which *new*, of the same parts, stands in the place of *old*."""
        return SharedMatcher(self.merge_slashes, _instead(self._root, old, new, old._parts, 0))

    def add(self, rule: Rule) -> None:
        """Refuse to change in place; tables are shared between threads."""
        raise TypeError("a routing table does not change: add the rule to the app's url_map")

    def update(self) -> None:
        """Do nothing: transitions are put in their order when they are added."""


_MANY = 32
"""From so many static transitions on, those of a state are in buckets."""


def _put(static: Mapping[str, Any], content: str, child: _State) -> Mapping[str, Any]:
    """The static transitions of a state with one more, or another one."""
    if isinstance(static, Buckets):
        return static.put(content, child)
    more = {**static, content: child}
    return Buckets(more.items()) if len(more) > _MANY else more


def _take(static: Mapping[str, Any], content: str) -> Mapping[str, Any]:
    """The static transitions of a state without one of them."""
    if isinstance(static, Buckets):
        return static.without(content)
    return {key: child for key, child in static.items() if key != content}


def _order(transition: tuple[RulePart, Any]) -> Any:
    return transition[0].weight, transition[1].rank


def _with(state: Any, rule: Rule, parts: list[RulePart], depth: int) -> _State:
    is_empty = not (state.rules or state.static or state.dynamic)
    rank = rank_of(rule) if is_empty else min(state.rank, rank_of(rule))
    if depth == len(parts):
        rules = list(state.rules)
        insort(rules, rule, key=rank_of)
        return _State(state.dynamic, rules, state.static, rank)
    part = parts[depth]
    if part.static:
        child = _with(state.static.get(part.content) or _NOTHING, rule, parts, depth + 1)
        return _State(state.dynamic, state.rules, _put(state.static, part.content, child), rank)
    known = [one for one, _ in state.dynamic]
    dynamic = state.dynamic if part in known else [*state.dynamic, (part, _NOTHING)]
    changed = [
        (one, child if one != part else _with(child, rule, parts, depth + 1)) for one, child in dynamic
    ]
    # Sorting is stable: of equal weight and rank, what was there first stays first.
    return _State(sorted(changed, key=_order), state.rules, state.static, rank)


def _without(state: Any, rule: Rule, parts: list[RulePart], depth: int) -> _State | None:
    """The state without the rule, or None when nothing is left of it."""
    dynamic, rules, static = state.dynamic, state.rules, state.static
    if depth == len(parts):
        rules = [one for one in rules if one is not rule]
    elif parts[depth].static:
        content = parts[depth].content
        child = _without(static[content], rule, parts, depth + 1)
        static = _take(static, content) if child is None else _put(static, content, child)
    else:
        changed = (
            (known, child if known != parts[depth] else _without(child, rule, parts, depth + 1))
            for known, child in dynamic
        )
        dynamic = sorted(((known, child) for known, child in changed if child is not None), key=_order)
    rank = state.rank if state.rank < rank_of(rule) else None  # else it may have been that of this rule
    return _State(dynamic, rules, static, rank) if rules or static or dynamic else None


def _instead(state: Any, old: Rule, new: Rule, parts: list[RulePart], depth: int) -> _State:
    """The state with *new*, of the same rank and parts, in the place of *old*."""
    dynamic, rules, static = state.dynamic, state.rules, state.static
    if depth == len(parts):
        rules = [new if one is old else one for one in rules]
    elif parts[depth].static:
        content = parts[depth].content
        static = _put(static, content, _instead(static[content], old, new, parts, depth + 1))
    else:
        dynamic = [
            (known, child if known != parts[depth] else _instead(child, old, new, parts, depth + 1))
            for known, child in dynamic
        ]
    return _State(dynamic, rules, static, state.rank)


def rules_below(state: State, left: int = 0) -> Iterator[Rule]:
    """Yield the rules at a state of a matcher and below it, in the order in which they are tried.

    :param left: how many parts of the path are left. Where one is, it is a slash at the end: rules that have
        it come before those that do without.
    """
    if left <= 0:
        yield from state.rules
    for child in state.static.values():
        yield from rules_below(child, left - 1)
    for part, child in state.dynamic:
        yield from rules_below(child, 0 if part.final else left - 1)
    if left > 0:
        yield from state.rules

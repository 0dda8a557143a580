"""How an app takes a definition again: the notebook's half of registering.

Flask fixes an app when it begins to serve. In a notebook, cells run again in any order while requests
are answered, so under an owner (:mod:`.owners`) a route replaces the one of the same identity by one
swap of the routing table, a new app object takes over what other cells had registered on the old one,
and what an extension left in ``app.extensions`` is withdrawn before its cell runs again.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from werkzeug.routing import Rule

from .owners import (
    Identity,
    Ledger,
    Owner,
    Registration,
    is_another_cell,
    observe_runs,
    registering_owner,
    repeated,
    tell,
)
from .routing import LiveMap, reduced

if TYPE_CHECKING:
    from .app import Flask
    from .blueprints import Blueprint
    from .config import Config

_apps: weakref.WeakSet[Any] = weakref.WeakSet()
_made: dict[tuple[Hashable, ...], tuple[int, weakref.ref[Any]]] = {}


def predecessor_of(made: AppRedefinition | Blueprint, kind: str, owner: Owner) -> Any | None:
    """Return the object that an earlier run of *owner* made where this run makes *made*, or None.

    Several of one kind and name in one cell are told apart by their order.
    """
    number = 0
    while True:
        key = (owner.key, kind, made.import_name, made.name, number)
        run, old = _made.get(key, (None, None))
        if run != owner.run:
            _made[key] = owner.run, weakref.ref(made)
            return None if old is None else old()
        number += 1


class ListAttribute(MutableMapping[Any, list[Any]]):
    """A list that is an attribute, seen as a table of hooks with the one scope None."""

    def __init__(self, holder: object, name: str) -> None:
        self._holder, self._name = holder, name

    def __getitem__(self, scope: Any) -> list[Any]:
        return cast("list[Any]", getattr(self._holder, self._name))

    def __setitem__(self, scope: Any, value: list[Any]) -> None:
        setattr(self._holder, self._name, value)

    def __delitem__(self, scope: Any) -> None:
        setattr(self._holder, self._name, [])

    def __iter__(self) -> Iterator[Any]:
        return iter((None,))

    def __len__(self) -> int:
        return 1


@dataclass
class _Run:
    """What an app looked like when the cell that is running began."""

    extensions: dict[str, Any]
    config: dict[str, Any]
    withdrawn: dict[str, Any] = field(default_factory=dict)


class AppRedefinition:
    """The part of an app that replaces, takes over and restores."""

    if TYPE_CHECKING:  # what the app itself has
        import_name: str
        name: str
        url_map: LiveMap
        registrations: Ledger
        view_functions: dict[str, Callable[..., Any]]
        extensions: dict[str, Any]
        config: Config
        _check_endpoint_is_free: Callable[[str, Callable[..., Any]], None]
        _set_name: Callable[..., None]

    def _start_redefinition(self) -> None:
        """Begin to be followed; take over from the app that an earlier run of the cell made."""
        self._run = _Run(dict(self.extensions), dict(self.config))
        self._extension_owners: dict[str, Hashable] = {}
        self._config_owners: dict[str, Hashable] = {}
        self._maker = owner = registering_owner()
        if owner is None:
            return
        _apps.add(self)
        old = predecessor_of(self, "app", owner)
        if old is not None:
            self._take_over(old, owner)

    def _take_over(self, old: Flask, owner: Owner) -> None:
        """Register here what other cells than *owner*'s had registered on *old*."""
        old.registrations.set_aside()
        others = [
            entry
            for entry in old.registrations
            if entry.owner.key != owner.key and entry.repeat is not None and entry.via is None
        ]
        for entry in others:
            with repeated(entry):
                cast("Callable[[Any], object]", entry.repeat)(self)
        for name, key in old._config_owners.items():
            if key != owner.key and name in old.config:
                self.config[name] = old.config[name]
                self._config_owners[name] = key
        for name, key in old._extension_owners.items():
            if key != owner.key and name in old.extensions:
                self.extensions[name] = old.extensions[name]
                self._extension_owners[name] = key
        if others:
            what = "registration" if len(others) == 1 else "registrations"
            tell(owner, f"the new app has taken over {len(others)} {what} of other cells")

    # --- routes ---

    def _define_route(
        self, owner: Owner, rule: Rule, view: Callable[..., Any] | None, named: set[str]
    ) -> None:
        """Publish *rule* with its view in the place of whatever it replaces, by one swap."""
        endpoint = rule.endpoint
        identity: Identity = ("endpoint", endpoint)
        known = self.registrations.get(identity)
        superseded = self.registrations.superseded(identity, owner)
        joined = known if superseded is None else None
        if joined is not None and view is not None:
            self._check_endpoint_is_free(endpoint, view)
        label = f"{','.join(sorted(named))} {rule.rule}"
        entry = joined or self._route_registration(identity, owner, label, view)
        rule.registration, rule.named_methods = entry, named  # type: ignore[attr-defined]
        old = [] if joined else list(self.url_map.latest.by_endpoint.get(endpoint, ()))
        with self.url_map.batch():
            fewer = self._give_up_places(owner, rule, named, old)
            self._publish(rule, view, old, fewer, forget_view=joined is None)
        if joined is None:
            self.registrations.enter(entry)

    def _route_registration(self, identity: Identity, owner: Owner, label: str, view: Any) -> Registration:
        url_map = self.url_map

        def rules() -> list[Rule]:
            known = url_map.latest.by_endpoint.get(identity[1], ())
            return [rule for rule in known if getattr(rule, "registration", None) is entry]

        def withdraw() -> None:
            self._remove_rules(rules())

        def repeat(target: Any) -> None:
            for rule in rules():
                target.add_url_rule(rule.rule, **options_of(rule, view))

        entry = Registration(identity, owner, label, withdraw, repeat, value=view)
        return entry

    def _give_up_places(
        self, owner: Owner, rule: Rule, named: set[str], old: list[Rule]
    ) -> list[tuple[Rule, Rule | None]]:
        """Pairs of a rule that loses methods to *rule* and what is left of it, None for nothing."""
        pairs: list[tuple[Rule, Rule | None]] = []
        for other in self.url_map.find_same_place(rule):
            entry = getattr(other, "registration", None)
            if any(other is one for one in old) or (entry is not None and self._stands(entry, owner)):
                continue
            had = named_methods(other)
            if not had & named:
                continue
            rest = had - named
            pairs.append((other, fewer_methods(other, rest) if rest else None))
            if entry is not None and is_another_cell(entry.owner, owner):
                lost = ",".join(sorted(had & named))
                tell(owner, f"replaces {lost} {other.rule} of the cell '{entry.owner.name}'")
        return pairs

    def _stands(self, entry: Registration, owner: Owner) -> bool:
        """Whether *entry* is of this very run, where nothing replaces."""
        return self.registrations.superseded(entry.identity, owner) is None

    def _publish(
        self,
        rule: Rule,
        view: Any,
        old: list[Rule],
        fewer: list[tuple[Rule, Rule | None]],
        forget_view: bool,
    ) -> None:
        url_map = self.url_map
        gone = [other for other, rest in fewer if rest is None]
        rule.bind(url_map)
        in_place = next((one for one in old if one._parts == rule._parts), None)
        removed = gone + [one for one in old if one is not in_place]
        substituted = [(other, rest) for other, rest in fewer if rest is not None]
        if in_place is not None:
            substituted.append((in_place, rule))

        def put_views() -> None:
            for one in (*old, *gone):
                one.last_view = self.view_functions.get(one.endpoint)  # type: ignore[attr-defined]
            if view is not None:
                self.view_functions[rule.endpoint] = view
            elif forget_view:
                self.view_functions.pop(rule.endpoint, None)

        url_map.change(
            add=[rule] if in_place is None else [],
            remove=removed,
            substitute=substituted,
            before_publishing=put_views,
        )
        self._forget_endpoints_without_rules(gone)

    def _remove_rules(self, rules: list[Rule]) -> None:
        for rule in rules:
            rule.last_view = self.view_functions.get(rule.endpoint)  # type: ignore[attr-defined]
        self.url_map.change(remove=rules)
        self._forget_endpoints_without_rules(rules)

    def _forget_endpoints_without_rules(self, rules: list[Rule]) -> None:
        for rule in rules:
            if rule.endpoint not in self.url_map.latest.by_endpoint:
                self.view_functions.pop(rule.endpoint, None)
                self.registrations.forget(("endpoint", rule.endpoint))

    def _set_view_function(self, endpoint: str, f: Callable[..., Any]) -> None:
        self._set_name(
            "view",
            self.view_functions,
            endpoint,
            f,
            repeat=lambda target: target.endpoint(endpoint)(f),
            label=f"view {endpoint}",
        )

    # --- runs ---

    def _begin_run(self, owner: Owner) -> None:
        """Note what is there, and withdraw the extensions that an earlier run of the cell put in."""
        mine = [name for name, key in self._extension_owners.items() if key == owner.key]
        withdrawn = {name: self.extensions.pop(name) for name in mine if name in self.extensions}
        self._run = _Run(dict(self.extensions), dict(self.config), withdrawn)

    def _end_run(self, owner: Owner, succeeded: bool) -> None:
        """Note whose the new extensions and settings are; after a failure, put back what was taken."""
        before: _Run = self._run
        for name, value in self.extensions.items():
            if before.extensions.get(name, before) is not value:
                self._extension_owners[name] = owner.key
        for name, value in self.config.items():
            if before.config.get(name, before) is not value:
                self._config_owners[name] = owner.key
        if not succeeded:
            for name, value in before.withdrawn.items():
                self.extensions[name] = value


def _follow(owner: Owner, phase: str) -> list[str]:
    for app in list(_apps):
        if phase == "begin":
            app._begin_run(owner)
        else:
            app._end_run(owner, phase == "succeeded")
    return []


observe_runs(_follow)


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


def options_of(rule: Rule, view: Any) -> dict[str, Any]:
    """Return the arguments that register *rule* again on another app."""
    options = dict(rule.get_empty_kwargs())
    options["methods"] = named_methods(rule)
    options["view_func"] = view
    if not _options_came_along(rule):  # else it comes along again
        options["provide_automatic_options"] = getattr(rule, "provide_automatic_options", None)
    return options

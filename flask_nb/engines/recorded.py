"""What a blueprint of Flask's has recorded: its rules, known again by endpoint, rule and methods."""

from __future__ import annotations

from typing import Any

Recorded = tuple[str, str, frozenset[str]]
"""The endpoint, the rule and the methods."""


def recorded_rule(rule: str, endpoint: Any, view: Any, options: dict[str, Any]) -> Recorded:
    """Return what the arguments of ``add_url_rule`` are known by."""
    methods = options.get("methods") or getattr(view, "methods", None) or ("GET",)
    return str(endpoint or getattr(view, "__name__", rule)), rule, frozenset(methods)


def name_rule(function: Any, rule: Recorded) -> None:
    """Let what a blueprint is to do with an app say which rule it brings."""
    function.route, function.label = rule, f"{','.join(sorted(rule[2]))} {rule[1]}"


def is_named(function: Any) -> bool:
    """Whether it says which rule it brings."""
    return isinstance(getattr(function, "route", None), tuple)


def name_rules(blueprint: Any) -> None:
    """Let the rules that a blueprint has recorded unseen be known again."""
    for function in blueprint.deferred_functions:
        qualified = getattr(function, "__qualname__", "")
        if qualified.startswith("Blueprint.add_url_rule.") and not is_named(function):
            function(_Namer(function))


class _Namer:
    """Stands in for the state of a registration, to hear which rule a function brings."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def add_url_rule(self, rule: str, endpoint: Any = None, view_func: Any = None, **options: Any) -> None:
        name_rule(self._function, recorded_rule(rule, endpoint, view_func, options))


def options_of(blueprint: Any, app: Any, name: str) -> dict[str, Any]:
    """Return options by which a blueprint may have been registered: its name, and the prefix of its rules."""
    parent, _, own = name.rpartition(".")
    options = {"name": own, "name_prefix": parent}
    name_rules(blueprint)
    bare_rules = {one.route[0]: one.route[1] for one in blueprint.deferred_functions if is_named(one)}
    for rule in app.url_map.iter_rules():
        bare = bare_rules.get(str(rule.endpoint).removeprefix(f"{name}."))
        if bare is not None and rule.rule.endswith(bare) and rule.rule != bare:
            return {**options, "url_prefix": rule.rule.removesuffix(bare).rstrip("/") or None}
    return options

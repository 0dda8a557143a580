"""How the URLs of an endpoint are built, for as long as its rules stay the same.

A rule is asked whether values suit it, for the method of the request and for any, and then told to build.
Where an endpoint has one rule, and values are given for its variables and for nothing else, there is nothing
to ask: that is nearly every link of a page, and takes half as long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from werkzeug import routing
from werkzeug.routing import ValidationError

Builder = Callable[..., tuple[str, str]]

# What no parameter of a function can be called; each variable of a rule is one.
_NO_PARAMETERS = frozenset({"None", "True", "False", "__debug__"})


class Rule(routing.Rule):
    """A rule whose two functions that build URLs are compiled when they are first called.

    They take three quarters of the time that adding a rule takes, and most rules are never linked to.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Builder:
        variables = [name for is_variable, name in self._trace if is_variable]
        are_parameters = len(set(variables)) == len(variables) and _NO_PARAMETERS.isdisjoint(variables)
        if self.defaults or not are_parameters:
            return super()._compile_builder(append_unknown)  # what is wrong with them is said at once
        name = "_build_unknown" if append_unknown else "_build"

        def build_first(rule: routing.Rule, /, **values: Any) -> tuple[str, str]:
            builder: Builder = routing.Rule._compile_builder(rule, append_unknown).__get__(rule, None)
            setattr(rule, name, builder)
            return builder(**values)

        return build_first


class UrlPlan:
    """The plan of an endpoint that has one rule.

    :param rule: the rule.
    """

    __slots__ = ("_rule", "arguments")

    def __init__(self, rule: routing.Rule) -> None:
        self.arguments = tuple(rule.arguments)
        self._rule = rule

    def build(self, values: dict[str, Any]) -> str | None:
        """Return the path; None where it has a host, or an adapter has to say what is wrong.

        :param values: as many as the rule has variables.
        """
        for name in self.arguments:
            if values.get(name) is None:
                return None
        try:
            domain, path = self._rule._build_unknown(**values)
        except ValidationError:
            return None
        return None if domain else path


def plan_for(rules: Sequence[routing.Rule]) -> UrlPlan | None:
    """Return the plan of an endpoint; None where its rules have to be asked."""
    if len(rules) > 1 or rules[0].defaults or rules[0].websocket:
        return None
    kind = type(rules[0])
    is_of_werkzeug = kind.suitable_for is routing.Rule.suitable_for and kind.build is routing.Rule.build
    return UrlPlan(rules[0]) if is_of_werkzeug else None

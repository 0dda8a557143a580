"""How the URLs of an endpoint are built, for as long as its rules stay the same.

A rule is asked whether values suit it, for the method of the request and for any, and then told to build.
Where an endpoint has one rule, and values are given for its variables and for nothing else, there is nothing
to ask: that is nearly every link of a page, and takes half as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug.routing import Rule, ValidationError


class UrlPlan:
    """The plan of an endpoint that has one rule.

    :param rule: the rule.
    """

    __slots__ = ("_path", "arguments")

    def __init__(self, rule: Rule) -> None:
        self.arguments = tuple(rule.arguments)
        self._path = rule._build_unknown

    def build(self, values: dict[str, Any]) -> str | None:
        """Return the path; None where it has a host, or an adapter has to say what is wrong.

        :param values: as many as the rule has variables.
        """
        for name in self.arguments:
            if values.get(name) is None:
                return None
        try:
            domain, path = self._path(**values)
        except ValidationError:
            return None
        return None if domain else path


def plan_for(rules: Sequence[Rule]) -> UrlPlan | None:
    """Return the plan of an endpoint; None where its rules have to be asked."""
    if len(rules) > 1 or rules[0].defaults or rules[0].websocket:
        return None
    kind = type(rules[0])
    is_of_werkzeug = kind.suitable_for is Rule.suitable_for and kind.build is Rule.build
    return UrlPlan(rules[0]) if is_of_werkzeug else None

"""What the URL of an endpoint would come to in an app of Flask's shape: which rule, and why no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from werkzeug.routing import MapAdapter, Rule

from .answering import name_of
from .converting import pieces_of, refused_value, variables_of
from .explanations import UrlExplanation, UrlRule
from .protocol import RouteRow

_DEFAULT_METHOD = "GET"


def explain_url(
    app: Any,
    row: Callable[[Rule], RouteRow],
    adapter: MapAdapter,
    endpoint: str,
    values: Mapping[str, Any],
    method: str | None,
) -> UrlExplanation:
    """Explain what the URL of an endpoint would come to.

    :param row: describes a rule.
    :param adapter: builds it.
    :param method: one that the rule has to answer; None for any.
    """
    given = {name: value for name, value in values.items() if value is not None}
    rules = _in_order(app, adapter, endpoint, method)
    reasons = [_reason(rule, given, method) for rule in rules]
    refusing = [index for index, rule in enumerate(rules) if _breaks_off(rule, given, method)]
    fitting = [index for index, reason in enumerate(reasons) if not reason]
    taken = fitting[0] if fitting and not (refusing and refusing[0] < fitting[0]) else None
    missing = min((_missing(rule, given) for rule in rules), key=len, default=()) if not fitting else ()
    return UrlExplanation(
        endpoint,
        None if taken is None else adapter.build(endpoint, given, method),
        tuple(_rules(row, rules, reasons, taken)),
        tuple(missing),
        () if taken is None else tuple(name for name in given if name not in rules[taken].arguments),
        tuple(_notes(app, endpoint)),
    )


def _in_order(app: Any, adapter: MapAdapter, endpoint: str, method: str | None) -> list[Rule]:
    """Return the rules as they are tried: without a method, those first that answer GET."""
    rules = [rule for rule in app.url_map.iter_rules() if str(rule.endpoint) == endpoint]
    if method is None:
        rules.sort(key=lambda rule: not _answers(rule, _DEFAULT_METHOD))
    if app.url_map.host_matching:
        rules.sort(key=lambda rule: rule.host != adapter.server_name)
    return rules


def _answers(rule: Rule, method: str) -> bool:
    return rule.methods is None or method in rule.methods


def _missing(rule: Rule, given: Mapping[str, Any]) -> Sequence[str]:
    defaults = rule.defaults or {}
    order = [variable.name for variable in _variables(rule)]
    return [name for name in order if name not in defaults and name not in given]


def _variables(rule: Rule) -> Any:
    return variables_of(
        [piece for text in (rule.host or rule.subdomain or "", rule.rule) for piece in pieces_of(rule, text)]
    )


def _unsuitable(rule: Rule, given: Mapping[str, Any], method: str | None) -> str:
    """Say why the values do not suit a rule, before any converter sees them; empty if they do."""
    if method is not None and not _answers(rule, method):
        return f"does not answer {method}"
    missing = _missing(rule, given)
    if missing:
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    other = [name for name, value in (rule.defaults or {}).items() if name in given and given[name] != value]
    return f"{other[0]} is {(rule.defaults or {})[other[0]]!r} here, by its defaults" if other else ""


def _reason(rule: Rule, given: Mapping[str, Any], method: str | None) -> str:
    return _unsuitable(rule, given, method) or refused_value(_variables(rule), dict(given))


def _breaks_off(rule: Rule, given: Mapping[str, Any], method: str | None) -> bool:
    """Whether what a converter raises ends the building: anything but a ``ValidationError`` does."""
    if _unsuitable(rule, given, method) or not refused_value(_variables(rule), dict(given)):
        return False
    try:
        rule.build(given)
    except Exception:
        return True
    return False


def _rules(
    row: Callable[[Rule], RouteRow], rules: list[Rule], reasons: list[str], taken: int | None
) -> Iterator[UrlRule]:
    for index, (rule, reason) in enumerate(zip(rules, reasons, strict=True)):
        is_taken = index == taken
        why = reason or ("" if is_taken else "fits as well, but comes later")
        yield UrlRule(row(rule), is_taken, why)


def _notes(app: Any, endpoint: str) -> Iterator[str]:
    """Name the functions that add values when a URL is built, which is not done here."""
    parts = endpoint.split(".")[:-1]
    names = [None, *(".".join(parts[: index + 1]) for index in range(len(parts)))]
    adding = [name_of(function) for name in names for function in app.url_default_functions.get(name, ())]
    if adding:
        yield f"url_defaults: {', '.join(adding)} may add values, and was not called"

"""URL rules as they are typed: their pieces, and what is wrong with one, said in one line."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.routing.converters import DEFAULT_CONVERTERS

from flask_nb.errors import RuleError
from flask_nb.lazy import pattern

from .arguments import suggest

_SYNTAX = "A variable is typed as <name> or <converter:name>, such as <int:id>"
_VARIABLE = pattern(r"<(?:(\w+)(?:\((.*?)\))?:)?([^\W\d]\w*)>", re.ASCII)


class Variable(NamedTuple):
    """One variable of a rule, such as ``<int:id>``.

    :param name: the name under which the view gets the value.
    :param converter: the converter's name, None when none is named.
    :param arguments: what stands in the converter's parentheses, None without any.
    """

    name: str
    converter: str | None = None
    arguments: str | None = None


def split_rule(rule: str) -> Iterator[str | Variable]:
    """Yield the rule's fixed texts and variables from left to right, empty texts left out."""
    position = 0
    for found in _VARIABLE.finditer(rule) if "<" in rule else ():
        if found.start() > position:
            yield rule[position : found.start()]
        yield Variable(found[3], found[1], found[2])
        position = found.end()
    if position < len(rule):
        yield rule[position:]


def find_variables(*patterns: str | None) -> list[Variable]:
    """Return the variables of a rule and of its host or subdomain, in the order given."""
    return [piece for text in patterns if text for piece in split_rule(text) if isinstance(piece, Variable)]


def end_of_variable(text: str, position: int, *_before: object) -> int | None:
    """Return where the variable ends that begins at the position, None if none begins there.

    It can be given to :func:`split_line` as it is.
    """
    found = _VARIABLE.match(text, position) if text[position] == "<" else None
    return found.end() if found else None


@lru_cache(1000)  # a rule is looked at when its cell runs, and most cells run again
def check_rule(rule: str, *, host: str | None = None, subdomain: str | None = None) -> None:
    """Check what can be known of a rule without an app.

    :raises RuleError: when the rule, the host or the subdomain is malformed.
    """
    if not rule.startswith("/"):
        raise RuleError(f"the rule {rule!r} has to begin with a slash. Type /{rule}")
    for text in (subdomain, host, rule):
        _check_brackets(text or "")
    if wrong := RuleError.of_other_framework(rule) or RuleError.of_query(rule):
        raise wrong
    variables = find_variables(subdomain, host, rule)
    _check_names(rule, [variable.name for variable in variables])
    # Binding takes longer than all else here. In a rule whose converters have no arguments it finds nothing.
    if any(each.arguments is not None or not (each.converter or "_").isidentifier() for each in variables):
        # Every converter that is named exists: which ones do is for the app to say.
        converters = (variable.converter or "default" for variable in variables)
        _bind(rule, host, subdomain, dict.fromkeys(converters, _TolerantConverter))


def check_converters(
    rule: str, known: Collection[str], *, host: str | None = None, subdomain: str | None = None
) -> None:
    """Check that an app knows the rule's converters and that they accept their arguments.

    :param known: the names of the app's converters; with a mapping of names to classes the arguments
        in parentheses are tried as well.
    :raises RuleError: names the known converters, or the argument that is wrong.
    """
    variables = find_variables(subdomain, host, rule)
    for variable in variables:
        if variable.converter and variable.converter not in known:
            hint = f"Type <{variable.name}:{variable.converter}>"
            if variable.name not in known:
                hint = suggest(variable.converter, sorted(known), "Known converters")
            raise RuleError(f"the rule {rule!r} names the unknown converter {variable.converter!r}. {hint}")
    if isinstance(known, Mapping) and not all(_cannot_fail(variable, known) for variable in variables):
        _bind(rule, host, subdomain, known)


def _cannot_fail(variable: Variable, known: Mapping[str, type[BaseConverter]]) -> bool:
    """Whether the converter is one of Werkzeug's own without arguments, which nothing can be wrong with."""
    return variable.arguments is None and known.get(variable.converter or "default") in _OF_WERKZEUG


_OF_WERKZEUG = frozenset(DEFAULT_CONVERTERS.values())


def _check_brackets(pattern: str) -> None:
    if "<" not in pattern and ">" not in pattern:
        return
    for piece in split_rule(pattern):
        if isinstance(piece, str) and (wrong := re.search(r"[<>].*", piece)):
            parted = re.match(r"<(\w+)\s+(\w+)>", wrong[0])
            meant = f"Type <{parted[1]}:{parted[2]}>" if parted else _SYNTAX
            raise RuleError(f"the rule {pattern!r} is malformed at {wrong[0]!r}. {meant}")


def _check_names(rule: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise RuleError(f"the rule {rule!r} has the variable {name!r} twice. Rename one of them")
        if keyword.iskeyword(name) or name == "__debug__":
            raise RuleError(
                f"the variable {name!r} of the rule {rule!r} is a reserved word in Python. Type <{name}_>"
            )


def _bind(
    rule: str, host: str | None, subdomain: str | None, converters: Mapping[str, type[BaseConverter]]
) -> None:
    url_map = Map(host_matching=host is not None)
    url_map.converters = dict(converters)
    try:
        url_map.add(Rule(rule, endpoint="checked", host=host, subdomain=subdomain))
    except Exception as exc:  # a converter's constructor is anybody's code
        raise RuleError(f"the rule {rule!r} is malformed: {exc}") from exc


class _TolerantConverter(BaseConverter):
    def __init__(self, url_map: Map, *arguments: object, **options: object) -> None:
        super().__init__(url_map)

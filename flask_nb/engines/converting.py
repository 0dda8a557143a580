"""What the converters of one rule say: to the parts of a path, and to values for a URL."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from werkzeug.routing import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    Rule,
    UnicodeConverter,
    UUIDConverter,
    ValidationError,
    parse_converter_args,
)
from werkzeug.routing.converters import NumberConverter

from .explanations import Said

_VARIABLE = re.compile(r"<(?:([a-zA-Z_]\w*)(?:\((.*?)\))?:)?([a-zA-Z_]\w*)>")


@dataclass(frozen=True)
class Variable:
    """A variable of a rule with its converter.

    :param source: as the rule has it, such as ``<int:id>``.
    """

    source: str
    name: str
    converter: BaseConverter


Pieces = Sequence[str | Variable]


def pieces_of(rule: Rule, pattern: str) -> list[str | Variable]:
    """Return the fixed texts and the variables of a rule, or of its host, from left to right."""
    pieces: list[str | Variable] = []
    position = 0
    for found in _VARIABLE.finditer(pattern):
        args, kwargs = parse_converter_args(found[2] or "")
        converter = rule.get_converter(found[3], found[1] or "default", args, kwargs)
        pieces += [pattern[position : found.start()], Variable(found[0], found[3], converter)]
        position = found.end()
    return [piece for piece in [*pieces, pattern[position:]] if piece != ""]


def variables_of(pieces: Pieces) -> list[Variable]:
    """Return the variables among the pieces."""
    return [piece for piece in pieces if isinstance(piece, Variable)]


def listen(pieces: Pieces, text: str) -> tuple[Said, ...] | None:
    """Return what each converter says to its part of a text.

    :return: None where the text has not the shape of the rule, whatever the converters take.
    """
    variables = variables_of(pieces)
    for widened in _widenings(pieces):
        found = re.fullmatch(_regex(pieces, widened), text)
        if found is not None:
            parts = zip(variables, (found[f"part{index}"] for index in range(len(variables))), strict=True)
            return tuple(_ask(variable, part) for variable, part in parts)
    return None


def _widenings(pieces: Pieces) -> Iterator[dict[int, str]]:
    """Yield which variables may stand for anything, and what that is: none, each alone, then all.

    Each alone first, so that the one that refuses is named, and not another.
    """
    variables = variables_of(pieces)
    anything = {
        index: "[^/]+" if variable.converter.part_isolating else "(?s:.+)"
        for index, variable in enumerate(variables)
    }
    yield {}
    yield from ({index: anything[index]} for index in anything)
    yield anything
    # A slash in what stands for a name is worth a word where the rest of the rule is more than a slash.
    if variables and pieces[-1] is variables[-1] and pieces[0] not in ("/", variables[0]):
        yield {**anything, len(variables) - 1: "(?s:.+)"}


def _regex(pieces: Pieces, widened: dict[int, str]) -> str:
    text, index = "", 0
    for piece in pieces:
        if isinstance(piece, str):
            text += re.escape(piece)
        else:
            text += f"(?P<part{index}>{widened.get(index, piece.converter.regex)})"
            index += 1
    return text


def _ask(variable: Variable, text: str) -> Said:
    converter = variable.converter
    is_whole = not converter.part_isolating or "/" not in text
    if not is_whole or re.fullmatch(converter.regex, text) is None:
        reason = (
            _taken_text(variable) if is_whole else f"type <path:{variable.name}> for more than one segment"
        )
        return Said(variable.source, variable.name, text, False, reason)
    try:
        converter.to_python(text)
    except ValidationError as exc:
        return Said(variable.source, variable.name, text, False, str(exc) or _taken_value(converter))
    return Said(variable.source, variable.name, text, True)


def _taken_text(variable: Variable) -> str:
    """Say which texts a converter of Werkzeug's own takes."""
    converter = variable.converter
    if isinstance(converter, NumberConverter):
        digits = "digits" if isinstance(converter, IntegerConverter) else "digits with a point, such as 1.0"
        minus = ", with or without a minus" if converter.signed else ""
        return f"it takes {digits}{minus}"
    if isinstance(converter, AnyConverter):
        return f"it takes {' or '.join(sorted(converter.items))}"
    if isinstance(converter, UUIDConverter):
        return "it takes a UUID"
    return f"it takes {converter.regex}" if type(converter) not in (BaseConverter, UnicodeConverter) else ""


def _taken_value(converter: BaseConverter) -> str:
    """Say which numbers a converter of Werkzeug's own takes."""
    if not isinstance(converter, (IntegerConverter, FloatConverter)):
        return ""
    bounds = [f"from {converter.min}"] if converter.min is not None else []
    bounds += [f"up to {converter.max}"] if converter.max is not None else []
    bounds += [f"of {converter.fixed_digits} digits"] if converter.fixed_digits else []
    return f"it takes numbers {' '.join(bounds)}" if bounds else ""


def refused_value(variables: Collection[Variable], values: dict[str, object]) -> str:
    """Say which value a converter cannot make a part of a URL of; empty if none is refused."""
    for variable in variables:
        if variable.name not in values:
            continue
        value = values[variable.name]
        try:
            variable.converter.to_url(value)
        except Exception as exc:  # a converter is anybody's code
            return f"{variable.source} does not take {value!r}: {type(exc).__name__}: {exc}".rstrip(": ")
    return ""

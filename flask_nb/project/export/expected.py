"""The expectations of ``%%check`` and ``--expect`` as assertions of a test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from flask_nb.cells.expectations import (
    TYPES,
    Contained,
    Element,
    Expectation,
    HeaderValue,
    JsonValue,
    Status,
)
from flask_nb.cells.expressions import Evaluate, Text, expand_text
from flask_nb.cells.json_values import JsonText
from flask_nb.exchange.as_pytest import INDENT, assertion
from flask_nb.exchange.copies import python_text
from flask_nb.jsonpath import JsonPath

FIND_TEXTS = "find_texts"
"""The function by which the tests look for elements."""

FIND_TEXTS_SOURCE = '''\
def find_texts(response: TestResponse, selector: str) -> list[str]:
    """Return the texts of the elements that a CSS selector finds."""
    elements = BeautifulSoup(response.text, "html.parser").select(selector)
    return [" ".join(element.get_text().split()) for element in elements]
'''
"""Its source."""

_JSON = "response.get_json()"


def expectation_lines(expectation: Expectation, evaluate: Evaluate) -> Iterator[str]:
    """Yield the lines that assert an expectation, and bind what it keeps.

    Nothing is yielded of what has no plain form: a value at any depth, or *not* of several values.
    """
    look, is_negated = expectation.look, expectation.is_negated
    match look:
        case Status():
            yield assertion(status_text(look.statuses, is_negated=is_negated))
        case Contained():
            yield assertion(f"{_text(look.text, evaluate)} {_in(is_negated)} response.text")
        case HeaderValue():
            yield assertion(_negated(_header(look, evaluate), is_negated))
        case Element():
            yield assertion(_negated(_element(look, evaluate), is_negated))
        case JsonValue():
            yield from map(assertion, _json(look, evaluate, is_negated=is_negated))
    if expectation.as_name and (kept := _kept(look)):
        yield f"{INDENT}{expectation.as_name} = {kept}"


def status_text(statuses: tuple[str, ...], *, is_negated: bool = False) -> str:
    """Return the condition that the status is one of these, such as ``201`` and ``2xx``."""
    codes = [code for code in statuses if code.isdigit()]
    classes = [code[0] for code in statuses if not code.isdigit()]
    if not classes:
        if len(codes) == 1:
            return f"response.status_code {'!=' if is_negated else '=='} {codes[0]}"
        return f"response.status_code {_in(is_negated)} ({', '.join(codes)})"
    conditions = [f"response.status_code // 100 == {digit}" for digit in classes]
    conditions += [f"response.status_code == {code}" for code in codes]
    return _negated(" or ".join(conditions), is_negated)


def _in(is_negated: bool) -> str:
    return "not in" if is_negated else "in"


def _negated(condition: str, is_negated: bool) -> str:
    if not is_negated:
        return condition
    if found := re.fullmatch(r'("[^"]*") in (response\.headers)', condition):
        return f"{found[1]} not in {found[2]}"
    return f"not ({condition})" if re.search(r" (==|in|or|for) ", condition) else f"not {condition}"


def _text(text: Text, evaluate: Evaluate) -> str:
    return python_text(expand_text(text, evaluate))


# --- headers and elements ---


def _header(look: HeaderValue, evaluate: Evaluate) -> str:
    name, pattern = python_text(look.name), expand_text(look.pattern, evaluate)
    values = f"response.headers.getlist({name})"
    if pattern.strip("*") == "":
        return f"{name} in response.headers"
    if "*" not in pattern:
        return f"{python_text(pattern)} in {values}"
    if pattern.count("*") == 1 and pattern.endswith("*"):
        if look.name.lower() != "set-cookie":
            return f"response.headers[{name}].startswith({python_text(pattern[:-1])})"
        return f"any(value.startswith({python_text(pattern[:-1])}) for value in {values})"
    expression = python_text(".*".join(map(re.escape, pattern.split("*"))))
    return f"any(re.fullmatch({expression}, value) for value in {values})"


def _element(look: Element, evaluate: Evaluate) -> str:
    found = f"{FIND_TEXTS}(response, {python_text(look.selector)})"
    if look.text is None:
        return found
    wanted = python_text(" ".join(expand_text(look.text, evaluate).split()))
    return f"any({wanted} in text for text in {found})"


# --- JSON ---


def _json(look: JsonValue, evaluate: Evaluate, *, is_negated: bool) -> Iterator[str]:
    many = _wildcard(look.path)
    if many is not None and not is_negated:
        yield from _of_many(look, many, evaluate)
    elif not is_single(look.path):
        return
    elif is_negated:
        yield from _absent(look, evaluate)
    else:
        yield from _of_one(look, _place(look.path), evaluate)


def _of_one(look: JsonValue, place: str, evaluate: Evaluate) -> Iterator[str]:
    if look.type is not None:
        yield _is_of_type(place, look.type)
    elif look.value is not None:
        yield _compared(place, _value(look.value, evaluate), differs=look.differs)
    elif not look.path:
        yield "response.is_json"
    elif isinstance(look.path[-1].key, str):
        yield f"{python_text(look.path[-1].key)} in {_place(look.path[:-1])}"
    else:
        yield f"{_place(look.path[:-1])}[{look.path[-1].key}:]"


def _absent(look: JsonValue, evaluate: Evaluate) -> Iterator[str]:
    """Yield the opposite, where the last step is a name: then what is missing can be told."""
    key = look.path[-1].key if look.path else None
    if not isinstance(key, str) or look.type is not None:
        return
    outer = _place(look.path[:-1])
    if look.value is None:
        yield f"{python_text(key)} not in {outer}"
    elif not look.differs and (value := _value(look.value, evaluate)) is not None:
        yield _compared(f"{outer}.get({python_text(key)})", value, differs=True)


def _of_many(look: JsonValue, many: int, evaluate: Evaluate) -> Iterator[str]:
    items = _place(look.path[:many])
    each = f"each{_steps(look.path[many + 1 :])}"
    if look.type is not None:
        yield items
        yield f"all({_is_of_type(each, look.type)} for each in {items})"
    elif look.value is not None and not look.differs:
        yield f"any({_compared(each, _value(look.value, evaluate))} for each in {items})"
    elif look.value is None:
        yield items


def is_single(path: JsonPath) -> bool:
    """Whether a path leads to one place."""
    return all(step.key is not None and not step.is_deep for step in path)


def _wildcard(path: JsonPath) -> int | None:
    """Return which step is the one that leads to each item of a list."""
    open_steps = [number for number, step in enumerate(path) if step.key is None]
    if len(open_steps) != 1 or any(step.is_deep for step in path):
        return None
    return open_steps[0]


def _place(path: JsonPath) -> str:
    return _JSON + _steps(path)


def _steps(path: JsonPath) -> str:
    return "".join(f"[{python_text(step.key)}]" for step in path)


def _is_of_type(place: str, name: str) -> str:
    if name == "null":
        return f"{place} is None"
    return f"isinstance({place}, {' | '.join(one.__name__ for one in TYPES[name])})"


def _compared(place: str, value: Any, *, differs: bool = False) -> str:
    if value is None or isinstance(value, bool):
        return f"{place} is {'not ' if differs else ''}{value}"
    return f"{place} {'!=' if differs else '=='} {python_text(value)}"


def _value(value: JsonText | Text, evaluate: Evaluate) -> Any:
    if isinstance(value, JsonText):
        return json.loads(value.expand(evaluate, "the value"))
    return expand_text(value, evaluate)


def _kept(look: object) -> str | None:
    """Return the expression of what ``as NAME`` keeps."""
    if isinstance(look, JsonValue) and is_single(look.path):
        return _place(look.path)
    if isinstance(look, HeaderValue):
        return f"response.headers[{python_text(look.name)}]"
    if isinstance(look, Element) and look.text is None:
        return f"{FIND_TEXTS}(response, {python_text(look.selector)})[0]"
    return None

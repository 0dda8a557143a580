"""What a check expects of an answer: each kind looks, and says in words what came."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from werkzeug.exceptions import default_exceptions
from werkzeug.test import TestResponse

from flask_nb.jsonpath import JsonPath, find_values, mask_json

from .expressions import Evaluate, Text, expand_text
from .json_values import JsonText
from .selectors import find_texts

_MOST_TEXTS = 3
_LONGEST = 160
_MOST_READ = 20_000


@dataclass(frozen=True)
class Finding:
    """What one expectation found in an answer.

    :param is_met: whether it is what was expected.
    :param came: what came, in words.
    :param value: what ``as NAME`` keeps.
    :param header: the name of the header that *came* is the value of.
    """

    is_met: bool
    came: str
    value: object = None
    header: str = ""


class Answer:
    """A response as expectations look at it; what takes work is done once.

    :param masked: JSON paths of what is left out of what is shown.
    :param mask: takes secrets out of a text that is shown; gets the name of the value, if it has one, and it.
    """

    def __init__(
        self,
        response: TestResponse,
        masked: Sequence[JsonPath] = (),
        mask: Callable[[str, str], str] = lambda _name, text: text,
    ) -> None:
        self.response = response
        self._masked = masked
        self._mask = mask

    @cached_property
    def text(self) -> str:
        """The body as text."""
        data = self.response.get_data()
        try:
            return data.decode(self.response.mimetype_params.get("charset", "utf-8"), "replace")
        except (LookupError, ValueError):
            return data.decode("utf-8", "replace")

    @cached_property
    def json(self) -> Any:
        """The body as JSON, :data:`NO_JSON` if it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return NO_JSON

    @cached_property
    def shown_json(self) -> Any:
        """The JSON without what is masked."""
        return mask_json(self.json, self._masked, "…")

    @property
    def beginning(self) -> str:
        """The beginning of the body, for people; Werkzeug's own page for the status only repeats it."""
        error = default_exceptions.get(self.response.status_code)
        if error is not None and self.text == error().get_body():
            return f"the stock page for {self.response.status_code}"
        data = self.response.get_data()
        if b"\0" in data[:_MOST_READ]:
            return f"{len(data):,} bytes that are no text"
        is_masked = self.json is not NO_JSON and bool(self._masked)
        return (self.show_json(self.shown_json) if is_masked else self.show(self.text)) or "no body"

    def show(self, text: str, name: str = "") -> str:
        """Return the beginning of a text on one line, without secrets: they go before it is cut."""
        line = " ".join(self._mask(name, text[:_MOST_READ]).split())
        return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"

    def show_json(self, value: Any, path: JsonPath = ()) -> str:
        """Return the beginning of a JSON value on one line.

        :param path: where it is from, which says what it is called.
        """
        names = [step.key for step in path if isinstance(step.key, str)]
        return self.show(json.dumps(value, ensure_ascii=False), "".join(names[-1:]))


class Look(Protocol):
    """One thing that can be expected."""

    def examine(self, answer: Answer, evaluate: Evaluate) -> Finding:
        """Look at the answer.

        :raises MagicArgumentError: when a value of the notebook that is compared cannot be.
        """


@dataclass(frozen=True)
class Expectation:
    """One expectation of a check.

    :param is_negated: ``not`` stands in front.
    :param as_name: what its value is called in the lines below.
    :param typed: as it stands in the line.
    """

    look: Look
    is_negated: bool = False
    as_name: str | None = None
    typed: str = field(default="", compare=False)

    def examine(self, answer: Answer, evaluate: Evaluate) -> Finding:
        """Look at the answer, see :meth:`Look.examine`."""
        found = self.look.examine(answer, evaluate)
        return Finding(not found.is_met, found.came, header=found.header) if self.is_negated else found


@dataclass(frozen=True)
class Status(Look):
    """The status is one of these.

    :param statuses: such as ``201`` and ``2xx``.
    """

    statuses: tuple[str, ...]

    def examine(self, answer: Answer, evaluate: Evaluate) -> Finding:
        """Look at the status."""
        code = answer.response.status_code
        return Finding(not {str(code), f"{code // 100}xx"}.isdisjoint(self.statuses), str(code))


@dataclass(frozen=True)
class Contained(Look):
    """The body contains a text."""

    text: Text

    def examine(self, answer: Answer, evaluate: Evaluate) -> Finding:
        """Look at the body."""
        place = answer.text.find(expand_text(self.text, evaluate))
        # Where the text is not to be there, one wants to see where it is.
        came = f"…{answer.show(answer.text[place - 30 :])}" if place > _LONGEST // 2 else answer.beginning
        return Finding(place >= 0, came)


TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "str": (str,),
    "float": (float,),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
    "null": (type(None),),
    "number": (int, float),
}
"""The types of JSON values, by Python's names for them."""

OTHER_NAMES = {"object": "dict", "array": "list", "string": "str", "integer": "int", "boolean": "bool"}
"""JSON's own names of types."""


@dataclass(frozen=True)
class JsonValue(Look):
    """There is a value at a place in the JSON, and it is of a type or equal to another.

    :param path: where. If it leads to several values, a type has to fit all of them, a value one.
    :param typed_path: the path as typed.
    :param type: a key of :data:`TYPES`.
    :param value: what it is equal to.
    :param differs: it is to differ from it instead.
    """

    path: JsonPath
    typed_path: str = field(compare=False)
    type: str | None = None
    value: JsonText | Text | None = None
    differs: bool = False

    def examine(self, answer: Answer, evaluate: Evaluate) -> Finding:
        """Look at the JSON."""
        if answer.json is NO_JSON:
            kind = answer.response.mimetype or "no content type"
            return Finding(False, f"not JSON ({kind}): {answer.beginning}")
        found = find_values(answer.json, self.path)
        if not found:
            return Finding(False, self._nearest(answer))
        shown = find_values(answer.shown_json, self.path) or ["…"]
        came = ", ".join(answer.show_json(value, self.path) for value in shown[:_MOST_TEXTS])
        came += f" and {len(found) - _MOST_TEXTS} more" if len(found) > _MOST_TEXTS else ""
        if self.type is not None:
            came += "" if all(self._is_of_type(value) for value in found) else f" ({_type_names(found)})"
        return Finding(self._fits(found, evaluate), came, found[0])

    def _fits(self, found: list[Any], evaluate: Evaluate) -> bool:
        if self.type is not None:
            return all(map(self._is_of_type, found))
        if self.value is None:
            return True
        expected = self._expand(self.value, evaluate)
        return any(is_same(value, expected) for value in found) != self.differs

    def _is_of_type(self, value: Any) -> bool:
        wanted = TYPES[self.type or "null"]
        return isinstance(value, wanted) and (not isinstance(value, bool) or wanted == (bool,))

    def _expand(self, value: JsonText | Text, evaluate: Evaluate) -> Any:
        if isinstance(value, JsonText):
            return json.loads(value.expand(evaluate, f"what {self.typed_path} is compared with"))
        return expand_text(value, evaluate)

    def _nearest(self, answer: Answer) -> str:
        """Say what is there instead: the value at the longest beginning of the path that leads somewhere."""
        ways = [find_values(answer.shown_json, self.path[:count]) for count in range(len(self.path))]
        taken = max(count for count, values in enumerate(ways) if values)
        steps = "".join(map(str, self.path[:taken]))
        return f"no {self.typed_path}; ${steps} is {answer.show_json(ways[taken][0], self.path[:taken])}"


@dataclass(frozen=True)
class HeaderValue(Look):
    """A header has a value that fits a pattern.

    :param pattern: ``*`` stands for anything.
    """

    name: str
    pattern: Text

    def examine(self, answer: Answer, evaluate: Evaluate) -> Finding:
        """Look at the headers of that name."""
        pieces = expand_text(self.pattern, evaluate).split("*")
        pattern = re.compile(".*".join(map(re.escape, pieces)), re.DOTALL)
        values = answer.response.headers.getlist(self.name)
        for value in values:
            if pattern.fullmatch(value) or pattern.fullmatch(self._without_own_host(value, answer)):
                return Finding(True, value, value, self.name)
        came = ", ".join(values)
        return Finding(False, came, header=self.name) if values else Finding(False, f"no {self.name}")

    def _without_own_host(self, value: str, answer: Answer) -> str:
        """Return where a redirect leads within the app: some apps and proxies make whole URLs of paths."""
        is_place = self.name.lower() in {"location", "content-location"}
        return value.removeprefix(answer.response.request.host_url.rstrip("/")) if is_place else value


@dataclass(frozen=True)
class Element(Look):
    """There is an element that a CSS selector finds, and one of them contains a text.

    :param text: white space in it counts as one space.
    """

    selector: str
    text: Text | None = None

    def examine(self, answer: Answer, evaluate: Evaluate) -> Finding:
        """Look at the elements of the page."""
        texts = find_texts(answer.text, self.selector)
        if not texts:
            return Finding(False, f"no {self.selector} in {answer.beginning}")
        wanted = "" if self.text is None else " ".join(expand_text(self.text, evaluate).split())
        fitting = [text for text in texts if wanted in text]
        shown = ", ".join(f'"{answer.show(text)}"' for text in (fitting or texts)[:_MOST_TEXTS])
        more = len(fitting or texts) - _MOST_TEXTS
        return Finding(
            bool(fitting),
            f"{self.selector} {shown}{f' and {more} more' if more > 0 else ''}",
            (fitting or texts)[0],
        )


class _NoJson:
    """Stands for the JSON of a body that is none, since null is JSON."""


NO_JSON = _NoJson()


def is_same(one: Any, other: Any) -> bool:
    """Say whether two JSON values are equal: 1 and 1.0 are, 1 and true are not, as they are in Python."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _type_names(values: list[Any]) -> str:
    return ", ".join(dict.fromkeys("null" if value is None else type(value).__name__ for value in values))

"""Parts of an earlier answer, as editors' REST clients write them: ``{{login.response.body.token}}``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.test import TestResponse

_PART = re.compile(r"([^\W\d]\w*)\.response\.(body|headers)(?:\.(.+))?$")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]$]+)")


class AnswerSource(str):
    """The Python for a part of an answer; it tells in the words that were typed why there is no such part."""

    name: str
    part: str
    path: str | None

    @classmethod
    def parse(cls, typed: str) -> AnswerSource | None:
        """Return the Python for what stands in the braces, None if it is no part of an answer."""
        found = _PART.fullmatch(typed)
        if found is None:
            return None
        source = cls(_python(*found.groups()))
        source.name, source.part, source.path = found.groups()
        return source

    def explain(self, variables: Mapping[str, Any]) -> str | None:
        """Say why it could not be had, None if that is not known.

        :param variables: those of the notebook, the named responses among them.
        """
        response = variables.get(self.name)
        if response is None:
            named = [name for name, value in variables.items() if _is_named(name, value)]
            rest = f"; named are: {', '.join(named)}" if named else f". Type # @name {self.name} above it"
            return f"no request is named {self.name}{rest}"
        if not isinstance(response, TestResponse):
            return f"{self.name} is no response, but of the type {type(response).__name__}"
        if self.part == "headers":
            return f"the response of {self.name} has no header {self.path}"
        if not response.is_json:
            return f"the response of {self.name} is {response.mimetype or 'of no type'}, not JSON"
        return self._missing_step(response.get_json(silent=True))

    def _missing_step(self, value: Any) -> str | None:
        taken = ""
        for step in _steps(self.path or ""):
            try:
                value = value[step]
            except (LookupError, TypeError):
                missing = f"[{step}]" if isinstance(step, int) else repr(step)
                return f"the JSON of {self.name} has no {missing}" + (f" in {taken}" if taken else "")
            taken += f"[{step}]" if isinstance(step, int) else f".{step}" if taken else step
        return None


def _is_named(name: str, value: Any) -> bool:
    return isinstance(value, TestResponse) and not name.startswith("_")  # `_` and `_3` are IPython's


def _python(name: str, part: str, path: str | None) -> str:
    if part == "headers":
        return f"{name}.headers[{path!r}]" if path else f"{name}.headers"
    if path in (None, "*"):
        return f"{name}.text"
    return f"{name}.json" + "".join(f"[{step!r}]" for step in _steps(path or ""))


def _steps(path: str) -> Iterator[str | int]:
    for index, key in _STEP.findall(path):
        yield int(index) if index else key

"""What a notebook's file holds of an answer: the text that its panel showed, read back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from flask_nb.exchange.as_pytest import assertion, json_assertion, text_assertions
from flask_nb.exchange.copies import python_text
from flask_nb.exchange.masks import mask_secrets

_SUMMARY = re.compile(r"(?P<method>[A-Z-]+) (?P<path>\S+) → (?P<status>\d{3}) [^·]*(?: · (?P<details>.*))?")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_SIZE = re.compile(r"(\d+) B")
_DETAIL = " · "
_TEXTS = re.compile(r"text/(html|plain|csv|xml)|application/xml")
_FAILURE = 500


@dataclass(frozen=True)
class Summary:
    """A line such as ``GET /items → 200 OK · application/json · 40 B``."""

    method: str
    path: str
    status: int
    location: str = ""
    mimetype: str = ""
    size: int | None = None

    def is_of(self, method: str, path: str) -> bool:
        """Whether it is about this request; the panel shows paths as people read them."""
        return self.method == method and unquote(self.path) == unquote(path)


@dataclass(frozen=True)
class StoredAnswer:
    """An answer as far as the stored output tells.

    :param asked: the request that was sent, with the status of the first answer.
    :param final: the same of the last one, behind the redirects that were followed.
    :param rest: what is shown below.
    """

    asked: Summary
    final: Summary
    rest: str = ""

    @property
    def is_followed(self) -> bool:
        """Whether redirects were followed."""
        return self.asked is not self.final

    @property
    def json(self) -> Any:
        """The JSON of the body; :data:`NO_JSON` if it is none, or is not sure to be all of it.

        It is sure where the size fits: what is masked, cut or rounded has another.
        """
        try:
            value = json.loads(self.rest)
        except (ValueError, RecursionError):
            return NO_JSON
        sizes = {len(text.encode()) + more for text in _spellings(value) for more in (0, 1)}
        return value if self.final.size in sizes and not _has_secrets(self.rest) else NO_JSON

    @property
    def text(self) -> str | None:
        """The body as text, without the end of its last line; None where it is not sure to be all of it."""
        left = (self.final.size or 0) - len(self.rest.encode())
        return self.rest if self.rest and left == 0 and not _has_secrets(self.rest) else None


NO_JSON = object()
"""Stands for the JSON of a body that is none, since null is JSON."""


def _spellings(value: Any) -> Iterator[str]:
    for is_ascii in (True, False):
        yield json.dumps(value, ensure_ascii=is_ascii)
        yield json.dumps(value, ensure_ascii=is_ascii, separators=(",", ":"))
        yield json.dumps(value, ensure_ascii=is_ascii, indent=2)


def _has_secrets(text: str) -> bool:
    return mask_secrets(text) != text


def read_answers(outputs: list[dict[str, Any]]) -> list[StoredAnswer]:
    """Return the answers that the outputs of a cell show, in order."""
    texts = (_text(output) for output in outputs if output.get("output_type") != "error")
    return [answer for text in texts if (answer := _read(text))]


def _text(output: dict[str, Any]) -> str:
    text = (output.get("data") or {}).get("text/plain", "")
    return "".join(text) if isinstance(text, list) else str(text)


def _read(text: str) -> StoredAnswer | None:
    head, _, rest = text.partition("\n\n")
    summaries = [found for line in head.split("\n") if (found := _read_summary(line))]
    if not summaries or len(summaries) != head.count("\n") + 1:
        return None
    return StoredAnswer(summaries[0], summaries[-1], rest.partition("\n\nprinted:\n")[0])


def _read_summary(line: str) -> Summary | None:
    found = _SUMMARY.fullmatch(line)
    if found is None:
        return None
    details = (found["details"] or "").split(_DETAIL)
    location = next((each[3:] for each in details if each.startswith("to ")), "")
    mimetype = next((each for each in details if _TYPE.fullmatch(each)), "")
    size = next((int(match[1]) for each in details if (match := _SIZE.fullmatch(each))), None)
    return Summary(found["method"], found["path"], int(found["status"]), location, mimetype, size)


def answer_lines(answer: StoredAnswer, *, is_told: bool) -> Iterator[str]:
    """Yield assertions of what a stored answer shows.

    :param is_told: whether its body is that of every run.
    """
    final = answer.final
    yield assertion(f"response.status_code == {final.status}")
    if final.location.startswith("/") and is_told and not has_hidden(final.location):
        yield assertion(f"response.location == {python_text(final.location)}")
    if not final.mimetype:
        return
    yield assertion(f"response.mimetype == {python_text(final.mimetype)}")
    if not is_told or final.status == _FAILURE:
        return
    if final.mimetype.endswith("json"):
        if answer.json is not NO_JSON:
            yield json_assertion(answer.json)
    elif _TEXTS.fullmatch(final.mimetype) and answer.text is not None:
        yield from text_assertions(answer.text)


def has_hidden(text: str) -> bool:
    """Whether a part of an address that is shown stands for something that is not."""
    return re.search(r"[<>…*]", text) is not None

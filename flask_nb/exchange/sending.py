"""A request in parts, for other notations: its secrets are replaced by what stands for them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import chain, repeat
from typing import Any, Literal
from urllib.parse import parse_qsl, quote

from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_cookie, parse_options_header

from .masks import is_foreign_cookie, mask_secrets, mask_value
from .request import Request

_NOT_IN_NAME = re.compile(r"\W+")


@dataclass(frozen=True)
class Secret:
    """Stands for a value that is not copied.

    :param variable: the environment variable that is to hold it.
    """

    variable: str

    @classmethod
    def named(cls, name: str) -> Secret:
        """Return what stands for the value of that name: ``X-Api-Key`` becomes ``$X_API_KEY``."""
        return cls(_NOT_IN_NAME.sub("_", name).strip("_").upper() or "SECRET")

    def __repr__(self) -> str:
        return f'os.environ["{self.variable}"]'

    def __str__(self) -> str:
        return f"${self.variable}"


Value = str | Secret
Pairs = list[tuple[str, Value]]


def guarded(name: str, value: str, where: Literal["header", "cookie", "ours"] = "ours") -> Value:
    """Return a value, or what stands for it if its name or its form says that it is a secret."""
    is_shown = mask_value(name, repr(value), where) == repr(value) and mask_secrets(value, "ours") == value
    return value if is_shown else Secret.named(name)


def guarded_json(value: Any, name: str = "secret") -> Any:
    """Return a JSON value whose secrets are replaced by what stands for them."""
    if isinstance(value, dict):
        return {key: guarded_json(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [guarded_json(item, name) for item in value]
    if isinstance(value, str):
        return guarded(name, value)
    is_hidden = isinstance(value, int) and mask_value(name, repr(value)) != repr(value)
    return Secret.named(name) if is_hidden else value


@dataclass(frozen=True)
class Upload:
    """A file of a form.

    :param name: of the field.
    :param file_name: of the file.
    :param content_type: as the form says.
    """

    name: str
    file_name: str
    content_type: str


class Sending:
    """A request in parts, its secrets replaced.

    :param request: the request.
    :param base: scheme, host and port where the app is served, such as ``http://127.0.0.1:5000``.
    """

    def __init__(self, request: Request, base: str = "") -> None:
        self.method = request.method
        self.base = base.rstrip("/")
        self.path, _, query = request.path.partition("?")
        self.query: Pairs = [
            (name, guarded(name, value)) for name, value in parse_qsl(query, keep_blank_values=True)
        ]
        self._raw_query = query
        self._body = request.body
        self._headers = request.headers
        self._content_type, self._options = parse_options_header(request.get_header("Content-Type") or "")

    @cached_property
    def json(self) -> Any:
        """The JSON that it sends, None if it sends none."""
        if self._content_type != "application/json" and not self._content_type.endswith("+json"):
            return None
        try:
            return guarded_json(json.loads(self._body))
        except (ValueError, RecursionError):
            return None

    @cached_property
    def form(self) -> Pairs:
        """The fields of its form."""
        if self._content_type == "application/x-www-form-urlencoded":
            fields = parse_qsl(self._body.decode("utf-8", "replace"), keep_blank_values=True)
            return [(name, guarded(name, value)) for name, value in fields]
        return [(name, guarded(name, value)) for name, value in self._multipart[0]]

    @cached_property
    def uploads(self) -> list[Upload]:
        """The files of its form."""
        return self._multipart[1]

    @cached_property
    def _multipart(self) -> tuple[list[tuple[str, str]], list[Upload]]:
        if self._content_type != "multipart/form-data":
            return [], []
        try:
            fields, files = MultiPartParser().parse(
                BytesIO(self._body), self._options.get("boundary", "").encode(), len(self._body)
            )
        except ValueError:
            return [], []
        found = [
            Upload(name, each.filename or name, each.content_type or "") for name, each in files.items(True)
        ]
        for each in files.values():
            each.close()
        return list(fields.items(True)), found

    @property
    def text(self) -> Value:
        """Any other body as text, or what stands for it."""
        if not self._body or self.json is not None or self.form or self.uploads:
            return ""
        try:
            text = self._body.decode()
        except UnicodeDecodeError:
            return Secret("BODY")
        return text if mask_secrets(text, "ours") == text else Secret("BODY")

    @cached_property
    def headers(self) -> Pairs:
        """The headers that the request gives itself, without what a notation adds for its body."""
        implied = {"content-length", "cookie"}
        implied |= {"content-type"} if self.form or self.uploads else set()
        implied |= {"host"} if self.base else set()
        pairs = [pair for pair in self._headers if pair[0].lower() not in implied]
        return [(name, guarded(name, value, "header")) for name, value in pairs]

    @cached_property
    def cookies(self) -> Pairs:
        """The app's own cookies that the request carries."""
        values = [value for name, value in self._headers if name.lower() == "cookie"]
        pairs = [pair for value in values for pair in parse_cookie(value).items(True)]
        return [
            (name, guarded(name, value, "cookie")) for name, value in pairs if not is_foreign_cookie(name)
        ]

    def remarks(self) -> str:
        """Return comments on what whoever uses a copy has to add; empty if there is nothing."""
        lines = []
        if isinstance(self.text, Secret):
            lines.append("# The body is left out, since it is no text or holds a secret. Put it into: body\n")
        if self.uploads:
            names = ", ".join(each.file_name for each in self.uploads)
            lines.append(f"# To be found in the folder in which this is run: {names}\n")
        return "".join(lines)

    def without_json_type(self) -> Pairs:
        """Return the headers for a notation that says by itself that it sends JSON."""
        is_said = self.json is not None and self._content_type == "application/json"
        return [pair for pair in self.headers if not (is_said and pair[0].lower() == "content-type")]

    @property
    def url(self) -> str:
        """The address with the query, placeholders in it."""
        return "".join(map(str, self.url_parts))

    @property
    def url_parts(self) -> list[Value]:
        """The same as text and placeholders apart."""
        parts: list[Value] = [f"{self.base}{self.path}"]
        if not any(isinstance(value, Secret) for _, value in self.query):
            return [*parts, f"?{self._raw_query}"] if self._raw_query else parts
        for joint, (name, value) in zip(chain("?", repeat("&")), self.query, strict=False):
            parts += [f"{joint}{quote(name)}=", value if isinstance(value, Secret) else quote(value)]
        return parts

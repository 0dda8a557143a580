"""A request in other notations: a command for curl, a script with requests, an editor's REST client, a test.

A copy is made to be given away, so no secret is in it: what the table of :mod:`.secrecy` calls one stands
as the name of an environment variable, ``$AUTHORIZATION``. Each notation is a function of a
:class:`Sending` that knows nothing of the others.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
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

_WIDTH = 88
_NOT_IN_NAME = re.compile(r"\W+")
_SAFE_IN_SHELL = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


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


# --- curl -----------------------------------------------------------------------------------------


def as_curl(sending: Sending) -> str:
    """Return the command for a shell."""
    head = " ".join(["curl", *_curl_method(sending), _in_shell(*sending.url_parts)])
    options = [f"-H {_in_shell(f'{name}: ', value)}" for name, value in sending.headers]
    if sending.cookies:
        options.append(f"-b {_in_shell(*_cookie_parts(sending))}")
    return " \\\n  ".join([head, *options, *_curl_body(sending)])


def _curl_body(sending: Sending) -> Iterator[str]:
    if sending.json is not None:
        yield f"--data-raw {_in_shell(*_json_parts(sending.json))}"
    elif sending.uploads:
        yield from (f"-F {_in_shell(f'{name}=', value)}" for name, value in sending.form)
        yield from (f"-F {_in_shell(_curl_upload(each))}" for each in sending.uploads)
    elif sending.form:
        yield from (f"--data-urlencode {_in_shell(f'{name}=', value)}" for name, value in sending.form)
    elif isinstance(sending.text, Secret):
        yield "--data-binary @body"
    elif sending.text:
        yield f"--data-raw {_in_shell(sending.text)}"


def _cookie_parts(sending: Sending) -> Iterator[Value]:
    for place, (name, value) in enumerate(sending.cookies):
        yield f"{'; ' if place else ''}{name}="
        yield value


def _json_parts(value: Any) -> Iterator[Value]:
    """Yield JSON on one line, the quotes around a placeholder before and behind it."""
    text = json.dumps(value, ensure_ascii=False, default=lambda secret: f"\0{secret.variable}\0")
    for place, piece in enumerate(re.split(r"\\u0000", text)):
        yield Secret(piece) if place % 2 else piece


def _curl_method(sending: Sending) -> list[str]:
    has_body = sending.json is not None or bool(sending.form or sending.uploads or sending.text)
    if sending.method == "HEAD":
        return ["--head"]
    return [] if sending.method == ("POST" if has_body else "GET") else ["-X", sending.method]


def _curl_upload(upload: Upload) -> str:
    kind = f";type={upload.content_type}" if upload.content_type else ""
    return f"{upload.name}=@{upload.file_name}{kind}"


def _in_shell(*parts: Value) -> str:
    """Quote a word; where a placeholder is in it, the shell is to fill it in."""
    text = "".join(map(str, parts))
    if any(isinstance(part, Secret) for part in parts):
        return f'"{"".join(map(_in_double_quotes, parts))}"'
    return text if _SAFE_IN_SHELL.fullmatch(text) else "'" + text.replace("'", "'\\''") + "'"


def _in_double_quotes(part: Value) -> str:
    return str(part) if isinstance(part, Secret) else re.sub(r'[\\"`$]', r"\\\g<0>", part)


# --- an editor's REST client ----------------------------------------------------------------------


def as_http(sending: Sending) -> str:
    """Return the text of editors' REST clients, which ``%%http`` takes, too."""
    head = [f"{sending.method} {sending.url}", *(f"{name}: {value}" for name, value in sending.headers)]
    head += [f"Cookie: {''.join(map(str, _cookie_parts(sending)))}"] if sending.cookies else []
    body = ""
    if sending.json is not None:
        body = json.dumps(sending.json, ensure_ascii=False, indent=2, default=str)
    elif sending.uploads:
        head.append("Content-Type: multipart/form-data; boundary=boundary")
        body = _multipart_text(sending)
    elif sending.form:
        head.append("Content-Type: application/x-www-form-urlencoded")
        body = "&".join(
            f"{quote(name)}={value if isinstance(value, Secret) else quote(value)}"
            for name, value in sending.form
        )
    elif sending.text:
        body = "< ./body" if isinstance(sending.text, Secret) else sending.text
    return "\n".join([*head, *(["", body] if body else [])])


def _multipart_text(sending: Sending) -> str:
    fields = [
        f'--boundary\nContent-Disposition: form-data; name="{name}"\n\n{value}'
        for name, value in sending.form
    ]
    files = [
        f'--boundary\nContent-Disposition: form-data; name="{each.name}"; filename="{each.file_name}"\n'
        f"Content-Type: {each.content_type or 'application/octet-stream'}\n\n< ./{each.file_name}"
        for each in sending.uploads
    ]
    return "\n".join([*fields, *files, "--boundary--"])


# --- Python ---------------------------------------------------------------------------------------


def as_python(sending: Sending) -> str:
    """Return a script that uses requests."""
    name = sending.method.lower()
    opening = f"{name}(" if name in _VERBS else f"request({sending.method!r}, "
    call = call_text(f"response = requests.{opening}", _requests_arguments(sending))
    imports = ["import os\n"] if "os.environ[" in call else []
    return "\n".join([*imports, "import requests\n", call, "print(response.status_code, response.text)"])


_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")


def _requests_arguments(sending: Sending) -> Iterator[str]:
    yield from address_arguments(sending, "params")
    if headers := sending.without_json_type():
        yield f"headers={python_pairs(headers)}"
    if sending.cookies:
        yield f"cookies={python_pairs(sending.cookies)}"
    if sending.json is not None:
        yield f"json={python_text(sending.json)}"
    if sending.form:
        yield f"data={python_pairs(sending.form)}"
    if sending.uploads:
        files = (
            f'{python_text(each.name)}: open({python_text(each.file_name)}, "rb")' for each in sending.uploads
        )
        yield f"files={{{', '.join(files)}}}"
    if sending.text:
        yield f"data={raw_body(sending)}"


def address_arguments(sending: Sending, query: str) -> Iterator[str]:
    """Yield the address, and the query apart where a secret is in it.

    :param query: what the argument of the query is called.
    """
    has_secret = any(isinstance(value, Secret) for _, value in sending.query)
    yield python_text(f"{sending.base}{sending.path}" if has_secret else sending.url)
    if has_secret:
        yield f"{query}={python_pairs(sending.query)}"


def raw_body(sending: Sending) -> str:
    """Return the expression of a body that is neither JSON nor a form."""
    return 'open("body", "rb")' if isinstance(sending.text, Secret) else repr(sending.text.encode())


def python_pairs(pairs: Pairs) -> str:
    """Return pairs as a dict; a name that comes twice has a list."""
    values: dict[str, list[Value]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return python_text({name: each if len(each) > 1 else each[0] for name, each in values.items()})


def python_text(value: Any, room: int = _WIDTH - 8) -> str:
    """Return a value as formatters write Python: on one line, or with an item on each.

    :param room: characters that the line has.
    """
    line = _on_one_line(value)
    if len(line) <= room or not value or not isinstance(value, (dict, list)):
        return line
    if isinstance(value, dict):
        items = [f"{_on_one_line(key)}: {python_text(item, room - 4)}" for key, item in value.items()]
    else:
        items = [python_text(item, room - 4) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    inner = textwrap.indent("".join(f"{item},\n" for item in items), "    ")
    return f"{opening}\n{inner}{closing}"


def _on_one_line(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{_on_one_line(key)}: {_on_one_line(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_on_one_line, value))}]"
    if not isinstance(value, str) or '"' in value or "\\" in repr(value):
        return repr(value)
    return f'"{repr(value)[1:-1]}"'


def call_text(opening: str, arguments: Iterable[str], indent: str = "") -> str:
    """Return a call on one line, or with an argument on each where it is too long."""
    parts = list(arguments)
    line = f"{indent}{opening}{', '.join(parts)})"
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    inner = [f"{indent}    {part}".replace("\n", f"\n{indent}    ") + "," for part in parts]
    return "\n".join([f"{indent}{opening}".rstrip(), *inner, f"{indent})"])


NOTATIONS: dict[str, Callable[[Sending], str]] = {"curl": as_curl, "http": as_http, "python": as_python}
"""How a request is written down, by what the notation is called."""

"""A pasted ``curl …`` line as a request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote_plus

from flask_nb.errors import MagicArgumentError

from .arguments import suggest
from .bodies import JSON, DataBody, DataPart, parse_data
from .items import Item, parse_header
from .request import RequestDefinition, begin_with_slash, cut_fragment
from .request_line import parse_part
from .shell import split_commands


@dataclass
class _Command:
    """What the words of a command have said so far."""

    url: str | None = None
    method: str | None = None
    items: list[Item] = field(default_factory=list)
    data: list[DataPart] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    as_query: bool = False
    is_head: bool = False
    has_parts: bool = False
    is_json: bool = False

    def add_header(self, value: str) -> None:
        self.items.append(parse_header(value, is_literal=True))

    def add_data(self, value: str) -> None:
        self.data.append(parse_data(value, None))

    def add_raw(self, value: str) -> None:
        self.data.append(DataPart((value,)))

    def add_binary(self, value: str) -> None:
        self.data.append(replace(parse_data(value, None), strips=False))

    def add_encoded(self, value: str) -> None:
        self.data.append(encoded_data(value))

    def add_json(self, value: str) -> None:
        self.data.append(replace(parse_data(value, None), joint="", strips=False))
        self.is_json = True

    def add_part(self, value: str) -> None:
        self.items.append(parse_part(value, is_literal=True))
        self.has_parts = True

    def add_text_part(self, value: str) -> None:
        name, _equals, text = value.partition("=")
        self.items.append(Item("field", (name,), (text,), typed=value))
        self.has_parts = True

    def add_cookie(self, value: str) -> None:
        if "=" not in value:
            raise MagicArgumentError(f"-b {value!r} names a cookie file. Type the cookies: -b name=value")
        self.add_header(f"Cookie: {value}")

    def set_url(self, value: str) -> None:
        if self.url is not None:
            raise MagicArgumentError(
                f"there are two URLs, {self.url!r} and {value!r}. Give each a curl command of its own"
            )
        self.url = value

    def set_timeout(self, value: str) -> None:
        try:
            self.options["timeout"] = float(value)
        except ValueError:
            raise MagicArgumentError(f"-m {value!r} is not a number of seconds, such as 5") from None

    def set_bearer(self, value: str) -> None:
        self.options["bearer"] = (value,)

    def set_user(self, value: str) -> None:
        self.options["user"] = (value if ":" in value else f"{value}:",)

    def set_method(self, value: str) -> None:
        self.method = value.upper()

    def pass_over(self, value: str) -> None:
        """Take a value that means nothing here."""


Taker = Callable[[_Command, str], None]

_WITH_VALUE: dict[Taker, tuple[str, ...]] = {
    _Command.set_method: ("-X", "--request"),
    _Command.add_header: ("-H", "--header"),
    _Command.add_data: ("-d", "--data", "--data-ascii"),
    _Command.add_raw: ("--data-raw",),
    _Command.add_binary: ("--data-binary",),
    _Command.add_encoded: ("--data-urlencode",),
    _Command.add_json: ("--json",),
    _Command.add_part: ("-F", "--form"),
    _Command.add_text_part: ("--form-string",),
    _Command.set_user: ("-u", "--user"),
    _Command.set_bearer: ("--oauth2-bearer",),
    _Command.add_cookie: ("-b", "--cookie"),
    _Command.set_url: ("--url",),
    _Command.set_timeout: ("-m", "--max-time"),
    lambda command, value: command.add_header(f"User-Agent: {value}"): ("-A", "--user-agent"),
    lambda command, value: command.add_header(f"Referer: {value}"): ("-e", "--referer"),
    _Command.pass_over: ("--connect-timeout", "--max-redirs", "--retry", "--retry-delay", "--ciphers"),
}
_VALUES: dict[str, Taker] = {flag: taker for taker, flags in _WITH_VALUE.items() for flag in flags}

# These change how curl connects or what it prints, neither of which is ours to do.
_MEANINGLESS = re.findall(
    r"\S+",
    """
    -L --location --location-trusted -k --insecure -s --silent -S --show-error -i --include --show-headers
    -v --verbose -f --fail --fail-with-body -N --no-buffer --compressed -g --globoff -# --progress-bar
    --no-progress-meter -4 --ipv4 -6 --ipv6 -0 --http1.0 --http1.1 --http2 --http2-prior-knowledge --basic
    --anyauth --no-keepalive --tcp-nodelay -q --disable
    """,
)

_SWITCHES: dict[str, str | None] = {
    "-G": "as_query",
    "--get": "as_query",
    "-I": "is_head",
    "--head": "is_head",
    **dict.fromkeys(_MEANINGLESS),
}


def parse_curl(text: str, options: dict[str, Any]) -> list[RequestDefinition]:
    """Parse one or more curl commands, each on a line of its own.

    :param options: further attributes of the definitions.
    :raises MagicArgumentError: names what is not understood.
    """
    return [_define(_read(words), options) for words in split_commands(text)]


def _read(words: list[str]) -> _Command:
    remaining = words[1:] if words[0] in ("$", "%", ">") else list(words)
    if not remaining or remaining.pop(0) not in ("curl", "curl.exe"):
        raise MagicArgumentError(f"{' '.join(words)[:40]!r} is not a curl command. Begin it with curl")
    command = _Command()
    while remaining:
        word = remaining.pop(0)
        if not word.startswith("-") or word == "-":
            command.set_url(word)
        elif word.startswith("--"):
            _read_flag(command, word, remaining)
        else:
            _read_letters(command, word, remaining)
    return command


def _read_flag(command: _Command, word: str, remaining: list[str]) -> None:
    flag, equals, value = word.partition("=")
    if flag in _VALUES and equals:
        _VALUES[flag](command, value)
    elif word in _VALUES:
        _take(command, word, remaining)
    elif word in _SWITCHES:
        _switch(command, word)
    else:
        known = [name for name in (*_VALUES, *_SWITCHES) if name.startswith("--")]
        close = suggest(word, known, "Known are")
        hint = close if close.startswith("Did") else "Leave it out"
        raise MagicArgumentError(f"curl's {word} is not understood here. {hint}")


def _read_letters(command: _Command, word: str, remaining: list[str]) -> None:
    """Read flags of one letter, which may stand together: ``-sX PUT``."""
    for index, letter in enumerate(word[1:], start=1):
        flag = f"-{letter}"
        if flag in _SWITCHES:
            _switch(command, flag)
            continue
        if flag not in _VALUES:
            raise MagicArgumentError(f"curl's {flag} is not understood here. Leave it out")
        rest = word[index + 1 :]
        return _VALUES[flag](command, rest) if rest else _take(command, flag, remaining)
    return None


def _take(command: _Command, flag: str, remaining: list[str]) -> None:
    if not remaining:
        raise MagicArgumentError(f"the value of curl's {flag} is missing")
    _VALUES[flag](command, remaining.pop(0))


def _switch(command: _Command, flag: str) -> None:
    name = _SWITCHES[flag]
    if name is not None:
        setattr(command, name, True)


def encoded_data(value: str) -> DataPart:
    """Return what ``--data-urlencode`` sends: ``text``, ``name=text``, ``@file`` or ``name@file``."""
    at = next((index for index, char in enumerate(value) if char in "=@"), None)
    if at is None:
        return DataPart((value,), encodes=True)
    name, operator, content = value[:at], value[at], value[at + 1 :]
    prefix = f"{quote_plus(name)}=" if name else ""
    return DataPart(
        (content,), from_file=operator == "@", prefix=prefix, encodes=True, typed=f"--data-urlencode {value}"
    )


def _define(command: _Command, options: dict[str, Any]) -> RequestDefinition:
    if command.url is None:
        raise MagicArgumentError("the curl command has no URL. Type one, such as http://localhost/items")
    if command.data and command.has_parts:
        raise MagicArgumentError("curl's -d and -F do not go together. Keep one of them")
    url, body = command.url, DataBody(tuple(command.data)) if command.data else None
    if body is not None and command.as_query:
        data = body.encode(lambda source: source).decode("utf-8", "replace")
        url, body = f"{url}{'&' if '?' in url else '?'}{data}", None
    if body is not None and command.is_json:
        body = replace(body, type=JSON)
        if not any(item.is_header("accept") for item in command.items):
            command.add_header("Accept: application/json")
    method = command.method or _method(command, body)
    return RequestDefinition(
        method=method,
        path=begin_with_slash(cut_fragment((_with_host(url),))),
        items=tuple(item for item in command.items if not item.is_header("content-length")),
        body=body,
        encoding="multipart" if command.has_parts else "query",
        is_pasted=True,
        **{**options, **command.options},
    )


def _method(command: _Command, body: DataBody | None) -> str:
    if command.is_head:
        return "HEAD"
    return "POST" if body is not None or command.has_parts else "GET"


def _with_host(url: str) -> str:
    """Return the URL with its scheme: curl takes ``example.org/x`` for a host and a path."""
    return url if "://" in url or url.startswith("/") else f"http://{url}"

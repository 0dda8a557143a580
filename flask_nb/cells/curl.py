"""A pasted ``curl …`` line as a request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote_plus

from flask_nb.errors import MagicArgumentError

from .arguments import suggest
from .bodies import DataBody, DataPart, parse_data
from .expressions import as_typed
from .items import Item, parse_header
from .request import JSON, RequestDefinition, begin_with_slash, cut_fragment
from .request_line import parse_part
from .shell import split_commands


@dataclass
class _Command:
    """What the words of a command have said so far."""

    url: str | None = None
    items: list[Item] = field(default_factory=list)
    data: list[DataPart] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    as_query: bool = False
    is_head: bool = False
    is_json: bool = False
    shows_headers: bool = False

    @property
    def has_parts(self) -> bool:
        """Whether it sends a form with files."""
        return any(item.kind != "header" for item in self.items)

    def add_header(self, value: str) -> None:
        self.items.append(parse_header(value, as_typed))

    def add_json(self, value: str) -> None:
        self.data.append(replace(parse_data(value, None), joint="", strips=False))
        self.is_json = True

    def add_text_part(self, value: str) -> None:
        name, _equals, text = value.partition("=")
        self.items.append(Item("field", (name,), (text,), typed=value))

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


Taker = Callable[[_Command, str], object]

_WITH_VALUE: dict[Taker, tuple[str, ...]] = {
    lambda command, value: value and command.options.update(method=value.upper()): (
        "-X",
        "--request",
    ),
    _Command.add_header: ("-H", "--header"),
    lambda command, value: command.data.append(parse_data(value, None)): ("-d", "--data", "--data-ascii"),
    lambda command, value: command.data.append(DataPart((value,))): ("--data-raw",),
    lambda command, value: command.data.append(_binary_data(value)): ("--data-binary",),
    lambda command, value: command.data.append(_encoded_data(value)): ("--data-urlencode",),
    _Command.add_json: ("--json",),
    lambda command, value: command.items.append(parse_part(value, as_typed)): ("-F", "--form"),
    _Command.add_text_part: ("--form-string",),
    lambda command, value: command.options.update(user=_user(value)): ("-u", "--user"),
    lambda command, value: command.options.update(bearer=(value,)): ("--oauth2-bearer",),
    _Command.add_cookie: ("-b", "--cookie"),
    _Command.set_url: ("--url",),
    _Command.set_timeout: ("-m", "--max-time"),
    lambda command, value: command.add_header(f"User-Agent: {value}"): ("-A", "--user-agent"),
    lambda command, value: command.add_header(f"Referer: {value}"): ("-e", "--referer"),
    lambda *_ignored: None: ("--connect-timeout", "--max-redirs", "--retry", "--retry-delay", "--ciphers"),
}
_VALUES: dict[str, Taker] = {flag: taker for taker, flags in _WITH_VALUE.items() for flag in flags}

# These change how curl connects or what it prints, neither of which is ours to do.
_MEANINGLESS = re.findall(
    r"\S+",
    """
    -L --location --location-trusted -k --insecure -s --silent -S --show-error -v --verbose -f --fail
    --fail-with-body -N --no-buffer --compressed -g --globoff -# --progress-bar --no-progress-meter -4 --ipv4
    -6 --ipv6 -0 --http1.0 --http1.1 --http2 --http2-prior-knowledge --basic --anyauth --no-keepalive
    --tcp-nodelay -q --disable
    """,
)

_SWITCHES: dict[str, str | None] = {
    "-G": "as_query",
    "--get": "as_query",
    "-I": "is_head",
    "--head": "is_head",
    **dict.fromkeys(("-i", "--include", "--show-headers"), "shows_headers"),
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
            flag, equals, value = word.partition("=")
            _read_flag(command, flag, value if equals else None, remaining)
        else:
            _read_flag(command, word[:2], word[2:] or None, remaining)
    return command


def _read_flag(command: _Command, flag: str, value: str | None, remaining: list[str]) -> None:
    """Read a flag; behind one letter without a value others may stand: ``-sX PUT``."""
    is_letter = len(flag) == 2
    if flag in _VALUES:
        if value is None and not remaining:
            raise MagicArgumentError(f"the value of curl's {flag} is missing")
        _VALUES[flag](command, remaining.pop(0) if value is None else value)
    elif flag in _SWITCHES and (value is None or is_letter):
        if name := _SWITCHES[flag]:
            setattr(command, name, True)
        if value:
            _read_flag(command, f"-{value[0]}", value[1:] or None, remaining)
    else:
        typed = flag if value is None or is_letter else f"{flag}={value}"
        close = suggest(typed, [name for name in (*_VALUES, *_SWITCHES) if name.startswith("--")], "")
        hint = close if close.startswith("Did") else "Leave it out"
        raise MagicArgumentError(f"curl's {typed} is not understood here. {hint}")


def _binary_data(value: str) -> DataPart:
    return replace(parse_data(value, None), strips=False)


def _encoded_data(value: str) -> DataPart:
    """Return what ``--data-urlencode`` sends: ``text``, ``name=text``, ``@file`` or ``name@file``."""
    name, operator, content = re.findall(r"(?s)(?:([^=@]*)([=@]))?(.*)", value)[0]
    prefix = f"{quote_plus(name)}=" if name else ""
    typed = f"--data-urlencode {value}"
    return DataPart((content,), from_file=operator == "@", prefix=prefix, encodes=True, typed=typed)


def _user(value: str) -> tuple[str]:
    return (value if ":" in value else f"{value}:",)


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
    if "://" not in url and not url.startswith("/"):
        url = f"http://{url}"  # curl takes `example.org/x` for a host and a path
    if command.shows_headers:
        command.options["headers_shown"] = True
    method = "HEAD" if command.is_head else "POST" if body is not None or command.has_parts else "GET"
    return RequestDefinition(
        path=begin_with_slash(cut_fragment((url,))),
        items=tuple(item for item in command.items if not item.is_header("content-length")),
        body=body,
        encoding="multipart" if command.has_parts else "query",
        is_pasted=True,
        **{"method": method, **options, **command.options},
    )

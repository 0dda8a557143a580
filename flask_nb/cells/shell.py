"""Commands as a POSIX shell reads them: words, quotes, backslashes, continued lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn

from flask_nb.errors import MagicArgumentError

_TOKEN = re.compile(
    r"(?P<continued>\\\r?\n)"
    r"|(?P<newline>\r?\n)"
    r"|(?P<space>[ \t]+)"
    r"|'(?P<single>[^']*)'"
    r"|\$'(?P<ansi>(?:[^'\\]|\\.)*)'"
    r'|"(?P<double>(?:[^"\\]|\\.)*)"'
    r"|\\(?P<escaped>.)"
    r"|(?P<operator>[|;&<>()`])"
    r"|(?P<variable>\$[\w{(])"
    r"|(?P<quote>['\"])"
    r"|(?P<plain>[^\s'\"\\|;&<>()`$]+|.)",
    re.DOTALL,
)
_BETWEEN_WORDS = ("space", "newline", "continued")
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "0": "\0", "b": "\b", "f": "\f"}


def split_commands(text: str) -> list[list[str]]:
    """Return the words of each command; a line is one, unless a backslash continues it.

    What only a shell can do, such as pipes and variables, is refused.

    :raises MagicArgumentError: names what is not understood.
    """
    commands: list[list[str]] = [[]]
    word: str | None = None
    for kind, value in (*_tokens(text), ("newline", "")):
        if kind not in _BETWEEN_WORDS:
            word = (word or "") + value
            continue
        if word is not None:
            commands[-1].append(word)
            word = None
        if kind == "newline":
            commands.append([])
    return [command for command in commands if command]


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    begins_word = True
    while position < len(text):
        if begins_word and text[position] == "#":
            position = text.find("\n", position) if "\n" in text[position:] else len(text)
            continue
        found = _TOKEN.match(text, position)
        assert found is not None
        kind, value = str(found.lastgroup), str(found[str(found.lastgroup)])
        position = found.end()
        begins_word = kind in _BETWEEN_WORDS
        if kind in ("operator", "variable", "quote"):
            _refuse(kind, value, text[found.start() :])
        yield kind, _read(kind, value)


def _read(kind: str, value: str) -> str:
    if kind == "double":
        if variable := re.search(r"(?<!\\)(?:\$[\w{(]|`)", value):
            _refuse("variable", variable[0], value[variable.start() :])
        return re.sub(r"\\(\r?\n|[$`\"\\])", lambda found: found[1] if found[1] in '$`"\\' else "", value)
    if kind == "ansi":
        return re.sub(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(.))", _ansi, value, flags=re.DOTALL)
    return value


def _ansi(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _ANSI.get(found[3], f"\\{found[3]}")


def _refuse(kind: str, value: str, rest: str) -> NoReturn:
    excerpt = rest.split("\n")[0][:20]
    what = {
        "operator": f"{value!r} at {excerpt!r} is for the shell. Paste only the curl command, and put a URL "
        f"with & or ; into quotes",
        "variable": f"{excerpt!r} is a shell variable. Type its value, or use single quotes",
        "quote": f"the quote {value} before {excerpt[1:]!r} is not closed. Close it",
    }
    raise MagicArgumentError(what[kind])

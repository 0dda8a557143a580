"""What goes wrong while configuration is read, said in one line with the place in the file."""

from __future__ import annotations

import difflib
import errno
import json
import os
import re
import tomllib
from traceback import walk_tb

from werkzeug.utils import ImportStringError

from flask_nb.errors import ConfigError

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_WRONG_BYTE = re.compile(r"can't decode byte 0x([0-9a-f]{2})")
_LONGEST = 300


def explain(exc: BaseException, source: str, path: str, data: bytes = b"") -> ConfigError:
    """Return the error to show for one that a source raised while it was read.

    :param source: what people call the source.
    :param path: the file that was read, or what tracebacks call the cell; empty without one.
    :param data: the content, where it is at hand.
    """
    match exc:
        case ConfigError():
            return exc
        case json.JSONDecodeError():
            return ConfigError(source, f"not valid JSON: {exc.msg}", line=exc.lineno, column=exc.colno)
        case tomllib.TOMLDecodeError():
            return _explain_toml(str(exc), source, data or _content(path))
        case UnicodeDecodeError():
            return _not_utf8(source, exc.object[exc.start], exc.object[: exc.start])
        case SyntaxError(msg=str(words)) if found := _WRONG_BYTE.search(words):
            return _not_utf8(source, int(found[1], 16), _before_wrong_byte(data or _content(path)))
        case SyntaxError(filename=file) if path and file == path:
            return ConfigError(source, exc.msg, line=exc.lineno, column=exc.offset)
        case OSError(filename=file) if path and file == path:
            return _explain_file(exc, source)
        case ImportStringError():
            # Its own message lists reasons that might be; what was raised says the one that is.
            exc = exc.exception
    words = " ".join(str(exc).split())[:_LONGEST]
    message = f"{type(exc).__name__}: {words}" if words else type(exc).__name__
    lines = [line for frame, line in walk_tb(exc.__traceback__) if path and frame.f_code.co_filename == path]
    return ConfigError(source, message, line=next(iter(lines), None))


def _explain_toml(words: str, source: str, data: bytes) -> ConfigError:
    found = _TOML_PLACE.search(words)
    message = f"not valid TOML: {_TOML_PLACE.sub('', words)}"
    if found is None:
        return ConfigError(source, message)
    if found[1] is None:
        line, column = _end_of(data)
        return ConfigError(source, f"{message} at the end", line=line, column=column)
    return ConfigError(source, message, line=int(found[1]), column=int(found[2]))


def written_otherwise(body: str) -> str:
    """Return what to add to the error of a cell that is not written in Python; empty if it may well be."""
    try:
        tomllib.loads(body)
    except tomllib.TOMLDecodeError:
        pass
    else:
        return ". The cell is written in TOML. Type %%config_from --format toml"
    for line in body.splitlines():
        if found := re.fullmatch(r"\s*(\w+)\s*=\s*([^\W\d_]+(?: [^\W\d_]+)+[.!?]?)\s*", line):
            return f"\nValues are written as in Python. Type {found[1].upper()} = {found[2].strip()!r}"
    return ""


def shared_variables(prefix: str) -> str | None:
    """Name two variables of the environment of which one sets what the other sets a part of."""
    names = sorted(name for name in os.environ if name.startswith(f"{prefix}_"))
    for name in names:
        part = next((one for one in names if one.startswith(f"{name}__")), None)
        if part is not None:
            key = name.removeprefix(f"{prefix}_")
            return (
                f"{name} sets {key} to a single value, so {part} cannot set a part of it. "
                f"To take one of the two away, type: del os.environ[{name!r}]"
            )
    return None


def _explain_file(exc: OSError, source: str) -> ConfigError:
    if exc.errno in (errno.ENOENT, errno.ENOTDIR):
        return ConfigError(source, f"there is no such file. {_near_files(exc.filename)}")
    return ConfigError(source, f"the file cannot be read: {os.strerror(exc.errno or 0)}")


def _not_utf8(source: str, byte: int, before: bytes) -> ConfigError:
    line, column = _end_of(before)
    message = f"not UTF-8: it contains the byte 0x{byte:02x}. Save the file as UTF-8"
    return ConfigError(source, message, line=line, column=column)


def _end_of(data: bytes) -> tuple[int, int]:
    """Return the line and the column, from 1, behind the last character."""
    last = data.rpartition(b"\n")[2].decode(errors="replace")
    return data.count(b"\n") + 1, len(last) + 1


def _before_wrong_byte(data: bytes) -> bytes:
    try:
        data.decode()
    except UnicodeDecodeError as exc:
        return data[: exc.start]
    return b""


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _near_files(path: str) -> str:
    folder, name = os.path.split(path)
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError:
        return "Its folder does not exist either. Fix the path, or add --silent"
    close = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {close[0]}?" if close else "Fix the path, or add --silent"

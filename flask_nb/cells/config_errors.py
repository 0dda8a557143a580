"""What goes wrong while configuration is read, said in one line with the place in the file."""

from __future__ import annotations

import difflib
import errno
import json
import os
import re
import tomllib
from collections.abc import Callable
from types import TracebackType
from typing import Any

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
    if isinstance(exc, ConfigError):
        return exc
    explainer = next((found for kind, found in _EXPLAINERS if isinstance(exc, kind)), _explain_raised)
    return explainer(exc, source, path, data)


def _explain_json(exc: Any, source: str, path: str, data: bytes) -> ConfigError:
    return ConfigError(source, f"not valid JSON: {exc.msg}", line=exc.lineno, column=exc.colno)


def _explain_toml(exc: Any, source: str, path: str, data: bytes) -> ConfigError:
    found = _TOML_PLACE.search(str(exc))
    words = _TOML_PLACE.sub("", str(exc))
    if found is None:
        return ConfigError(source, f"not valid TOML: {words}")
    if found[1] is None:
        line, column = _end_of(data or _content(path))
        return ConfigError(source, f"not valid TOML: {words} at the end", line=line, column=column)
    return ConfigError(source, f"not valid TOML: {words}", line=int(found[1]), column=int(found[2]))


def _explain_decoding(exc: Any, source: str, path: str, data: bytes) -> ConfigError:
    before = bytes(exc.object[: exc.start])
    return _not_utf8(source, exc.object[exc.start], *_end_of(before))


def _explain_syntax(exc: Any, source: str, path: str, data: bytes) -> ConfigError:
    if found := _WRONG_BYTE.search(exc.msg or ""):
        return _not_utf8(source, int(found[1], 16), *_first_wrong_byte(data or _content(path)))
    if not _is_same_file(exc.filename, path):
        return _explain_raised(exc, source, path, data)
    return ConfigError(source, exc.msg, line=exc.lineno, column=exc.offset)


def _explain_file(exc: Any, source: str, path: str, data: bytes) -> ConfigError:
    if not _is_same_file(exc.filename, path):
        return _explain_raised(exc, source, path, data)
    if exc.errno in (errno.ENOENT, errno.ENOTDIR):
        return ConfigError(source, f"there is no such file. {_near_files(exc.filename)}")
    return ConfigError(source, f"the file cannot be read: {os.strerror(exc.errno)}")


def _explain_raised(exc: BaseException, source: str, path: str, data: bytes) -> ConfigError:
    words = " ".join(str(exc).split())[:_LONGEST]
    message = f"{type(exc).__name__}: {words}" if words else type(exc).__name__
    return ConfigError(source, message, line=_raising_line(exc.__traceback__, path))


def _explain_import(exc: Any, source: str, path: str, data: bytes) -> ConfigError:
    # Its own message lists reasons that might be; what was raised says the one that is.
    return _explain_raised(exc.exception, source, path, data)


_EXPLAINERS: tuple[tuple[type[BaseException], Callable[[Any, str, str, bytes], ConfigError]], ...] = (
    (json.JSONDecodeError, _explain_json),
    (tomllib.TOMLDecodeError, _explain_toml),
    (UnicodeDecodeError, _explain_decoding),
    (SyntaxError, _explain_syntax),
    (OSError, _explain_file),
    (ImportStringError, _explain_import),
)


def _not_utf8(source: str, byte: int, line: int, column: int) -> ConfigError:
    message = f"not UTF-8: it contains the byte 0x{byte:02x}. Save the file as UTF-8"
    return ConfigError(source, message, line=line, column=column)


def _end_of(data: bytes) -> tuple[int, int]:
    """Return the line and the column, from 1, behind the last character."""
    last = data.rpartition(b"\n")[2].decode(errors="replace")
    return data.count(b"\n") + 1, len(last) + 1


def _first_wrong_byte(data: bytes) -> tuple[int, int]:
    try:
        data.decode()
    except UnicodeDecodeError as exc:
        return _end_of(data[: exc.start])
    return 1, 1


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _raising_line(traceback: TracebackType | None, path: str) -> int | None:
    """Return the line of the file, or of the cell, that an exception came through."""
    while traceback is not None:
        if _is_same_file(traceback.tb_frame.f_code.co_filename, path):
            return traceback.tb_lineno
        traceback = traceback.tb_next
    return None


def _is_same_file(filename: object, path: str) -> bool:
    return bool(path) and filename == path


def _near_files(path: str) -> str:
    folder, name = os.path.split(path)
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError:
        return "Its folder does not exist either. Fix the path, or add --silent"
    close = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {close[0]}?" if close else "Fix the path, or add --silent"

"""What a line may name that is no app's: the notebook's variables, files of its folder, the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from flask_nb.cells import config

from .cursor import Candidates, Cursor

_FILE_ITEM = re.compile(r"([^=@:]*(?::?=|==|:)?@)(.*)", re.DOTALL)


def expressions(cursor: Cursor) -> Candidates:
    """Return the notebook's variables behind a brace; Jedi knows none in a line that is not Python."""
    opened = re.fullmatch(r"(.*\{)\w*", cursor.word)
    return None if opened is None else sorted(f"{opened[1]}{name}" for name, _value in variables(cursor))


def variables(cursor: Cursor) -> Iterator[tuple[str, object]]:
    """Yield the notebook's own variables."""
    hidden = cursor.host.ip.user_ns_hidden
    for name, value in list(cursor.host.ip.user_ns.items()):
        if not name.startswith("_") and name not in hidden:
            yield name, value


def config_files(cursor: Cursor) -> list[str]:
    """Return the configuration files in the app's folder, or in the folder below it that is typed."""
    below = cursor.word.rpartition("/")[0]
    folder = cursor.engine.config_path(below) if cursor.engine else os.path.join(os.getcwd(), below)
    files = [name for name, _ in _entries(folder) if os.path.splitext(name)[1].lower() in config.SUFFIXES]
    return [f"{below}/{name}" if below else name for name in files]


def http_files(cursor: Cursor) -> list[str]:
    """Offer files with requests, and folders."""
    return _files(cursor, ".http", ".rest")


def notebooks(cursor: Cursor) -> list[str]:
    """Offer notebooks, and folders."""
    return _files(cursor, ".ipynb")


def folders(cursor: Cursor) -> list[str]:
    """Offer folders."""
    return _files(cursor)


def _files(cursor: Cursor, *endings: str) -> list[str]:
    below = cursor.word.rpartition("/")[0]
    fitting = (
        f"{name}/" if is_folder else name
        for name, is_folder in _entries(below or ".")
        if name[0] != "." and (is_folder or name.endswith(endings))
    )
    return [f"{below}/{name}" if below else name for name in fitting]


def item_files(cursor: Cursor) -> list[str]:
    """Return the files that an item such as ``avatar@face.png`` or ``data:=@rows.json`` may name."""
    found = _FILE_ITEM.fullmatch(cursor.word)
    if found is None:
        return []
    head, folder = found[1], found[2].rpartition("/")[0]
    names = [f"{name}/" if is_folder else name for name, is_folder in _entries(folder or ".")]
    return [f"{head}{folder}/{name}" if folder else head + name for name in names if name[0] != "."]


def _entries(folder: str) -> list[tuple[str, bool]]:
    """Return the names in a folder, and whether each is a folder itself; none if it cannot be read."""
    try:
        return sorted((entry.name, entry.is_dir()) for entry in os.scandir(folder))
    except OSError:
        return []


def environment(scheme: str) -> list[str]:
    names = sorted(os.environ)
    if scheme == "prefix":
        return list(dict.fromkeys(name.partition("_")[0] + "_" for name in names if "_" in name.strip("_")))
    return names if scheme == "env" else []

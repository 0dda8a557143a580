"""The files of the app that a page names, as ``data:`` addresses, within limits."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from html import escape
from urllib.parse import urljoin, urlsplit

from flask_nb.exchange import RawResponse
from flask_nb.exchange.request import path_of

from .stylesheets import replace_addresses

MAX_FILES = 60
"""Files that are asked for at most."""

MAX_DEPTH = 3
"""How deep stylesheets may import each other."""

_MIMETYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_SPACE = re.compile(r"[\t\n\r]")


Fetch = Callable[[str], "RawResponse | None"]
"""Given a path with its query, returns what the app answers, None if it did not."""


class _MissingError(Exception):
    """A file of the app is not there; the message says why."""


class Assets:
    """The app's own files that a page names.

    :param url: the address of the page, which relative addresses start from.
    :param fetch: asks the app; nothing else is ever asked.
    :param room: bytes that all of them may take up in the page.
    """

    def __init__(self, url: str, fetch: Fetch, room: int) -> None:
        self.url = url
        self.missing: dict[str, str] = {}
        """Why, by path, for each file of the app that is not there."""
        self._fetch = fetch
        self._room = room
        self._kept: dict[str, RawResponse | None] = {}
        self._host = urlsplit(url).netloc

    def data_uri(self, reference: str, base: str | None = None) -> str | None:
        """Return a file as a ``data:`` address, None if it is not the app's or cannot be had."""
        return self._had(reference, base, lambda file: self._as_uri(file, reference))

    def stylesheet(self, reference: str, base: str | None = None, depth: int = 0) -> str | None:
        """Return a stylesheet as text, with the files that it names within it."""
        return self._had(reference, base, lambda file: self._as_css(file, reference, base, depth))

    def _as_uri(self, file: RawResponse, reference: str) -> str:
        kind = _mimetype(file)
        if kind == "text/html":
            raise _MissingError("is a page")
        uri = _data_uri(kind, file.body)
        self._spend(len(uri))
        fragment = reference.partition("#")[2]
        return f"{uri}#{fragment}" if re.fullmatch(r"[\w-]+", fragment) else uri

    def _as_css(self, file: RawResponse, reference: str, base: str | None, depth: int) -> str:
        if _mimetype(file) != "text/css":
            raise _MissingError(f"is {_mimetype(file)}")
        text = _decoded(file)
        self._spend(cost(text))
        return self.css(text, urljoin(base or self.url, reference), depth)

    def css(self, text: str, base: str | None = None, depth: int = 0) -> str:
        """Return a piece of CSS with the files that it names within it."""

        def replace(reference: str, is_stylesheet: bool) -> str | None:
            if not is_stylesheet:
                return self.data_uri(reference, base)
            if depth == MAX_DEPTH:
                return None
            sheet = self.stylesheet(reference, base, depth + 1)
            return None if sheet is None else _data_uri("text/css;charset=utf-8", sheet.encode())

        return replace_addresses(text, replace)

    def _had(self, reference: str, base: str | None, use: Callable[[RawResponse], str]) -> str | None:
        path = self.own_path(reference, base)
        if path is None:
            return None
        try:
            return use(self._file(path))
        except _MissingError as exc:
            self.missing.setdefault(path, str(exc))
            return None

    def _file(self, path: str) -> RawResponse:
        """Return a file; each is asked for once."""
        if path not in self._kept and len(self._kept) >= MAX_FILES:
            raise _MissingError(f"beyond {MAX_FILES} files")
        if path not in self._kept:
            self._kept[path] = self._fetch(path)
        file = self._kept[path]
        if file is None:
            raise _MissingError("no answer")
        if file.truncated:
            raise _MissingError(file.truncated)
        if file.status_code != 200:
            raise _MissingError(str(file.status_code))
        return file

    def own_path(self, reference: str, base: str | None = None) -> str | None:
        """Return the path of an address within the app, None of any other."""
        reference = _SPACE.sub("", reference).strip()
        if not reference or reference.startswith("#"):
            return None
        try:
            url = urlsplit(urljoin(base or self.url, reference))
        except ValueError:
            return None
        if url.scheme != "http" or url.netloc.lower() != self._host.lower():
            return None
        return path_of(url)

    def _spend(self, length: int) -> None:
        if length > self._room:
            raise _MissingError("too large")
        self._room -= length


def cost(text: str) -> int:
    """Return the bytes that a text takes up in the frame's attribute."""
    return len(escape(text).encode("utf-8", "replace"))


def _data_uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{b64encode(data).decode()}"


def _mimetype(file: RawResponse) -> str:
    """Return what stands in the file's ``data:`` address, where nothing else may stand."""
    kind = file.header("Content-Type").partition(";")[0].strip().lower()
    return kind if _MIMETYPE.fullmatch(kind) else "application/octet-stream"


def _decoded(file: RawResponse) -> str:
    charset = re.search(r"charset=\"?([\w-]+)", file.header("Content-Type"), re.IGNORECASE)
    try:
        return file.body.decode(charset[1] if charset else "utf-8-sig", "replace")
    except (LookupError, ValueError):
        return file.body.decode("utf-8-sig", "replace")

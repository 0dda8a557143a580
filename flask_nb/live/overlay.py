"""Templates and static files that stand in no folder: an app has them in front of its files.

In a notebook a cell is a template or a stylesheet. What such a cell defines is found before a file of
the same name, is replaced at once when the cell runs again, and leaves the file to be found when the
cell retires it. The tables are read without a lock: each change is one assignment.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment, nodes


class OverlayTemplate:
    """A template and where its source stands.

    :param source: the template.
    :param filename: the file that tracebacks name.
    :param first_line: the line of that file on which the source begins, from 1.
    """

    __slots__ = ("filename", "first_line", "source")

    def __init__(self, source: str, filename: str | None = None, first_line: int = 1) -> None:
        self.source = source
        self.filename = filename
        self.first_line = first_line

    def parse(self, environment: Environment, name: str) -> nodes.Template:
        """Return the template's tree, with the line numbers of its file.

        :raises jinja2.TemplateSyntaxError: counts lines from the beginning of the source.
        """
        from jinja2.nodes import Node  # only who renders waits for Jinja

        tree = environment.parse(self.source, name, self.filename)
        shift = self.first_line - 1
        for node in (tree, *tree.find_all(Node)) if shift else ():
            if node.lineno is not None:
                node.lineno += shift
        return tree


class StaticContent:
    """The content of one static file.

    :param data: the content.
    :param mimetype: the type of the content, without parameters.
    """

    def __init__(self, data: bytes, mimetype: str) -> None:
        self.data = data
        self.mimetype = mimetype

    @cached_property
    def etag(self) -> str:
        """The entity tag, made from the content alone."""
        return hashlib.sha1(self.data, usedforsecurity=False).hexdigest()


class Overlay:
    """What an app has in front of its template and static folders.

    :param find_app: returns the app.
    """

    def __init__(self, find_app: Callable[[], Any]) -> None:
        self._find_app = find_app
        self.templates: dict[str, OverlayTemplate] = {}
        self.static: dict[str, StaticContent] = {}

    @property
    def environment(self) -> Environment:
        """The environment that templates are compiled in.

        The app's own is made from the settings of the moment when it is first asked for, which is not
        for a definition to choose: before that, one like it will do.
        """
        app = self._find_app()
        environment: Environment = vars(app).get("jinja_env") or app.create_jinja_environment()
        return environment

    def add_template(
        self, name: str, source: str, filename: str | None = None, first_line: int = 1
    ) -> OverlayTemplate:
        """Define a template in front of the files of that name.

        :param name: the name by which it is rendered, extended and included.
        :param source: the template.
        :param filename: the file that tracebacks name.
        :param first_line: the line of that file on which the source begins.
        :raises jinja2.TemplateSyntaxError: it does not compile; then nothing has changed. Lines are those
            of the source, counted from 1.
        """
        # Checked as it will be compiled, an unknown filter included, but with the lines of the source.
        self.environment.compile(source, name, filename)
        template = self.templates[name] = OverlayTemplate(source, filename, first_line)
        return template

    def add_static(self, path: str, data: bytes, mimetype: str | None = None) -> StaticContent:
        """Define a static file in front of the file of that path.

        :param path: the path below the static folder.
        :param data: the content.
        :param mimetype: its type; found by the name, then by the content unless given.
        :raises RuntimeError: the app serves no static files.
        """
        app = self._find_app()
        if not app.has_static_folder:
            raise RuntimeError(f"{app!r} has no 'static_folder' to serve static files from")
        content = self.static[path] = StaticContent(data, mimetype or guess_mimetype(path, data))
        return content


# The first bytes of a document whose name has no ending, without spaces before it, in lower case.
_BEGINNINGS = (
    (b"<!doctype html", "text/html"),
    (b"<html", "text/html"),
    (b"<svg", "image/svg+xml"),
    (b"<?xml", "text/xml"),
)


def guess_mimetype(path: str, data: bytes) -> str:
    """Return the type of a file: what its name says, else what its content begins with."""
    named, encoding = mimetypes.guess_type(path)
    if named is not None and encoding is None:
        return named
    start = data[:64].lstrip().lower()
    known = next((kind for beginning, kind in _BEGINNINGS if start.startswith(beginning)), None)
    return known or ("text/plain" if _is_text(data) else "application/octet-stream")


def _is_text(data: bytes) -> bool:
    try:
        return "\x00" not in data.decode()
    except UnicodeDecodeError:
        return False

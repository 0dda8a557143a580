"""Templates and static files that stand in no folder: an app has them in front of its files.

In a notebook a cell is a template or a stylesheet. What such a cell defines is found before a file of
the same name, is replaced at once when the cell runs again, and leaves the file to be found when the
cell retires it. The tables are read without a lock: each change is one assignment.
"""

from __future__ import annotations

import hashlib
import mimetypes
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from jinja2 import Environment, nodes

from .config_layers import ConfigLayers
from .helpers import send_file

if TYPE_CHECKING:
    from .app import Flask
    from .wrappers import Response


@dataclass(frozen=True)
class OverlayTemplate:
    """A template and where its source stands.

    :param source: the template.
    :param filename: the file that tracebacks name.
    :param first_line: the line of that file on which the source begins, from 1.
    """

    source: str
    filename: str | None = None
    first_line: int = 1

    def parse(self, environment: Environment, name: str) -> nodes.Template:
        """Return the template's tree, with the line numbers of its file.

        :raises jinja2.TemplateSyntaxError: counts lines from the beginning of the source.
        """
        tree = environment.parse(self.source, name, self.filename)
        shift = self.first_line - 1
        for node in (tree, *tree.find_all(nodes.Node)) if shift else ():
            if node.lineno is not None:
                node.lineno += shift
        return tree


@dataclass(frozen=True)
class StaticContent:
    """The content of one static file.

    :param data: the content.
    :param mimetype: the type of the content, without parameters.
    """

    data: bytes
    mimetype: str

    @cached_property
    def etag(self) -> str:
        """The entity tag, made from the content alone."""
        return hashlib.sha1(self.data, usedforsecurity=False).hexdigest()


class Overlay:
    """What an app has in front of its template and static folders.

    :param app: the app; what is added under an owner is recorded in its ledger.
    """

    def __init__(self, app: Flask) -> None:
        self._find_app = weakref.ref(app)  # the app holds this, and must not be kept alive by a cycle
        self.templates: dict[str, OverlayTemplate] = {}
        self.static: dict[str, StaticContent] = {}

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
        template = OverlayTemplate(source, filename, first_line)
        self.put_template(name, template)
        return template

    @property
    def _app(self) -> Flask:
        return cast("Flask", self._find_app())

    @property
    def environment(self) -> Environment:
        """The environment that templates are compiled in.

        The app's own is made from the settings of the moment when it is first asked for, which is not
        for a definition to choose: before that, one like it will do.
        """
        return vars(self._app).get("jinja_env") or self._app.create_jinja_environment()

    def put_template(self, name: str, template: OverlayTemplate) -> None:
        """Add a template unchecked: a new app takes it over before its filters are there."""
        self._put("template", self.templates, name, template, lambda overlay: overlay.put_template)

    def add_static(self, path: str, data: bytes, mimetype: str | None = None) -> StaticContent:
        """Define a static file in front of the file of that path.

        :param path: the path below the static folder.
        :param data: the content.
        :param mimetype: its type; found by the name, then by the content unless given.
        :raises RuntimeError: the app serves no static files.
        """
        if not self._app.has_static_folder:
            raise RuntimeError(f"{self._app!r} has no 'static_folder' to serve static files from")
        content = StaticContent(data, mimetype or guess_mimetype(path, data))
        self.put_static(path, content)
        return content

    def put_static(self, path: str, content: StaticContent) -> None:
        """Add a static file, whether or not it can be reached."""
        self._put("static file", self.static, path, content, lambda overlay: overlay.put_static)

    def _put(
        self,
        kind: str,
        table: dict[str, Any],
        name: str,
        value: Any,
        putter: Callable[[Overlay], Callable[[str, Any], None]],
    ) -> None:
        """Enter *value* in the table, and how the same is done on an app that takes over."""

        def repeat(target: Flask) -> None:
            putter(target.overlay)(name, value)

        self._app._set_name(kind, table, name, value, repeat)


class OverlaidApp:
    """The part of an app that looks into its overlay first, and whose settings can be taken back."""

    def _start_overlay(self) -> None:
        """Make both at once: made on demand, two threads might each make one."""
        app = cast("Flask", self)
        #: The templates and static files in front of those of the folders.
        self.overlay = Overlay(app)
        #: What definitions have set in the configuration.
        self.config_layers = ConfigLayers(app)

    def send_static_file(self, filename: str) -> Response:
        """Return the response of a static file: of the overlay, else of the static folder."""
        content = self.overlay.static.get(filename)
        if content is None:
            folder: Any = super()
            return cast("Response", folder.send_static_file(filename))
        return send_file(
            BytesIO(content.data),
            mimetype=content.mimetype,
            etag=content.etag,
            max_age=cast("Flask", self).get_send_file_max_age(filename),
        )


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

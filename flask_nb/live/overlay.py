"""Templates and static files that stand in no folder: an app has them in front of its files.

In a notebook a cell is a template or a stylesheet. What such a cell defines is found before a file of
the same name, is replaced at once when the cell runs again, and leaves the file to be found when the
cell retires it. The tables are read without a lock: each change is one assignment.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from jinja2 import BaseLoader, Environment, Template, nodes


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


class OverlayLoader(BaseLoader):
    """Finds the templates of an overlay before those of another loader.

    :param overlay: the overlay.
    :param below: the other loader, or None.
    """

    def __init__(self, overlay: Overlay, below: BaseLoader | None) -> None:
        self.overlay = overlay
        self.below = below or BaseLoader()
        self._compiled: dict[str, tuple[OverlayTemplate, Template]] = {}

    def put_into(self, environment: Environment) -> None:
        """Let templates be found here. Those of the overlay stay out of the environment's cache."""
        environment.loader = self
        if environment.cache is not None:
            environment.cache = cast(Any, _CacheBelow(environment.cache, self.overlay))

    def take_out_of(self, environment: Environment) -> None:
        """Let the environment be as it was."""
        environment.loader = self.below
        if isinstance(environment.cache, _CacheBelow):
            environment.cache = environment.cache.below

    def get_source(self, environment: Environment, template: str) -> Any:
        """Return source, file and what tells whether they are still the same."""
        found = self.overlay.templates.get(template)
        if found is None:
            return self.below.get_source(environment, template)
        return found.source, found.filename, lambda: self.overlay.templates.get(template) is found

    def load(
        self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        """Return a template; one of the overlay with the line numbers of its cell."""
        found = self.overlay.templates.get(name)
        if found is None:
            return self.below.load(environment, name, globals)
        known, template = self._compiled.get(name, (None, None))
        if known is not found or template is None or template.environment is not environment:
            code = environment.compile(found.parse(environment, name), name, found.filename)
            template = environment.template_class.from_code(environment, code, globals or {})
            self._compiled[name] = found, template
        elif globals:
            template.globals.update(globals)
        return template

    def list_templates(self) -> list[str]:
        """Return the names of all templates, each once."""
        return list(dict.fromkeys([*self.overlay.templates, *self.below.list_templates()]))


class _CacheBelow:
    """The cache of an environment, which never has a template that is in the overlay."""

    def __init__(self, below: Any, overlay: Overlay) -> None:
        self.below = below
        self._overlay = overlay

    def __getattr__(self, name: str) -> Any:
        return getattr(self.below, name)

    def get(self, key: Any, default: Any = None) -> Any:
        return default if key[1] in self._overlay.templates else self.below.get(key, default)

    def __setitem__(self, key: Any, template: Template) -> None:
        if key[1] not in self._overlay.templates:
            self.below[key] = template


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

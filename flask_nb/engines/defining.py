"""What cells define on an app of Flask's shape besides routes: settings, templates, files; its URLs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any

from blinker import Signal
from werkzeug.routing import MapAdapter

from flask_nb.errors import CellError, CellSyntaxError

if TYPE_CHECKING:
    from flask_nb.web import Flask  # whose shape it is

Loader = Callable[[Any, Any, bool], bool | None]


class DefiningEngine:
    """The part of an engine that defines.

    :param app: the app.
    """

    #: Sent with each exception that a handler of an app has answered.
    answered: Signal

    def __init__(self, app: Flask) -> None:
        self.app = app

    def framework(self) -> ModuleType:
        """Return the package of the app's own class."""
        raise NotImplementedError

    def _outside_of_requests(self) -> AbstractContextManager[None]:
        """Return a context in which URLs are built although there is no request."""
        raise NotImplementedError

    # --- configuration ---

    @property
    def config(self) -> Mapping[str, Any]:
        """The app's configuration."""
        return self.app.config

    def own_config(self) -> dict[str, Any]:
        """Return the settings that are not those that every app begins with."""
        defaults = self.app.default_config
        return {
            key: value
            for key, value in self.app.config.items()
            if key not in defaults or (value != defaults[key] and (key, value) != ("DEBUG", False))
        }

    def config_path(self, name: str) -> str:
        """Return the absolute path of a configuration file."""
        return os.path.abspath(os.path.join(self.app.config.root_path, name))

    def config_below(self, name: str, *, whole_cell: bool) -> Mapping[str, Any]:
        """Return the configuration without what an earlier run of this definition had set.

        :param name: what tells it from other definitions of the cell.
        :param whole_cell: the cell is this one definition, whatever its name was before.
        """
        return dict(self.app.config)  # the cell at work does not see what its earlier run had set

    def read_config(
        self, kind: str, where: Any, below: Mapping[str, Any], *, silent: bool
    ) -> dict[str, Any] | None:
        """Return what a source would set, without setting it; None if it is missing and *silent*.

        :param kind: ``python``, ``json``, ``toml``, ``prefix`` or ``object``.
        :param where: an absolute path, a prefix, an object or an import string.
        :param below: the configuration so far, into which nested settings are merged.
        """
        if kind == "prefix":
            return self._read_prefix(where, below)
        config = type(self.app.config)(self.app.config.root_path)
        loaded = _LOADERS[kind](config, where, silent)
        return None if loaded is False else dict(config)

    def _read_prefix(self, prefix: str, below: Mapping[str, Any]) -> dict[str, Any]:
        config = type(self.app.config)(self.app.config.root_path, _copied(below))
        config.from_prefixed_env(prefix)
        start = f"{prefix}_"
        names = (name.removeprefix(start) for name in sorted(os.environ) if name.startswith(start))
        return {key: config[key] for key in dict.fromkeys(name.partition("__")[0] for name in names)}

    def set_config(self, name: str, values: Mapping[str, Any], *, whole_cell: bool) -> None:
        """Set the values, in the place of what an earlier run of this definition had set."""
        self.app.live.set(name, values)

    def set_debug(self, value: bool) -> None:
        """Switch debug mode on or off, with the reloading of templates that comes with it."""
        self.app.debug = value

    def set_secret_key(self, key: str | bytes) -> None:
        """Set what sessions are signed with."""
        self.app.secret_key = key

    # --- templates and static files ---

    def add_template(
        self, name: str, source: str, filename: str, first_line: int
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Define the template in front of the files of that name; it is live when this returns.

        :param first_line: the line of *filename* on which the source begins.
        :return: the templates that it extends, includes and imports, and the variables that it takes.
        :raises CellSyntaxError: when it does not compile; then nothing has changed.
        """
        from jinja2 import TemplateSyntaxError, meta

        try:
            template = self.app.live.overlay.add_template(name, source, filename, first_line)
        except TemplateSyntaxError as exc:
            lines = source.splitlines()
            text = lines[exc.lineno - 1] if 0 < exc.lineno <= len(lines) else ""
            message = str(exc.message).removesuffix(".")
            raise CellSyntaxError(message, line=exc.lineno + first_line - 1, text=text) from None
        environment = self.app.live.overlay.environment
        tree = template.parse(environment, name)
        known = {*environment.globals, "g", "request", "session"}
        return (
            list(dict.fromkeys(filter(None, meta.find_referenced_templates(tree)))),
            sorted(meta.find_undeclared_variables(tree) - known),
        )

    def add_static(self, path: str, data: bytes, mimetype: str | None) -> tuple[str, str]:
        """Define the file in front of the one in the folder; return its URL's path and its type.

        :raises CellError: when the app serves no static files.
        """
        if not self.app.has_static_folder:
            raise CellError(
                "this app serves no static files, for it was made with static_folder=None. "
                "Make it without, or send the text from a %%route"
            )
        content = self.app.live.overlay.add_static(path, data, mimetype)
        return f"{self.app.static_url_path}/{path}", content.mimetype

    # --- URLs and contexts ---

    def url_for(
        self,
        endpoint: str,
        values: Mapping[str, Any],
        *,
        anchor: str | None = None,
        method: str | None = None,
        scheme: str | None = None,
        external: bool | None = None,
    ) -> str:
        """Build a URL: as in the request that is active, else as in one for this app.

        No request is begun for that, so no hook runs and no session is opened. Without ``SERVER_NAME``
        the host is ``localhost``.
        """
        build: Callable[..., str] = self.app.url_for
        options = {"_anchor": anchor, "_method": method, "_scheme": scheme, "_external": external}
        framework = self.framework()
        if framework.has_request_context() and framework.current_app._get_current_object() is self.app:
            return build(endpoint, **options, **values)
        options["_external"] = bool(external)
        with self._outside_of_requests():
            return build(endpoint, **options, **values)

    def _local_urls(self) -> MapAdapter:
        config = self.app.config
        return self.app.url_map.bind(
            "localhost", script_name=config["APPLICATION_ROOT"], url_scheme=config["PREFERRED_URL_SCHEME"]
        )

    def request_context(self, arguments: Mapping[str, Any]) -> AbstractContextManager[Any]:
        """Return the context of a made-up request, for a ``with`` block.

        :param arguments: what ``test_request_context`` takes.
        """
        return self.app.test_request_context(**arguments)


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in which nested dictionaries are copies as well: what is read merges into them."""
    return {key: _copied(value) if type(value) is dict else value for key, value in values.items()}


def _load_json(file: IO[bytes]) -> dict[str, Any]:
    # JSON is UTF-8 (RFC 8259 §8.1), whatever the encoding of the system; a mark at its beginning is ignored.
    return _settings(json.loads(file.read().decode("utf-8").removeprefix("\ufeff")))


def _load_toml(file: IO[bytes]) -> dict[str, Any]:
    import tomllib

    return tomllib.load(file)


def _settings(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise TypeError(f"the file holds a {type(value).__name__}, not an object of settings")


_LOADERS: dict[str, Loader] = {
    "python": lambda config, path, silent: config.from_pyfile(path, silent=silent),
    "json": lambda config, path, silent: config.from_file(path, _load_json, silent=silent, text=False),
    "toml": lambda config, path, silent: config.from_file(path, _load_toml, silent=silent, text=False),
    "object": lambda config, where, silent: config.from_object(where),
}

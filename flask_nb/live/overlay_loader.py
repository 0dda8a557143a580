"""The templates of an overlay, for an environment that is not made for one: that of the installed Flask."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, cast

from jinja2 import BaseLoader, Environment, Template

from .overlay import Overlay, OverlayTemplate


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
        elif own := getattr(globals, "maps", [globals])[0]:  # not all that the environment has anyway
            template.globals.update(own)
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

"""Templates: Jinja's environment with the app's loaders, and the functions that render.

Rendering a string compiles it first, which takes a hundred times as long as the rendering. The
environment therefore keeps the last strings that it compiled, and forgets them as soon as anything
that compilation depends on has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment as BaseEnvironment
from jinja2 import Template, TemplateNotFound, nodes
from jinja2.loaders import BaseLoader

from .debughelpers import explain_template_loading_attempts
from .globals import _cv_app, _cv_request, current_app
from .helpers import stream_with_context
from .signals import before_render_template, template_rendered

if TYPE_CHECKING:
    from blinker import NamedSignal

    from ..live.overlay import OverlayTemplate
    from .app import Flask
    from .debughelpers import Attempt
    from .scaffold import Scaffold

    #: The source, the file that it stands in, and a function that tells whether it is still the same.
    TemplateSource = tuple[str, str | None, Callable[[], bool] | None]

_KEPT_STRINGS = 256


def _default_template_ctx_processor() -> dict[str, Any]:
    """Give every template ``g`` and ``request``.

    The session is not among them: naming the real one would count as an access, and every response
    would vary by its cookie. Templates get the proxy, which is a global.
    """
    context: dict[str, Any] = {}
    app_context = _cv_app.get(None)
    if app_context is not None:
        context["g"] = app_context.g
    request_context = _cv_request.get(None)
    if request_context is not None:
        context["request"] = request_context.request
    return context


class Environment(BaseEnvironment):
    """A Jinja environment that looks for templates where the app and its blueprints keep them.

    :param app: the app.
    :param options: whatever Jinja's environment takes.
    """

    def __init__(self, app: Flask, **options: Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app
        self._keep_strings()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if "_kept" in self.__dict__:
            self._forget_kept()

    def add_extension(self, extension: Any) -> None:
        """Add a Jinja extension after the environment was made."""
        super().add_extension(extension)
        self._forget_kept()

    def _load_template(self, name: str, globals: MutableMapping[str, Any] | None) -> Template:
        """Load a template: of the app's overlay, else through the loader and its cache.

        An overlaid template never enters that cache, which could keep it after it has been replaced.
        """
        overlaid = self.app.live.overlay.templates.get(name)
        if overlaid is None:
            return super()._load_template(name, globals)
        depends_on = self._compiles_into()
        template = self._kept_overlaid(name, overlaid, *depends_on)
        if globals:
            template.globals.update(globals)
        return template

    def from_kept_string(self, source: str) -> Template:
        """Compile a template, unless this very string was compiled not long ago.

        :param source: the template.
        """
        depends_on = self._compiles_into()
        template = self._kept(source, *depends_on)
        return self.from_string(source) if template is None else template

    def _compiles_into(self) -> tuple[Any, ...]:
        """Return what a template is compiled into; one is kept compiled as long as all of it is the same."""
        if self._keeper is not self:  # an overlay begins as a copy of all attributes
            self._keep_strings()
        return (*dict.values(self.filters), None, *dict.values(self.tests))

    def _forget_kept(self) -> None:
        self._kept.cache_clear()
        self._kept_overlaid.cache_clear()

    def _keep_strings(self) -> None:
        def compiled(source: str, *_depends_on: Any) -> Template | None:
            tree = self.parse(source)
            return None if _is_computed_in_part(tree) else self.from_string(tree)

        def overlaid(name: str, template: OverlayTemplate, *_depends_on: Any) -> Template:
            code = self.compile(template.parse(self, name), name, template.filename)
            return self.template_class.from_code(self, code, self.make_globals(None))

        self._keeper = self
        self._kept_overlaid = lru_cache(maxsize=_KEPT_STRINGS)(overlaid)
        self._kept = lru_cache(maxsize=_KEPT_STRINGS)(compiled)


def _is_computed_in_part(tree: nodes.Template) -> bool:
    """Return whether compiling applies filters or tests, as Jinja does where all operands are constants.

    They may answer differently next time: a number is written in the language of the request.
    """
    applied = tree.find_all((nodes.Filter, nodes.Test))
    return any(next(node.find_all(nodes.Name), None) is None for node in applied)


class DispatchingJinjaLoader(BaseLoader):
    """Look for a template in the app's overlay, then in its folder, then in those of its blueprints.

    :param app: the app.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app

    def get_source(self, environment: BaseEnvironment, template: str) -> TemplateSource:
        """Find a template; with ``EXPLAIN_TEMPLATE_LOADING`` log where it was looked for.

        :raises jinja2.TemplateNotFound: no loader has it.
        """
        overlaid = self.app.live.overlay.templates.get(template)
        if overlaid is not None:
            return overlaid.source, overlaid.filename, lambda: self._is_overlaid(template, overlaid)
        explains = self.app.config["EXPLAIN_TEMPLATE_LOADING"]
        attempts: list[Attempt] = []
        first = None
        for owner, loader in self._loaders():
            try:
                found = loader.get_source(environment, template)
            except TemplateNotFound:
                found = None
            attempts.append((loader, owner, found))
            first = first or found
            if first and not explains:
                break
        if explains:
            explain_template_loading_attempts(self.app, template, attempts)
        if first is None:
            raise TemplateNotFound(template)
        return first

    def _is_overlaid(self, name: str, template: OverlayTemplate) -> bool:
        return self.app.live.overlay.templates.get(name) is template

    def _loaders(self) -> Iterator[tuple[Scaffold, BaseLoader]]:
        for owner in (self.app, *self.app.iter_blueprints()):
            loader = owner.jinja_loader
            if loader is not None:
                yield owner, loader

    def list_templates(self) -> list[str]:
        """List the names of the templates of all loaders, each once."""
        in_folders = (name for _, loader in self._loaders() for name in loader.list_templates())
        return list(dict.fromkeys([*self.app.live.overlay.templates, *in_folders]))


def _active_app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]


def _template_of_string(app: Flask, source: str) -> Template:
    env: BaseEnvironment = app.jinja_env  # an app may make any other than ours
    if isinstance(env, Environment) and isinstance(source, str):
        return env.from_kept_string(source)
    return env.from_string(source)


def _announce(signal: NamedSignal, app: Flask, template: Template, context: dict[str, Any]) -> None:
    if signal.receivers:
        signal.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def _render(app: Flask, template: Template, context: dict[str, Any]) -> str:
    app.update_template_context(context)
    _announce(before_render_template, app, template, context)
    text = template.render(context)
    _announce(template_rendered, app, template, context)
    return text


def _stream(app: Flask, template: Template, context: dict[str, Any]) -> Iterator[str]:
    app.update_template_context(context)
    _announce(before_render_template, app, template, context)

    def pieces() -> Iterator[str]:
        yield from template.generate(context)
        _announce(template_rendered, app, template, context)

    return pieces() if _cv_request.get(None) is None else stream_with_context(pieces())


def render_template(template_name_or_list: str | Template | list[str | Template], **context: Any) -> str:
    """Render a template from the template folders.

    :param template_name_or_list: its name, or several of which the first that exists counts.
    :param context: what the template can use.
    """
    app = _active_app()
    return _render(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def render_template_string(source: str, **context: Any) -> str:
    """Render a template given as a string.

    :param source: the template; what it inserts is escaped.
    :param context: what the template can use.
    """
    app = _active_app()
    return _render(app, _template_of_string(app, source), context)


def stream_template(
    template_name_or_list: str | Template | list[str | Template], **context: Any
) -> Iterator[str]:
    """Render a template piece by piece, as the response of a view.

    :param template_name_or_list: its name, or several of which the first that exists counts.
    :param context: what the template can use.
    """
    app = _active_app()
    return _stream(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """Render a template given as a string piece by piece, as the response of a view.

    :param source: the template; what it inserts is escaped.
    :param context: what the template can use.
    """
    app = _active_app()
    return _stream(app, _template_of_string(app, source), context)

"""Jinja's environment with the app's loaders: imported when the first template is needed.

Rendering a string compiles it first, which takes a hundred times as long as the rendering. The
environment therefore keeps the last strings that it compiled, and forgets them as soon as anything
that compilation depends on has changed.

A page asks Jinja for the same few things over and over, and three of them have a short way here, at places
that Jinja means to be overridden: the variables that a template begins with, a key of a dictionary, the call
of a function. Each gives what Jinja's own way gives, and leaves to that whatever is not the plain case. Of a
page with ten links they take off a third.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from functools import lru_cache
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment as BaseEnvironment
from jinja2 import Template as BaseTemplate
from jinja2 import TemplateNotFound, nodes
from jinja2.loaders import BaseLoader
from jinja2.runtime import Context as BaseContext
from jinja2.utils import internalcode

from .debughelpers import explain_template_loading_attempts

if TYPE_CHECKING:
    from ..live.overlay import OverlayTemplate
    from .app import Flask
    from .debughelpers import Attempt
    from .scaffold import Scaffold

    #: The source, the file that it stands in, and a function that tells whether it is still the same.
    TemplateSource = tuple[str, str | None, Callable[[], bool] | None]

_KEPT_TEMPLATES = 256

# The attributes of a dictionary, which come before its keys: ``{{ data.items }}`` is the method.
_OF_DICTIONARIES = frozenset(dir(dict))


class _Compiled(NamedTuple):
    """A template of the overlay, compiled.

    :param functions: the filters and tests that it is compiled into: table, name, and what stood there.
    """

    source: OverlayTemplate
    functions: list[tuple[dict[str, Any], str, Any]]
    template: BaseTemplate

    def is_still(self, source: OverlayTemplate) -> bool:
        """Whether it is what would be compiled now."""
        return self.source is source and all(
            dict.get(table, name) is function for table, name, function in self.functions
        )


class Context(BaseContext):
    """The variables of a template while it is rendered."""

    @internalcode
    def call(
        self, obj: Any, /, *args: Any, _loop_vars: Any = None, _block_vars: Any = None, **kwargs: Any
    ) -> Any:
        """Call a function from a template; one that is marked for it gets the context, too.

        A mark is an attribute of the function. Where there are none Jinja need not look for it, in two
        places, nor for what it passes along to be handed on with the context.
        """
        function = obj.__func__ if type(obj) is MethodType else obj
        if type(function) is not FunctionType or function.__dict__:
            return super().call(obj, *args, _loop_vars=_loop_vars, _block_vars=_block_vars, **kwargs)
        try:
            return obj(*args, **kwargs)
        except StopIteration:  # would end the template, which is a generator
            return self.environment.undefined("the function that was called raised StopIteration")


class Template(BaseTemplate):
    """A template whose globals are taken whole."""

    def new_context(
        self, vars: dict[str, Any] | None = None, shared: bool = False, locals: Any = None
    ) -> BaseContext:
        """Return the context of a rendering: the globals of the moment, and *vars* before them."""
        if shared or locals:
            return super().new_context(vars, shared, locals)
        # Jinja asks the chain of mappings that the globals are for one name after the other.
        globals: dict[str, Any] = {}
        for mapping in reversed(getattr(self.globals, "maps", [self.globals])):
            globals.update(mapping)
        known = {**globals, **vars} if vars else globals.copy()
        return self.environment.context_class(self.environment, known, self.name, self.blocks, globals)


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
        # A class that is mixed in, such as Jinja's environment of native types, may have its own.
        if self.context_class is BaseContext:
            self.context_class = Context
        if self.template_class is BaseTemplate:
            self.template_class = Template
        self._keep_strings()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if "_kept" in self.__dict__:
            self._forget_kept()

    def add_extension(self, extension: Any) -> None:
        """Add a Jinja extension after the environment was made."""
        super().add_extension(extension)
        self._forget_kept()

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute, or else an item; of a dictionary at once the item unless it is a method."""
        if type(obj) is dict and attribute not in _OF_DICTIONARIES and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def _load_template(self, name: str, globals: MutableMapping[str, Any] | None) -> BaseTemplate:
        """Load a template: of the app's overlay, else through the loader and its cache.

        An overlaid template never enters that cache, which could keep it after it has been replaced.
        """
        overlaid = self.app.live.overlay.templates.get(name)
        if overlaid is None:
            return super()._load_template(name, globals)
        if self._keeper is not self:  # an overlay begins as a copy of all attributes
            self._keep_strings()
        kept = self._kept_overlaid.get(name)
        if kept is None or not kept.is_still(overlaid):
            if len(self._kept_overlaid) >= _KEPT_TEMPLATES:
                self._kept_overlaid.clear()
            kept = self._kept_overlaid[name] = self._compile_overlaid(name, overlaid)
        template = kept.template
        if globals:
            template.globals.update(globals)
        return template

    def _compile_overlaid(self, name: str, overlaid: OverlayTemplate) -> _Compiled:
        tree = overlaid.parse(self, name)
        used = [(self.filters, node.name) for node in tree.find_all(nodes.Filter)]
        used += [(self.tests, node.name) for node in tree.find_all(nodes.Test)]
        functions = [(table, key, dict.get(table, key)) for table, key in used]
        code = self.compile(tree, name, overlaid.filename)
        template = self.template_class.from_code(self, code, self.make_globals(None))
        return _Compiled(overlaid, functions, template)

    def from_kept_string(self, source: str) -> BaseTemplate:
        """Compile a template, unless this very string was compiled not long ago.

        :param source: the template.
        """
        depends_on = self._compiles_into()
        template = self._kept(source, *depends_on)
        return self.from_string(source) if template is None else template

    def _compiles_into(self) -> tuple[Any, ...]:
        """Return what a string is compiled into; one is kept compiled as long as all of it is the same."""
        if self._keeper is not self:
            self._keep_strings()
        return (*dict.values(self.filters), None, *dict.values(self.tests))

    def _forget_kept(self) -> None:
        self._kept.cache_clear()
        self._kept_overlaid.clear()

    def _keep_strings(self) -> None:
        def compiled(source: str, *_depends_on: Any) -> BaseTemplate | None:
            tree = self.parse(source)
            return None if _is_computed_in_part(tree) else self.from_string(tree)

        self._keeper = self
        self._kept_overlaid: dict[str, _Compiled] = {}
        self._kept = lru_cache(maxsize=_KEPT_TEMPLATES)(compiled)


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

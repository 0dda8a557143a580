"""Blueprints: parts of an app that are recorded first and registered later, perhaps several times.

A blueprint keeps what it is to do with an app as a list of functions. In a notebook it may be
registered first and grow afterwards: what is recorded then reaches every app that has it
(:mod:`flask_nb.live`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import update_wrapper
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

from ..live.tables import LiveDict, carried, copy_name, name_of_function
from .ctx import _sentinel
from .scaffold import Scaffold, _endpoint_from_view_func, setupmethod

if TYPE_CHECKING:
    from . import typing as ft
    from .app import Flask

F = TypeVar("F", bound=Callable[..., Any])
DeferredSetupFunction = Callable[["BlueprintSetupState"], None]


class BlueprintSetupState:
    """What a deferred function needs to know about one registration of a blueprint.

    :param blueprint: the blueprint.
    :param app: the app that it is registered on.
    :param options: the options of the registration.
    :param first_registration: whether the app has not seen this blueprint before.
    """

    def __init__(self, blueprint: Blueprint, app: Flask, options: Any, first_registration: bool) -> None:
        self.app = app
        self.blueprint = blueprint
        self.options = options
        self.first_registration = first_registration
        self.subdomain = options.get("subdomain")
        if self.subdomain is None:
            self.subdomain = blueprint.subdomain
        self.url_prefix = options.get("url_prefix")
        if self.url_prefix is None:
            self.url_prefix = blueprint.url_prefix
        self.name = options.get("name", blueprint.name)
        self.name_prefix = options.get("name_prefix", "")
        self.url_defaults = {**blueprint.url_values_defaults, **(options.get("url_defaults") or {})}

    @property
    def full_name(self) -> str:
        """The dotted name under which the app knows this registration."""
        return f"{self.name_prefix}.{self.name}".lstrip(".")

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        **options: Any,
    ) -> None:
        """Register a rule on the app, with prefix, subdomain and defaults of this registration."""
        if self.url_prefix is not None:
            rule = "/".join((self.url_prefix.rstrip("/"), rule.lstrip("/"))) if rule else self.url_prefix
        options.setdefault("subdomain", self.subdomain)
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)  # type: ignore[arg-type]
        defaults = self.url_defaults
        if "defaults" in options:
            defaults = {**defaults, **options.pop("defaults")}
        self.app.add_url_rule(rule, f"{self.full_name}.{endpoint}", view_func, defaults=defaults, **options)


class Blueprint(Scaffold):
    """Routes, hooks, handlers, templates and static files that an app registers as one part.

    :param name: the first part of its endpoints; no dots.
    :param import_name: the module that it belongs to, usually ``__name__``.
    :param static_folder: the folder of its static files, relative to its root path.
    :param static_url_path: the URL prefix of its static files, after its own prefix.
    :param template_folder: the folder of its templates, searched after the app's.
    :param url_prefix: the prefix of its rules.
    :param subdomain: the subdomain of its rules.
    :param url_defaults: values for its rules' variables.
    :param root_path: its root folder, where it cannot be found from the import name.
    :param cli_group: the name of the group of its commands; None merges them into the app's.
    :raises ValueError: for an empty name or one with a dot.
    """

    _got_registered_once = False

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, Any] | None = None,
        root_path: str | None = None,
        cli_group: str | None = _sentinel,  # type: ignore[assignment]
    ) -> None:
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)
        if not name:
            raise ValueError("a blueprint needs a name: the first part of its endpoints")
        _check_has_no_dot("name of a blueprint", name)
        self.name = self.cli.name = name
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.deferred_functions: list[DeferredSetupFunction] = []
        self.url_values_defaults = dict(url_defaults or {})
        self.cli_group = cli_group
        self._blueprints: list[tuple[Blueprint, dict[str, Any]]] = []
        self.live.was_made()

    def _check_setup_finished(self, f_name: str) -> None:
        if not self.live.is_open() and self._got_registered_once:
            raise AssertionError(
                f"'{f_name}' was called on the blueprint '{self.name}' after it had been"
                " registered: what it sets up would reach no app. Set the blueprint up first, then"
                " register it."
            )

    # --- recording ---

    @setupmethod
    def record(self, func: DeferredSetupFunction) -> None:
        """Have *func* called with the state of each registration."""
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: DeferredSetupFunction) -> None:
        """Have *func* called with the state of the first registration on each app."""

        def when_first(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(update_wrapper(when_first, func))

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Record a rule, with its view if one is given.

        :param rule: the rule, to which each registration adds its prefix.
        :param endpoint: the name of what it leads to, without dots; by default the view's.
        :raises ValueError: for a dot in the endpoint or in the view's name.
        """
        self._check_setup_finished("add_url_rule")
        _check_has_no_dot("endpoint of a blueprint's rule", endpoint)
        _check_has_no_dot("name of a blueprint's view", getattr(view_func, "__name__", None))

        def register(state: BlueprintSetupState) -> None:
            state.add_url_rule(
                rule,
                endpoint,
                view_func,
                provide_automatic_options=provide_automatic_options,
                **options,
            )

        # By these a notebook knows what it replaces, and what to call it.
        methods = options.get("methods") or getattr(view_func, "methods", None) or ("GET",)
        register.route = str(endpoint or getattr(view_func, "__name__", rule)), rule, frozenset(methods)  # type: ignore[attr-defined]
        register.label = f"{','.join(sorted(methods))} {rule}"  # type: ignore[attr-defined]
        self.record(register)

    # --- registering ---

    def make_setup_state(
        self, app: Flask, options: dict[str, Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        """Return the state that the deferred functions of one registration see."""
        return BlueprintSetupState(self, app, options, first_registration)

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Have *blueprint* registered below this one.

        :raises ValueError: for this blueprint itself.
        """
        if blueprint is self:
            raise ValueError(f"the blueprint {self.name!r} cannot be registered below itself")
        self._blueprints.append((blueprint, options))

    def register(self, app: Flask, options: dict[str, Any]) -> None:
        """Register on *app* what was recorded here; :meth:`Flask.register_blueprint` calls this.

        :raises ValueError: when the app has a blueprint of that name.
        """
        name = f"{options.get('name_prefix', '')}.{options.get('name', self.name)}".lstrip(".")
        self._check_name_is_free(app, name)
        is_new_here = all(one is not self for one in app.blueprints.values())
        merges = is_new_here or name not in app.blueprints
        app.blueprints[name] = self
        self._got_registered_once = True
        state = self.make_setup_state(app, options, is_new_here)
        app.live.place(self, name, options, lambda: self._set_up(state, merges))

    def _check_name_is_free(self, app: Flask, name: str) -> None:
        known: Any = app.blueprints
        if known.is_free(name) if isinstance(known, LiveDict) else name not in known:
            return
        whose = "this blueprint" if known[name] is self else "another blueprint"
        raise ValueError(
            f"the app has registered {whose} as {name!r} already. Register it under a name of its own:"
            " register_blueprint(..., name='...')."
        )

    def _set_up(self, state: BlueprintSetupState, merges: bool) -> None:
        """Bring to the app of *state* what was recorded; in a notebook, what has not reached it yet."""
        if self.has_static_folder and f"{state.full_name}.static" not in state.app.view_functions:
            self._add_static_rule(state)
        if merges:
            self._merge_functions(state.app, state.full_name)
        for function, carrying in carried(self.deferred_functions):
            with carrying:
                function(state)
        self._register_commands(state)
        for (blueprint, options), carrying in carried(self._blueprints):
            with carrying:
                blueprint.register(state.app, self._options_of_child(state, blueprint, options))

    def _add_static_rule(self, state: BlueprintSetupState) -> None:
        state.add_url_rule(
            f"{self.static_url_path}/<path:filename>",
            view_func=self.send_static_file,
            endpoint="static",
        )

    def _merge_functions(self, app: Flask, name: str) -> None:
        """Add the blueprint's hooks, handlers and views to those of the app."""
        for table in _HOOK_TABLES:
            for scope, functions in getattr(self, table).items():
                getattr(app, table).setdefault(_scoped(name, scope), []).extend(functions)
        for scope, by_code in self.error_handler_spec.items():
            for code, handlers in by_code.items():
                known = app.error_handler_spec[_scoped(name, scope)][code]
                for error in handlers:
                    copy_name(handlers, error, known, error)
        for endpoint in self.view_functions:
            copy_name(self.view_functions, endpoint, app.view_functions, endpoint)
            copy_name(self.view_functions, endpoint, app.view_functions, f"{name}.{endpoint}")

    def _register_commands(self, state: BlueprintSetupState) -> None:
        if not self.cli.commands:
            return
        group = state.options.get("cli_group", _sentinel)
        if group is _sentinel:
            group = self.cli_group
        commands = state.app.cli.commands
        if group is None:
            for name in self.cli.commands:
                copy_name(self.cli.commands, name, commands, name)
            return
        self.cli.name = state.full_name if group is _sentinel else group
        if commands.get(self.cli.name) is not self.cli:
            state.app.cli.add_command(self.cli)

    def _options_of_child(
        self, state: BlueprintSetupState, blueprint: Blueprint, options: dict[str, Any]
    ) -> dict[str, Any]:
        options = dict(options)
        subdomain = options.get("subdomain") or blueprint.subdomain
        if subdomain is not None or state.subdomain is not None:
            options["subdomain"] = ".".join(filter(None, (subdomain, state.subdomain))) or None
        prefix = options.get("url_prefix")
        prefix = blueprint.url_prefix if prefix is None else prefix
        if state.url_prefix is not None and prefix is not None:
            options["url_prefix"] = f"{state.url_prefix.rstrip('/')}/{prefix.lstrip('/')}"
        elif prefix is not None or state.url_prefix is not None:
            options["url_prefix"] = state.url_prefix if prefix is None else prefix
        options["name_prefix"] = state.full_name
        return options

    # --- what reaches the whole app ---

    @setupmethod
    def app_template_filter(self, name: str | None = None) -> Callable[[F], F]:
        """Return a decorator that registers a Jinja filter for the whole app."""
        return self._app_decorator("add_template_filter", name)

    @setupmethod
    def add_app_template_filter(self, f: ft.TemplateFilterCallable, name: str | None = None) -> None:
        """Register a Jinja filter for the whole app."""
        self._record_for_app("add_template_filter", f, name)

    @setupmethod
    def app_template_test(self, name: str | None = None) -> Callable[[F], F]:
        """Return a decorator that registers a Jinja test for the whole app."""
        return self._app_decorator("add_template_test", name)

    @setupmethod
    def add_app_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Register a Jinja test for the whole app."""
        self._record_for_app("add_template_test", f, name)

    @setupmethod
    def app_template_global(self, name: str | None = None) -> Callable[[F], F]:
        """Return a decorator that registers a function for all templates of the app."""
        return self._app_decorator("add_template_global", name)

    @setupmethod
    def add_app_template_global(self, f: ft.TemplateGlobalCallable, name: str | None = None) -> None:
        """Register a function for all templates of the app."""
        self._record_for_app("add_template_global", f, name)

    def _app_decorator(self, method: str, name: str | None) -> Callable[[F], F]:
        """A decorator that may be used bare, called without arguments, or called with a name."""
        if callable(name):
            self._record_for_app(method, name)
            return cast("Callable[[F], F]", name)

        def decorator(f: F) -> F:
            self._record_for_app(method, f, name)
            return f

        return decorator

    def _record_for_app(self, method: str, f: Callable[..., Any], *args: Any) -> None:
        def register(state: BlueprintSetupState) -> None:
            getattr(state.app, method)(f, *args)

        # By these a notebook knows what it replaces, and what to call it.
        register.route = (method, name_of_function(f) or register), register, frozenset()  # type: ignore[attr-defined]
        register.label = f"{method} {getattr(f, '__name__', f)}"  # type: ignore[attr-defined]
        self.record_once(register)

    @setupmethod
    def before_app_request(self, f: F) -> F:
        """Have *f* called before each request of the app."""
        self._record_for_app("before_request", f)
        return f

    @setupmethod
    def after_app_request(self, f: F) -> F:
        """Have *f* called with each response of the app."""
        self._record_for_app("after_request", f)
        return f

    @setupmethod
    def teardown_app_request(self, f: F) -> F:
        """Have *f* called when the context of any request of the app ends."""
        self._record_for_app("teardown_request", f)
        return f

    @setupmethod
    def app_context_processor(self, f: F) -> F:
        """Have what *f* returns added to the variables of each template of the app."""
        self._record_for_app("context_processor", f)
        return f

    @setupmethod
    def app_errorhandler(self, code: type[Exception] | int) -> Callable[[F], F]:
        """Return a decorator that makes a function the app's handler of an error."""

        def decorator(f: F) -> F:
            self.record_once(lambda state: state.app.register_error_handler(code, f))
            return f

        return decorator

    @setupmethod
    def app_url_value_preprocessor(self, f: F) -> F:
        """Have *f* called with endpoint and URL values of each request of the app."""
        self._record_for_app("url_value_preprocessor", f)
        return f

    @setupmethod
    def app_url_defaults(self, f: F) -> F:
        """Have *f* called whenever a URL of the app is built."""
        self._record_for_app("url_defaults", f)
        return f

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> IO[Any]:
        """Open a file of the blueprint's root path for reading.

        :param resource: the path, relative to the root path.
        :param mode: ``r``, ``rt`` or ``rb``.
        :param encoding: for the text modes.
        """
        return cast(IO[Any], self._open_in_root(resource, mode, encoding))


# The tables of hooks that a registration copies from the blueprint to the app.
_HOOK_TABLES = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "url_default_functions",
    "url_value_preprocessors",
    "template_context_processors",
)


def _scoped(name: str, scope: str | None) -> str:
    """Return the app's name for a scope of the blueprint registered as *name*."""
    return name if scope is None else f"{name}.{scope}"


def _check_has_no_dot(what: str, name: str | None) -> None:
    if name is not None and "." in name:
        raise ValueError(f"the {what} must not have a dot, which separates nested names: {name!r}")

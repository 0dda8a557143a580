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

from ..live.tables import name_of_function
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
        self.name = name
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
        from ..live import blueprints  # no app waits for it that has none

        blueprints.register(self, app, options)

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


def _check_has_no_dot(what: str, name: str | None) -> None:
    if name is not None and "." in name:
        raise ValueError(f"the {what} must not have a dot, which separates nested names: {name!r}")

"""The app object: setting up, handling one request, and everything between.

A request goes ``wsgi_app`` → ``full_dispatch_request`` → ``preprocess_request`` → ``dispatch_request``
→ ``finalize_request`` → ``process_response``, each a method that a subclass may override. What makes a
response of a view's value, handles errors and builds URLs are functions of an app in modules of their
own, behind methods of one line here. Speed comes from what is not done: contexts make their parts on
demand (:mod:`.ctx`), hooks and signals that nobody registered cost one look-up, rules are found without
an adapter (:mod:`..live.url_map`), and a response of text is written once (:mod:`.wrappers`).
"""

from __future__ import annotations

import inspect
import logging
import os
import sys
import weakref
from collections.abc import Callable, Coroutine, Iterable, Sequence, ValuesView
from contextlib import closing
from datetime import timedelta
from functools import cached_property, wraps
from io import BytesIO
from types import FunctionType, TracebackType
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeVar, cast

import werkzeug.routing
import werkzeug.utils
from werkzeug.datastructures import ImmutableDict
from werkzeug.exceptions import Aborter, HTTPException
from werkzeug.routing import BuildError, MapAdapter, RequestRedirect

from ..live.url_map import LiveMap
from ..live.url_plan import Rule
from ..live.workspace import at_work, current_run
from . import error_handling, responses, serving, url_building
from .config import Config, ConfigAttribute
from .ctx import AppContext, RequestContext, _AppCtxGlobals, _sentinel
from .globals import _cv_app, _cv_request, g, request, request_ctx, session
from .helpers import get_debug_flag, get_flashed_messages, get_load_dotenv, send_file
from .json.provider import DefaultJSONProvider, JSONProvider
from .scaffold import Scaffold, _endpoint_from_view_func, find_package, setupmethod
from .sessions import SecureCookieSessionInterface, SessionInterface
from .signals import appcontext_tearing_down, request_finished, request_started, request_tearing_down
from .signals import got_request_exception as got_request_exception  # extensions import it from here
from .wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.wrappers import Response as ResponseBase

    from . import typing as ft
    from .blueprints import Blueprint
    from .environment import DispatchingJinjaLoader, Environment
    from .testing import FlaskClient, FlaskCliRunner

F = TypeVar("F", bound=Callable[..., Any])

_CO_COROUTINE = inspect.CO_COROUTINE
_ASYNCIO_SEES_MORE = sys.version_info < (3, 12)
_AUTOESCAPED = (".html", ".htm", ".xml", ".xhtml", ".svg")


def _is_coroutine_function(func: Callable[..., Any]) -> bool:
    """Whether calling it makes a coroutine: by its code, or by a mark that asgiref and others set."""
    if not _ASYNCIO_SEES_MORE or not hasattr(func, "_is_coroutine"):
        return inspect.iscoroutinefunction(func)
    # Before 3.12 only asyncio knows the mark, and it takes longer to import than all of the framework.
    import asyncio

    return asyncio.iscoroutinefunction(func)


def _as_timedelta(value: timedelta | int | None) -> timedelta | None:
    return value if value is None or isinstance(value, timedelta) else timedelta(seconds=value)


def _named_decorator(
    add: Callable[[Callable[..., Any], str | None], None], name: str | Callable[..., Any] | None
) -> Any:
    """A decorator that may be used bare, called without arguments, or called with a name."""
    if callable(name):
        add(name, None)
        return name

    def decorator(f: Callable[..., Any]) -> Callable[..., Any]:
        add(f, name)
        return f

    return decorator


class _DefaultEnvironment:
    """The class of template environments, imported when it is first asked for."""

    def __get__(self, app: object, owner: type) -> type[Environment]:
        from .environment import Environment

        return Environment


class Flask(Scaffold):
    """A web application: a WSGI callable with a registry of rules, views, hooks and settings.

    ::

        from flask_nb import Flask

        app = Flask(__name__)

    :param import_name: the module that the app belongs to, usually ``__name__``.
    :param static_url_path: the URL prefix of static files; by default the folder's name.
    :param static_folder: the folder of static files, relative to the root path.
    :param static_host: the host of the static route; needed with *host_matching*.
    :param host_matching: match rules by the ``host`` that they name.
    :param subdomain_matching: match rules by their ``subdomain``, relative to ``SERVER_NAME``.
    :param template_folder: the folder of templates, relative to the root path.
    :param instance_path: the absolute path of the instance folder.
    :param instance_relative_config: load configuration files from the instance folder.
    :param root_path: the root folder, where it cannot be found from the import name.
    """

    request_class: type[Request] = Request
    response_class: type[Response] = Response
    aborter_class = Aborter
    jinja_environment: type[Environment] = cast(Any, _DefaultEnvironment())
    app_ctx_globals_class = _AppCtxGlobals
    config_class = Config
    testing = ConfigAttribute[bool]("TESTING")
    secret_key = ConfigAttribute["str | bytes | None"]("SECRET_KEY")
    permanent_session_lifetime = ConfigAttribute[timedelta](
        "PERMANENT_SESSION_LIFETIME",
        get_converter=_as_timedelta,  # type: ignore[arg-type]
    )
    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    jinja_options: dict[str, Any] = {}  # noqa: RUF012 -- replaced, not changed, by subclasses
    url_rule_class: type[werkzeug.routing.Rule] = Rule
    url_map_class = LiveMap
    test_client_class: type[FlaskClient] | None = None
    test_cli_runner_class: type[FlaskCliRunner] | None = None
    session_interface: SessionInterface = SecureCookieSessionInterface()
    _templates_reload: bool | None = None

    default_config = ImmutableDict(
        {
            "DEBUG": None,
            "TESTING": False,
            "PROPAGATE_EXCEPTIONS": None,
            "SECRET_KEY": None,
            "SECRET_KEY_FALLBACKS": None,
            "PERMANENT_SESSION_LIFETIME": timedelta(days=31),
            "USE_X_SENDFILE": False,
            "TRUSTED_HOSTS": None,
            "SERVER_NAME": None,
            "APPLICATION_ROOT": "/",
            "SESSION_COOKIE_NAME": "session",
            "SESSION_COOKIE_DOMAIN": None,
            "SESSION_COOKIE_PATH": None,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SECURE": False,
            "SESSION_COOKIE_PARTITIONED": False,
            "SESSION_COOKIE_SAMESITE": None,
            "SESSION_REFRESH_EACH_REQUEST": True,
            "MAX_CONTENT_LENGTH": None,
            "MAX_FORM_MEMORY_SIZE": 500_000,
            "MAX_FORM_PARTS": 1_000,
            "SEND_FILE_MAX_AGE_DEFAULT": None,
            "TRAP_BAD_REQUEST_ERRORS": None,
            "TRAP_HTTP_EXCEPTIONS": False,
            "EXPLAIN_TEMPLATE_LOADING": False,
            "PREFERRED_URL_SCHEME": "http",
            "TEMPLATES_AUTO_RELOAD": None,
            "MAX_COOKIE_SIZE": 4093,
            "PROVIDE_AUTOMATIC_OPTIONS": True,
        }
    )

    # Set by __init_subclass__: whether a subclass decides about URL adapters itself.
    _overrides_url_adapter = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._overrides_url_adapter = cls.create_url_adapter is not Flask.create_url_adapter

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
    ) -> None:
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)
        self.instance_path = self._checked_instance_path(instance_path)
        self.config = self.make_config(instance_relative_config)
        self.aborter = self.make_aborter()
        self.json: JSONProvider = self.json_provider_class(self)
        self.url_build_error_handlers: list[Callable[[Exception, str, dict[str, Any]], str]] = []
        self.teardown_appcontext_funcs: list[ft.TeardownCallable] = []
        self.shell_context_processors: list[ft.ShellContextProcessorCallable] = []
        self.blueprints: dict[str, Blueprint] = {}
        self.extensions: dict[str, Any] = {}
        self.url_map = self.url_map_class(host_matching=host_matching)
        self.subdomain_matching = subdomain_matching
        self._got_first_request = False
        if self.has_static_folder:
            self._add_static_route(static_host, host_matching)
        self.live.was_made()

    def _checked_instance_path(self, instance_path: str | None) -> str:
        if instance_path is None:
            return self.auto_find_instance_path()
        if not os.path.isabs(instance_path):
            raise ValueError(
                f"'instance_path' takes an absolute path, not {instance_path!r}."
                " Make it one with os.path.abspath(...)."
            )
        return instance_path

    def _add_static_route(self, static_host: str | None, host_matching: bool) -> None:
        assert bool(static_host) == host_matching, (
            "'static_host' goes with 'host_matching': give both or neither"
        )
        app = weakref.ref(self)  # the view must not keep the app alive in a cycle
        with at_work(None):  # it belongs to the app, not to the cell that makes the app
            self.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                "static",
                lambda **values: app().send_static_file(**values),  # type: ignore[union-attr]
                host=static_host,
            )

    def _check_setup_finished(self, f_name: str) -> None:
        if not self.live.is_open() and self._got_first_request:
            raise AssertionError(
                f"'{f_name}' was called after the app had handled its first request:"
                " requests before it and after it would be treated differently. Register everything"
                " (views, hooks, blueprints) before the app serves."
            )

    # --- what the app is ---

    @cached_property
    def name(self) -> str:  # type: ignore[override]
        """The app's name: its module's; for ``__main__`` that of the file being run."""
        if self.import_name != "__main__":
            return self.import_name
        file = getattr(sys.modules["__main__"], "__file__", None)
        return "__main__" if file is None else os.path.splitext(os.path.basename(file))[0]

    @cached_property
    def logger(self) -> logging.Logger:
        """The logger of the app, named as the app is."""
        from .logging import create_logger

        return create_logger(self)

    @cached_property
    def jinja_env(self) -> Environment:
        """The template environment, made when it is first asked for."""
        environment = self.create_jinja_environment()
        if self._templates_reload is not None:
            environment.auto_reload = self._templates_reload
        self.live.exchange_template_tables(environment)
        return environment

    @property
    def debug(self) -> bool:
        """Whether debug mode is on; setting it also decides whether templates reload."""
        return cast(bool, self.config["DEBUG"])

    @debug.setter
    def debug(self, value: bool) -> None:
        templates_follow = self.config["TEMPLATES_AUTO_RELOAD"] is None
        self.config["DEBUG"] = value
        if templates_follow and "jinja_env" in vars(self):
            self.jinja_env.auto_reload = value
        elif templates_follow:  # it may never be made
            self._templates_reload = value

    def make_config(self, instance_relative: bool = False) -> Config:
        """Return the configuration that the app starts with.

        :param instance_relative: load files from the instance folder instead of the root path.
        """
        defaults = dict(self.default_config)
        defaults["DEBUG"] = get_debug_flag()
        return self.config_class(self.instance_path if instance_relative else self.root_path, defaults)

    def make_aborter(self) -> Aborter:
        """Return the object behind ``abort`` for this app."""
        return self.aborter_class()

    def auto_find_instance_path(self) -> str:
        """Return where the instance folder is when it was not said."""
        installed_under, folder = find_package(self.import_name)
        if installed_under is not None:
            return os.path.join(installed_under, "var", f"{self.name}-instance")
        return os.path.join(folder, "instance")

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = None) -> IO[Any]:
        """Open a file of the root path for reading.

        :param resource: the path, relative to the root path.
        :param mode: ``r``, ``rt`` or ``rb``.
        :param encoding: for the text modes.
        """
        return cast(IO[Any], self._open_in_root(resource, mode, encoding))

    def open_instance_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> IO[Any]:
        """Open a file of the instance folder, for reading or writing.

        :param resource: the path, relative to the instance folder.
        :param mode: as for :func:`open`.
        :param encoding: for the text modes.
        """
        path = os.path.join(self.instance_path, resource)
        return open(path, mode) if "b" in mode else open(path, mode, encoding=encoding)

    # --- templates ---

    def create_jinja_environment(self) -> Environment:
        """Return the template environment: ``jinja_options`` with the app's functions and policies."""
        options = {"autoescape": self.select_jinja_autoescape, **self.jinja_options}
        if "auto_reload" not in options:
            reload = self.config["TEMPLATES_AUTO_RELOAD"]
            options["auto_reload"] = self.debug if reload is None else reload
        environment = self.jinja_environment(self, **options)
        # The proxies among them are for templates that are imported: those see no variables of the
        # template that imports them.
        environment.globals.update(config=self.config, g=g, request=request, session=session)
        environment.globals.update(get_flashed_messages=get_flashed_messages, url_for=self.url_for)
        environment.policies["json.dumps_function"] = self.json.dumps
        return environment

    def send_static_file(self, filename: str) -> Response:
        """Return the response of a static file: of a notebook's cell, else of the static folder."""
        content = self.live.overlay.static.get(filename)
        if content is None:
            return super().send_static_file(filename)
        return send_file(
            BytesIO(content.data),
            mimetype=content.mimetype,
            etag=content.etag,
            max_age=self.get_send_file_max_age(filename),
        )

    def create_global_jinja_loader(self) -> DispatchingJinjaLoader:
        """Return the loader that looks in the app's templates, then in each blueprint's."""
        from .environment import DispatchingJinjaLoader

        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Return whether values are escaped in that template; always in one without a name."""
        return filename is None or filename.endswith(_AUTOESCAPED)

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add to *context*, in place, what the context processors give and it does not have yet."""
        ctx = _cv_request.get(None)
        names = () if ctx is None else reversed(ctx.blueprint_names())
        given = dict(context)
        for name in (None, *names):
            for processor in self.template_context_processors.get(name, ()):
                context.update(self.ensure_sync(processor)())
        context.update(given)

    @setupmethod
    def template_filter(self, name: str | Callable[..., Any] | None = None) -> Any:
        """Return a decorator that registers a Jinja filter, under its own name by default."""
        return _named_decorator(self.add_template_filter, name)

    @setupmethod
    def add_template_filter(self, f: ft.TemplateFilterCallable, name: str | None = None) -> None:
        """Register a Jinja filter, as :meth:`template_filter` does."""
        self.jinja_env.filters[name or f.__name__] = f

    @setupmethod
    def template_test(self, name: str | Callable[..., Any] | None = None) -> Any:
        """Return a decorator that registers a Jinja test, under its own name by default."""
        return _named_decorator(self.add_template_test, name)

    @setupmethod
    def add_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Register a Jinja test, as :meth:`template_test` does."""
        self.jinja_env.tests[name or f.__name__] = f

    @setupmethod
    def template_global(self, name: str | Callable[..., Any] | None = None) -> Any:
        """Return a decorator that registers a function for all templates."""
        return _named_decorator(self.add_template_global, name)

    @setupmethod
    def add_template_global(self, f: ft.TemplateGlobalCallable, name: str | None = None) -> None:
        """Register a function for all templates, as :meth:`template_global` does."""
        self.jinja_env.globals[name or f.__name__] = f

    # --- registering ---

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Register what the blueprint records on this app.

        :param blueprint: the blueprint.
        :param options: ``name``, ``url_prefix``, ``subdomain``, ``url_defaults``, ``cli_group``: they
            win over the blueprint's own.
        :raises ValueError: when the name is taken.
        """
        blueprint.register(self, options)

    def iter_blueprints(self) -> ValuesView[Blueprint]:
        """Return the registered blueprints, in the order in which they were registered."""
        return self.blueprints.values()

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Register a URL rule, with its view if one is given.

        :param rule: the rule, beginning with a slash.
        :param endpoint: the name of what it leads to; by default the view function's.
        :param view_func: the view; it can follow later by :meth:`endpoint`.
        :param provide_automatic_options: whether OPTIONS is answered for the view.
        :param options: what :class:`werkzeug.routing.Rule` takes.
        :raises AssertionError: when the endpoint has another view already.
        """
        is_derived = endpoint is None
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)  # type: ignore[arg-type]
        options["endpoint"] = endpoint
        own = self._methods_of(view_func, options.pop("methods", None))
        named = own | {method.upper() for method in getattr(view_func, "required_methods", ())}
        methods = named
        automatic = provide_automatic_options
        if automatic is None:
            automatic = getattr(view_func, "provide_automatic_options", None)
        if automatic is None:
            # A method that a decorator requires is not one that the view answers itself.
            automatic = "OPTIONS" not in own and bool(self.config["PROVIDE_AUTOMATIC_OPTIONS"])
            # Only where nobody said: whoever says True names the method, too.
            methods = named | {"OPTIONS"} if automatic else named
        rule_obj = self.url_rule_class(rule, methods=methods, **options)
        rule_obj.provide_automatic_options = automatic  # type: ignore[attr-defined]
        if view_func is not None:
            self.live.check_endpoint_is_free(endpoint, view_func, is_derived)
        if self.live.define_route(rule_obj, view_func, named):
            return
        self.url_map.add(rule_obj)
        if view_func is not None:
            self.view_functions[endpoint] = view_func

    def _methods_of(self, view_func: Any, methods: Iterable[str] | None) -> set[str]:
        """The methods that a rule or its view names, without those that a decorator requires."""
        given = (getattr(view_func, "methods", None) or ("GET",)) if methods is None else methods
        if isinstance(given, str):
            raise TypeError(
                "'methods' must be a list of strings, such as"
                ' @app.route(..., methods=["POST"]); a string was given.'
            )
        return {method.upper() for method in given}

    @setupmethod
    def teardown_appcontext(self, f: F) -> F:
        """Have *f* called when an app context ends, with the error that ended it or None."""
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: F) -> F:
        """Have the names that *f* returns defined in the shell."""
        self.shell_context_processors.append(f)
        return f

    # --- shell and commands ---

    def make_shell_context(self) -> dict[str, Any]:
        """Return the names that the shell starts with: ``app``, ``g`` and the processors' own."""
        names: dict[str, Any] = {"app": self, "g": g}
        for processor in self.shell_context_processors:
            names.update(processor())
        return names

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: Any,
    ) -> None:
        """Serve the app for development; in a notebook, in the background.

        :param host: the address to listen on; by default that of ``SERVER_NAME``, else 127.0.0.1. In a
            notebook a name in ``SERVER_NAME`` is a Host that is answered, and never what is bound.
        :param port: the port; by default that of ``SERVER_NAME``, else 5000. A notebook takes a free one
            when that default is taken.
        :param debug: switch debug mode on or off.
        :param load_dotenv: read ``.env`` and ``.flaskenv`` first.
        :param options: what :func:`werkzeug.serving.run_simple` takes.
        """
        import click  # under gunicorn nobody needs it
        from werkzeug.serving import is_running_from_reloader

        from . import cli

        if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
            if not is_running_from_reloader():
                click.secho(
                    " * 'app.run()' does nothing here: the app is being run from the command line."
                    " Put the call under 'if __name__ == \"__main__\"' to silence this.",
                    fg="red",
                )
            return
        reads_dotenv = get_load_dotenv(load_dotenv)
        if reads_dotenv:
            cli.load_dotenv()
        if debug is not None:
            self.debug = bool(debug)
        elif reads_dotenv and "FLASK_DEBUG" in os.environ:
            self.debug = get_debug_flag()
        try:
            # What was left out stays out: who serves otherwise than Werkzeug has places of its own.
            serving.runner(self, host or None, None if port is None else int(port), **options)
        finally:
            # Whoever runs the app in an interactive shell can then set it up again.
            self._got_first_request = False

    def test_client(self, use_cookies: bool = True, **kwargs: Any) -> FlaskClient:
        """Return a client that calls the app in this process.

        :param use_cookies: keep cookies between requests.
        :param kwargs: for the client's class, :attr:`test_client_class`.
        """
        from .testing import FlaskClient

        client_class = self.test_client_class or FlaskClient
        return client_class(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def test_cli_runner(self, **kwargs: Any) -> FlaskCliRunner:
        """Return a runner that invokes the app's commands in this process."""
        from .testing import FlaskCliRunner

        return (self.test_cli_runner_class or FlaskCliRunner)(self, **kwargs)

    # --- contexts ---

    def app_context(self) -> AppContext:
        """Return a context in which this is ``current_app``, for a ``with`` block."""
        return AppContext(self)

    def request_context(self, environ: WSGIEnvironment) -> RequestContext:
        """Return the context of the request that *environ* describes."""
        return RequestContext(self, environ)

    def test_request_context(self, *args: Any, **kwargs: Any) -> RequestContext:
        """Return the context of a request made up from what the client's ``open`` takes."""
        from .testing import EnvironBuilder

        with closing(EnvironBuilder(self, *args, **kwargs)) as builder:
            return self.request_context(builder.get_environ())

    # --- one request ---

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as a WSGI server asks; wrap :attr:`wsgi_app` to add middleware."""
        return self.wsgi_app(environ, start_response)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request: the WSGI application proper.

        :param environ: the WSGI environment.
        :param start_response: the server's callable for status and headers.
        """
        if current_run.get() is not None:  # a cell asks: what it sees is its own, what requests see is not
            with at_work(None):
                return self.wsgi_app(environ, start_response)
        ctx = self.request_context(environ)
        ctx.keep_routing_table()
        failure: BaseException | None = None
        try:
            try:
                ctx.push()
                answer = self.full_dispatch_request()
            except BaseException as exc:
                failure = exc
                if not isinstance(exc, Exception):
                    raise
                answer = self.handle_exception(exc)
            return answer(environ, start_response)
        finally:
            keep = environ.get("werkzeug.debug.preserve_context")
            if keep is not None:  # the debugger, for its console, or a test client
                keep(_cv_app.get())
                keep(ctx)
            if failure is not None and self.should_ignore_error(failure):
                failure = None
            ctx.pop(failure)

    def full_dispatch_request(self) -> Response:
        """Run the hooks and the view of the current request, and make the response of what they give."""
        self._got_first_request = True
        try:
            if request_started.receivers:
                request_started.send(self, _async_wrapper=self.ensure_sync)
            value = self.preprocess_request()
            if value is None:
                value = self.dispatch_request()
        except Exception as exc:
            value = self.handle_user_exception(exc)
        return self.finalize_request(value)

    def preprocess_request(self) -> ft.ResponseReturnValue | None:
        """Run the URL value preprocessors and the hooks before the request.

        :return: what the first hook returned that did not return None; it stands for the view's value.
        """
        preprocessors, hooks = self.url_value_preprocessors, self.before_request_funcs
        if not preprocessors and not hooks:
            return None
        ctx = _cv_request.get()
        names = (None, *reversed(ctx.blueprint_names()))
        for name in names:
            for preprocess in preprocessors.get(name, ()):
                preprocess(ctx.request.endpoint, ctx.request.view_args)
        for name in names:
            for hook in hooks.get(name, ()):
                value = self.ensure_sync(hook)()
                if value is not None:
                    return value  # type: ignore[no-any-return]
        return None

    def dispatch_request(self) -> ft.ResponseReturnValue:
        """Call the view of the current request.

        :return: what the view returned; :meth:`make_response` makes a response of it.
        """
        ctx = _cv_request.get()
        rule, values = ctx.matched()
        if rule is None:
            self.raise_routing_exception(ctx.request)
        if ctx.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
            return self.make_default_options_response()
        # A rule that was replaced after this request had matched it keeps the view that it had. The order
        # of the two reads is what makes that certain: a replaced rule is marked first.
        # What the cell at work would not see, a request does: `dict.get` passes over a live table's own.
        view = dict.get(self.view_functions, rule.endpoint)
        view = getattr(rule, "last_view", None) or view
        if view is None:
            view = self.view_functions[rule.endpoint]
        return self.ensure_sync(view)(**values)  # type: ignore[no-any-return]

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Raise why the request matched no rule.

        In debug mode a redirect that would lose a form is an error that says so.
        """
        exc = request.routing_exception
        if (
            self.debug
            and isinstance(exc, RequestRedirect)
            and exc.code not in {307, 308}
            and request.method not in {"GET", "HEAD", "OPTIONS"}
        ):
            from .debughelpers import FormDataRoutingRedirect

            raise FormDataRoutingRedirect(request)
        raise exc  # type: ignore[misc]

    def make_default_options_response(self) -> Response:
        """Return the response to OPTIONS: the methods that the path allows."""
        response = self.response_class()
        response.allow.update(request_ctx.url_adapter.allowed_methods())  # type: ignore[union-attr]
        return response

    def finalize_request(
        self, rv: ft.ResponseReturnValue | HTTPException, from_error_handler: bool = False
    ) -> Response:
        """Make the response of a view's value, run the hooks after the request, save the session.

        :param rv: the value.
        :param from_error_handler: log what goes wrong now instead of raising it.
        """
        response = self.make_response(rv)
        try:
            response = self.process_response(response)
            if request_finished.receivers:
                request_finished.send(self, _async_wrapper=self.ensure_sync, response=response)
        except Exception:
            if not from_error_handler:
                raise
            self.logger.exception("A second error came up while the response to an error was finished")
        return response

    def process_response(self, response: Response) -> Response:
        """Run the hooks after the request, innermost first, and save the session.

        :return: the response that is sent.
        """
        ctx = _cv_request.get()
        for f in ctx._after_request_functions:
            response = self.ensure_sync(f)(response)
        hooks = self.after_request_funcs
        if hooks:
            for name in (*ctx.blueprint_names(), None):
                for hook in reversed(hooks.get(name, ())):
                    response = self.ensure_sync(hook)(response)
        session = ctx._session_to_save()
        if session is not None and not self.session_interface.is_null_session(session):
            self.session_interface.save_session(self, session, response)
        return response

    def do_teardown_request(self, exc: BaseException | None = _sentinel) -> None:  # type: ignore[assignment]
        """Run the teardown functions of the current request, innermost first.

        :param exc: the error that ended the request, or None; by default the one being handled.
        """
        exc = sys.exc_info()[1] if exc is _sentinel else exc
        hooks = self.teardown_request_funcs
        if hooks:
            for name in (*_cv_request.get().blueprint_names(), None):
                for hook in reversed(hooks.get(name, ())):
                    self.ensure_sync(hook)(exc)
        if request_tearing_down.receivers:
            request_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=exc)

    def do_teardown_appcontext(self, exc: BaseException | None = _sentinel) -> None:  # type: ignore[assignment]
        """Run the teardown functions of the app context, last registered first.

        :param exc: the error that ended the work, or None; by default the one being handled.
        """
        exc = sys.exc_info()[1] if exc is _sentinel else exc
        for f in reversed(self.teardown_appcontext_funcs):
            self.ensure_sync(f)(exc)
        if appcontext_tearing_down.receivers:
            appcontext_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=exc)

    # --- responses ---

    def make_response(self, rv: ft.ResponseReturnValue) -> Response:
        """Return the response that a view's value stands for.

        :param rv: text, bytes, a dict or list (JSON), an iterator of text or bytes (streamed), a
            response or WSGI callable; or a tuple of one of these with a status, headers, or both.
        :raises TypeError: for anything else, naming the endpoint.
        """
        return responses.make_response(self, rv)

    def redirect(self, location: str, code: int = 302) -> ResponseBase:
        """Return a redirect to *location*, in the app's response class."""
        return werkzeug.utils.redirect(location, code=code, Response=self.response_class)

    # --- errors ---

    def _find_error_handler(self, e: Exception, blueprints: Sequence[str]) -> Callable[..., Any] | None:
        return error_handling.find_error_handler(self, e, blueprints)

    def handle_http_exception(self, e: HTTPException) -> HTTPException | ft.ResponseReturnValue:
        """Return what the handler of an HTTP error gives, or the error, which is a response itself."""
        return error_handling.handle_http_exception(self, e)

    def trap_http_exception(self, e: Exception) -> bool:
        """Return whether an HTTP error is to be treated as any other, so that a debugger sees it."""
        return error_handling.trap_http_exception(self, e)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Return whether teardown functions are not told about *error*. Override it to decide."""
        return False

    def handle_user_exception(self, e: Exception) -> HTTPException | ft.ResponseReturnValue:
        """Return what the handler of an error of a view or hook gives; raise it when there is none."""
        return error_handling.handle_user_exception(self, e)

    def handle_exception(self, e: Exception) -> Response:
        """Answer 500 to an error that nobody handled; raise it when errors are to propagate."""
        return error_handling.handle_exception(self, e)

    def log_exception(
        self, exc_info: tuple[type, BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> None:
        """Log an error that nobody handled, with the path and method of the request."""
        self.logger.error(f"Exception on {request.path} [{request.method}]", exc_info=exc_info)

    # --- URLs ---

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what matches and builds URLs: for a request, or from ``SERVER_NAME``.

        :param request: the request, or None outside one.
        :return: None outside a request when no ``SERVER_NAME`` is set.
        :raises werkzeug.exceptions.SecurityError: when the Host is not one of ``TRUSTED_HOSTS``.
        """
        return url_building.create_url_adapter(self, request)

    def inject_url_defaults(self, endpoint: str, values: dict[str, Any]) -> None:
        """Have the URL default functions add to *values*, in place."""
        if self.url_default_functions:
            url_building.inject_url_defaults(self, endpoint, values)

    def handle_url_build_error(self, error: BuildError, endpoint: str, values: dict[str, Any]) -> str:
        """Return the URL that an error handler for building gives; raise *error* when none does."""
        return url_building.handle_url_build_error(self, error, endpoint, values)

    def url_for(
        self,
        /,  # a rule may have a variable named "self"
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """Build the URL of an endpoint.

        :param endpoint: the endpoint; beginning with ``.`` it is one of the current blueprint.
        :param _anchor: the fragment.
        :param _method: build for the rule of this method.
        :param _scheme: the scheme of an external URL.
        :param _external: with scheme and host; by default only outside a request.
        :param values: values of variables; others become the query.
        :raises RuntimeError: outside a request without ``SERVER_NAME``.
        :raises werkzeug.routing.BuildError: when no rule fits.
        """
        return url_building.url_for(self, endpoint, values, _anchor, _method, _scheme, _external)

    # --- async ---

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return *func*, made callable from here if it is a coroutine function."""
        if type(func) is FunctionType and not func.__dict__:
            is_async = bool(func.__code__.co_flags & _CO_COROUTINE)
        else:
            is_async = _is_coroutine_function(func)
        return self.async_to_sync(func) if is_async else func

    def async_to_sync(self, func: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        """Return a function that runs the coroutine function *func* to its end.

        Where an event loop is running already, as in a cell of a notebook, it runs in a thread beside it.

        :raises RuntimeError: without asgiref.
        """
        try:
            from asgiref.sync import async_to_sync
        except ImportError:
            raise RuntimeError(
                "Async views, hooks and handlers need asgiref: pip install 'flask-nb[async]'"
            ) from None

        @wraps(func)
        def call(*args: Any, **kwargs: Any) -> Any:
            # Made only here: older versions of asgiref run the coroutine in the loop where it was made.
            return async_to_sync(func)(*args, **kwargs)

        from ..loops import beside_running_loop  # only views that await wait for asyncio

        return beside_running_loop(call)

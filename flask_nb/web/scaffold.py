"""What an app and a blueprint have in common: where functions are registered.

A reader of Flask will look for routes, hooks and handlers here. What is registered enters the tables
that dispatch reads; in a notebook these are live, and record who put what into them
(:mod:`flask_nb.live`).
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property, update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar, cast

from werkzeug.exceptions import HTTPException, default_exceptions

from ..live.app import Live
from .globals import current_app
from .helpers import get_root_path, send_from_directory
from .templating import _default_template_ctx_processor

if TYPE_CHECKING:
    from jinja2 import BaseLoader

    from .cli import AppGroup
    from .wrappers import Response

F = TypeVar("F", bound=Callable[..., Any])
AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def setupmethod(f: F) -> F:
    """Make a method check first that the app or blueprint can still be set up."""
    name = f.__name__

    def checked(self: Scaffold, *args: Any, **kwargs: Any) -> Any:
        self._check_setup_finished(name)
        try:
            return f(self, *args, **kwargs)
        except Exception as exc:
            from ..live.refusals import show_briefly

            show_briefly(exc)
            raise

    return cast(F, update_wrapper(checked, f))


def _endpoint_from_view_func(view_func: Callable[..., Any]) -> str:
    """Return the endpoint of a view function that was given none: its name."""
    assert view_func is not None, "a rule needs a view function or an endpoint"
    return view_func.__name__


def functions_by_scope() -> defaultdict[str | None, list[Callable[..., Any]]]:
    """Return an empty table of hooks: lists of functions by blueprint name, None for the app."""
    return defaultdict(list)


def find_package(import_name: str) -> tuple[str | None, str]:
    """Return where the package of a module lies, and the prefix it is installed under.

    :param import_name: the module.
    :return: the prefix, or None for a package that is not installed; and the folder to import from.
    """
    folder = _folder_to_import_from(import_name)
    path = pathlib.PurePath(folder)
    if path.is_relative_to(sys.prefix):
        return sys.prefix, folder
    if path.name.lower() == "site-packages":
        parent = path.parent  # PREFIX/lib/python3.x/site-packages, or PREFIX/Lib/site-packages
        above = parent if parent.name.lower() == "lib" else parent.parent
        return str(above.parent if above.name.lower() == "lib" else parent), folder
    return None, folder


def _folder_to_import_from(import_name: str) -> str:
    """The folder that has to be on the path for the module's outermost package to be found."""
    root_name = import_name.partition(".")[0]
    try:
        spec = importlib.util.find_spec(root_name)
    except (ImportError, ValueError):  # "__main__" has no spec
        spec = None
    if spec is None:
        return os.getcwd() if root_name == "__main__" else get_root_path(import_name)
    if spec.submodule_search_locations and spec.origin in {None, "namespace"}:
        return os.path.dirname(next(iter(spec.submodule_search_locations)))
    if spec.submodule_search_locations:
        return os.path.dirname(os.path.dirname(str(spec.origin)))
    return os.path.dirname(str(spec.origin))


class Scaffold:
    """The registering half of :class:`~flask_nb.web.Flask` and :class:`~flask_nb.web.Blueprint`.

    :param import_name: the module that the app or blueprint belongs to; its folder is the root.
    :param static_folder: the folder of static files, relative to the root path.
    :param static_url_path: the URL prefix of static files; by default ``/`` and the folder's name.
    :param template_folder: the folder of templates, relative to the root path.
    :param root_path: the root folder, where it cannot be found from the import name.
    """

    name: str
    _static_folder: str | None = None
    _static_url_path: str | None = None

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
    ) -> None:
        self.import_name = import_name
        self.static_folder = static_folder
        self.static_url_path = static_url_path
        self.template_folder = template_folder
        self.root_path = get_root_path(import_name) if root_path is None else root_path
        #: What the cells of a notebook have to do with this.
        self.live = Live(self)
        self.view_functions: dict[str, Callable[..., Any]] = {}
        self.error_handler_spec: dict[
            str | None, dict[int | None, dict[type[Exception], Callable[..., Any]]]
        ] = defaultdict(lambda: defaultdict(dict))
        self.before_request_funcs = functions_by_scope()
        self.after_request_funcs = functions_by_scope()
        self.teardown_request_funcs = functions_by_scope()
        self.template_context_processors = functions_by_scope()
        self.template_context_processors[None].append(_default_template_ctx_processor)
        self.url_value_preprocessors = functions_by_scope()
        self.url_default_functions = functions_by_scope()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _check_setup_finished(self, f_name: str) -> None:
        raise NotImplementedError

    @cached_property
    def cli(self) -> AppGroup:
        """The commands that this adds to the command line."""
        from .cli import AppGroup

        group = AppGroup(self.name)
        self.live.exchange_commands(group)
        return group

    # --- folders ---

    @property
    def static_folder(self) -> str | None:
        """The absolute path of the folder of static files, or None."""
        if self._static_folder is None:
            return None
        return os.path.join(self.root_path, self._static_folder)

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static_folder = None if value is None else os.fspath(value).rstrip(r"\/")

    @property
    def has_static_folder(self) -> bool:
        """Whether a folder of static files is set; it need not exist."""
        return self._static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """The URL prefix under which static files are served."""
        if self._static_url_path is not None:
            return self._static_url_path
        folder = self.static_folder
        return None if folder is None else f"/{os.path.basename(folder)}".rstrip("/")

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Return for how many seconds a browser may keep *filename*, or None to ask each time.

        Override it to decide by file; by default it is ``SEND_FILE_MAX_AGE_DEFAULT``.
        """
        value = current_app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        if value is None:
            return None
        seconds = getattr(value, "total_seconds", None)
        return int(seconds()) if seconds is not None else cast(int, value)

    def send_static_file(self, filename: str) -> Response:
        """Return the response of a static file; the view of the static route.

        :raises RuntimeError: when there is no static folder.
        """
        if not self.has_static_folder:
            raise RuntimeError(f"{self!r} has no 'static_folder' to serve static files from")
        return send_from_directory(
            cast(str, self.static_folder), filename, max_age=self.get_send_file_max_age(filename)
        )

    @cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """The loader of the templates in the template folder, or None without one."""
        if self.template_folder is None:
            return None
        from jinja2 import FileSystemLoader

        return FileSystemLoader(os.path.join(self.root_path, self.template_folder))

    def _open_in_root(self, resource: str, mode: str, encoding: str | None) -> Any:
        if mode not in {"r", "rt", "rb"}:
            raise ValueError(f"a resource is opened for reading ('r', 'rt', 'rb'), not {mode!r}")
        path = os.path.join(self.root_path, resource)
        return open(path, mode, encoding=None if mode == "rb" else encoding)

    # --- routes ---

    def _method_route(self, method: str, rule: str, options: dict[str, Any]) -> Callable[[F], F]:
        if "methods" in options:
            raise TypeError(
                f"'{method.lower()}' is for {method} alone; give 'methods' to the decorator 'route'"
            )
        return self.route(rule, methods=[method], **options)

    @setupmethod
    def get(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Return a decorator that makes a function the view of GET requests to *rule*."""
        return self._method_route("GET", rule, options)

    @setupmethod
    def post(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Return a decorator that makes a function the view of POST requests to *rule*."""
        return self._method_route("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Return a decorator that makes a function the view of PUT requests to *rule*."""
        return self._method_route("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Return a decorator that makes a function the view of DELETE requests to *rule*."""
        return self._method_route("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Return a decorator that makes a function the view of PATCH requests to *rule*."""
        return self._method_route("PATCH", rule, options)

    @setupmethod
    def route(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Return a decorator that makes a function the view of *rule*.

        :param rule: the URL rule, such as ``/items/<int:id>``.
        :param options: ``endpoint`` and ``methods``, and what :class:`werkzeug.routing.Rule` takes.
        """

        def decorator(f: F) -> F:
            endpoint = options.pop("endpoint", None)
            self.add_url_rule(rule, endpoint, f, **options)
            return f

        return decorator

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Register a rule, with its view if one is given."""
        raise NotImplementedError

    @setupmethod
    def endpoint(self, endpoint: str) -> Callable[[F], F]:
        """Return a decorator that makes a function the view of *endpoint*, whatever its rules."""

        def decorator(f: F) -> F:
            self._set_view_function(endpoint, f)
            return f

        return decorator

    def _set_view_function(self, endpoint: str, f: Callable[..., Any]) -> None:
        self.view_functions[endpoint] = f

    # --- hooks ---

    @setupmethod
    def before_request(self, f: AnyFunction) -> AnyFunction:
        """Have *f* called before each request; what it returns, unless None, is the response."""
        self.before_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_request(self, f: AnyFunction) -> AnyFunction:
        """Have *f* called with each response, to return it or another."""
        self.after_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_request(self, f: AnyFunction) -> AnyFunction:
        """Have *f* called when a request's context ends, with the error that ended it or None."""
        self.teardown_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def context_processor(self, f: AnyFunction) -> AnyFunction:
        """Have the dictionary that *f* returns added to the variables of each template."""
        self.template_context_processors.setdefault(None, []).append(f)
        return f

    @setupmethod
    def url_value_preprocessor(self, f: AnyFunction) -> AnyFunction:
        """Have *f* called with endpoint and URL values before the hooks of each request."""
        self.url_value_preprocessors.setdefault(None, []).append(f)
        return f

    @setupmethod
    def url_defaults(self, f: AnyFunction) -> AnyFunction:
        """Have *f* called with endpoint and values, to add to them, when a URL is built."""
        self.url_default_functions.setdefault(None, []).append(f)
        return f

    # --- error handlers ---

    @setupmethod
    def errorhandler(self, code_or_exception: type[Exception] | int) -> Callable[[F], F]:
        """Return a decorator that makes a function the handler of an error.

        :param code_or_exception: an HTTP status code or a class of exceptions.
        """

        def decorator(f: F) -> F:
            self.register_error_handler(code_or_exception, f)
            return f

        return decorator

    @setupmethod
    def register_error_handler(self, code_or_exception: type[Exception] | int, f: Callable[..., Any]) -> None:
        """Make *f* the handler of an error, as :meth:`errorhandler` does."""
        exc_class, code = self._get_exc_class_and_code(code_or_exception)
        self.error_handler_spec[None][code][exc_class] = f

    @staticmethod
    def _get_exc_class_and_code(
        exc_class_or_code: type[Exception] | int,
    ) -> tuple[type[Exception], int | None]:
        """Return the class of errors that is meant, and its status code if it is an HTTP error.

        :raises TypeError: for what is neither a class nor a number.
        :raises ValueError: for a class that is no exception, or a number that is no HTTP error.
        """
        given: Any = exc_class_or_code
        if isinstance(given, int):
            if given not in default_exceptions:
                raise ValueError(
                    f"{given} is the code of no HTTP error that Werkzeug knows. Make a subclass of"
                    " HTTPException with this code, and register the handler for that."
                )
            return default_exceptions[given], given
        if not isinstance(given, type) or not issubclass(given, Exception):
            wrong = ValueError if isinstance(given, type) else TypeError
            raise wrong(f"handlers are registered for classes of errors or codes, not for {given!r}")
        return given, given.code if issubclass(given, HTTPException) else None

"""Functions that views use: URLs, redirects, files, flashed messages, streams."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import datetime
from functools import update_wrapper
from typing import IO, TYPE_CHECKING, Any, AnyStr, NoReturn, TypeVar, cast

import werkzeug.utils
from werkzeug.exceptions import abort as _wz_abort

from .globals import _cv_app, _cv_request, current_app, request_ctx, session
from .signals import message_flashed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from .wrappers import Response

Stream = TypeVar("Stream", bound="Iterator[Any] | Callable[..., Iterator[Any]]")


def _is_set(variable: str) -> bool:
    """Return whether an environment variable is there and does not say no."""
    return os.environ.get(variable, "").lower() not in {"", "0", "false", "no"}


def get_debug_flag() -> bool:
    """Return whether ``FLASK_DEBUG`` asks for debug mode."""
    return _is_set("FLASK_DEBUG")


def get_load_dotenv(default: bool = True) -> bool:
    """Return whether ``.env`` files are to be loaded: not when ``FLASK_SKIP_DOTENV`` is set.

    :param default: the answer where the variable is not set at all, or is empty.
    """
    return not _is_set("FLASK_SKIP_DOTENV") if os.environ.get("FLASK_SKIP_DOTENV") else default


def stream_with_context(generator_or_function: Stream) -> Stream:
    """Make the request's context active again while its response is being streamed.

    The request has ended by then: functions for its teardown have run, and run again at the end of
    the stream.

    :param generator_or_function: what yields the pieces, or a function that returns that.
    :return: an iterator of the same pieces, or the function wrapped.
    :raises RuntimeError: no request is active.
    """
    try:
        pieces = iter(generator_or_function)  # type: ignore[arg-type]
    except TypeError:
        function: Any = generator_or_function
        return update_wrapper(  # type: ignore[return-value]
            lambda *args, **kwargs: stream_with_context(function(*args, **kwargs)), function
        )
    stream = _stream_in_context(pieces)
    next(stream)  # look the contexts up now, while the request is still there
    return stream  # type: ignore[return-value]


def _stream_in_context(pieces: Iterator[AnyStr]) -> Generator[AnyStr | None, None, None]:
    ctx = _cv_request.get(None)
    if ctx is None:
        raise RuntimeError(
            "stream_with_context() needs the request that is being answered, and none is active here: "
            "call it in a view, or inside 'with app.test_request_context():'."
        )
    app_ctx = _cv_app.get()
    yield None
    # Entered by whoever iterates, which need not be the thread or task that made the stream.
    with app_ctx, ctx:
        try:
            yield from pieces
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()


def make_response(*args: Any) -> Response:
    """Make the response that returning these values from a view would make.

    :param args: nothing for an empty response, one value, or a body with status and headers.
    """
    if not args:
        return current_app.response_class()
    return current_app.make_response(args[0] if len(args) == 1 else args)


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """Build the URL of an endpoint, by the current app.

    :param endpoint: its name; a leading ``.`` stands for the current blueprint.
    :param _anchor: the fragment.
    :param _method: the method, where rules of an endpoint differ by it.
    :param _scheme: the scheme; makes the URL external.
    :param _external: with scheme and host; by itself so outside of a request.
    :param values: the rule's variables; what the rule has no room for becomes the query.
    """
    ctx = _cv_app.get(None)
    app = current_app if ctx is None else ctx.app
    return app.url_for(
        endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values
    )


def redirect(location: str, code: int = 302, Response: type[BaseResponse] | None = None) -> BaseResponse:
    """Make a response that sends the browser elsewhere, by the current app where one is active.

    :param location: the URL.
    :param code: the status.
    :param Response: the class of the response where no app is active.
    """
    ctx = _cv_app.get(None)
    if ctx is not None:
        return ctx.app.redirect(location, code=code)
    return werkzeug.utils.redirect(location, code=code, Response=Response)


def abort(code: int | BaseResponse, *args: Any, **kwargs: Any) -> NoReturn:
    """End the request with an HTTP error.

    :param code: the status, or a whole response.
    :param args: passed on to the exception, as ``kwargs``; the first is its description.
    """
    ctx = _cv_app.get(None)
    if ctx is not None:
        ctx.app.aborter(code, *args, **kwargs)
    _wz_abort(code, *args, **kwargs)


def get_template_attribute(template_name: str, attribute: str) -> Any:
    """Return a macro or a variable that a template defines.

    :param template_name: the template's name.
    :param attribute: the name of the macro or variable.
    """
    return getattr(current_app.jinja_env.get_template(template_name).module, attribute)


def flash(message: str, category: str = "message") -> None:
    """Keep a message for the next page that asks for it.

    :param message: the message.
    :param category: what kind of message it is, such as ``"error"``.
    """
    # Assigned anew: a session notices an assignment, not what happens inside a list.
    session["_flashes"] = [*session.get("_flashes", ()), (category, message)]
    if message_flashed.receivers:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        message_flashed.send(app, _async_wrapper=app.ensure_sync, message=message, category=category)


def get_flashed_messages(
    with_categories: bool = False, category_filter: Iterable[str] = ()
) -> list[str] | list[tuple[str, str]]:
    """Take the kept messages out of the session; asked again in the same request, give them again.

    :param with_categories: give pairs of category and message.
    :param category_filter: give only messages of these categories.
    """
    if request_ctx.flashes is None:
        request_ctx.flashes = session.pop("_flashes") if "_flashes" in session else []
    chosen = [pair for pair in request_ctx.flashes if not category_filter or pair[0] in category_filter]
    return chosen if with_categories else [message for _, message in chosen]


def _file_options(options: dict[str, Any]) -> dict[str, Any]:
    """Add what Werkzeug's functions need to know of the request and of the app."""
    environ = request_ctx.request.environ
    app = current_app
    if options.get("max_age") is None:
        options["max_age"] = app.get_send_file_max_age
    options.update(
        environ=environ,
        use_x_sendfile=app.config["USE_X_SENDFILE"],
        response_class=app.response_class,
        _root_path=app.root_path,
    )
    return options


def send_file(
    path_or_file: os.PathLike[AnyStr] | str | IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: int | Callable[[str | None], int | None] | None = None,
) -> Response:
    """Send a file. Never pass a path that a user gave: that is what :func:`send_from_directory` is for.

    :param path_or_file: the path, relative to the app's folder unless absolute, or an open binary file.
    :param mimetype: the content type; found by the name unless given.
    :param as_attachment: offer it as a download instead of showing it.
    :param download_name: the name that the browser saves it under.
    :param conditional: answer conditional and range requests.
    :param etag: the entity tag, or whether to make one.
    :param last_modified: when it was changed; found by the path unless given.
    :param max_age: how long it may be cached, in seconds, or a function of the path that tells.
    """
    return werkzeug.utils.send_file(**_file_options(dict(locals())))  # type: ignore[return-value]


def send_from_directory(
    directory: os.PathLike[str] | str, path: os.PathLike[str] | str, **kwargs: Any
) -> Response:
    """Send a file of a folder, and nothing that stands outside it.

    :param directory: the folder, relative to the app's unless absolute; not from a user.
    :param path: the file in it; may come from a user.
    :param kwargs: passed on to :func:`send_file`.
    :raises werkzeug.exceptions.NotFound: there is no such file, or it stands outside.
    """
    return werkzeug.utils.send_from_directory(directory, path, **_file_options(kwargs))  # type: ignore[return-value]


def get_root_path(import_name: str) -> str:
    """Find the folder of a module or package, without importing it where that can be avoided.

    :param import_name: its name.
    :return: the folder's absolute path; the working directory for ``__main__`` typed into a prompt.
    :raises RuntimeError: the module has no file, as a namespace package.
    """
    filename = getattr(sys.modules.get(import_name), "__file__", None)
    if filename is None:
        try:
            spec = importlib.util.find_spec(import_name)
        except (ImportError, ValueError):  # ValueError: a module without a spec, as __main__
            spec = None
        if spec is None or spec.loader is None:
            return os.getcwd()
        if hasattr(spec.loader, "get_filename"):
            filename = cast(str, spec.loader.get_filename(import_name))
        else:
            filename = getattr(importlib.import_module(import_name), "__file__", None)
    if filename is None:
        raise RuntimeError(
            f"The module {import_name!r} has no file, so its folder is unknown: it is built in, a namespace "
            f"package, or made by an import hook. Pass root_path."
        )
    return os.path.dirname(os.path.abspath(filename))

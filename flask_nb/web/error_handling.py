"""What becomes of an error: its handler, a 500 that is logged, or the debugger.

Behind the methods of the app of the same names. Each step asks the app for the next one, so that a
subclass may override any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import RoutingException

from .globals import _cv_request
from .signals import _exception_answered, got_request_exception

if TYPE_CHECKING:
    from . import typing as ft
    from .app import Flask
    from .wrappers import Response


def find_error_handler(app: Flask, e: Exception, blueprints: Sequence[str]) -> Callable[..., Any] | None:
    """Return the handler of the most specific class, those of the code first, the blueprints' first."""
    specified = app.error_handler_spec
    if not any(specified.get(name) for name in (*blueprints, None)):
        return None
    exc_class, code = app._get_exc_class_and_code(type(e))
    for wanted in (code, None) if code is not None else (None,):
        for name in (*blueprints, None):
            handlers = specified.get(name, {}).get(wanted, {})
            for cls in exc_class.__mro__ if handlers else ():
                if cls in handlers:
                    return handlers[cls]
    return None


def _handler_of(app: Flask, e: Exception) -> Callable[..., ft.ResponseReturnValue] | None:
    """Return the handler of an error of the current request, made callable from here."""
    handler = app._find_error_handler(e, _cv_request.get().blueprint_names())
    return None if handler is None else app.ensure_sync(handler)


def handle_http_exception(app: Flask, e: HTTPException) -> HTTPException | ft.ResponseReturnValue:
    """Return what the handler of an HTTP error gives, or the error, which is a response itself."""
    if e.code is None or isinstance(e, RoutingException):
        return e
    handler = _handler_of(app, e)
    return e if handler is None else handler(e)


def trap_http_exception(app: Flask, e: Exception) -> bool:
    """Return whether an HTTP error is to be treated as any other, as the configuration says."""
    if app.config["TRAP_HTTP_EXCEPTIONS"]:
        return True
    trap = app.config["TRAP_BAD_REQUEST_ERRORS"]
    if trap is None and app.debug and isinstance(e, BadRequestKeyError):
        return True
    return bool(trap) and isinstance(e, BadRequest)


def handle_user_exception(app: Flask, e: Exception) -> HTTPException | ft.ResponseReturnValue:
    """Return what the handler of an error of a view or hook gives; raise it when there is none."""
    if isinstance(e, BadRequestKeyError):
        # Says which key was missing.
        e.show_exception |= bool(app.debug or app.config["TRAP_BAD_REQUEST_ERRORS"])
    if isinstance(e, HTTPException) and not app.trap_http_exception(e):
        answer = app.handle_http_exception(e)
    else:
        handler = _handler_of(app, e)
        if handler is None:
            raise e
        answer = handler(e)
    if _exception_answered.receivers:
        _exception_answered.send(app, exception=e)
    return answer


def handle_exception(app: Flask, e: Exception) -> Response:
    """Answer 500 to an error that nobody handled; raise it when errors are to propagate."""
    got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=e)
    propagates = app.config["PROPAGATE_EXCEPTIONS"]
    if (app.testing or app.debug) if propagates is None else propagates:
        raise e
    app.log_exception((type(e), e, e.__traceback__))
    server_error = InternalServerError(original_exception=e)
    handler = _handler_of(app, server_error)
    value = server_error if handler is None else handler(server_error)
    return app.finalize_request(value, from_error_handler=True)
